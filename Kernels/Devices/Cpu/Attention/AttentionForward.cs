using System.Runtime.Intrinsics;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>softmax(scale·q·kᵀ + bias)·v and the rows' log-sum-exp, with the running maximum and sum of online softmax (Milakov and
/// Gimelshein, Online normalizer calculation for softmax, 2018; Dao, FlashAttention-2, 2023).</summary>
internal sealed unsafe class AttentionForward<TKernels> : AttentionPass<TKernels>
    where TKernels : struct, IMicroKernels<float>
{
    // Multiples of the tiles' heights, 6 and 8, of their widths, 48 and 64, and of vectors.
    private const int QueryBlock = 96;
    private const int KeyBlock = 384;

    /// <summary>Scores are relative to the largest of a row's first block until one is larger by more than this: weights up to 256 lose nothing, and sums
    /// are seldom scaled.</summary>
    private const float Tolerance = 8;

    /// <summary>Blocks of queries of a head up to which a task is a head, if there are so many: its keys are packed where they are used.</summary>
    private const int FewBlocks = 4, ManyHeads = 16;

    /// <summary>Bytes of a head's packed keys up to which they are the task's own.</summary>
    private const long OwnPanelBytes = 1 << 20;

    [ThreadStatic]
    private static AttentionForward<TKernels>? t_current;

    private readonly Action<int> _heads;
    private readonly Action<int> _blocks;
    private float* _panels;

    /// <summary>Copies of all heads' values; null if tasks have their own, or none.</summary>
    private float* _values;
    private HeadLanes _lanes;

    private AttentionForward() => (_heads, _blocks) = (Heads, Blocks);

    /// <summary>This thread's.</summary>
    public static AttentionForward<TKernels> Current => t_current ??= new();

    /// <summary>Bytes of scratch memory: packed keys unless tasks have their own, and values where their width is not that of whole vectors.</summary>
    public static long ScratchBytes(in AttentionProblem problem, in AttentionLayouts layouts) => OwnsPanels(problem) ? 0
        : Size<float>(PanelFloats(problem, problem.Width)) + Size<float>(RowFloats(problem, layouts.V, problem.Values));

    /// <summary>Elements from one row of scores to the next.</summary>
    private int Stride => Math.Min(KeyBlock, PackedKeys);

    /// <inheritdoc/>
    protected override void Run()
    {
        byte* scratch = Operands.Scratch;
        bool ownsPanels = OwnsPanels(Problem);
        if (!ownsPanels)
        {
            _panels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Width));
            PackPanels(Operands.K, Operands.Layouts.K, Problem.Width, KeyFactor, _panels);
            _values = PackRows(Operands.V, Operands.Layouts.V, Problem.Values, (float*)scratch);
        }

        _lanes = ownsPanels ? new(Problem.Batch * Problem.KeyHeads, 1, Pool.Threads)
            : new(Problem.Batch * Problem.Heads, BlocksOf(Problem), Pool.Threads);
        Pool.Run(_lanes.Count, ownsPanels ? _heads : _blocks);
    }

    /// <summary>Heads of keys, each with all its queries, and packed here.</summary>
    private void Heads(int lane)
    {
        int heads = Problem.Batch * Problem.KeyHeads;
        for (int i = 0; i < heads; i++)
        {
            int keyHead = _lanes.Head(lane, i);
            if (_lanes.Take(keyHead) >= 0) Head(keyHead, i + 1 < heads ? _lanes.Head(lane, i + 1) : -1);
        }
    }

    /// <summary>All queries of a head of keys.</summary>
    private void Head(int keyHead, int next)
    {
        RowsAhead ahead = default;
        SetOperandsAhead(next, ref ahead);
        int blocks = BlocksOf(Problem), group = Problem.Group;
        float* panels = (float*)GemmScratch.Current.B((long)PackedKeys * (Problem.Width + PaddedValues) * sizeof(float));
        PackHead(Operands.K, Operands.Layouts.K, keyHead, Problem.Width, KeyFactor, panels);
        float* values = CopiedHead(Operands.V, Operands.Layouts.V, keyHead, Problem.Values, panels + (nint)PackedKeys * Problem.Width);
        for (int task = 0; task < group * blocks; task++)
            Queries(keyHead * group + task / blocks, task % blocks * QueryBlock, panels, values, ref ahead);
    }

    /// <summary>Blocks of queries, against keys packed before. The last blocks of a head see the most keys: they go first.</summary>
    private void Blocks(int lane)
    {
        int heads = Problem.Batch * Problem.Heads, blocks = BlocksOf(Problem);
        for (int i = 0; i < heads; i++)
        {
            int head = _lanes.Head(lane, i);
            int keyHead = head / Problem.Group;
            float* panels = _panels + (long)keyHead * PackedKeys * Problem.Width;
            float* values = RowsOf(_values, Operands.V, Operands.Layouts.V, keyHead, Problem.Values);
            RowsAhead none = default;
            for (int part = _lanes.Take(head); part >= 0; part = _lanes.Take(head))
                Queries(head, (blocks - 1 - part) * QueryBlock, panels, values, ref none);
        }
    }

    /// <summary>What packed keys are multiplied by: scores come in units of ln 2, and are the backward pass's to the last bit.</summary>
    private float KeyFactor => Problem.Scale * ScoreRows.Log2E;

    private static int BlocksOf(in AttentionProblem problem) => GemmBlocking.Ceiling(problem.Queries, QueryBlock);

    private static bool OwnsPanels(in AttentionProblem problem) =>
        BlocksOf(problem) <= FewBlocks && problem.Batch * problem.KeyHeads >= ManyHeads
        && (long)PackedKeysOf(problem) * problem.Width * sizeof(float) <= OwnPanelBytes;

    /// <summary>A block of queries of a head, counted through all batches, against its packed keys and its values.</summary>
    private void Queries(int allHeads, int query, float* panels, float* rowsOfValues, ref RowsAhead ahead)
    {
        (int batch, int head) = Math.DivRem(allHeads, Problem.Heads);
        int width = Problem.Width, values = PaddedValues, count = Math.Min(QueryBlock, Problem.Queries - query), stride = Stride;
        byte* buffer = (byte*)GemmScratch.Current.C(Size<float>(QueryBlock * width) + Size<float>(QueryBlock * stride)
            + Size<float>(QueryBlock * values) + Size<float>(QueryBlock * ScoreRows.Lanes) + Size<float>(KeyBlock)
            + Size<float>(QueryBlock) + 4 * Size<int>(QueryBlock));
        float* q = Take<float>(ref buffer, QueryBlock * width), scores = Take<float>(ref buffer, QueryBlock * stride);
        float* output = Take<float>(ref buffer, QueryBlock * values);
        Rowwise rows = new()
        {
            Sums = Take<float>(ref buffer, QueryBlock * ScoreRows.Lanes),
            Kept = Take<float>(ref buffer, KeyBlock),
            Largest = Take<float>(ref buffer, QueryBlock),
        };
        AttentionBlock block = new()
        {
            Batch = batch, Head = head, Query = query, Queries = count, Strips = GemmBlocking.Ceiling(count, Rows), Stride = stride,
            RowFrom = Take<int>(ref buffer, QueryBlock), RowTo = Take<int>(ref buffer, QueryBlock),
            StripFrom = Take<int>(ref buffer, QueryBlock), StripTo = Take<int>(ref buffer, QueryBlock),
        };

        long row = ((long)batch * Problem.Heads + head) * Problem.Queries + query;
        RowLayout layout = Operands.Layouts.Q;
        q = Strips(Operands.Q + layout.At(batch, head, query), layout.Row, count, width, q, width);
        int padded = block.Strips * Rows;
        new Span<float>(output, padded * values).Clear();
        new Span<float>(rows.Sums, padded * ScoreRows.Lanes).Clear();
        new Span<float>(rows.Largest, padded).Fill(float.NegativeInfinity);

        (int from, int to) = KeysOf(batch, query, count);
        for (block.Key = from / KeyBlock * KeyBlock; block.Key < to; block.Key += KeyBlock)
        {
            block.Keys = Math.Min(KeyBlock, to - block.Key);
            SetRanges(ref block);
            Multiply(block, q, width, width, panels + (nint)block.Key * width, scores);
            Weigh(block, scores, output, rows, ref ahead);
            Accumulate(scores, stride, 1, block.Strips, block.StripFrom, block.StripTo,
                rowsOfValues + (nint)block.Key * values, values, output);
        }

        Finish(count, row, output, rows, Operands.Output + Operands.Layouts.Output.At(batch, head, query));
    }

    /// <summary>Scores become weights relative to the largest score so far; what was summed under a smaller one is scaled down.</summary>
    /// <remarks>The largest of a whole strip's rows first: weights that wait for it would leave the units idle, row by row.</remarks>
    private void Weigh(in AttentionBlock block, float* scores, float* output, in Rowwise rows, ref RowsAhead ahead)
    {
        for (int strip = 0; strip < block.Strips; strip++)
        {
            int first = block.StripFrom[strip], end = block.StripTo[strip], row = strip * Rows, last = row + Rows;
            if (first >= end) continue;
            for (int r = row; r < last; r++) Raise(block, r, scores + (nint)r * block.Stride, output, rows);
            for (int r = row; r < last; r++)
            {
                ahead.Next();
                Exponentiate(block, r, scores + (nint)r * block.Stride, first, end, rows);
            }
        }
    }

    /// <summary>Takes in the largest score of a row; sums are made relative to it if it is the largest so far.</summary>
    private void Raise(in AttentionBlock block, int r, float* line, float* output, in Rowwise rows)
    {
        if (block.RowFrom[r] >= block.RowTo[r]) return;
        (int from, int to) = Adjust(block, r, line);
        float before = rows.Largest[r], largest = ScoreRows.Largest(line, from, to);
        if (!(largest > before + Tolerance)) return;
        rows.Largest[r] = largest;
        if (float.IsNegativeInfinity(before)) return;
        float factor = ScoreRows.Exp2(before - largest);
        ScoreRows.Scale(rows.Sums + r * ScoreRows.Lanes, ScoreRows.Lanes, factor);
        ScoreRows.Scale(output + (nint)r * PaddedValues, PaddedValues, factor);
    }

    /// <summary>A row's scores become weights, 0 where nothing is seen.</summary>
    private void Exponentiate(in AttentionBlock block, int r, float* line, int first, int end, in Rowwise rows)
    {
        (int from, int to) = (Down(first), Down(first));
        if (block.RowFrom[r] < block.RowTo[r])
        {
            // Where nothing is visible yet all scores are −∞, and their weights 0 relative to any number.
            float reference = float.IsNegativeInfinity(rows.Largest[r]) ? 0 : rows.Largest[r];
            float* sums = rows.Sums + r * ScoreRows.Lanes;
            (from, to) = (Down(block.RowFrom[r]), Up(block.RowTo[r]));
            (Vector512.Load(sums) + ScoreRows.Exponentiate(line, from, to, reference)).Store(sums);
            if (Operands.Key is not null)
            {
                SetKept(block, r, from, to, 1, rows.Kept);
                ScoreRows.Multiply(line, rows.Kept, from, to);
            }
        }

        ClearOutside(line, first, from, to, end);
    }

    /// <summary>Divides by the sums and writes the block's results. A row that sees no key is 0, and its log-sum-exp −∞.</summary>
    private void Finish(int count, long row, float* output, in Rowwise rows, float* to)
    {
        for (int r = 0; r < count; r++, to += Operands.Layouts.Output.Row)
        {
            float sum = Vector512.Sum(Vector512.Load(rows.Sums + r * ScoreRows.Lanes));
            float* from = output + (nint)r * PaddedValues;
            ScoreRows.Scale(from, Problem.Values, sum == 0 ? 0 : 1 / (sum * Problem.KeepProbability), to);
            Operands.LogSumExp[row + r] = sum == 0
                ? float.NegativeInfinity
                : (float)((rows.Largest[r] + Math.Log2(sum)) * 0.69314718055994530942);
        }
    }

    /// <summary>What is kept of each row.</summary>
    private struct Rowwise
    {
        /// <summary>Sums of weights by lane.</summary>
        public float* Sums;

        /// <summary>What dropout keeps of the row at hand.</summary>
        public float* Kept;

        /// <summary>The largest score so far.</summary>
        public float* Largest;
    }
}
