using System.Runtime.Intrinsics;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>What the passes of an attention share: blocks of queries against blocks of keys, multiplied by the register tiles of matrix
/// products. A block of scores lives in the caches of one core and nowhere else.</summary>
/// <remarks>
/// <para>Keys are packed once into the panels that tiles read, scaled so that scores come out in units of ln 2. Causality, windows and
/// lengths make each query's keys a range, so that tiles without a visible cell are not computed, and products over keys run over the
/// strip's range only.</para>
/// <para>How the work is cut depends on the shape, never on the number of threads, and each sum has one order: the same bits for any
/// number of threads.</para>
/// <para>Each thread that launches keeps its passes: a run allocates nothing on the managed heap.</para>
/// </remarks>
internal abstract unsafe class AttentionPass<TKernels>
    where TKernels : struct, IMicroKernels<float>
{
    private readonly Action<int> _packPanel;
    private readonly Action<int> _copyRows;
    private Move _move;
    private AttentionProblem _problem;
    private AttentionOperands _operands;

    protected AttentionPass() => (_packPanel, _copyRows) = (PackPanel, CopyRows);

    // By reference: a copy of all of either would be made wherever one number of it is read.
    protected ref readonly AttentionProblem Problem => ref _problem;

    protected ref readonly AttentionOperands Operands => ref _operands;

    protected IParallel Pool { get; private set; } = SerialParallel.Instance;

    /// <summary>Rows of a tile.</summary>
    protected static int Rows => TKernels.Rows;

    /// <summary>Keys of a panel.</summary>
    private static int PanelWidth => TKernels.Width * TKernels.Registers;

    /// <summary>The panel's width and the vectors of score rows divide it.</summary>
    private static int KeyGrain => 48 % PanelWidth == 0 ? 48 : PanelWidth;

    /// <summary>Keys of one head in panels.</summary>
    protected int PackedKeys => PackedKeysOf(Problem);

    /// <summary>Elements of a value row as the right operand of a product.</summary>
    protected int PaddedValues => Padded(Problem.Values);

    /// <summary>Elements of a key row as the right operand of a product.</summary>
    protected int PaddedWidth => Padded(Problem.Width);

    protected static int Padded(int width) => GemmBlocking.RoundUp(width, TKernels.Width);

    protected static int PackedKeysOf(in AttentionProblem problem) => GemmBlocking.RoundUp(problem.Keys, KeyGrain);

    /// <summary>Floats of all heads' panels of rows of this width.</summary>
    protected static long PanelFloats(in AttentionProblem problem, int width) =>
        (long)problem.Batch * problem.KeyHeads * PackedKeysOf(problem) * width;

    /// <summary>True if the rows of a head are the right operand of a product as they lie: side by side, and whole vectors.</summary>
    protected static bool IsDense(in RowLayout layout, int width) => layout.Row == width && Padded(width) == width;

    /// <summary>Floats of all heads' rows of keys or values, padded for use as the right operand; 0 if they are used where they lie.</summary>
    protected static long RowFloats(in AttentionProblem problem, in RowLayout layout, int width) =>
        IsDense(layout, width) ? 0 : (long)problem.Batch * problem.KeyHeads * problem.Keys * Padded(width);

    /// <summary>Runs the pass.</summary>
    /// <param name="problem">The sizes.</param>
    /// <param name="operands">Where the operands lie.</param>
    /// <param name="pool">The threads.</param>
    public void Run(in AttentionProblem problem, in AttentionOperands operands, IParallel pool)
    {
        (_problem, _operands, Pool) = (problem, operands, pool);
        Run();
    }

    /// <summary>Has the operands of both passes of the next head fetched where their rows lie apart; false if there is none, or its keys are shared.</summary>
    protected bool SetOperandsAhead(int next, ref RowsAhead ahead)
    {
        if (next < 0 || Problem.Group > 1) return false;
        (int batch, int head) = Math.DivRem(next, Problem.Heads);
        ref readonly AttentionLayouts x = ref Operands.Layouts;
        ahead.Reset(Math.Min(Problem.Queries, Problem.Keys));
        ahead.Add(Operands.K + x.K.At(batch, head, 0), x.K.Row, Problem.Width);
        ahead.Add(Operands.V + x.V.At(batch, head, 0), x.V.Row, Problem.Values);
        ahead.Add(Operands.Q + x.Q.At(batch, head, 0), x.Q.Row, Problem.Width);
        ahead.Add(Operands.Output + x.Output.At(batch, head, 0), x.Output.Row, Problem.Values);
        return true;
    }

    /// <summary>Runs the pass that has been set.</summary>
    protected abstract void Run();

    /// <summary>Panels of keys or values, times a factor.</summary>
    protected void PackPanels(float* source, in RowLayout layout, int width, float factor, float* destination)
    {
        int panels = PackedKeys / PanelWidth;
        _move = new() { Source = source, Layout = layout, Destination = destination, Width = width, Factor = factor, Parts = panels };
        Pool.Run(Problem.Batch * Problem.KeyHeads * panels, _packPanel);
    }

    private void PackPanel(int task)
    {
        (int head, int panel) = Math.DivRem(task, _move.Parts);
        PackPanel(HeadOf(_move.Source, _move.Layout, head), _move.Layout.Row, panel, _move.Width, _move.Factor, _move.Destination + (long)head * PackedKeys * _move.Width);
    }

    /// <summary>Panels of one head, on this thread.</summary>
    protected void PackHead(float* source, in RowLayout layout, int head, int width, float factor, float* destination)
    {
        float* rows = HeadOf(source, layout, head);
        for (int panel = 0; panel < PackedKeys / PanelWidth; panel++) PackPanel(rows, layout.Row, panel, width, factor, destination);
    }

    /// <summary>The first row of a head of keys or values, counted through all batches.</summary>
    protected float* HeadOf(float* source, in RowLayout layout, int head)
    {
        (int batch, head) = Math.DivRem(head, Problem.KeyHeads);
        return source + layout.At(batch, head, 0);
    }

    private void PackPanel(float* rows, long stride, int panel, int width, float factor, float* destination)
    {
        int first = panel * PanelWidth, lanes = Math.Clamp(Problem.Keys - first, 0, PanelWidth);
        float* to = destination + (long)first * width;
        Packing.Panel(rows + first * stride, (nint)stride, 1, lanes, PanelWidth, width, to);
        if (factor != 1) ScoreRows.Scale(to, PanelWidth * width, factor);
    }

    /// <summary>All heads' rows of keys or values, with zeros behind them up to whole vectors: a copy, or null for those that are used where they lie.</summary>
    protected float* PackRows(float* source, in RowLayout layout, int width, float* destination)
    {
        if (IsDense(layout, width)) return null;
        int heads = Problem.Batch * Problem.KeyHeads;
        _move = new() { Source = source, Layout = layout, Destination = destination, Width = width };
        Pool.Run(heads, _copyRows);
        return destination;
    }

    private void CopyRows(int head)
    {
        int padded = Padded(_move.Width);
        float* to = _move.Destination + (long)head * Problem.Keys * padded;
        CopyRows(HeadOf(_move.Source, _move.Layout, head), _move.Layout.Row, Problem.Keys, _move.Width, to, padded);
    }

    /// <summary>A head's rows of keys or values as the right operand of a product: from <see cref="PackRows"/>, or where they lie.</summary>
    protected float* RowsOf(float* packed, float* source, in RowLayout layout, int head, int width) =>
        packed != null ? packed + (long)head * Problem.Keys * Padded(width) : HeadOf(source, layout, head);

    /// <summary>As <see cref="RowsOf"/>, copied here if they cannot be used where they lie.</summary>
    protected float* CopiedHead(float* source, in RowLayout layout, int head, int width, float* destination)
    {
        float* rows = HeadOf(source, layout, head);
        if (IsDense(layout, width)) return rows;
        CopyRows(rows, layout.Row, Problem.Keys, width, destination, Padded(width));
        return destination;
    }

    /// <summary>Rows, zeros behind each up to a width.</summary>
    protected static void CopyRows(float* source, long stride, int rows, int width, float* destination, int padded)
    {
        for (int row = 0; row < rows; row++, source += stride, destination += padded)
        {
            new ReadOnlySpan<float>(source, width).CopyTo(new Span<float>(destination, width));
            new Span<float>(destination + width, padded - width).Clear();
        }
    }

    /// <summary>A block of rows as the left operand of a product: whole strips, zeros behind the last row.</summary>
    protected static void CopyBlock(float* source, long stride, int rows, int width, float* destination, int padded)
    {
        CopyRows(source, stride, rows, width, destination, padded);
        new Span<float>(destination + (long)rows * padded, (GemmBlocking.RoundUp(rows, Rows) - rows) * padded).Clear();
    }

    /// <summary>Rows where they lie if they are whole strips of whole vectors, side by side, else a copy by <see cref="CopyBlock"/>: rows that lie
    /// a power of two apart would share few sets of the caches.</summary>
    protected static float* Strips(float* source, long stride, int rows, int width, float* copy, int padded)
    {
        if (rows % Rows == 0 && padded == width && stride == width) return source;
        CopyBlock(source, stride, rows, width, copy, padded);
        return copy;
    }

    /// <summary>The keys that a block of queries sees.</summary>
    /// <returns>The first and one past the last key that any of them sees.</returns>
    protected (int From, int To) KeysOf(int batch, int query, int count)
    {
        int length = Operands.Lengths is null ? Problem.Keys : Operands.Lengths[batch];
        int from = Problem.FirstKey(query), to = Problem.EndKey(query + count - 1, length);
        return (from, Math.Max(from, to));
    }

    /// <summary>The ranges of visible keys of each row and each strip of a block, relative to its first key.</summary>
    protected void SetRanges(ref AttentionBlock block)
    {
        int length = Operands.Lengths is null ? Problem.Keys : Operands.Lengths[block.Batch];
        VisibleKeys visible = new(Problem, block, length);
        for (int strip = 0; strip < block.Strips; strip++)
        {
            if (SeesAll(block, strip, length))
            {
                new Span<int>(block.RowFrom + strip * Rows, Rows).Clear();
                new Span<int>(block.RowTo + strip * Rows, Rows).Fill(block.Keys);
                (block.StripFrom[strip], block.StripTo[strip]) = (0, block.Keys);
                continue;
            }

            (int from, int to) = (int.MaxValue, 0);
            for (int r = strip * Rows; r < (strip + 1) * Rows; r++)
            {
                (int first, int end) = r < block.Queries ? visible.Of(block.Query + r) : default;
                block.RowFrom[r] = first;
                block.RowTo[r] = end;
                if (end <= first) continue;
                from = Math.Min(from, first);
                to = Math.Max(to, end);
            }

            block.StripFrom[strip] = Math.Min(from, to);
            block.StripTo[strip] = to;
        }
    }

    /// <summary>True if the strip is full and each of its queries sees all keys of the block: most do in long sequences.</summary>
    private bool SeesAll(in AttentionBlock block, int strip, int length)
    {
        int first = block.Query + strip * Rows, last = first + Rows - 1;
        return (strip + 1) * Rows <= block.Queries && Problem.FirstKey(last) <= block.Key
            && Problem.EndKey(first, length) >= block.Key + block.Keys;
    }

    /// <summary>Score-like products of a block: rows of <paramref name="a"/> with panels, in the tiles that hold a visible cell.</summary>
    protected static void Multiply(
        in AttentionBlock block, float* a, int depth, int aRow, float* panels, float* result, bool accumulate = false)
    {
        TileStrides strides = new(aRow, 1, PanelWidth, block.Stride);
        TileAhead ahead = TileAhead.None;
        for (int key = 0; key < block.Keys; key += PanelWidth)
        {
            for (int strip = 0; strip < block.Strips; strip++)
            {
                int end = Up(block.StripTo[strip]) - key;
                if (Down(block.StripFrom[strip]) >= key + PanelWidth || end <= 0) continue;
                int registers = Math.Min(TKernels.Registers, GemmBlocking.Ceiling(end, TKernels.Width));
                TKernels.Multiply(Rows, registers, depth, a + (nint)strip * Rows * aRow, panels + (nint)key * depth,
                    result + (nint)strip * Rows * block.Stride + key, strides, accumulate, ref ahead);
            }
        }
    }

    /// <summary>c += a·b in strips of rows of a, each over its own range of the depth; b's and c's rows are padded.</summary>
    protected static void Accumulate(
        float* a, nint aRow, nint aDepth, int strips, int* from, int* to, float* b, int width, float* c)
    {
        TileStrides strides = new(aRow, aDepth, width, width);
        TileAhead ahead = TileAhead.None;
        for (int column = 0; column < width;)
        {
            int left = (width - column) / TKernels.Width;
            int registers = left == TKernels.Registers + 1 ? (left + 1) / 2 : Math.Min(left, TKernels.Registers);
            for (int strip = 0; strip < strips; strip++)
            {
                int depth = to[strip] - from[strip];
                if (depth <= 0) continue;
                TKernels.Multiply(Rows, registers, depth, a + strip * Rows * aRow + from[strip] * aDepth,
                    b + (nint)from[strip] * width + column, c + (nint)strip * Rows * width + column, strides, accumulate: true,
                    ref ahead);
            }

            column += registers * TKernels.Width;
        }
    }

    /// <summary>Makes a row's scores final over the vectors that hold its visible cells: the bias is added, hidden cells are −∞.</summary>
    /// <returns>The range of whole vectors.</returns>
    protected (int From, int To) Adjust(in AttentionBlock block, int r, float* scores)
    {
        int from = block.RowFrom[r], to = block.RowTo[r];
        if (Operands.Bias is not null)
        {
            float* bias = Operands.Bias + Problem.Bias.At(block.Batch, block.Head, block.Query + r, block.Key);
            ScoreRows.AddBias(scores, bias, (nint)Problem.Bias.Key, from, to);
        }

        if (Operands.Mask is not null)
        {
            byte* mask = Operands.Mask + Problem.Mask.At(block.Batch, block.Head, block.Query + r, block.Key);
            ScoreRows.Hide(scores, mask, (nint)Problem.Mask.Key, from, to);
        }

        ScoreRows.FillOutside(scores, from, to, float.NegativeInfinity);
        return (Down(from), Up(to));
    }

    /// <summary>Zeros for the cells that a row's range leaves out of its vectors: what they hold comes of keys that must not be read.</summary>
    protected static void ClearHidden(in AttentionBlock block, int r, float* row) =>
        ScoreRows.FillOutside(row, block.RowFrom[r], block.RowTo[r], 0);

    /// <summary>Zeros for the whole vectors of a row that hold some of its cells up to <paramref name="end"/>, but none from
    /// <paramref name="from"/> to <paramref name="to"/>, which are multiples of vectors.</summary>
    protected static void ClearOutside(float* row, int first, int from, int to, int end)
    {
        for (int j = Down(first); j < from; j += ScoreRows.Lanes) Vector512<float>.Zero.Store(row + j);
        for (int j = to; j < end; j += ScoreRows.Lanes) Vector512<float>.Zero.Store(row + j);
    }

    /// <summary>What dropout keeps of a row: 0, or <paramref name="value"/>.</summary>
    protected void SetKept(in AttentionBlock block, int r, int from, int to, float value, float* kept)
    {
        uint* key = Operands.Key + Problem.DropoutKey(block.Batch);
        long cell = Problem.FirstCell(block.Batch, block.Head, block.Query + r) + block.Key;
        ScoreRows.Kept(kept, from, to, cell, key[0], key[1], Problem.KeepBelow, value);
    }

    protected static int Down(int j) => j & -ScoreRows.Lanes;

    protected static int Up(int j) => (j + ScoreRows.Lanes - 1) & -ScoreRows.Lanes;

    /// <summary>The part of a thread's buffer that follows, on a cache line of its own.</summary>
    protected static T* Take<T>(ref byte* buffer, long count)
        where T : unmanaged
    {
        T* taken = (T*)buffer;
        buffer += (count * sizeof(T) + 63) & ~63L;
        return taken;
    }

    /// <summary>As <see cref="Take"/> counts.</summary>
    protected static long Size<T>(long count)
        where T : unmanaged => (count * sizeof(T) + 63) & ~63L;

    /// <summary>What is being packed or copied.</summary>
    private struct Move
    {
        public float* Source;
        public float* Destination;
        public RowLayout Layout;
        public int Width;
        public int Parts;
        public float Factor;
    }
}

/// <summary>The keys of a block that a query sees: as <see cref="AttentionProblem.FirstKey"/> and <see cref="AttentionProblem.EndKey"/>, which are
/// straight lines between bounds, relative to the block's first key.</summary>
internal readonly struct VisibleKeys
{
    private readonly int _first;
    private readonly int _end;
    private readonly int _slopeOfFirst;
    private readonly int _slopeOfEnd;
    private readonly int _most;

    public VisibleKeys(in AttentionProblem problem, in AttentionBlock block, int length)
    {
        int own = problem.Keys - problem.Queries - block.Key, window = Math.Min(problem.Window, problem.Keys + problem.Queries);
        _most = Math.Clamp(Math.Min(length, problem.Keys) - block.Key, 0, block.Keys);
        (_slopeOfFirst, _first) = window > 0 ? (1, own - window + 1) : (0, 0);
        (_slopeOfEnd, _end) = problem.Causal ? (1, own + 1) : window > 0 ? (1, own + window) : (0, _most);
        Keys = block.Keys;
    }

    private int Keys { get; }

    public (int From, int To) Of(int query) =>
        (Math.Clamp(_first + _slopeOfFirst * query, 0, Keys), Math.Clamp(_end + _slopeOfEnd * query, 0, _most));
}

/// <summary>A block of queries against a block of keys.</summary>
internal unsafe struct AttentionBlock
{
    public int Batch;
    public int Head;

    /// <summary>The first query, and how many.</summary>
    public int Query;
    public int Queries;

    /// <summary>Tiles' heights that cover the queries.</summary>
    public int Strips;

    /// <summary>The first key, and how many.</summary>
    public int Key;
    public int Keys;

    /// <summary>Elements from one row of scores to the next.</summary>
    public int Stride;

    /// <summary>The visible keys of each query, relative to the first key.</summary>
    public int* RowFrom;
    public int* RowTo;

    /// <summary>The keys that some query of a strip sees.</summary>
    public int* StripFrom;
    public int* StripTo;
}
