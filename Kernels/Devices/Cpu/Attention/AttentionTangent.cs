using System.Runtime.Intrinsics;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels.Cpu;

/// <summary>The tangents of output and log-sum-exp: with dS = scale·(dq·kᵀ + q·dkᵀ) + d bias and weights P from the log-sum-exp,
/// d lse = Σ P·dS of each row, and dO = (P·dS)·v + P·dv − d lse·O. Up to five products a block. Layouts are row-major.</summary>
internal sealed unsafe class AttentionTangent<TKernels> : AttentionPass<TKernels>
    where TKernels : struct, IMicroKernels<float>
{
    private const int QueryBlock = 96;
    private const int KeyBlock = 96;

    [ThreadStatic]
    private static AttentionTangent<TKernels>? t_current;

    private readonly Action<int> _queries;
    private float* _panels;
    private float* _tangentPanels;
    private float* _values;
    private float* _valueTangents;

    private AttentionTangent() => _queries = Queries;

    /// <summary>This thread's.</summary>
    public static AttentionTangent<TKernels> Current => t_current ??= new();

    private int Blocks => GemmBlocking.Ceiling(Problem.Queries, QueryBlock);

    /// <summary>Bytes of scratch memory: packed keys and their tangents, and values and theirs where their width is not that of whole
    /// vectors.</summary>
    public static long ScratchBytes(in AttentionProblem problem, in AttentionLayouts layouts) => 2 * Size<float>(PanelFloats(problem, problem.Width))
        + 2 * Size<float>(RowFloats(problem, layouts.V, problem.Values));

    /// <inheritdoc/>
    protected override void Run()
    {
        byte* scratch = Operands.Scratch;
        RowLayout keys = Operands.Layouts.K, values = Operands.Layouts.V;
        _panels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Width));
        _tangentPanels = Take<float>(ref scratch, PanelFloats(Problem, Problem.Width));
        PackPanels(Operands.K, keys, Problem.Width, Problem.Scale * ScoreRows.Log2E, _panels);
        if (Operands.DK is not null) PackPanels(Operands.DK, keys, Problem.Width, Problem.Scale * ScoreRows.Log2E, _tangentPanels);
        _values = PackRows(Operands.V, values, Problem.Values, Take<float>(ref scratch, RowFloats(Problem, values, Problem.Values)));
        _valueTangents = Operands.DV is null ? null : PackRows(Operands.DV, values, Problem.Values, (float*)scratch);

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
        byte* buffer = (byte*)GemmScratch.Current.C(2 * Size<float>(QueryBlock * width) + 2 * Size<float>(QueryBlock * KeyBlock)
            + Size<float>(QueryBlock * values) + Size<float>(QueryBlock * ScoreRows.Lanes) + Size<float>(KeyBlock) + 4 * Size<int>(QueryBlock));
        float* q = Take<float>(ref buffer, QueryBlock * width), dq = Take<float>(ref buffer, QueryBlock * width);
        float* scores = Take<float>(ref buffer, QueryBlock * KeyBlock), tangents = Take<float>(ref buffer, QueryBlock * KeyBlock);
        float* output = Take<float>(ref buffer, QueryBlock * values), sums = Take<float>(ref buffer, QueryBlock * ScoreRows.Lanes);
        float* kept = Take<float>(ref buffer, KeyBlock);
        AttentionBlock block = new()
        {
            Batch = batch, Head = head, Query = query, Queries = count, Strips = GemmBlocking.Ceiling(count, Rows), Stride = KeyBlock,
            RowFrom = Take<int>(ref buffer, QueryBlock), RowTo = Take<int>(ref buffer, QueryBlock),
            StripFrom = Take<int>(ref buffer, QueryBlock), StripTo = Take<int>(ref buffer, QueryBlock),
        };

        long row = ((long)batch * Problem.Heads + head) * Problem.Queries + query;
        int keyHead = batch * Problem.KeyHeads + head / Problem.Group;
        RowLayout layout = Operands.Layouts.V;
        float* ownValues = RowsOf(_values, Operands.V, layout, keyHead, Problem.Values);
        float* ownTangents = Operands.DV is null ? null : RowsOf(_valueTangents, Operands.DV, layout, keyHead, Problem.Values);
        CopyBlock(Operands.Q + row * width, width, count, width, q, width);
        if (Operands.DQ is not null) CopyBlock(Operands.DQ + row * width, width, count, width, dq, width);
        new Span<float>(output, QueryBlock * values).Clear();
        new Span<float>(sums, QueryBlock * ScoreRows.Lanes).Clear();

        (int from, int to) = KeysOf(batch, query, count);
        for (block.Key = from / KeyBlock * KeyBlock; block.Key < to; block.Key += KeyBlock)
        {
            block.Keys = Math.Min(KeyBlock, to - block.Key);
            SetRanges(ref block);
            long packed = ((long)keyHead * PackedKeys + block.Key) * width, value = (long)block.Key * values;
            Multiply(block, q, width, width, _panels + packed, scores);
            if (Operands.DQ is not null) Multiply(block, dq, width, width, _panels + packed, tangents);
            if (Operands.DK is not null) Multiply(block, q, width, width, _tangentPanels + packed, tangents, accumulate: Operands.DQ is not null);
            for (int r = 0; r < block.Strips * Rows; r++) Differentiate(block, r, row + r, scores, tangents, kept, sums);
            Accumulate(tangents, KeyBlock, 1, block.Strips, block.StripFrom, block.StripTo, ownValues + value, values, output);
            if (ownTangents is not null)
                Accumulate(scores, KeyBlock, 1, block.Strips, block.StripFrom, block.StripTo, ownTangents + value, values, output);
        }

        for (int r = 0; r < count; r++)
        {
            float sum = Vector512.Sum(Vector512.Load(sums + r * ScoreRows.Lanes));
            Operands.DLogSumExp[row + r] = sum;
            float* result = Operands.DOutput + (row + r) * Problem.Values, value = Operands.Output + (row + r) * Problem.Values;
            for (int d = 0; d < Problem.Values; d++) result[d] = MathF.FusedMultiplyAdd(-sum, value[d], output[(nint)r * values + d]);
        }
    }

    /// <summary>A row's weights, and the weighted tangents of its scores; 0 where nothing is seen.</summary>
    private void Differentiate(in AttentionBlock block, int r, long row, float* scores, float* tangents, float* kept, float* sums)
    {
        int strip = r / Rows, first = block.StripFrom[strip], end = block.StripTo[strip];
        if (first >= end) return;
        scores += (nint)r * KeyBlock;
        tangents += (nint)r * KeyBlock;
        (int from, int to) = (Down(first), Down(first));
        if (block.RowFrom[r] < block.RowTo[r])
        {
            (from, to) = Adjust(block, r, scores);
            AdjustTangents(block, r, tangents, from, to);
            float lse = Operands.LogSumExp[row];
            lse = float.IsNegativeInfinity(lse) ? 0 : lse * ScoreRows.Log2E;
            if (Operands.Key is not null) SetKept(block, r, from, to, 1 / Problem.KeepProbability, kept);
            Vector512<float> sum = ScoreRows.Tangents(scores, tangents, Operands.Key is null ? null : kept, from, to, lse, ScoreRows.Ln2);
            (Vector512.Load(sums + r * ScoreRows.Lanes) + sum).Store(sums + r * ScoreRows.Lanes);
        }

        ClearOutside(scores, first, from, to, end);
        ClearOutside(tangents, first, from, to, end);
    }

    /// <summary>Adds the bias's tangent; like the scores, tangents are in units of ln 2.</summary>
    private void AdjustTangents(in AttentionBlock block, int r, float* tangents, int from, int to)
    {
        if (Operands.DQ is null && Operands.DK is null) new Span<float>(tangents + from, to - from).Clear();
        ClearHidden(block, r, tangents);
        if (Operands.DBias is null) return;
        float* bias = Operands.DBias + Problem.BiasTangent.At(block.Batch, block.Head, block.Query + r, block.Key);
        ScoreRows.AddBias(tangents, bias, (nint)Problem.BiasTangent.Key, block.RowFrom[r], block.RowTo[r]);
    }
}
