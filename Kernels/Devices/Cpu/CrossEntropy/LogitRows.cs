using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Cpu;

/// <summary>A range of classes of a block's logits, class by class, the rows of the block side by side: what is done to them, 16 rows at a
/// time.</summary>
internal readonly unsafe struct LogitRows
{
    private const int Lanes = CpuCrossEntropyShape.Lanes;

    /// <summary>The logits of the first class.</summary>
    public required float* Logits { get; init; }

    /// <summary>The number of the first class.</summary>
    public required int First { get; init; }

    /// <summary>Classes.</summary>
    public required int Classes { get; init; }

    /// <summary>Rows of the block, and from one class to the next.</summary>
    public required int Rows { get; init; }

    /// <summary>Of all classes; null for none.</summary>
    public float* Bias { get; init; }

    /// <summary>Of all classes; null for none.</summary>
    public float* Weights { get; init; }

    /// <summary>0 for none.</summary>
    public float Softcap { get; init; }

    /// <summary>Products become logits; the largest of each row, its class, the weighted sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Largest(float* largest, float* weighted, int* best)
    {
        for (int lane = 0; lane < Rows; lane += Lanes)
        {
            float* z = Logits + lane;
            Vector512<float> most = Bias != null || Softcap > 0 || Weights != null
                ? Finish(z, weighted + lane)
                : Largest(z);
            most.Store(largest + lane);
            if (best != null) Find(z, most, best + lane);
        }
    }

    /// <summary>The sums of exp(z − largest).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Sum(float* largest, float* sums)
    {
        for (int lane = 0; lane < Rows; lane += Lanes)
        {
            // What is not finite must not be taken from itself.
            float* z = Logits + lane;
            Vector512<float> most = Vector512.Load(largest + lane);
            Vector512<float> shift = Vector512.ConditionalSelect(Vector512.Equals(most - most, Vector512<float>.Zero), most, Vector512<float>.Zero);
            Vector512<float> even = Vector512<float>.Zero, odd = Vector512<float>.Zero;
            int v = 0;
            for (; v + 1 < Classes; v += 2, z += 2 * Rows)
            {
                even += VectorMath.Exp(Vector512.Load(z) - shift);
                odd += VectorMath.Exp(Vector512.Load(z + Rows) - shift);
            }

            if (v < Classes) even += VectorMath.Exp(Vector512.Load(z) - shift);
            (even + odd).Store(sums + lane);
        }
    }

    /// <summary>exp(z − reference) in place of logits z, times the derivative of the softcap, and their sums, without that, added to others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Exponentiate(float* references, float* sums)
    {
        Vector512<float> inverse = Vector512.Create(Softcap > 0 ? 1 / Softcap : 0);
        for (int lane = 0; lane < Rows; lane += Lanes)
        {
            float* z = Logits + lane;
            Vector512<float> reference = Vector512.Load(references + lane), even = Vector512<float>.Zero, odd = Vector512<float>.Zero;
            for (int v = 0; v < Classes; v++, z += Rows)
            {
                Vector512<float> x = Vector512.Load(z), p = VectorMath.Exp(x - reference);
                (even, odd) = (odd, even + p);
                if (Softcap > 0) p *= SoftcapSlope(x * inverse);
                p.Store(z);
            }

            (Vector512.Load(sums + lane) + (even + odd)).Store(sums + lane);
        }
    }

    /// <summary>What <see cref="Exponentiate"/> left elsewhere becomes derivatives here, as in the other overload.</summary>
    /// <param name="kept">What it left.</param>
    /// <param name="references">What exponents are relative to.</param>
    /// <param name="lse">Of each row.</param>
    /// <param name="slope">The factor of p.</param>
    /// <param name="factors">Room for a number of each row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Derive(float* kept, float* references, float* lse, float* slope, float* factors)
    {
        for (int lane = 0; lane < Rows; lane += Lanes)
        {
            // Above e⁸⁸ only if all exponentials are 0.
            Vector512<float> x = Vector512.Load(references + lane) - Vector512.Load(lse + lane);
            (Vector512.Load(slope + lane) * VectorMath.Exp(Vector512.MinNative(Vector512.Create(88f), x))).Store(factors + lane);
        }

        float* z = Logits;
        for (int v = 0; v < Classes; v++, z += Rows, kept += Rows)
        {
            for (int lane = 0; lane < Rows; lane += Lanes)
            {
                Vector512<float> g = Vector512.Load(factors + lane) * Vector512.Load(kept + lane);
                Vector512<float> isNone = Vector512.Equals(Vector512.Load(slope + lane), Vector512<float>.Zero);
                Vector512.ConditionalSelect(isNone, Vector512<float>.Zero, g).Store(z + lane);
            }
        }
    }

    /// <summary>Products become logits.</summary>
    public void Finish()
    {
        if (Bias == null && Softcap <= 0) return;
        float* unused = stackalloc float[Lanes];
        for (int lane = 0; lane < Rows; lane += Lanes) Finish(Logits + lane, unused);
    }

    /// <summary>Logits become derivatives. Those of targets are written by the caller, who knows them.</summary>
    /// <param name="lse">Of each row.</param>
    /// <param name="slope">The factor of p.</param>
    /// <param name="ofWeights">The factor of weights.</param>
    /// <param name="bound">A class whose p are all below it may be left out.</param>
    /// <param name="keep">Receives 1 for classes that may not; null to test nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Derive(float* lse, float* slope, float* ofWeights, float bound, byte* keep)
    {
        float* z = Logits;
        Vector512<float> least = Vector512.Create(bound), inverse = Vector512.Create(Softcap > 0 ? 1 / Softcap : 0);
        for (int v = 0; v < Classes; v++, z += Rows)
        {
            Vector512<float> above = Vector512<float>.Zero;
            for (int lane = 0; lane < Rows; lane += Lanes)
            {
                Vector512<float> x = Vector512.Load(z + lane);
                Vector512<float> p = VectorMath.Exp(x - Vector512.Load(lse + lane));
                Vector512<float> a = Vector512.Load(slope + lane), g = a * p;

                // What has no factor does not count, even if it is not finite.
                g = Vector512.ConditionalSelect(Vector512.Equals(a, Vector512<float>.Zero), Vector512<float>.Zero, g);
                if (Weights != null) g = Vector512.FusedMultiplyAdd(Vector512.Load(ofWeights + lane), Vector512.Create(Weights[First + v]), g);
                if (Softcap > 0)
                {
                    g *= SoftcapSlope(x * inverse);
                }

                if (keep != null) above |= Vector512.OnesComplement(Vector512.LessThan(p, least));
                g.Store(z + lane);
            }

            if (keep != null) keep[v] = (byte)(above.AsInt32() == Vector512<int>.Zero ? 0 : 1);
        }
    }

    /// <summary>Adds the sums over rows to the gradient of the bias.</summary>
    public void AddToBias(float* gradient)
    {
        float* g = Logits;
        for (int v = 0; v < Classes; v++, g += Rows)
        {
            Vector512<float> sum = Vector512.Load(g);
            for (int lane = Lanes; lane < Rows; lane += Lanes) sum += Vector512.Load(g + lane);
            gradient[First + v] += Vector512.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> SoftcapSlope(Vector512<float> t) => Vector512.FusedMultiplyAdd(-t, t, Vector512<float>.One);

    private Vector512<float> Largest(float* z)
    {
        Vector512<float> even = Vector512.Load(z), odd = even;
        int v = 1;
        z += Rows;
        for (; v + 1 < Classes; v += 2, z += 2 * Rows)
        {
            even = Vector512.MaxNative(even, Vector512.Load(z));
            odd = Vector512.MaxNative(odd, Vector512.Load(z + Rows));
        }

        if (v < Classes) even = Vector512.MaxNative(even, Vector512.Load(z));
        return Vector512.MaxNative(even, odd);
    }

    private Vector512<float> Finish(float* z, float* weighted)
    {
        Vector512<float> most = default, sum = Vector512<float>.Zero, cap = Vector512.Create(Softcap), inverse = Vector512.Create(1 / Softcap);
        for (int v = 0; v < Classes; v++, z += Rows)
        {
            Vector512<float> x = Vector512.Load(z);
            if (Bias != null) x += Vector512.Create(Bias[First + v]);
            if (Softcap > 0) x = cap * VectorMath.Tanh(x * inverse);
            x.Store(z);
            most = v == 0 ? x : Vector512.MaxNative(most, x);
            if (Weights != null) sum = Vector512.FusedMultiplyAdd(Vector512.Create(Weights[First + v]), x, sum);
        }

        sum.Store(weighted);
        return most;
    }

    /// <summary>The first class of each row's largest logit.</summary>
    private void Find(float* z, Vector512<float> most, int* best)
    {
        Vector512<int> at = Vector512.Create(First + Classes);
        for (int v = Classes - 1; v >= 0; v--)
        {
            Vector512<int> isMost = Vector512.Equals(Vector512.Load(z + (nint)v * Rows), most).AsInt32();
            at = Vector512.ConditionalSelect(isMost, Vector512.Create(First + v), at);
        }

        at.Store(best);
    }
}
