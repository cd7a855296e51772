namespace Cotangent.Kernels.Cpu;

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

    /// <summary>Packs the rows that were fetched before the last tile.</summary>
    public void Follow()
    {
        if (_state == null)
            return;
        PackTo(_fetched);
        _fetched = _depth - Fetches.Requests;
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
