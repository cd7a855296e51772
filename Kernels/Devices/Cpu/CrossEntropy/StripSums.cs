using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Cpu;

/// <summary>What is known of each row of a block after some classes: its largest logit and the first class of it, the sum of exponentials below that,
/// the weighted sum.</summary>
internal readonly unsafe struct StripSums(float* largest, float* sums, float* weighted, int* best, int rows)
{
    private const int Lanes = CpuCrossEntropyShape.Lanes;

    /// <summary>How far above what sums are relative to a logit may be: exponentials of up to e⁸ lose nothing in floating point, and the largest of
    /// later classes is rarely so much larger.</summary>
    private const float Tolerance = 8;

    public float* Largest { get; } = largest;

    public float* Sums { get; } = sums;

    public float* Weighted { get; } = weighted;

    /// <summary>Null if nobody asks for it.</summary>
    public int* Best { get; } = best;

    /// <summary>Takes over other sums.</summary>
    public void Set(in StripSums first)
    {
        for (int r = 0; r < rows; r++)
        {
            Largest[r] = first.Largest[r];
            Sums[r] = first.Sums[r];
            Weighted[r] = first.Weighted[r];
            if (Best != null) Best[r] = first.Best[r];
        }
    }

    /// <summary>Adds those of later classes.</summary>
    public void Add(in StripSums next)
    {
        for (int r = 0; r < rows; r += Lanes)
        {
            Vector512<float> a = Vector512.Load(Largest + r), b = Vector512.Load(next.Largest + r), most = Vector512.MaxNative(a, b);
            Vector512<float> isLater = Vector512.GreaterThan(b, a);
            if (Best != null)
            {
                Vector512.ConditionalSelect(isLater.AsInt32(), Vector512.Load(next.Best + r), Vector512.Load(Best + r)).Store(Best + r);
            }

            // Sums are relative to finite numbers only, and those without a term say nothing.
            Vector512<float> x = Vector512.Load(Sums + r), y = Vector512.Load(next.Sums + r), shift = Finite(most);
            Scaled(x, Finite(a) - shift).Store(Sums + r);
            (Vector512.Load(Sums + r) + Scaled(y, Finite(b) - shift)).Store(Sums + r);
            most.Store(Largest + r);
            (Vector512.Load(Weighted + r) + Vector512.Load(next.Weighted + r)).Store(Weighted + r);
        }
    }

    /// <summary>Begins sums relative to the largest logits of the first classes, or 0.</summary>
    public void Begin(in StripSums first, float* references)
    {
        Set(first);
        for (int r = 0; r < rows; r += Lanes)
        {
            Finite(Vector512.Load(Largest + r)).Store(references + r);
            Vector512<float>.Zero.Store(Sums + r);
        }
    }

    /// <summary>Takes in the largest logits of later classes. Where that is clearly more than the sum of a row has been relative to, the sum is made
    /// relative to it; a row without a sum yet takes what there is.</summary>
    /// <param name="next">Largest logits and their classes, weighted sums.</param>
    /// <param name="references">What sums are relative to: finite numbers.</param>
    /// <param name="factors">Receives what else was summed must be multiplied by.</param>
    /// <returns>False if all factors are 1.</returns>
    public bool Raise(in StripSums next, float* references, float* factors)
    {
        bool any = false;
        Vector512<float> zero = Vector512<float>.Zero;
        for (int r = 0; r < rows; r += Lanes)
        {
            Vector512<float> a = Vector512.Load(Largest + r), b = Vector512.Load(next.Largest + r), isLater = Vector512.GreaterThan(b, a);
            if (Best != null)
            {
                Vector512.ConditionalSelect(isLater.AsInt32(), Vector512.Load(next.Best + r), Vector512.Load(Best + r)).Store(Best + r);
            }

            Vector512.MaxNative(a, b).Store(Largest + r);
            (Vector512.Load(Weighted + r) + Vector512.Load(next.Weighted + r)).Store(Weighted + r);

            Vector512<float> before = Vector512.Load(references + r), sums = Vector512.Load(Sums + r);
            Vector512<float> isEmpty = Vector512.Equals(sums, zero), isFinite = Vector512.Equals(b - b, zero);
            Vector512<float> raises = isFinite & (isEmpty | Vector512.GreaterThan(b, before + Vector512.Create(Tolerance)));
            if (raises.AsInt32() == Vector512<int>.Zero)
            {
                Vector512<float>.One.Store(factors + r);
                continue;
            }

            any = true;
            Vector512<float> factor = Vector512.ConditionalSelect(raises & ~isEmpty, VectorMath.Exp(Vector512.Min(before - b, zero)), Vector512<float>.One);
            factor.Store(factors + r);
            (sums * factor).Store(Sums + r);
            Vector512.ConditionalSelect(raises, b, before).Store(references + r);
        }

        return any;
    }

    private static Vector512<float> Scaled(Vector512<float> sum, Vector512<float> shift) => Vector512.ConditionalSelect(
        Vector512.Equals(sum, Vector512<float>.Zero), Vector512<float>.Zero, sum * VectorMath.Exp(Vector512.Min(shift, Vector512.Create(88f))));

    private static Vector512<float> Finite(Vector512<float> x) =>
        Vector512.ConditionalSelect(Vector512.Equals(x - x, Vector512<float>.Zero), x, Vector512<float>.Zero);
}
