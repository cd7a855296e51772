using System.Runtime.Intrinsics;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>softmax(scale·q·kᵀ + bias)·v and the rows' log-sum-exp, with the running maximum and sum of online softmax (Milakov and
/// Gimelshein, Online normalizer calculation for softmax, 2018; Dao, FlashAttention-2, 2023).</summary>
internal sealed unsafe class AttentionForward<TKernels> : AttentionPass<TKernels>
    where TKernels : struct, IMicroKernels<float>
{
    // Multiples of the tiles' heights, 6 and 8, and of vectors.
    private const int QueryBlock = 96;
    private const int KeyBlock = 192;

    [ThreadStatic]
    private static AttentionForward<TKernels>? t_current;

    private readonly Action<int> _queries;
    private float* _panels;
    private float* _values;

    private AttentionForward() => _queries = Queries;

    /// <summary>This thread's.</summary>
    public static AttentionForward<TKernels> Current => t_current ??= new();

    private int Blocks => GemmBlocking.Ceiling(Problem.Queries, QueryBlock);

    /// <summary>Bytes of scratch memory: packed keys, and values where their width is not that of whole vectors.</summary>
    public static long ScratchBytes(in AttentionProblem problem) => Size<float>(PanelFloats(problem, problem.Width))
        + Size<float>(RowFloats((long)problem.Batch * problem.KeyHeads * problem.Keys, problem.Values));

    /// <inheritdoc/>
    protected override void Run()
    {
        byte* scratch = Operands.Scratch;
        _panels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Width));
        PackPanels(Operands.K, Problem.Width, Problem.Scale * ScoreRows.Log2E, _panels);
        _values = PackRows(Operands.V, (long)Problem.Batch * Problem.KeyHeads * Problem.Keys, Problem.Values, (float*)scratch);

        // The last blocks of a head see the most keys: they go first.
        Pool.Run(Problem.Batch * Problem.Heads * Blocks, _queries);
    }

    private void Queries(int task)
    {
        (int head, int block) = Math.DivRem(task, Blocks);
        (int batch, head) = Math.DivRem(head, Problem.Heads);
        Queries(batch, head, (Blocks - 1 - block) * QueryBlock);
    }

    private void Queries(int batch, int head, int query)
    {
        int width = Problem.Width, values = PaddedValues, count = Math.Min(QueryBlock, Problem.Queries - query);
        byte* buffer = (byte*)GemmScratch.Current.C(Size<float>(QueryBlock * width) + Size<float>(QueryBlock * KeyBlock)
            + Size<float>(QueryBlock * values) + Size<float>(QueryBlock * ScoreRows.Lanes) + Size<float>(KeyBlock)
            + Size<float>(QueryBlock) + 4 * Size<int>(QueryBlock));
        float* q = Take<float>(ref buffer, QueryBlock * width), scores = Take<float>(ref buffer, QueryBlock * KeyBlock);
        float* output = Take<float>(ref buffer, QueryBlock * values);
        Rowwise rows = new()
        {
            Sums = Take<float>(ref buffer, QueryBlock * ScoreRows.Lanes),
            Kept = Take<float>(ref buffer, KeyBlock),
            Largest = Take<float>(ref buffer, QueryBlock),
        };
        AttentionBlock block = new()
        {
            Batch = batch, Head = head, Query = query, Queries = count, Strips = GemmBlocking.Ceiling(count, Rows), Stride = KeyBlock,
            RowFrom = Take<int>(ref buffer, QueryBlock), RowTo = Take<int>(ref buffer, QueryBlock),
            StripFrom = Take<int>(ref buffer, QueryBlock), StripTo = Take<int>(ref buffer, QueryBlock),
        };

        long row = ((long)batch * Problem.Heads + head) * Problem.Queries + query;
        long keyHead = (long)batch * Problem.KeyHeads + head / Problem.Group;
        CopyBlock(Operands.Q + row * width, count, width, q, width);
        new Span<float>(output, QueryBlock * values).Clear();
        new Span<float>(rows.Sums, QueryBlock * ScoreRows.Lanes).Clear();
        new Span<float>(rows.Largest, QueryBlock).Fill(float.NegativeInfinity);

        (int from, int to) = KeysOf(batch, query, count);
        for (block.Key = from / KeyBlock * KeyBlock; block.Key < to; block.Key += KeyBlock)
        {
            block.Keys = Math.Min(KeyBlock, to - block.Key);
            SetRanges(ref block);
            Multiply(block, q, width, width, _panels + (keyHead * PackedKeys + block.Key) * width, scores);
            Weigh(block, scores, output, rows);
            Accumulate(scores, KeyBlock, 1, block.Strips, block.StripFrom, block.StripTo,
                _values + (keyHead * Problem.Keys + block.Key) * values, values, output);
        }

        Finish(count, row, output, rows);
    }

    /// <summary>Scores become weights relative to the largest score so far; what was summed under a smaller one is scaled down.</summary>
    private void Weigh(in AttentionBlock block, float* scores, float* output, in Rowwise rows)
    {
        int values = PaddedValues;
        for (int r = 0; r < block.Strips * Rows; r++)
        {
            float* line = scores + (nint)r * KeyBlock;
            int strip = r / Rows, first = block.StripFrom[strip], end = block.StripTo[strip];
            if (first >= end) continue;
            if (block.RowFrom[r] >= block.RowTo[r])
            {
                new Span<float>(line + first, end - first).Clear();
                continue;
            }

            (int from, int to) = Adjust(block, r, line);
            float before = rows.Largest[r], largest = MathF.Max(before, ScoreRows.Largest(line, from, to));

            // Where nothing is visible yet all scores are −∞, and their weights 0 relative to any number.
            float reference = float.IsNegativeInfinity(largest) ? 0 : largest;
            Vector512<float> sum = Vector512.Load(rows.Sums + r * ScoreRows.Lanes);
            if (largest > before)
            {
                float factor = ScoreRows.Exp2(before - reference);
                sum *= factor;
                ScoreRows.Scale(output + (nint)r * values, values, factor);
                rows.Largest[r] = largest;
            }

            sum += ScoreRows.Exponentiate(line, from, to, reference);
            sum.Store(rows.Sums + r * ScoreRows.Lanes);
            if (Operands.Key is not null)
            {
                SetKept(block, r, from, to, 1, rows.Kept);
                ScoreRows.Multiply(line, rows.Kept, from, to);
            }

            for (int j = first; j < from; j++) line[j] = 0;
            for (int j = to; j < end; j++) line[j] = 0;
        }
    }

    /// <summary>Divides by the sums and writes the block's results. A row that sees no key is 0, and its log-sum-exp −∞.</summary>
    private void Finish(int count, long row, float* output, in Rowwise rows)
    {
        for (int r = 0; r < count; r++)
        {
            float sum = Vector512.Sum(Vector512.Load(rows.Sums + r * ScoreRows.Lanes));
            float* from = output + (nint)r * PaddedValues, to = Operands.Output + (row + r) * Problem.Values;
            ScoreRows.Scale(from, PaddedValues, sum == 0 ? 0 : 1 / (sum * Problem.KeepProbability));
            new ReadOnlySpan<float>(from, Problem.Values).CopyTo(new Span<float>(to, Problem.Values));
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
