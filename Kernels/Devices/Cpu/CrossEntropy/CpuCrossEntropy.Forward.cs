using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Cpu;

// The first pass: what logits sum to, and E's gradient if it need not wait.
internal sealed unsafe partial class CpuCrossEntropy<TKernels>
{
    /// <summary>A strip of classes.</summary>
    private void Forward(int strip)
    {
        int end = FirstOf(strip + 1), rows = _b.Rows;
        float* own = ThreadRows.Of((_shape.Keeps ? 5L : 5L + _shape.Classes) * rows), chunkSums = own + (5L * rows);
        StripSums total = new(_b.Largest + ((nint)strip * rows), _b.Sums + ((nint)strip * rows), _b.Weighted + ((nint)strip * rows),
            _x.Predicted != null || _x.BestLogits != null ? _b.Best + ((nint)strip * rows) : null, rows);
        StripSums chunk = new(own, own + rows, own + (2L * rows), total.Best == null ? null : (int*)(own + (3L * rows)), rows);
        int number = 0;
        for (int first = FirstOf(strip), classes; first < end; first += classes, number++)
        {
            classes = Math.Min(_shape.Classes, end - first);
            float* logits = _shape.Keeps ? _b.Kept + ((long)first * rows) : chunkSums;
            LogitRows range = Products(logits, first, classes);
            range.Largest(chunk.Largest, chunk.Weighted, chunk.Best);
            TakeTargets(logits, first, classes);
            if (_shape.IsEager)
            {
                SumEagerly(strip, number, range, total, chunk, own + (4L * rows));
                continue;
            }

            range.Sum(chunk.Largest, chunk.Sums);
            if (number == 0) total.Set(chunk);
            else total.Add(chunk);
        }
    }

    /// <summary>The logits of targets among some classes.</summary>
    private void TakeTargets(float* logits, int first, int classes)
    {
        for (int r = 0; r < _b.Count; r++)
        {
            int v = _b.Targets[r] - first;
            if (_b.Targets[r] >= 0 && (uint)v < (uint)classes) _b.TargetLogits[r] = logits[((nint)v * _b.Rows) + r];
        }
    }

    /// <summary>Logits become exponentials relative to the largest so far (those of targets are counted, and then 0: their derivative is no difference
    /// from 1), and their product with C is added to the strip's gradient of E.</summary>
    private void SumEagerly(int strip, int number, in LogitRows range, in StripSums total, in StripSums chunk, float* factors)
    {
        int rows = _b.Rows;
        float* references = _b.References + ((nint)strip * rows), sum = _b.StripGradients + ((long)strip * rows * _p.Width);
        if (number == 0) total.Begin(chunk, references);
        else if (total.Raise(chunk, references, factors)) Scale(sum, factors);
        range.Exponentiate(references, total.Sums);
        if (_shape.Keeps)
        {
            float* kept = _b.ChunkReferences + (((long)strip * _shape.Chunks(_p.Vocabulary)) + number) * rows;
            new ReadOnlySpan<float>(references, rows).CopyTo(new Span<float>(kept, rows));
        }

        for (int r = 0; r < _b.Count; r++)
        {
            int v = _b.Targets[r] - range.First;
            if (_b.Targets[r] >= 0 && (uint)v < (uint)range.Classes) range.Logits[((nint)v * rows) + r] = 0;
        }

        bool isEmpty = number == 0;
        MultiplyEmbeddings(range.Logits, _x.Classifier + ((long)range.First * _p.Width), sum, range.Classes, ref isEmpty);
    }

    /// <summary>Each row times its factor.</summary>
    private void Scale(float* sum, float* factors)
    {
        for (int r = 0; r < _b.Rows; r++)
        {
            if (factors[r] != 1) ScoreRows.Scale(sum + ((nint)r * _p.Width), _p.Width, factors[r]);
        }
    }

    /// <summary>A row of E's gradient: the sum of the strips.</summary>
    private void Scatter(int r)
    {
        int width = _p.Width;
        float* to = _x.EmbeddingGradient + ((long)_b.List[_b.FirstRow + r] * width);
        new Span<float>(to, width).Clear();
        for (int s = 0; s < _b.Strips; s++)
        {
            float factor = _shape.IsEager ? ShareOf(s, r) : 1;
            if (factor != 0) AddScaled(to, _b.StripGradients + ((((long)s * _b.Rows) + r) * width), factor, width);
        }

        int target = _b.Targets[r];
        if (_shape.IsEager && target >= 0) AddScaled(to, _x.Classifier + ((long)target * width), TargetDerivative(r), width);
        float scale = (float)_p.Scale;
        if (scale != 1) ScoreRows.Scale(to, width, scale);
    }

    /// <summary>The factor of a strip's exponentials in a row's derivatives; 0 if there are none.</summary>
    private float ShareOf(int strip, int r)
    {
        long at = ((long)strip * _b.Rows) + r;
        return _b.Slope[r] == 0 || _b.Sums[at] == 0 ? 0 : _b.Slope[r] * MathF.Exp(_b.References[at] - _b.LogSumExp[r]);
    }

    private static void AddScaled(float* to, float* from, float factor, int length)
    {
        int d = 0;
        for (; d + CpuCrossEntropyShape.Lanes <= length; d += CpuCrossEntropyShape.Lanes)
            Vector512.FusedMultiplyAdd(Vector512.Load(from + d), Vector512.Create(factor), Vector512.Load(to + d)).Store(to + d);
        for (; d < length; d++) to[d] = MathF.FusedMultiplyAdd(from[d], factor, to[d]);
    }
}
