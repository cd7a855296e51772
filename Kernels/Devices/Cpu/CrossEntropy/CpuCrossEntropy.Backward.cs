using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Cpu;

// Derivatives by logits, and their two products.
internal sealed unsafe partial class CpuCrossEntropy<TKernels>
{
    /// <summary>Classes that are gathered before they are multiplied.</summary>
    private const int Gathered = 128;

    /// <summary>A strip of classes: the whole of their rows of C's gradient, a part of E's.</summary>
    private void Backward(int strip)
    {
        int end = FirstOf(strip + 1);
        bool ofE = _x.EmbeddingGradient != null, ofC = _x.ClassifierGradient != null;
        bool filtersE = ofE && _p.FilterEmbeddings > 0, filtersC = ofC && _p.FilterClassifier > 0;
        float* sum = _b.StripGradients + ((long)strip * _b.Rows * _p.Width);
        bool isEmpty = true;
        byte* keep = stackalloc byte[CpuCrossEntropyShape.MostClasses];
        long own = _shape.Keeps ? 0 : (long)_shape.Classes * _b.Rows, room = filtersE || filtersC ? Gathered * (_b.Rows + (2L * _p.Width)) : 0;
        float* chunk = ThreadRows.Of(own + room);
        Kept kept = new(chunk + own, _b.Rows, _p.Width);
        for (int first = FirstOf(strip), classes; first < end; first += classes)
        {
            classes = Math.Min(_shape.Classes, end - first);
            float* logits = LogitsOf(chunk, first, classes);
            float bound = (float)Math.Max(_p.FilterEmbeddings, _p.FilterClassifier);
            bool tests = filtersE || filtersC;
            Differentiate(logits, first, classes, bound, tests ? keep : null);

            // Where most are kept, gathering them costs more than the others do.
            bool gathers = tests && new ReadOnlySpan<byte>(keep, classes).Count((byte)1) < classes / 2;
            if (ofC && !(gathers && filtersC)) MultiplyClassifier(logits, first, classes);
            if (ofE && !(gathers && filtersE))
            {
                MultiplyEmbeddings(logits, _x.Classifier + ((long)first * _p.Width), sum, classes, ref isEmpty);
            }

            for (int v = 0; gathers && v < classes; v++)
            {
                if (keep[v] == 0) continue;
                kept.Add(first + v, logits + ((nint)v * _b.Rows), _x.Classifier + ((long)(first + v) * _p.Width));
                if (kept.Count == Gathered) Flush(ref kept, filtersE, filtersC, sum, ref isEmpty);
            }
        }

        Flush(ref kept, filtersE, filtersC, sum, ref isEmpty);
        if (ofE && isEmpty) new Span<float>(sum, _b.Rows * _p.Width).Clear();
    }

    /// <summary>A chunk of classes: their rows of C's gradient, where E's has been summed before.</summary>
    private void BackwardChunk(int task)
    {
        (int strip, int number) = Math.DivRem(task, _shape.Chunks(_p.Vocabulary));
        int first = FirstOf(strip) + (number * _shape.Classes), classes = Math.Min(_shape.Classes, FirstOf(strip + 1) - first);
        if (classes <= 0) return;
        float* chunk = ThreadRows.Of((_shape.Classes + 1L) * _b.Rows), logits = chunk + _b.Rows;
        if (_shape.Keeps)
        {
            LogitRows range = Range(logits, first, classes);
            range.Derive(KeptOf(first), _b.ChunkReferences + ((long)task * _b.Rows), _b.LogSumExp, _b.Slope, factors: chunk);
            DeriveTargets(logits, first, classes, 0, null);
            if (_x.BiasGradient != null) range.AddToBias(_x.BiasGradient);
        }
        else
        {
            Products(logits, first, classes).Finish();
            Differentiate(logits, first, classes, 0, null);
        }

        if (_x.ClassifierGradient != null) MultiplyClassifier(logits, first, classes);
    }

    /// <summary>The logits of a chunk: kept, or made once more.</summary>
    private float* LogitsOf(float* chunk, int first, int classes)
    {
        if (_shape.Keeps) return KeptOf(first);
        Products(chunk, first, classes).Finish();
        return chunk;
    }

    /// <summary>What is kept of the classes from this one on.</summary>
    private float* KeptOf(int first) => _b.Kept + ((long)first * _b.Rows);

    /// <summary>Logits become derivatives, which are added to those by the bias.</summary>
    private void Differentiate(float* logits, int first, int classes, float bound, byte* keep)
    {
        LogitRows range = Range(logits, first, classes);
        range.Derive(_b.LogSumExp, _b.Slope, _b.OfWeights, bound, keep);
        DeriveTargets(logits, first, classes, bound, keep);
        if (_x.BiasGradient != null) range.AddToBias(_x.BiasGradient);
    }

    /// <summary>The derivatives at targets.</summary>
    private void DeriveTargets(float* logits, int first, int classes, float bound, byte* keep)
    {
        for (int r = 0; r < _b.Count; r++)
        {
            int v = _b.Targets[r] - first;
            if ((uint)v >= (uint)classes || _b.Targets[r] < 0) continue;
            logits[((nint)v * _b.Rows) + r] = TargetDerivative(r);
            if (keep != null && !(-LessThanOne(r) < bound)) keep[v] = 1;
        }
    }

    /// <summary>The derivative by the logit of a row's target, without the cancellation of p − 1.</summary>
    private float TargetDerivative(int r)
    {
        float slope = _b.Slope[r], x = _b.TargetLogits[r], g = slope + _b.OfTarget[r];
        if (slope != 0) g += slope * LessThanOne(r);
        if (_b.OfWeights[r] != 0) g += _b.OfWeights[r] * _x.ClassWeights[_b.Targets[r]];
        return _p.Softcap > 0 ? g * (1 - (x / (float)_p.Softcap * (x / (float)_p.Softcap))) : g;
    }

    /// <summary>p − 1 of a row's target.</summary>
    private float LessThanOne(int r)
    {
        float d = _b.TargetLogits[r] - _b.LogSumExp[r], less = MathF.Exp(d) - 1;
        return MathF.Abs(less) < 0.5f ? Expm1(d) : less;
    }

    private static float Expm1(float x) => XMath.Expm1(x);

    /// <summary>sum[r, d] (+)= Σ_v g[v, r]·c[v, d].</summary>
    private void MultiplyEmbeddings(float* g, float* c, float* sum, int classes, ref bool isEmpty)
    {
        GemmProblem problem = new(ScalarType.Float32, 1, 1, _b.Rows, _p.Width, classes, new(0, 0, 1, _b.Rows), new(0, 0, _p.Width, 1),
            new(0, 0, _p.Width, 1), Accumulate: !isEmpty);
        CpuGemm.Run(problem, (nint)g, (nint)c, (nint)sum, SerialParallel.Instance);
        isEmpty = false;
    }

    /// <summary>The products of the classes that were gathered.</summary>
    private void Flush(ref Kept kept, bool ofE, bool ofC, float* sum, ref bool isEmpty)
    {
        if (kept.Count == 0) return;
        if (ofE) MultiplyEmbeddings(kept.Derivatives, kept.Rows, sum, kept.Count, ref isEmpty);
        if (ofC)
        {
            GemmProblem problem = new(ScalarType.Float32, 1, 1, kept.Count, _p.Width, _b.Rows, new(0, 0, _b.Rows, 1), new(0, 0, _p.Width, 1),
                new(0, 0, _p.Width, 1));
            CpuGemm.Run(problem, (nint)kept.Derivatives, (nint)_b.Embeddings, (nint)kept.Products, SerialParallel.Instance);
            for (int k = 0; k < kept.Count; k++)
            {
                float* to = _x.ClassifierGradient + ((long)kept.Classes[k] * _p.Width), from = kept.Products + ((nint)k * _p.Width);
                for (int d = 0; d < _p.Width; d++) to[d] += from[d];
            }
        }

        kept.Count = 0;
    }

    /// <summary>Classes that are not left out, side by side.</summary>
    private ref struct Kept(float* memory, int rows, int width)
    {
        public KeptClasses Classes;
        public int Count;

        /// <summary>Their derivatives.</summary>
        public readonly float* Derivatives => memory;

        /// <summary>Their rows of C.</summary>
        public readonly float* Rows => memory + ((nint)Gathered * rows);

        /// <summary>Room for as many products.</summary>
        public readonly float* Products => memory + ((nint)Gathered * (rows + width));

        public void Add(int v, float* derivatives, float* row)
        {
            Classes[Count] = v;
            Unsafe.CopyBlockUnaligned(Derivatives + ((nint)Count * rows), derivatives, (uint)rows * sizeof(float));
            Unsafe.CopyBlockUnaligned(Rows + ((nint)Count * width), row, (uint)width * sizeof(float));
            Count++;
        }
    }

    [InlineArray(Gathered)]
    private struct KeptClasses
    {
        private int _first;
    }
}
