using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>The gradients of q, k and v: five products a block. Scores are computed again from q, k and the log-sum-exp; with
/// delta = Σ dO·O − d lse of each row, dS = P·(dO·vᵀ − delta) (Dao, FlashAttention-2, 2023, algorithm 2).</summary>
/// <remarks>A task is a head of keys and a stretch of its keys. dK and dV of a block of keys stay in cache while the queries pass; dQ is
/// added up in place by the first stretch, in scratch memory by the others, which are added at the end, in order. Where a head is one stretch its task
/// does all there is to it while it is in cache: of short sequences, copies through memory would cost as much as the products.</remarks>
internal sealed unsafe class AttentionBackward<TKernels> : AttentionPass<TKernels>
    where TKernels : struct, IMicroKernels<float>
{
    // Multiples of the tiles' heights, 6 and 8, and of vectors.
    private const int QueryBlock = 96;
    private const int KeyBlock = 96;

    /// <summary>Tasks that keep many threads busy; a machine's number of threads must not decide it.</summary>
    private const int Tasks = 16;

    /// <summary>Bytes of a head's packed keys and values up to which they are the task's own.</summary>
    private const long OwnPanelBytes = 1 << 20;

    [ThreadStatic]
    private static AttentionBackward<TKernels>? t_current;

    private readonly Action<int> _deltasOf;
    private readonly Action<int> _stretch;
    private readonly Action<int> _sum;

    /// <summary>Packed keys and values of all heads; null if tasks have their own.</summary>
    private float* _keyPanels;
    private float* _valuePanels;

    /// <summary>Copies of the rows of all keys; null if tasks have their own, or none.</summary>
    private float* _keys;
    private float* _deltas;
    private float* _dq;
    private bool _isInPlace;
    private HeadLanes _lanes;

    private AttentionBackward() => (_deltasOf, _stretch, _sum) = (Deltas, Heads, Sum);

    /// <summary>This thread's.</summary>
    public static AttentionBackward<TKernels> Current => t_current ??= new();

    /// <summary>Queries of a head in scratch memory: tiles write whole strips.</summary>
    private int PackedQueries => PackedQueriesOf(Problem);

    private int Stretches => StretchesOf(Problem);

    private int KeyBlocks => GemmBlocking.Ceiling(Problem.Keys, KeyBlock);

    /// <summary>Bytes of scratch memory: a float a row; packed keys and values unless tasks have their own; dQ for each stretch that has no place in
    /// the result, unless a head is one stretch.</summary>
    public static long ScratchBytes(in AttentionProblem problem, in AttentionLayouts layouts) => Size<float>(problem.Rows)
        + Size<float>(DqBuffers(problem, layouts.DQ) * DqFloats(problem))
        + (OwnsPanels(problem) ? 0 : Size<float>(PanelFloats(problem, problem.Width)) + Size<float>(PanelFloats(problem, problem.Values))
            + Size<float>(RowFloats(problem, layouts.K, problem.Width)));

    /// <inheritdoc/>
    protected override void Run()
    {
        byte* scratch = Operands.Scratch;
        _keyPanels = _valuePanels = _keys = null;
        ref readonly AttentionLayouts layouts = ref Operands.Layouts;
        _isInPlace = IsInPlace(Problem, layouts.DQ);
        _deltas = Take<float>(ref scratch, Problem.Rows);
        _dq = Take<float>(ref scratch, DqBuffers(Problem, layouts.DQ) * DqFloats(Problem));
        if (!OwnsPanels(Problem))
        {
            _keyPanels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Width));
            _valuePanels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Values));
            PackPanels(Operands.K, layouts.K, Problem.Width, KeyFactor, _keyPanels);
            PackPanels(Operands.V, layouts.V, Problem.Values, 1, _valuePanels);
            _keys = PackRows(Operands.K, layouts.K, Problem.Width, (float*)scratch);
        }

        if (Stretches > 1) Pool.Run(Problem.Batch * Problem.Heads, _deltasOf);
        _lanes = new(Problem.Batch * Problem.KeyHeads, Stretches, Pool.Threads);
        Pool.Run(_lanes.Count, _stretch);
        if (Stretches > 1) Pool.Run(Problem.Batch * Problem.Heads, _sum);
    }

    /// <summary>What packed keys are multiplied by: scores come in units of ln 2.</summary>
    private float KeyFactor => Problem.Scale * ScoreRows.Log2E;

    /// <summary>True if the first stretch's dQ is summed where it belongs: tiles write whole strips.</summary>
    private static bool IsInPlace(in AttentionProblem problem, in RowLayout dq) => PackedQueriesOf(problem) == problem.Queries
        && IsDense(dq, problem.Width) && dq == RowLayout.Contiguous(problem.Heads, problem.Queries, problem.Width);

    /// <summary>Stretches whose dQ is summed in scratch memory. A head of one stretch has a buffer of its thread's.</summary>
    private static int DqBuffers(in AttentionProblem problem, in RowLayout dq) =>
        StretchesOf(problem) == 1 ? 0 : StretchesOf(problem) - (IsInPlace(problem, dq) ? 1 : 0);

    private static bool OwnsPanels(in AttentionProblem problem) =>
        StretchesOf(problem) == 1 && (long)PackedKeysOf(problem) * (problem.Width + problem.Values) * sizeof(float) <= OwnPanelBytes;

    /// <summary>Where one of several stretches sums dQ.</summary>
    private float* DqOf(int stretch) => !_isInPlace ? _dq + stretch * DqFloats(Problem)
        : stretch == 0 ? Operands.DQ : _dq + (stretch - 1) * DqFloats(Problem);

    /// <summary>Where a stretch sums dQ of the queries of a head of keys.</summary>
    private float* DqOf(int stretch, int keyHead)
    {
        long group = (long)Problem.Group * PackedQueries * PaddedWidth;
        return Stretches == 1 && !_isInPlace ? (float*)GemmScratch.Current.A(group * sizeof(float)) : DqOf(stretch) + keyHead * group;
    }

    private static int PackedQueriesOf(in AttentionProblem problem) => GemmBlocking.RoundUp(problem.Queries, Rows);

    private static long DqFloats(in AttentionProblem problem) =>
        (long)problem.Batch * problem.Heads * PackedQueriesOf(problem) * Padded(problem.Width);

    private static int StretchesOf(in AttentionProblem problem)
    {
        int heads = Math.Max(1, problem.Batch * problem.KeyHeads), blocks = GemmBlocking.Ceiling(problem.Keys, KeyBlock);
        return Math.Clamp(GemmBlocking.Ceiling(Tasks, heads), 1, Math.Max(1, blocks));
    }

    /// <summary>Σ dO·O − d lse of the rows of a head.</summary>
    private void Deltas(int head)
    {
        (int batch, int own) = Math.DivRem(head, Problem.Heads);
        (RowLayout layout, RowLayout gradients) = (Operands.Layouts.Output, Operands.Layouts.DOutput);
        float* output = Operands.Output + layout.At(batch, own, 0), dOutput = Operands.DOutput + gradients.At(batch, own, 0);
        long first = (long)head * Problem.Queries;
        for (long row = first; row < first + Problem.Queries; row++, output += layout.Row, dOutput += gradients.Row)
        {
            float sum = ScoreRows.Dot(dOutput, output, Problem.Values);
            _deltas[row] = Operands.DLogSumExp is null ? sum : sum - Operands.DLogSumExp[row];
        }
    }

    /// <summary>Stretches of heads of keys.</summary>
    private void Heads(int lane)
    {
        int heads = Problem.Batch * Problem.KeyHeads;
        for (int i = 0; i < heads; i++)
        {
            int keyHead = _lanes.Head(lane, i);
            int next = i + 1 < heads ? _lanes.Head(lane, i + 1) : -1;
            for (int part = _lanes.Take(keyHead); part >= 0; part = _lanes.Take(keyHead)) Stretch(keyHead, part, next);
        }
    }

    /// <summary>What lies apart of the next head is fetched with this one's rows.</summary>
    private void SetAhead(int next, ref RowsAhead ahead)
    {
        if (Stretches > 1 || !SetOperandsAhead(next, ref ahead)) return;
        (int batch, int head) = Math.DivRem(next, Problem.Heads);
        ref readonly AttentionLayouts x = ref Operands.Layouts;
        ahead.Add(Operands.DOutput + x.DOutput.At(batch, head, 0), x.DOutput.Row, Problem.Values);
        ahead.Add(Operands.DQ + x.DQ.At(batch, head, 0), x.DQ.Row, Problem.Width);
        ahead.Add(Operands.DK + x.DK.At(batch, head, 0), x.DK.Row, Problem.Width);
        ahead.Add(Operands.DV + x.DV.At(batch, head, 0), x.DV.Row, Problem.Values);
    }

    /// <summary>One stretch of the keys of a head, against all queries that see them.</summary>
    private void Stretch(int keyHead, int stretch, int next)
    {
        int width = PaddedWidth, values = PaddedValues, group = Problem.Group;
        Workspace work = new(width, values);
        RowsAhead ahead = default;
        SetAhead(next, ref ahead);
        SetKeys(keyHead, ref work);
        for (int member = 0; Stretches == 1 && member < group; member++) Deltas(keyHead * group + member);
        float* dq = DqOf(stretch, keyHead);
        long floats = (long)group * PackedQueries * width;
        for (long i = 0; i < floats; i += 1 << 20) new Span<float>(dq + i, (int)Math.Min(1 << 20, floats - i)).Clear();

        int last = (int)((long)KeyBlocks * (stretch + 1) / Stretches);
        for (int keyBlock = (int)((long)KeyBlocks * stretch / Stretches); keyBlock < last; keyBlock++)
        {
            int key = keyBlock * KeyBlock, count = Math.Min(KeyBlock, Problem.Keys - key);
            bool isWhole = count % Rows == 0;
            (RowLayout keys, RowLayout rowsOfValues) = (Operands.Layouts.DK, Operands.Layouts.DV);
            float* dk = HeadOf(Operands.DK, keys, keyHead) + key * keys.Row, dv = HeadOf(Operands.DV, rowsOfValues, keyHead) + key * rowsOfValues.Row;
            work.DK = isWhole && IsDense(keys, Problem.Width) ? dk : work.OwnDK;
            work.DV = isWhole && IsDense(rowsOfValues, Problem.Values) ? dv : work.OwnDV;
            int padded = GemmBlocking.RoundUp(count, Rows);
            new Span<float>(work.DK, padded * width).Clear();
            new Span<float>(work.DV, padded * values).Clear();
            for (int member = 0; member < group; member++)
            {
                for (int query = 0; query < Problem.Queries; query += QueryBlock)
                    Block(keyHead, member, query, key, count, work, dq + (long)member * PackedQueries * width, ref ahead);
            }

            if (work.DK == work.OwnDK) CopyOut(work.DK, count, width, dk, keys.Row, Problem.Width);
            if (work.DV == work.OwnDV) CopyOut(work.DV, count, values, dv, rowsOfValues.Row, Problem.Values);
        }

        for (int member = 0; Stretches == 1 && !_isInPlace && member < group; member++)
            CopyOutQueries(keyHead * group + member, dq + (long)member * PackedQueries * width);
    }

    /// <summary>A head's packed keys and values and the rows of its keys; packed here if they are the task's own.</summary>
    private void SetKeys(int keyHead, ref Workspace work)
    {
        (RowLayout layout, RowLayout layoutOfValues) = (Operands.Layouts.K, Operands.Layouts.V);
        long first = (long)keyHead * PackedKeys;
        if (_keyPanels != null)
        {
            work.KeyPanels = (nint)(_keyPanels + first * Problem.Width);
            work.ValuePanels = (nint)(_valuePanels + first * Problem.Values);
            work.Keys = RowsOf(_keys, Operands.K, layout, keyHead, Problem.Width);
            return;
        }

        float* keys = (float*)GemmScratch.Current.B((long)PackedKeys * (Problem.Width + Problem.Values + PaddedWidth) * sizeof(float));
        float* values = keys + (nint)PackedKeys * Problem.Width;
        PackHead(Operands.K, layout, keyHead, Problem.Width, KeyFactor, keys);
        PackHead(Operands.V, layoutOfValues, keyHead, Problem.Values, 1, values);
        work.KeyPanels = (nint)keys;
        work.ValuePanels = (nint)values;
        work.Keys = CopiedHead(Operands.K, layout, keyHead, Problem.Width, values + (nint)PackedKeys * Problem.Values);
    }

    private void Block(int keyHead, int member, int query, int key, int count, in Workspace work, float* dq, ref RowsAhead ahead)
    {
        int batch = keyHead / Problem.KeyHeads, queries = Math.Min(QueryBlock, Problem.Queries - query);
        (int from, int to) = KeysOf(batch, query, queries);
        if (from >= key + count || to <= key) return;
        AttentionBlock block = new()
        {
            Batch = batch, Head = keyHead % Problem.KeyHeads * Problem.Group + member, Query = query, Queries = queries,
            Strips = GemmBlocking.Ceiling(queries, Rows), Key = key, Keys = count, Stride = KeyBlock,
            RowFrom = work.RowFrom, RowTo = work.RowTo, StripFrom = work.StripFrom, StripTo = work.StripTo,
        };
        SetRanges(ref block);
        long row = ((long)batch * Problem.Heads + block.Head) * Problem.Queries + query;
        (RowLayout layout, RowLayout gradients) = (Operands.Layouts.Q, Operands.Layouts.DOutput);
        float* q = Strips(Operands.Q + layout.At(batch, block.Head, query), layout.Row, queries, Problem.Width, work.Q, work.Width);
        float* dOutput = Strips(Operands.DOutput + gradients.At(batch, block.Head, query), gradients.Row, queries, Problem.Values, work.DOutput, work.Values);
        Multiply(block, q, Problem.Width, work.Width, (float*)work.KeyPanels + (nint)key * Problem.Width, work.Scores);
        Multiply(block, dOutput, Problem.Values, work.Values, (float*)work.ValuePanels + (nint)key * Problem.Values, work.DScores);
        for (int r = 0; r < block.Strips * Rows; r++)
        {
            ahead.Next();
            Differentiate(block, r, row + r, work);
        }


        SetQueryRanges(block, work);
        int strips = GemmBlocking.Ceiling(count, Rows);
        Accumulate(work.Scores, 1, KeyBlock, strips, work.KeyFrom, work.KeyTo, dOutput, work.Values, work.DV);
        Accumulate(work.DScores, 1, KeyBlock, strips, work.KeyFrom, work.KeyTo, q, work.Width, work.DK);
        Accumulate(work.DScores, KeyBlock, 1, block.Strips, block.StripFrom, block.StripTo,
            work.Keys + (nint)key * work.Width, work.Width, dq + (long)query * work.Width);
    }

    /// <summary>A row's weights and the gradients of its scores, 0 where nothing is seen.</summary>
    private void Differentiate(in AttentionBlock block, int r, long row, in Workspace work)
    {
        float* scores = work.Scores + (nint)r * KeyBlock, gradients = work.DScores + (nint)r * KeyBlock;
        (int from, int to) = (0, 0);
        if (block.RowFrom[r] < block.RowTo[r])
        {
            (from, to) = Adjust(block, r, scores);
            ClearHidden(block, r, gradients);

            // A row that sees nothing has −∞ for scores and log-sum-exp: any other number makes its weights 0.
            float lse = Operands.LogSumExp[row];
            lse = float.IsNegativeInfinity(lse) ? 0 : lse * ScoreRows.Log2E;
            if (Operands.Key is null)
            {
                ScoreRows.Gradients(scores, gradients, from, to, lse, _deltas[row], Problem.Scale);
            }
            else
            {
                SetKept(block, r, from, to, 1 / Problem.KeepProbability, work.Kept);
                ScoreRows.Gradients(scores, gradients, work.Kept, from, to, lse, _deltas[row], Problem.Scale);
            }
        }

        int end = GemmBlocking.RoundUp(block.Keys, Rows);
        ClearOutside(scores, 0, from, to, end);
        ClearOutside(gradients, 0, from, to, end);
    }

    /// <summary>The queries of the block that see some key of each strip of keys.</summary>
    private static void SetQueryRanges(in AttentionBlock block, in Workspace work)
    {
        for (int strip = 0; strip * Rows < block.Keys; strip++)
        {
            int from = 0, to = block.Queries;
            while (from < to && !Sees(block, from, strip)) from++;
            while (to > from && !Sees(block, to - 1, strip)) to--;
            work.KeyFrom[strip] = from;
            work.KeyTo[strip] = to;
        }
    }

    private static bool Sees(in AttentionBlock block, int r, int strip) =>
        block.RowFrom[r] < (strip + 1) * Rows && block.RowTo[r] > Math.Max(strip * Rows, block.RowFrom[r]);

    /// <summary>dQ of a head: the sum over the stretches.</summary>
    private void Sum(int head)
    {
        long first = (long)head * PackedQueries * PaddedWidth, step = Operands.Layouts.DQ.Row;
        if (!_isInPlace) CopyOutQueries(head, DqOf(0) + first);
        float* to = QueriesOf(head);
        for (int stretch = 1; stretch < Stretches; stretch++)
        {
            float* from = DqOf(stretch) + first;
            for (int row = 0; row < Problem.Queries; row++) ScoreRows.Add(to + row * step, from + (nint)row * PaddedWidth, Problem.Width);
        }
    }

    private void CopyOutQueries(int head, float* source) =>
        CopyOut(source, Problem.Queries, PaddedWidth, QueriesOf(head), Operands.Layouts.DQ.Row, Problem.Width);

    /// <summary>Where dQ of a head, counted through all batches, belongs.</summary>
    private float* QueriesOf(int head)
    {
        (int batch, head) = Math.DivRem(head, Problem.Heads);
        return Operands.DQ + Operands.Layouts.DQ.At(batch, head, 0);
    }

    private static void CopyOut(float* source, int rows, int padded, float* destination, long stride, int width)
    {
        for (int row = 0; row < rows; row++, source += padded, destination += stride)
            new ReadOnlySpan<float>(source, width).CopyTo(new Span<float>(destination, width));
    }

    /// <summary>A thread's buffers.</summary>
    private struct Workspace
    {
        /// <summary>Pointers to the head's packed keys and values.</summary>
        public nint KeyPanels;
        public nint ValuePanels;

        /// <summary>The rows of its keys, padded.</summary>
        public float* Keys;
        public readonly float* Q;
        public readonly float* DOutput;
        public readonly float* Scores;
        public readonly float* DScores;
        public readonly float* OwnDK;
        public readonly float* OwnDV;

        /// <summary>Where the block's gradients are summed: in the result where tiles write whole strips of it, else in a buffer.</summary>
        public float* DK;
        public float* DV;
        public readonly float* Kept;
        public readonly int* RowFrom;
        public readonly int* RowTo;
        public readonly int* StripFrom;
        public readonly int* StripTo;
        public readonly int* KeyFrom;
        public readonly int* KeyTo;

        public Workspace(int paddedWidth, int paddedValues)
        {
            (Width, Values) = (paddedWidth, paddedValues);
            byte* buffer = (byte*)GemmScratch.Current.C(Size<float>(QueryBlock * paddedWidth) + Size<float>(QueryBlock * paddedValues)
                + 2 * Size<float>(QueryBlock * KeyBlock) + Size<float>(KeyBlock * paddedWidth) + Size<float>(KeyBlock * paddedValues)
                + Size<float>(KeyBlock) + 4 * Size<int>(QueryBlock) + 2 * Size<int>(KeyBlock));
            Q = Take<float>(ref buffer, QueryBlock * paddedWidth);
            DOutput = Take<float>(ref buffer, QueryBlock * paddedValues);
            Scores = Take<float>(ref buffer, QueryBlock * KeyBlock);
            DScores = Take<float>(ref buffer, QueryBlock * KeyBlock);
            OwnDK = Take<float>(ref buffer, KeyBlock * paddedWidth);
            OwnDV = Take<float>(ref buffer, KeyBlock * paddedValues);
            Kept = Take<float>(ref buffer, KeyBlock);
            RowFrom = Take<int>(ref buffer, QueryBlock);
            RowTo = Take<int>(ref buffer, QueryBlock);
            StripFrom = Take<int>(ref buffer, QueryBlock);
            StripTo = Take<int>(ref buffer, QueryBlock);
            KeyFrom = Take<int>(ref buffer, KeyBlock);
            KeyTo = Take<int>(ref buffer, KeyBlock);
        }

        /// <summary>Elements of a row of Q and DK, padded.</summary>
        public int Width { get; }

        /// <summary>Elements of a row of DOutput and DV, padded.</summary>
        public int Values { get; }
    }
}
