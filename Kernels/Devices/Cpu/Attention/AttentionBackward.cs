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
    private float* _keys;
    private float* _deltas;
    private float* _dq;
    private HeadLanes _lanes;

    private AttentionBackward() => (_deltasOf, _stretch, _sum) = (Deltas, Heads, Sum);

    /// <summary>This thread's.</summary>
    public static AttentionBackward<TKernels> Current => t_current ??= new();

    /// <summary>Queries of a head in scratch memory: tiles write whole strips.</summary>
    private int PackedQueries => PackedQueriesOf(Problem);

    private int Stretches => StretchesOf(Problem);

    private int KeyBlocks => GemmBlocking.Ceiling(Problem.Keys, KeyBlock);

    /// <summary>Bytes of scratch memory: packed keys and values unless tasks have their own, a float a row, dQ for each stretch that has no place in
    /// the result.</summary>
    public static long ScratchBytes(in AttentionProblem problem) =>
        (OwnsPanels(problem) ? 0 : Size<float>(PanelFloats(problem, problem.Width)) + Size<float>(PanelFloats(problem, problem.Values)))
        + Size<float>(problem.Rows) + Size<float>((StretchesOf(problem) - (IsInPlace(problem) ? 1 : 0)) * DqFloats(problem))
        + Size<float>(RowFloats((long)problem.Batch * problem.KeyHeads * problem.Keys, problem.Width));

    /// <inheritdoc/>
    protected override void Run()
    {
        byte* scratch = Operands.Scratch;
        _keyPanels = _valuePanels = null;
        bool isInPlace = IsInPlace(Problem);
        if (!OwnsPanels(Problem))
        {
            _keyPanels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Width));
            _valuePanels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Values));
            PackPanels(Operands.K, Problem.Width, KeyFactor, _keyPanels);
            PackPanels(Operands.V, Problem.Values, 1, _valuePanels);
        }

        _deltas = Take<float>(ref scratch, Problem.Rows);
        _dq = Take<float>(ref scratch, (Stretches - (isInPlace ? 1 : 0)) * DqFloats(Problem));
        _keys = PackRows(Operands.K, (long)Problem.Batch * Problem.KeyHeads * Problem.Keys, Problem.Width, (float*)scratch);
        if (Stretches > 1) Pool.Run(Problem.Batch * Problem.Heads, _deltasOf);
        _lanes = new(Problem.Batch * Problem.KeyHeads, Stretches, Pool.Threads);
        Pool.Run(_lanes.Count, _stretch);
        if (Stretches > 1 || !isInPlace) Pool.Run(Problem.Batch * Problem.Heads, _sum);
    }

    /// <summary>What packed keys are multiplied by: scores come in units of ln 2.</summary>
    private float KeyFactor => Problem.Scale * ScoreRows.Log2E;

    /// <summary>True if the first stretch's dQ is summed where it belongs: tiles write whole strips.</summary>
    private static bool IsInPlace(in AttentionProblem problem) => PackedQueriesOf(problem) == problem.Queries && Padded(problem.Width) == problem.Width;

    private static bool OwnsPanels(in AttentionProblem problem) =>
        StretchesOf(problem) == 1 && (long)PackedKeysOf(problem) * (problem.Width + problem.Values) * sizeof(float) <= OwnPanelBytes;

    /// <summary>Where a stretch sums dQ.</summary>
    private float* DqOf(int stretch) => !IsInPlace(Problem) ? _dq + stretch * DqFloats(Problem)
        : stretch == 0 ? Operands.DQ : _dq + (stretch - 1) * DqFloats(Problem);

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
        long first = (long)head * Problem.Queries;
        for (long row = first; row < first + Problem.Queries; row++)
        {
            float sum = ScoreRows.Dot(Operands.DOutput + row * Problem.Values, Operands.Output + row * Problem.Values, Problem.Values);
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
            for (int part = _lanes.Take(keyHead); part >= 0; part = _lanes.Take(keyHead)) Stretch(keyHead, part);
        }
    }

    /// <summary>One stretch of the keys of a head, against all queries that see them.</summary>
    private void Stretch(int keyHead, int stretch)
    {
        int width = PaddedWidth, values = PaddedValues, group = Problem.Group;
        Workspace work = new(width, values);
        (work.KeyPanels, work.ValuePanels) = PanelsOf(keyHead);
        for (int member = 0; Stretches == 1 && member < group; member++) Deltas(keyHead * group + member);
        float* dq = DqOf(stretch) + (long)keyHead * group * PackedQueries * width;
        long floats = (long)group * PackedQueries * width;
        for (long i = 0; i < floats; i += 1 << 20) new Span<float>(dq + i, (int)Math.Min(1 << 20, floats - i)).Clear();

        int last = (int)((long)KeyBlocks * (stretch + 1) / Stretches);
        for (int keyBlock = (int)((long)KeyBlocks * stretch / Stretches); keyBlock < last; keyBlock++)
        {
            int key = keyBlock * KeyBlock, count = Math.Min(KeyBlock, Problem.Keys - key);
            long row = (long)keyHead * Problem.Keys + key;
            bool isWhole = count % Rows == 0;
            work.DK = isWhole && width == Problem.Width ? Operands.DK + row * width : work.OwnDK;
            work.DV = isWhole && values == Problem.Values ? Operands.DV + row * values : work.OwnDV;
            int padded = GemmBlocking.RoundUp(count, Rows);
            new Span<float>(work.DK, padded * width).Clear();
            new Span<float>(work.DV, padded * values).Clear();
            for (int member = 0; member < group; member++)
            {
                for (int query = 0; query < Problem.Queries; query += QueryBlock)
                    Block(keyHead, member, query, key, count, work, dq + (long)member * PackedQueries * width);
            }

            if (work.DK == work.OwnDK) CopyOut(work.DK, count, width, Operands.DK + row * Problem.Width, Problem.Width);
            if (work.DV == work.OwnDV) CopyOut(work.DV, count, values, Operands.DV + row * Problem.Values, Problem.Values);
        }
    }

    /// <summary>A head's packed keys and values; packed here if they are the task's own.</summary>
    private (nint Keys, nint Values) PanelsOf(int keyHead)
    {
        long first = (long)keyHead * PackedKeys;
        if (_keyPanels != null) return ((nint)(_keyPanels + first * Problem.Width), (nint)(_valuePanels + first * Problem.Values));
        float* keys = (float*)GemmScratch.Current.B((long)PackedKeys * (Problem.Width + Problem.Values) * sizeof(float));
        float* values = keys + (nint)PackedKeys * Problem.Width;
        PackHead(Operands.K, keyHead, Problem.Width, KeyFactor, keys);
        PackHead(Operands.V, keyHead, Problem.Values, 1, values);
        return ((nint)keys, (nint)values);
    }

    private void Block(int keyHead, int member, int query, int key, int count, in Workspace work, float* dq)
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
        float* q = Strips(Operands.Q + row * Problem.Width, queries, Problem.Width, work.Q, work.Width);
        float* dOutput = Strips(Operands.DOutput + row * Problem.Values, queries, Problem.Values, work.DOutput, work.Values);
        Multiply(block, q, Problem.Width, work.Width, (float*)work.KeyPanels + (nint)key * Problem.Width, work.Scores);
        Multiply(block, dOutput, Problem.Values, work.Values, (float*)work.ValuePanels + (nint)key * Problem.Values, work.DScores);
        for (int r = 0; r < block.Strips * Rows; r++) Differentiate(block, r, row + r, work);

        SetQueryRanges(block, work);
        int strips = GemmBlocking.Ceiling(count, Rows);
        Accumulate(work.Scores, 1, KeyBlock, strips, work.KeyFrom, work.KeyTo, dOutput, work.Values, work.DV);
        Accumulate(work.DScores, 1, KeyBlock, strips, work.KeyFrom, work.KeyTo, q, work.Width, work.DK);
        Accumulate(work.DScores, KeyBlock, 1, block.Strips, block.StripFrom, block.StripTo,
            _keys + ((long)keyHead * Problem.Keys + key) * work.Width, work.Width, dq + (long)query * work.Width);
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
        long first = (long)head * PackedQueries * PaddedWidth;
        float* to = Operands.DQ + (long)head * Problem.Queries * Problem.Width;
        if (!IsInPlace(Problem)) CopyOut(DqOf(0) + first, Problem.Queries, PaddedWidth, to, Problem.Width);
        for (int stretch = 1; stretch < Stretches; stretch++)
        {
            float* from = DqOf(stretch) + first;
            for (int row = 0; row < Problem.Queries; row++) ScoreRows.Add(to + (nint)row * Problem.Width, from + (nint)row * PaddedWidth, Problem.Width);
        }
    }

    private static void CopyOut(float* source, int rows, int padded, float* destination, int width)
    {
        for (int row = 0; row < rows; row++, source += padded, destination += width)
            new ReadOnlySpan<float>(source, width).CopyTo(new Span<float>(destination, width));
    }

    /// <summary>A thread's buffers.</summary>
    private struct Workspace
    {
        /// <summary>Pointers to the head's packed keys and values.</summary>
        public nint KeyPanels;
        public nint ValuePanels;
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
