using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Cpu;

// E's gradient of a strip where it is summed in the first pass: a row for each column of E, the rows of the block side by side as in logits.
internal sealed unsafe partial class CpuCrossEntropy<TKernels>
{
    /// <summary>Each row of the block times its factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scale(float* sum, float* factors)
    {
        int rows = _b.Rows;
        for (int d = 0; d < _p.Width; d++, sum += rows)
        {
            for (int r = 0; r < rows; r += Lanes) (Vector512.Load(sum + r) * Vector512.Load(factors + r)).Store(sum + r);
        }
    }

    /// <summary>Sixteen rows of E's gradient: the sum of the strips.</summary>
    private void ScatterLanes(int task)
    {
        int first = task * Lanes, rows = _b.Rows, width = _p.Width, count = Math.Min(Lanes, _b.Count - first);
        float* factors = stackalloc float[CpuCrossEntropyShape.MostStrips * Lanes];
        for (int s = 0; s < _b.Strips; s++)
        {
            for (int k = 0; k < Lanes; k++) factors[(s * Lanes) + k] = k < count ? ShareOf(s, first + k) : 0;
        }

        // As many columns as make up a line of a row at a time.
        float* columns = stackalloc float[Lanes * Lanes];
        for (int d = 0; d < width; d += Lanes)
        {
            int length = Math.Min(Lanes, width - d);
            for (int j = 0; j < length; j++) Gathered16(d + j, first, factors).Store(columns + (j * Lanes));
            for (int k = 0; k < count; k++)
            {
                float* to = RowOf(first + k) + d;
                for (int j = 0; j < length; j++) to[j] = columns[(j * Lanes) + k];
            }
        }

        for (int k = 0; k < count; k++) Finish(first + k);
    }

    /// <summary>A column of sixteen rows. What has no factor does not count, even if it is not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Gathered16(int d, int first, float* factors)
    {
        Vector512<float> total = Vector512<float>.Zero;
        float* from = _b.StripGradients + ((nint)d * _b.Rows) + first;
        for (int s = 0; s < _b.Strips; s++, from += (nint)_b.Rows * _p.Width)
        {
            Vector512<float> factor = Vector512.Load(factors + (s * Lanes)), isNone = Vector512.Equals(factor, Vector512<float>.Zero);
            total = Vector512.ConditionalSelect(isNone, total, Vector512.FusedMultiplyAdd(Vector512.Load(from), factor, total));
        }

        return total;
    }

    /// <summary>What is left to do for a row of E's gradient: the part of its target, the scale.</summary>
    private void Finish(int r)
    {
        int target = _b.Targets[r], width = _p.Width;
        float* to = RowOf(r);
        if (target >= 0) AddScaled(to, _x.Classifier + ((long)target * width), TargetDerivative(r), width);
        float scale = (float)_p.Scale;
        if (scale != 1) ScoreRows.Scale(to, width, scale);
    }

    /// <summary>The factor of a strip's exponentials in a row's derivatives; 0 if there are none.</summary>
    private float ShareOf(int strip, int r)
    {
        long at = ((long)strip * _b.Rows) + r;
        return _b.Slope[r] == 0 || _b.Sums[at] == 0 ? 0 : _b.Slope[r] * MathF.Exp(_b.References[at] - _b.LogSumExp[r]);
    }

    /// <summary>A row of E's gradient where the second pass has summed it, row by row: the sum of the strips.</summary>
    private void Scatter(int r)
    {
        int width = _p.Width;
        float* to = RowOf(r);
        new Span<float>(to, width).Clear();
        for (int s = 0; s < _b.Strips; s++) AddScaled(to, _b.StripGradients + ((((long)s * _b.Rows) + r) * width), 1, width);
        float scale = (float)_p.Scale;
        if (scale != 1) ScoreRows.Scale(to, width, scale);
    }

    /// <summary>A row of the block in E's gradient.</summary>
    private float* RowOf(int r) => _x.EmbeddingGradient + ((long)_b.List[_b.FirstRow + r] * _p.Width);

    private static void AddScaled(float* to, float* from, float factor, int length)
    {
        int d = 0;
        for (; d + Lanes <= length; d += Lanes)
            Vector512.FusedMultiplyAdd(Vector512.Load(from + d), Vector512.Create(factor), Vector512.Load(to + d)).Store(to + d);
        for (; d < length; d++) to[d] = MathF.FusedMultiplyAdd(from[d], factor, to[d]);
    }
}
