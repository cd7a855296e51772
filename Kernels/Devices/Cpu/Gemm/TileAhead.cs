using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Cpu;

/// <summary>What will be read soon after a tile: the next tile of C and a part of the next panel of B. A tile asks for it a little
/// at a time while it computes: asked for at once, the lines would occupy every buffer between L1 and L2 for as long as L3 takes to
/// answer, and the tile itself would wait.</summary>
internal unsafe struct TileAhead
{
    /// <summary>Terms between two requests: six lines a request, so that about as many are on their way as there are buffers.</summary>
    private const int MostTerms = 16, LeastTerms = 4;

    private const int Line = 64;

    private byte* _c;
    private int _rows;
    private byte* _b;
    private byte* _endB;
    private nint _stepB;
    private int _terms;

    /// <summary>Nothing: for tiles whose operands are in L1 and L2 already.</summary>
    public static TileAhead None => new() { _terms = int.MaxValue };

    /// <summary>Says what the next panel of B is.</summary>
    /// <param name="b">Its first element to fetch.</param>
    /// <param name="end">Its end, if it is packed.</param>
    /// <param name="step">Bytes from one of its rows to the next; 0 if it is packed.</param>
    public void SetPanel(byte* b, byte* end, nint step)
    {
        _b = b;
        _endB = end;
        _stepB = step;
    }

    /// <summary>Says what the next tile of C is, before a tile of so many terms.</summary>
    public void SetTile(byte* c, int rows, int terms)
    {
        _c = c;
        _rows = rows;
        _terms = Math.Clamp(terms / Math.Max(1, rows), LeastTerms, MostTerms);
    }

    /// <summary>Asks for some more, and says for how many of the remaining terms that is enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Fetch<TRow, T>(int remaining, nint cRow)
        where TRow : unmanaged, ITileRow<TRow, T>
        where T : unmanaged
    {
        if (!Sse.IsSupported)
            return remaining;

        int terms = Math.Min(remaining, _terms);
        if (_rows > 0)
        {
            for (int line = 0; line < TRow.Width * sizeof(T); line += Line)
                Sse.Prefetch0(_c + line);
            Sse.Prefetch0(_c + TRow.Width * sizeof(T) - 1);
            _c += cRow * sizeof(T);
            _rows--;
        }

        if (_stepB != 0)
            FetchRows(terms, TRow.Width * sizeof(T));
        else if (_b < _endB)
            FetchPacked(TRow.Width * sizeof(T));
        return terms;
    }

    private void FetchPacked(int bytes)
    {
        for (int line = 0; line < bytes; line += Line)
            Sse.Prefetch1(_b + line);
        _b += bytes;
    }

    private void FetchRows(int rows, int bytes)
    {
        for (; rows > 0; rows--, _b += _stepB)
        {
            for (int line = 0; line < bytes; line += Line)
                Sse.Prefetch0(_b + line);
        }
    }
}
