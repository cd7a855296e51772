using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Cpu;

/// <summary>One batch's product, cut to a slab: a range of columns and a range of k for which all of B is packed at once. Blocks of
/// rows of the slab are independent tasks.</summary>
/// <remarks>
/// Packed B is a sequence of depth blocks; a depth block is a sequence of panels, each as wide as a tile but the last, which has only
/// as many registers as its columns need. Within a panel elements lie k by k.
/// </remarks>
internal unsafe struct GemmSlab<TKernels, T>
    where TKernels : struct, IMicroKernels<T>
    where T : unmanaged
{
    /// <summary>Terms below which a tile is too quick to fetch the next one's C meanwhile.</summary>
    private const int PrefetchDepth = 64;

    private T* _a;
    private T* _b;
    private T* _c;
    private T* _packed;
    private GemmProblem _problem;
    private int _batch0;
    private int _batch1;
    /// <summary>True if whole panels of B are read where they lie, and whole tiles' rows of A.</summary>
    private bool _directB;
    private bool _directA;

    /// <summary>First column and number of columns.</summary>
    private int _column;
    private int _columns;

    /// <summary>First k and number of terms.</summary>
    private int _start;
    private int _depth;

    private static int TileColumns => TKernels.Registers * TKernels.Width;

    /// <summary>Panels of B side by side in the slab.</summary>
    public readonly int Panels => GemmBlocking.Ceiling(_columns, TileColumns);

    /// <summary>Depth blocks of the slab; one even if there is nothing to sum.</summary>
    public readonly int DepthBlocks => Math.Max(1, GemmBlocking.Ceiling(_depth, GemmBlocking.Depth));

    /// <summary>Bytes of packed B.</summary>
    public readonly long PackedBytes => (long)_depth * PaddedColumns * sizeof(T);

    /// <summary>Called on finished strips of C; may be null.</summary>
    public GemmEpilogue? Epilogue { get; set; }

    private readonly int PaddedColumns => GemmBlocking.RoundUp(_columns, TKernels.Width);

    /// <summary>Turns to one batch of a problem.</summary>
    public void SetBatch(in GemmProblem problem, T* a, T* b, T* c, int batch0, int batch1)
    {
        _problem = problem;
        _a = a + batch0 * problem.A.Batch0 + batch1 * problem.A.Batch1;
        _b = b + batch0 * problem.B.Batch0 + batch1 * problem.B.Batch1;
        _c = c + batch0 * problem.C.Batch0 + batch1 * problem.C.Batch1;
        _batch0 = batch0;
        _batch1 = batch1;
        _directB = problem.B.Column == 1 && problem.M <= GemmBlocking.DirectTiles * TKernels.Rows;
        _directA = (problem.A.Column == 1 || problem.A.Row == 1) && problem.N <= GemmBlocking.DirectTiles * TileColumns;
    }

    /// <summary>Turns to a range of columns and of k.</summary>
    public void SetRange(int column, int columns, int start, int depth)
    {
        _column = column;
        _columns = columns;
        _start = start;
        _depth = depth;
    }

    /// <summary>Says where packed B goes: <see cref="PackedBytes"/> bytes.</summary>
    public void SetPacked(void* packed) => _packed = (T*)packed;

    /// <summary>Packs a range of panels of one depth block.</summary>
    public readonly void PackPanels(int depthBlock, int firstPanel, int endPanel)
    {
        int offset = depthBlock * GemmBlocking.Depth;
        int depth = Math.Min(GemmBlocking.Depth, _depth - offset);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int column = panel * TileColumns;
            int columns = Math.Min(TileColumns, _columns - column);
            if (_directB && columns == TileColumns)
                continue;

            int width = GemmBlocking.RoundUp(columns, TKernels.Width);
            Packing.Panel(B(offset, column), (nint)_problem.B.Column, (nint)_problem.B.Row, columns, width, depth,
                Packed(offset, depth, column));
        }
    }

    /// <summary>Computes a block of rows of C, at most <see cref="GemmBlocking.Rows"/>, over a range of panels.</summary>
    public readonly void MultiplyBlock(int row, int rows, int firstPanel, int endPanel)
    {
        GemmScratch scratch = GemmScratch.Current;
        int tileRows = GemmBlocking.RoundUp(rows, TKernels.Rows);
        T* packedA = (T*)scratch.A((long)tileRows * Math.Min(GemmBlocking.Depth, _depth) * sizeof(T));
        T* spare = (T*)scratch.C((long)(tileRows + TKernels.Rows) * TileColumns * sizeof(T));
        int blocks = DepthBlocks;
        for (int block = 0; block < blocks; block++)
        {
            int offset = block * GemmBlocking.Depth;
            int depth = Math.Min(GemmBlocking.Depth, _depth - offset);
            PackRows(row, rows, offset, depth, packedA);
            for (int panel = firstPanel; panel < endPanel; panel++)
                MultiplyStrip(row, rows, panel * TileColumns, offset, depth, packedA, spare);
        }
    }

    private readonly T* Packed(int offset, int depth, int column) =>
        _packed + (long)offset * PaddedColumns + (long)depth * column;

    private readonly void PackRows(int row, int rows, int offset, int depth, T* destination)
    {
        MatrixLayout layout = _problem.A;
        for (int i = 0; i < rows; i += TKernels.Rows)
        {
            int lanes = Math.Min(TKernels.Rows, rows - i);
            if (_directA && TileHeight(lanes) == lanes)
                continue;

            Packing.Panel(A(row + i, offset), (nint)layout.Row, (nint)layout.Column, lanes, TileHeight(lanes), depth,
                destination + (nint)i * depth);
        }
    }

    /// <summary>The height of the tile for a number of rows: the smallest that holds them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TileHeight(int rows) => rows > 4 ? TKernels.Rows : rows == 3 ? 4 : rows;

    /// <summary>A block of rows by one panel. C is updated in place where its rows are contiguous, else through a spare strip.</summary>
    private readonly void MultiplyStrip(int row, int rows, int column, int offset, int depth, T* packedA, T* spare)
    {
        int columns = Math.Min(TileColumns, _columns - column);
        bool first = _start + offset == 0 && !_problem.Accumulate;
        bool last = _start + offset + depth == _problem.K;
        MatrixLayout layout = _problem.C;
        T* c = _c + row * layout.Row + (_column + column) * layout.Column;
        bool inPlace = layout.Column == 1;
        T* strip = inPlace ? c : spare + TKernels.Rows * TileColumns;
        nint stripRow = inPlace ? (nint)layout.Row : TileColumns;
        if (!inPlace && !first)
            CopyStrip(c, (nint)layout.Row, (nint)layout.Column, strip, stripRow, 1, rows, columns);

        MultiplyTiles(row, rows, column, columns, offset, depth, packedA, strip, stripRow, !first, spare);
        if (last)
            Epilogue?.Apply((byte*)strip, row, _column + column, rows, columns, stripRow, _batch0, _batch1);
        if (!inPlace)
            CopyStrip(strip, stripRow, 1, c, (nint)layout.Row, (nint)layout.Column, rows, columns);
    }

    /// <summary>The tiles of a strip, from the top. Each tile's share of the next panel of B, which comes from L3, and the next tile
    /// of C are fetched while it is computed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void MultiplyTiles(int row, int rows, int column, int columns, int offset, int depth, T* packedA,
        T* strip, nint stripRow, bool accumulate, T* spare)
    {
        int registers = GemmBlocking.Ceiling(columns, TKernels.Width);
        int width = registers * TKernels.Width;
        bool directB = _directB && columns == TileColumns;
        T* b = directB ? B(offset, column) : Packed(offset, depth, column);
        nint bDepth = directB ? (nint)_problem.B.Row : width;
        int panelBytes = directB ? 0 : depth * width * sizeof(T);
        byte* nextB = (byte*)b + panelBytes;
        int fetchStep = GemmBlocking.Ceiling(panelBytes, GemmBlocking.Ceiling(rows, TKernels.Rows));
        for (int i = 0, fetched = 0; i < rows; i += TKernels.Rows)
        {
            T* tile = strip + i * stripRow;
            int tileRows = Math.Min(TKernels.Rows, rows - i);
            int height = TileHeight(tileRows);
            if (depth >= PrefetchDepth)
            {
                PrefetchTile(i + TKernels.Rows < rows ? tile + TKernels.Rows * stripRow : strip + TileColumns, stripRow);
                PrefetchPanel(nextB, ref fetched, fetchStep);
            }

            bool directA = _directA && height == tileRows;
            T* a = directA ? A(row + i, offset) : packedA + (nint)i * depth;
            TileStrides strides = directA
                ? new((nint)_problem.A.Row, (nint)_problem.A.Column, bDepth, stripRow)
                : new(1, height, bDepth, stripRow);
            if (height == tileRows && columns == width)
                TKernels.Multiply(height, registers, depth, a, b, tile, strides, accumulate);
            else
                MultiplyEdge(tileRows, columns, registers, depth, a, b, tile, strides, accumulate, spare);
        }
    }

    private readonly T* A(int row, int offset) => _a + row * _problem.A.Row + (_start + offset) * _problem.A.Column;

    private readonly T* B(int offset, int column) =>
        _b + (_start + offset) * _problem.B.Row + (_column + column) * _problem.B.Column;

    /// <summary>Asks for the next tile of C while the present one is computed: it is far apart in memory, row from row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchTile(T* c, nint cStride)
    {
        if (!Sse.IsSupported)
            return;

        for (int i = 0; i < TKernels.Rows; i++, c += cStride)
        {
            for (int line = 0; line < TileColumns * sizeof(T); line += 64)
                Sse.Prefetch0((byte*)c + line);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchPanel(byte* panel, ref int fetched, int step)
    {
        if (!Sse.IsSupported)
            return;

        int end = fetched + step;
        for (; fetched < end; fetched += 64)
            Sse.Prefetch1(panel + fetched);
    }

    /// <summary>A tile that hangs over the matrix: computed whole in the spare tile, its valid part copied.</summary>
    private static void MultiplyEdge(int rows, int columns, int registers, int depth, T* a, T* b, T* c,
        in TileStrides strides, bool accumulate, T* spare)
    {
        int height = TileHeight(rows);
        if (accumulate)
        {
            new Span<T>(spare, height * TileColumns).Clear();
            CopyStrip(c, strides.CRow, 1, spare, TileColumns, 1, rows, columns);
        }

        TKernels.Multiply(height, registers, depth, a, b, spare, strides with { CRow = TileColumns }, accumulate);
        CopyStrip(spare, TileColumns, 1, c, strides.CRow, 1, rows, columns);
    }

    private static void CopyStrip(T* source, nint sourceRow, nint sourceColumn, T* destination, nint destinationRow,
        nint destinationColumn, int rows, int columns)
    {
        for (int i = 0; i < rows; i++, source += sourceRow, destination += destinationRow)
        {
            if (sourceColumn == 1 && destinationColumn == 1)
            {
                Unsafe.CopyBlockUnaligned(destination, source, (uint)(columns * sizeof(T)));
                continue;
            }

            for (int j = 0; j < columns; j++)
                destination[j * destinationColumn] = source[j * sourceColumn];
        }
    }
}
