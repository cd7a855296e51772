namespace Cotangent.Kernels.Cpu;

/// <summary>Rows of bytes that are to be fetched.</summary>
/// <param name="First">The first row.</param>
/// <param name="Stride">Bytes from one row to the next.</param>
/// <param name="Rows">How many there are.</param>
/// <param name="Bytes">Bytes of a row.</param>
internal readonly record struct FetchedRegion(nint First, nint Stride, int Rows, int Bytes)
{
    /// <summary>Pieces of so many bytes in all rows.</summary>
    public int Requests(int piece) => Rows * GemmBlocking.Ceiling(Bytes, piece);
}

/// <summary>The panel of B after the one that is being multiplied: a few of its rows are fetched with each tile and packed behind the next,
/// when they have come from L3 or memory. Packed at once they would be waited for; fetched at once, rows a power of two apart would
/// drive each other out of the few sets of L2 into which they fall.</summary>
internal unsafe struct PanelAhead<T>
    where T : unmanaged
{
    /// <summary>What the tiles fetch.</summary>
    public TileAhead Fetches;

    private T* _source;
    private T* _destination;
    private nint _depthStride;
    private int _lanes;
    private int _width;
    private int _depth;
    private int _packed;
    private int _fetched;
    private int* _state;
    private int _done;
    private FetchedRegion _region;
    private int _piece;

    /// <summary>Turns to a panel that nobody else packs.</summary>
    /// <param name="source">Its first row.</param>
    /// <param name="depthStride">Elements between its rows.</param>
    /// <param name="lanes">Its columns, side by side.</param>
    /// <param name="width">Its columns when packed.</param>
    /// <param name="depth">Its rows.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="state">What others read.</param>
    /// <param name="done">What they shall read when it is packed.</param>
    public void Set(T* source, nint depthStride, int lanes, int width, int depth, T* destination, int* state, int done)
    {
        _source = source;
        _depthStride = depthStride;
        _lanes = lanes;
        _width = width;
        _depth = depth;
        _destination = destination;
        _state = state;
        _done = done;
        Fetches.SetPacked((byte*)source, depthStride * sizeof(T), depth);
    }

    /// <summary>Has two regions fetched, one after the other, in pieces of so many bytes.</summary>
    /// <param name="first">The first.</param>
    /// <param name="second">The second.</param>
    /// <param name="piece">Bytes of a request.</param>
    /// <param name="terms">Terms of a tile to a request, so that the requests last for all tiles.</param>
    public void SetRegions(in FetchedRegion first, in FetchedRegion second, int piece, int terms)
    {
        Fetches.SetRegion(first, piece, terms);
        SetNext(second, piece);
    }

    /// <summary>Has a region fetched after what was said before, in pieces of so many bytes.</summary>
    public void SetNext(in FetchedRegion region, int piece)
    {
        _region = region;
        _piece = piece;
    }

    /// <summary>After a tile: packs the rows that were fetched before it, and turns to the next region when all of them are.</summary>
    public void Follow()
    {
        if (_state != null)
        {
            PackTo(_fetched);
            if (_fetched < _depth)
                _fetched = _depth - Fetches.Requests;
        }

        if (_piece > 0 && Fetches.Requests == 0)
        {
            Fetches.SetRegion(_region, _piece, 0);
            _piece = 0;
        }
    }

    /// <summary>Packs the rest.</summary>
    public void Finish()
    {
        if (_state == null)
            return;
        PackTo(_depth);
        Volatile.Write(ref *_state, _done);
        _state = null;
    }

    private void PackTo(int end)
    {
        if (end > _packed)
            Packing.Panel(_source + _packed * _depthStride, 1, _depthStride, _lanes, _width, end - _packed, _destination + (nint)_packed * _width);
        _packed = Math.Max(_packed, end);
    }
}
