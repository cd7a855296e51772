using System.Runtime.CompilerServices;

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
    private T* _a;
    private T* _b;
    private T* _c;
    private T* _packed;
    private GemmProblem _problem;
    private int _batch0;
    private int _batch1;
    private bool _direct;

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
        _direct = problem.M <= GemmBlocking.DirectRows && problem.B.Column == 1;
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
            if (_direct && columns == TileColumns)
                continue;

            T* source = _b + (_start + offset) * _problem.B.Row + (_column + column) * _problem.B.Column;
            int width = GemmBlocking.RoundUp(columns, TKernels.Width);
            Packing.Panel(source, (nint)_problem.B.Column, (nint)_problem.B.Row, columns, width, depth,
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
            PackRows(row, rows, _start + offset, depth, packedA);
            for (int panel = firstPanel; panel < endPanel; panel++)
                MultiplyStrip(row, rows, panel * TileColumns, offset, depth, packedA, spare);
        }
    }

    private readonly T* Packed(int offset, int depth, int column) =>
        _packed + (long)offset * PaddedColumns + (long)depth * column;

    private readonly void PackRows(int row, int rows, int start, int depth, T* destination)
    {
        MatrixLayout layout = _problem.A;
        for (int i = 0; i < rows; i += TKernels.Rows)
        {
            int lanes = Math.Min(TKernels.Rows, rows - i);
            T* source = _a + (row + i) * layout.Row + start * layout.Column;
            Packing.Panel(source, (nint)layout.Row, (nint)layout.Column, lanes, TileHeight(lanes), depth,
                destination + (nint)i * depth);
        }
    }

    /// <summary>The height of the tile for a number of rows: the smallest that holds them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TileHeight(int rows) => rows > 4 ? TKernels.Rows : rows == 3 ? 4 : rows;

    /// <summary>A block of rows by one panel. C is updated in place where its rows are contiguous, else through a spare strip.</summary>
    private readonly void MultiplyStrip(int row, int rows, int column, int offset, int depth, T* a, T* spare)
    {
        int columns = Math.Min(TileColumns, _columns - column);
        bool direct = _direct && columns == TileColumns;
        int registers = GemmBlocking.Ceiling(columns, TKernels.Width);
        bool first = _start + offset == 0 && !_problem.Accumulate;
        bool last = _start + offset + depth == _problem.K;
        T* b = direct
            ? _b + (_start + offset) * _problem.B.Row + (_column + column)
            : Packed(offset, depth, column);
        nint bStride = direct ? (nint)_problem.B.Row : registers * TKernels.Width;
        T* c = _c + row * _problem.C.Row + (_column + column) * _problem.C.Column;
        bool inPlace = _problem.C.Column == 1;
        T* strip = inPlace ? c : spare + TKernels.Rows * TileColumns;
        nint stripStride = inPlace ? (nint)_problem.C.Row : TileColumns;
        if (!inPlace && !first)
            CopyStrip(c, (nint)_problem.C.Row, (nint)_problem.C.Column, strip, stripStride, 1, rows, columns);

        for (int i = 0; i < rows; i += TKernels.Rows)
        {
            T* tile = strip + i * stripStride;
            int tileRows = Math.Min(TKernels.Rows, rows - i);
            int height = TileHeight(tileRows);
            if (height == tileRows && columns == registers * TKernels.Width)
                TKernels.Multiply(height, registers, depth, a + (nint)i * depth, b, bStride, tile, stripStride, !first);
            else
                MultiplyEdge(tileRows, columns, registers, depth, a + (nint)i * depth, b, bStride, tile, stripStride, !first, spare);
        }

        if (last)
        {
            Epilogue?.Apply((byte*)strip, row, _column + column, rows, columns, stripStride, _batch0, _batch1);
        }

        if (!inPlace)
            CopyStrip(strip, stripStride, 1, c, (nint)_problem.C.Row, (nint)_problem.C.Column, rows, columns);
    }

    /// <summary>A tile that hangs over the matrix: computed whole in the spare tile, its valid part copied.</summary>
    private static void MultiplyEdge(int rows, int columns, int registers, int depth, T* a, T* b, nint bStride,
        T* c, nint cStride, bool accumulate, T* spare)
    {
        int height = TileHeight(rows);
        if (accumulate)
        {
            new Span<T>(spare, height * TileColumns).Clear();
            CopyStrip(c, cStride, 1, spare, TileColumns, 1, rows, columns);
        }

        TKernels.Multiply(height, registers, depth, a, b, bStride, spare, TileColumns, accumulate);
        CopyStrip(spare, TileColumns, 1, c, cStride, 1, rows, columns);
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
