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
    /// <summary>Panels and tiles of rows that an elementwise epilogue sees at once: few enough that they are still in L2, where the rows of a wide
    /// matrix fall into few sets; wide enough that it has whole groups of vectors.</summary>
    private const int EpiloguePanels = 4, EpilogueTiles = 16;

    /// <summary>Tiles of rows that pass over each panel when it is packed on demand: as long as that takes, the next one is fetched.</summary>
    private const int DemandTiles = 16;

    /// <summary>The states of a panel.</summary>
    private const int Unpacked = 0, Claimed = 1, Packed = 2;

    private T* _a;
    private T* _b;
    private T* _c;
    private T* _packed;

    /// <summary>How far each panel of each depth block is; null if all were packed before.</summary>
    private int* _states;

    /// <summary>True if a panel is packed row by row while the one before it is multiplied.</summary>
    private bool _packsGradually;
    private GemmProblem _problem;
    private int _batch0;
    private int _batch1;
    /// <summary>True if whole panels of B are read where they lie, and whole tiles' rows of A.</summary>
    private bool _directB;
    private bool _directA;

    /// <summary>True if the rows of A pass one tile after the other, each over all panels.</summary>
    private bool _passesRows;

    private int _blockDepth;

    /// <summary>Panels as wide as a tile; those after them are narrower.</summary>
    private int _widePanels;
    private int _panels;

    /// <summary>First column and number of columns.</summary>
    private int _column;
    private int _columns;

    /// <summary>First k and number of terms.</summary>
    private int _start;
    private int _depth;

    /// <summary>Terms after those of the slab that are fetched.</summary>
    private int _fetchedTerms;

    private static int TileColumns => TKernels.Registers * TKernels.Width;

    /// <summary>Columns of a panel that is one register narrower than a tile.</summary>
    private static int NarrowColumns => (TKernels.Registers - 1) * TKernels.Width;

    /// <summary>Panels of B side by side in the slab.</summary>
    public readonly int Panels => _panels;

    /// <summary>Terms of a depth block.</summary>
    public readonly int BlockDepth => _blockDepth;

    /// <summary>Depth blocks of the slab; one even if there is nothing to sum.</summary>
    public readonly int DepthBlocks => Math.Max(1, GemmBlocking.Ceiling(_depth, _blockDepth));

    /// <summary>True if some columns of B must be packed.</summary>
    public readonly bool PacksColumns => !_directB || _columns % TKernels.Width != 0;

    /// <summary>True if a block's rows of A must be packed for each range of panels.</summary>
    public readonly bool PacksRows => !_directA;

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
        _directB = problem.B.Column == 1
            && GemmBlocking.ReadsColumnsDirectly(problem.M, TKernels.Rows, problem.B.Row * sizeof(T));
        _directA = (problem.A.Column == 1 || problem.A.Row == 1) && GemmBlocking.ReadsRowsDirectly(
            problem.N, TileColumns, problem.A.Column == 1, Math.Max(problem.A.Row, problem.A.Column) * sizeof(T));
        _passesRows = !_directA && problem.A.Column == 1 && GemmBlocking.PassesRows(problem.N, problem.K, sizeof(T));
        _directA |= _passesRows;
        _blockDepth = GemmBlocking.DepthOf(problem.K, _directB && problem.M <= TKernels.Rows, problem.B.Row * sizeof(T));
    }

    /// <summary>Has the rows of A pass tile by tile, each over all panels, read where they lie: for rows that come from memory and are needed
    /// once, beside a packed B that stays in L2. The rows must be contiguous; to be called after <see cref="SetBatch"/>.</summary>
    public void PassRows() => _directA = _passesRows = true;

    /// <summary>Has B packed however few its uses are: for one that is gone when the product runs. After each <see cref="SetBatch"/>.</summary>
    public void PackColumns() => _directB = false;

    /// <summary>Takes so many terms at a time, which are in L2: B is packed, A only if said. After <see cref="SetBatch"/>.</summary>
    public void SetDepth(int depth, bool packsRows)
    {
        _directA = !packsRows;
        _directB = _passesRows = false;
        _blockDepth = depth;
    }

    /// <summary>Has so many terms after the slab's be fetched while it is multiplied; none if negative. For blocks of rows that are multiplied
    /// once. After <see cref="SetRange"/>.</summary>
    public void FetchTerms(int terms) => _fetchedTerms = Math.Max(0, terms);

    /// <summary>Turns to a range of columns and of k.</summary>
    public void SetRange(int column, int columns, int start, int depth)
    {
        _column = column;
        _columns = columns;
        _start = start;
        _depth = depth;
        _fetchedTerms = 0;
        _widePanels = columns / TileColumns;
        int rest = GemmBlocking.Ceiling(columns - _widePanels * TileColumns, TKernels.Width);
        _panels = _widePanels + (rest > 0 ? 1 : 0);
        if (TKernels.Registers > 2 && rest == 1 && _widePanels > 0)
        {
            // Two panels a register narrower rather than one of a single register: a tile of one register waits for itself.
            _widePanels--;
        }
    }

    /// <summary>Says where packed B goes: <see cref="PackedBytes"/> bytes.</summary>
    public void SetPacked(void* packed)
    {
        _packed = (T*)packed;
        _states = null;
    }

    /// <summary>Has each panel packed by the thread that needs it first, while the one before it is multiplied from caches into which it is
    /// being fetched: packing first, all at once, would wait for L3 or memory with nothing else to do. After <see cref="SetPacked"/>.</summary>
    /// <param name="states">An entry for each panel of each depth block, all 0; shared by all threads.</param>
    /// <param name="isGradual">True if no other thread will want a panel while this one packs it row by row.</param>
    public void PackOnDemand(int* states, bool isGradual)
    {
        _states = states;
        _packsGradually = isGradual;
    }

    /// <summary>Packs a range of panels of one depth block.</summary>
    public readonly void PackPanels(int depthBlock, int firstPanel, int endPanel)
    {
        int offset = depthBlock * _blockDepth;
        int depth = Math.Min(_blockDepth, _depth - offset);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            (int column, int columns) = Panel(panel);
            if (IsDirect(columns))
                continue;

            int width = GemmBlocking.RoundUp(columns, TKernels.Width);
            Packing.Panel(B(offset, column), (nint)_problem.B.Column, (nint)_problem.B.Row, columns, width, depth,
                PackedPanel(offset, depth, column));
        }
    }

    /// <summary>Returns when a panel is packed. While another thread packs it, this one packs those after it.</summary>
    private readonly void NeedPanel(int depthBlock, int panel, int end)
    {
        int* states = _states + depthBlock * _panels;
        if (Volatile.Read(ref states[panel]) == Packed)
            return;
        SpinWait spin = default;
        int next = panel;
        while (Volatile.Read(ref states[panel]) != Packed)
        {
            if (next == end)
            {
                spin.SpinOnce(sleep1Threshold: -1);
                continue;
            }

            if (Interlocked.CompareExchange(ref states[next], Claimed, Unpacked) == Unpacked)
            {
                PackPanels(depthBlock, next, next + 1);
                Volatile.Write(ref states[next], Packed);
            }

            next++;
        }
    }

    /// <summary>Computes a block of rows of C, at most <see cref="GemmBlocking.Rows"/>, over a range of panels.</summary>
    public readonly void MultiplyBlock(int row, int rows, int firstPanel, int endPanel)
    {
        GemmScratch scratch = GemmScratch.Current;
        int tileRows = GemmBlocking.RoundUp(rows, TKernels.Rows);
        T* packedA = (T*)scratch.A((long)tileRows * Math.Min(_blockDepth, _depth) * sizeof(T));
        T* spare = (T*)scratch.C((long)(tileRows + TKernels.Rows) * TileColumns * sizeof(T));
        int blocks = DepthBlocks;
        bool isElementwise = Epilogue is { IsElementwise: true };
        for (int block = 0; block < blocks; block++)
        {
            int offset = block * _blockDepth;
            int depth = Math.Min(_blockDepth, _depth - offset);
            PackRows(row, rows, offset, depth, packedA);

            // A packed block of A stays in L2 while panels of B pass; else B stays there while tiles of A pass, each read once.
            bool applies = isElementwise && _start + offset + depth == _problem.K;
            int step = _passesRows ? TKernels.Rows : applies ? EpilogueTiles * TKernels.Rows : rows;
            int group = applies && !_passesRows ? EpiloguePanels : Math.Max(1, endPanel - firstPanel);
            for (int first = firstPanel; first < endPanel; first += group)
            {
                int end = Math.Min(first + group, endPanel);
                bool demands = _states != null && Volatile.Read(ref _states[block * _panels + end - 1]) != Packed;
                for (int i = 0, stripRows; i < rows; i += stripRows)
                {
                    demands &= i == 0;
                    stripRows = Math.Min(demands ? Math.Max(step, DemandTiles * TKernels.Rows) : step, rows - i);
                    for (int panel = first; panel < end; panel++)
                    {
                        PanelAhead<T> ahead = default;
                        if (_states != null)
                            NeedPanel(block, panel, end);
                        if (_fetchedTerms > 0)
                            SetTermsAhead(ref ahead, row, rows, panel - first, end - first);
                        else if (demands || (_states != null && !_passesRows))
                            SetPanelAhead(ref ahead, block, panel + 1, end);
                        else if (_passesRows)
                            SetRowsAhead(ref ahead.Fetches, row + i + step, row + rows, offset, depth, panel - first, end - first);
                        if (applies)
                            ahead.Fetches.SetBeside(Epilogue!.Beside);
                        MultiplyStrip(row + i, stripRows, panel, offset, depth, packedA + (nint)i * depth, spare, ref ahead);
                    }

                    if (applies)
                        ApplyEpilogue(row + i, stripRows, first, end - 1);
                }
            }
        }
    }

    /// <summary>The elementwise epilogue on a range of panels whose last terms have been added.</summary>
    private readonly void ApplyEpilogue(int row, int rows, int first, int last)
    {
        int column = Panel(first).Column, columns = Panel(last).Column + Panel(last).Columns - column;
        T* c = _c + row * _problem.C.Row + (_column + column) * _problem.C.Column;
        Epilogue!.Apply((byte*)c, row, _column + column, rows, columns, _problem.C.Row, _batch0, _batch1);
    }

    /// <summary>The next panel is fetched from where it is packed, or from where it lies, and packed.</summary>
    private readonly void SetPanelAhead(ref PanelAhead<T> ahead, int depthBlock, int panel, int end)
    {
        if (panel >= end)
            return;
        int offset = depthBlock * _blockDepth, depth = Math.Min(_blockDepth, _depth - offset);
        (int column, int columns) = Panel(panel);
        if (IsDirect(columns))
            return;
        int width = GemmBlocking.RoundUp(columns, TKernels.Width);
        int* state = _states + depthBlock * _panels + panel;
        T* packed = PackedPanel(offset, depth, column);
        if (Volatile.Read(ref *state) == Packed)
            ahead.Fetches.SetPacked((byte*)packed, width * sizeof(T), depth);
        else if (_packsGradually && _problem.B.Column == 1 && Interlocked.CompareExchange(ref *state, Claimed, Unpacked) == Unpacked)
            ahead.Set(B(offset, column), (nint)_problem.B.Row, columns, width, depth, packed, state, Packed);
    }

    /// <summary>The terms after the slab's are fetched, of both operands, a part of them with each panel.</summary>
    private readonly void SetTermsAhead(ref PanelAhead<T> ahead, int row, int rows, int part, int parts)
    {
        int piece = TileColumns * sizeof(T), tiles = GemmBlocking.Ceiling(rows, TKernels.Rows);
        FetchedRegion a = Terms((byte*)A(row, _depth), _problem.A.Row, _problem.A.Column, rows, part, parts);
        FetchedRegion b = Terms((byte*)B(_depth, 0), _problem.B.Column, _problem.B.Row, _columns, part, parts);
        ahead.SetRegions(a, b, piece, Math.Max(1, tiles * _depth / Math.Max(1, a.Requests(piece) + b.Requests(piece))));
    }

    /// <summary>A part of the terms of an operand's lanes: whichever lies side by side makes the rows of a region.</summary>
    private readonly FetchedRegion Terms(byte* source, long lane, long term, int lanes, int part, int parts)
    {
        (int count, long stride, int length) = lane == 1 ? (_fetchedTerms, term, lanes) : (lanes, lane, _fetchedTerms);
        int first = (int)((long)count * part / parts), end = (int)((long)count * (part + 1) / parts);
        return new((nint)(source + first * stride * sizeof(T)), (nint)stride * sizeof(T), end - first, length * sizeof(T));
    }

    /// <summary>The rows of A after the present ones are fetched while all panels pass, a few with each.</summary>
    private readonly void SetRowsAhead(ref TileAhead ahead, int row, int end, int offset, int depth, int part, int parts)
    {
        int rows = GemmBlocking.Ceiling(TKernels.Rows, parts), first = row + part * rows;
        rows = Math.Min(Math.Min(row + TKernels.Rows, end) - first, rows);
        if (rows > 0)
            ahead.SetRows((byte*)A(first, offset), (nint)_problem.A.Row * sizeof(T), rows, depth * sizeof(T), TileColumns * sizeof(T));
    }

    /// <summary>The first column and the number of columns of a panel.</summary>
    private readonly (int Column, int Columns) Panel(int panel)
    {
        int narrow = Math.Max(0, panel - _widePanels);
        int column = (panel - narrow) * TileColumns + narrow * NarrowColumns;
        int most = panel < _widePanels ? TileColumns : _panels == _widePanels + 2 ? NarrowColumns : TileColumns;
        return (column, Math.Min(most, _columns - column));
    }

    private readonly bool IsDirect(int columns) => _directB && columns % TKernels.Width == 0;

    private readonly T* PackedPanel(int offset, int depth, int column) =>
        _packed + (long)offset * PaddedColumns + (long)depth * column;

    private readonly void PackRows(int row, int rows, int offset, int depth, T* destination)
    {
        if (_directA && TileHeight(rows % TKernels.Rows) == rows % TKernels.Rows)
            return;

        MatrixLayout layout = _problem.A;
        int next = 0;
        for (int i = 0; i < rows; i = next)
        {
            int lanes = Math.Min(TKernels.Rows, rows - i);
            next = i + TKernels.Rows;
            if (!_directA && layout.Row == 1 && rows - i >= Packing.Strips * TKernels.Rows)
            {
                Packing.Panels(A(row + i, offset), (nint)layout.Column, TKernels.Rows, depth, destination + (nint)i * depth);
                next = i + Packing.Strips * TKernels.Rows;
                continue;
            }

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
    private readonly void MultiplyStrip(int row, int rows, int panel, int offset, int depth, T* packedA, T* spare,
        ref PanelAhead<T> ahead)
    {
        (int column, int columns) = Panel(panel);
        bool first = _start + offset == 0 && !_problem.Accumulate;
        bool last = _start + offset + depth == _problem.K;
        MatrixLayout layout = _problem.C;
        T* c = _c + row * layout.Row + (_column + column) * layout.Column;
        bool inPlace = layout.Column == 1;
        T* strip = inPlace ? c : spare + TKernels.Rows * TileColumns;
        nint stripRow = inPlace ? (nint)layout.Row : TileColumns;
        if (!inPlace && !first)
            CopyStrip(c, (nint)layout.Row, (nint)layout.Column, strip, stripRow, 1, rows, columns);

        MultiplyTiles(row, rows, column, columns, offset, depth, packedA, strip, stripRow, !first, spare, ref ahead);
        if (last && Epilogue is { IsElementwise: false })
            Epilogue.Apply((byte*)strip, row, _column + column, rows, columns, stripRow, _batch0, _batch1);
        if (!inPlace)
            CopyStrip(strip, stripRow, 1, c, (nint)layout.Row, (nint)layout.Column, rows, columns);
    }

    /// <summary>The tiles of a strip, from the top. Each tile's share of the next panel of B, which comes from L3, and the next tile
    /// of C are fetched while it is computed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void MultiplyTiles(int row, int rows, int column, int columns, int offset, int depth, T* packedA,
        T* strip, nint stripRow, bool accumulate, T* spare, ref PanelAhead<T> ahead)
    {
        int registers = GemmBlocking.Ceiling(columns, TKernels.Width);
        int width = registers * TKernels.Width;
        bool directB = IsDirect(columns);
        T* b = directB ? B(offset, column) : PackedPanel(offset, depth, column);
        nint bDepth = directB ? (nint)_problem.B.Row : width;
        if (!_passesRows && !directB && _states == null && _fetchedTerms == 0)
            ahead.Fetches.SetPacked((byte*)(b + (nint)depth * width), width * sizeof(T), depth);
        else if (directB && _problem.M <= TKernels.Rows)
            ahead.Fetches.SetStreamed((byte*)(b + width), bDepth * sizeof(T), depth);

        ahead.Fetches.SetPace(TKernels.Rows, depth);
        for (int i = 0; i < rows; i += TKernels.Rows)
        {
            T* tile = strip + i * stripRow;
            int tileRows = Math.Min(TKernels.Rows, rows - i);
            int height = TileHeight(tileRows);
            bool isLast = i + TKernels.Rows >= rows;
            ahead.Fetches.SetTile((byte*)(isLast ? strip + width : tile + TKernels.Rows * stripRow), TKernels.Rows);
            bool directA = _directA && height == tileRows;
            T* a = directA ? A(row + i, offset) : packedA + (nint)i * depth;
            TileStrides strides = directA
                ? new((nint)_problem.A.Row, (nint)_problem.A.Column, bDepth, stripRow)
                : new(1, height, bDepth, stripRow);
            if (height == tileRows && columns == width)
                TKernels.Multiply(height, registers, depth, a, b, tile, strides, accumulate, ref ahead.Fetches);
            else
                MultiplyEdge(tileRows, columns, registers, depth, a, b, tile, strides, accumulate, spare, ref ahead.Fetches);
            ahead.Follow();
        }

        ahead.Finish();
    }

    private readonly T* A(int row, int offset) => _a + row * _problem.A.Row + (_start + offset) * _problem.A.Column;

    private readonly T* B(int offset, int column) =>
        _b + (_start + offset) * _problem.B.Row + (_column + column) * _problem.B.Column;

    /// <summary>A tile that hangs over the matrix: computed whole in the spare tile, its valid part copied.</summary>
    private static void MultiplyEdge(int rows, int columns, int registers, int depth, T* a, T* b, T* c,
        in TileStrides strides, bool accumulate, T* spare, ref TileAhead ahead)
    {
        int height = TileHeight(rows);
        if (accumulate)
        {
            new Span<T>(spare, height * TileColumns).Clear();
            CopyStrip(c, strides.CRow, 1, spare, TileColumns, 1, rows, columns);
        }

        TKernels.Multiply(height, registers, depth, a, b, spare, strides with { CRow = TileColumns }, accumulate, ref ahead);
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
