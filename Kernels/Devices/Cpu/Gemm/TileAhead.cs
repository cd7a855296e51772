using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Cpu;

/// <summary>What will be read soon after a tile: the next tile of C and a part of an operand. A tile asks for it a little at a time
/// while it computes: asked for at once, the lines would occupy every buffer between L1 and L2 for as long as L3 takes to answer,
/// and the tile itself would wait.</summary>
internal unsafe struct TileAhead
{
    /// <summary>Terms between two requests: about six lines a request, so that as many are on their way as there are buffers.</summary>
    private const int MostTerms = 16, LeastTerms = 4;

    private const int Line = 64;

    private byte* _c;
    private int _rows;

    /// <summary>Bytes from C to what an epilogue will want as well; 0 for nothing.</summary>
    private nint _first;
    private nint _second;
    private int _terms;
    private byte* _next;
    private nint _step;
    private nint _advance;
    private int _pieces;
    private int _requests;

    /// <summary>Requests before a jump, those between two, and the jump's bytes.</summary>
    private int _untilJump;
    private int _rowRequests;
    private nint _jump;

    /// <summary>Terms to a request; 0 for as many as the next tile of C asks for.</summary>
    private int _pace;

    /// <summary>Requests for the operand that are still to come.</summary>
    public readonly int Requests => _requests;

    /// <summary>Nothing: for tiles whose operands are in L1 and L2 already.</summary>
    public static TileAhead None => new() { _terms = int.MaxValue };

    /// <summary>The next panel of B, packed or where it lies: a row of it a request.</summary>
    public void SetPacked(byte* panel, nint rowBytes, int rows) => Set(panel, 1, 0, rowBytes, rows);

    /// <summary>The same rows of B, where they lie, as the tile reads, but further to the right.</summary>
    public void SetStreamed(byte* b, nint rowBytes, int rows) => Set(b, MostTerms, rowBytes, MostTerms * rowBytes, (rows + MostTerms - 1) / MostTerms);

    /// <summary>Some of the next rows of A, where they lie, along all of them.</summary>
    public void SetRows(byte* a, nint rowBytes, int rows, int bytes, int piece) => Set(a, rows, rowBytes, piece, (bytes + piece - 1) / piece);

    /// <summary>A region, row by row, in pieces of so many bytes.</summary>
    /// <param name="region">The region.</param>
    /// <param name="piece">Bytes of a request.</param>
    /// <param name="terms">Terms of a tile to a request, at most; 0 to keep to what was said before.</param>
    public void SetRegion(in FetchedRegion region, int piece, int terms)
    {
        int row = GemmBlocking.Ceiling(region.Bytes, piece);
        Set((byte*)region.First, 1, 0, piece, region.Rows * row);
        _untilJump = _rowRequests = row;
        _jump = region.Stride - (nint)row * piece;
        if (terms > 0)
            _pace = terms;
    }

    /// <summary>Spreads requests over tiles of so many terms, so that the rows of a tile of C last about as long. After what else is fetched was
    /// said.</summary>
    public void SetPace(int rows, int terms)
    {
        _terms = _pieces == MostTerms ? MostTerms : Math.Clamp(terms / rows, LeastTerms, MostTerms);
        if (_pace > 0)
            _terms = Math.Max(LeastTerms, Math.Min(_terms, _pace));
    }

    /// <summary>Has the same rows of two other arrays be fetched with those of C, so many bytes further; 0 for none.</summary>
    public void SetBeside((nint First, nint Second) distances) => (_first, _second) = distances;

    /// <summary>Says what the next tile of C is, before a tile of so many terms.</summary>
    public void SetTile(byte* c, int rows, int terms)
    {
        SetTile(c, rows);
        SetPace(rows, terms);
    }

    /// <summary>Says what the next tile of C is, at the pace that was set.</summary>
    public void SetTile(byte* c, int rows)
    {
        _c = c;
        _rows = rows;
    }

    /// <summary>Asks for some more, and says for how many of the remaining terms that is enough.</summary>
    /// <remarks>Inlined whole: a call in a tile's loop would put all its sums into memory.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Fetch<TRow, T>(int remaining, nint cRow)
        where TRow : unmanaged, ITileRow<TRow, T>
        where T : unmanaged
    {
        if (!Sse.IsSupported)
            return remaining;

        if (_rows > 0)
        {
            _rows--;
            for (int line = 0; line < TRow.Width * sizeof(T); line += Line)
                Sse.Prefetch0(_c + line);
            Sse.Prefetch0(_c + TRow.Width * sizeof(T) - 1);
            if (_first != 0)
            {
                for (int line = 0; line < TRow.Width * sizeof(T); line += Line)
                    Sse.Prefetch1(_c + _first + line);
                if (_second != 0)
                {
                    for (int line = 0; line < TRow.Width * sizeof(T); line += Line)
                        Sse.Prefetch1(_c + _second + line);
                }
            }

            _c += cRow * sizeof(T);
        }

        if (_requests > 0)
        {
            _requests--;
            byte* piece = _next;
            for (int i = _pieces; i > 0; i--, piece += _step)
            {
                for (int line = 0; line < TRow.Width * sizeof(T); line += Line)
                    Sse.Prefetch1(piece + line);
            }

            _next += _advance;
            if (--_untilJump == 0)
            {
                _untilJump = _rowRequests;
                _next += _jump;
            }
        }

        return Math.Min(remaining, _terms);
    }

    private void Set(byte* next, int pieces, nint step, nint advance, int requests)
    {
        _next = next;
        _pieces = pieces;
        _step = step;
        _advance = advance;
        _requests = requests;
        _untilJump = int.MaxValue;
    }
}
