namespace Cotangent.Kernels.Cpu;

// The first pass: what logits sum to, and E's gradient if it need not wait.
internal sealed unsafe partial class CpuCrossEntropy<TKernels>
{
    /// <summary>Chunks of classes, as long as there are any for this thread.</summary>
    private void Forward(int task)
    {
        for (int strip = -1; _queue.TryTake(ref strip, out int number);) Forward(strip, number);
    }

    /// <summary>A chunk of a strip, those before it being done.</summary>
    private void Forward(int strip, int number)
    {
        int rows = _b.Rows, first = FirstOf(strip) + (number * _shape.Classes), classes = Math.Min(_shape.Classes, FirstOf(strip + 1) - first);
        float* own = ThreadRows.Of((_shape.Keeps ? 5L : 5L + _shape.Classes) * rows), logits = _shape.Keeps ? KeptOf(first) : own + (5L * rows);
        StripSums total = new(_b.Largest + ((nint)strip * rows), _b.Sums + ((nint)strip * rows), _b.Weighted + ((nint)strip * rows),
            _x.Predicted != null || _x.BestLogits != null ? _b.Best + ((nint)strip * rows) : null, rows);
        StripSums chunk = new(own, own + rows, own + (2L * rows), total.Best == null ? null : (int*)(own + (3L * rows)), rows);
        LogitRows range = Products(logits, first, classes);
        range.Largest(chunk.Largest, chunk.Weighted, chunk.Best);
        TakeTargets(logits, first, classes);
        if (_shape.IsEager)
        {
            SumEagerly(strip, number, range, total, chunk, own + (4L * rows));
            return;
        }

        range.Sum(chunk.Largest, chunk.Sums);
        if (number == 0) total.Set(chunk);
        else total.Add(chunk);
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

        SumEmbeddings(range.Logits, _x.Classifier + ((long)range.First * _p.Width), sum, range.Classes, accumulate: number > 0);
    }
}
