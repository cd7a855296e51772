using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Cpu;

/// <summary>What happens to rows of scores between the products, 16 at a time. Scores are in units of ln 2: weights are powers of two, and
/// no product by log₂e stands before them.</summary>
/// <remarks>On processors without 512-bit vectors each operation is two or four of a half or a quarter.</remarks>
internal static unsafe class ScoreRows
{
    /// <summary>Scores handled together; rows begin at multiples and are padded to them.</summary>
    public const int Lanes = 16;

    public const float Log2E = 1.44269504088896341f;
    public const float Ln2 = 0.693147180559945309f;

    // 1.5·2²³ + 127: adding it rounds to an integer and leaves 127 + n in the low bits, the exponent field of 2ⁿ.
    private const float ShiftToExponent = 12582912f + 127f;

    /// <summary>2ˣ within 2 ulp for −126 ≤ x &lt; 128; 0 below −126.5 (and between a value and 0 there), NaN for NaN: no weight is
    /// subnormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp2(Vector512<float> x) => Avx512DQ.IsSupported ? Exp2ByScaling(x) : Exp2ByShifting(x);

    /// <summary>2 to the power of what x is above an integer, by a polynomial that is 1 at 0, times a power of two. Nine operations, where shifts into
    /// the exponent take fourteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Exp2ByScaling(Vector512<float> x)
    {
        Vector512<float> f = Avx512DQ.Reduce(x, (byte)FloatRoundingMode.ToNegativeInfinity);
        Vector512<float> p = Vector512.Create(0.00021612915f);
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.0012467847f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.0096754516f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.055485282f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.24022931f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.69314706f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512<float>.One);
        return Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(-126f)), Vector512<float>.Zero, Avx512F.Scale(p, x));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Exp2ByShifting(Vector512<float> x)
    {
        // The operand order lets NaN through.
        x = Vector512.MaxNative(Vector512.Create(-127f), x);
        Vector512<float> shifted = x + Vector512.Create(ShiftToExponent);
        Vector512<float> f = x - (shifted - Vector512.Create(ShiftToExponent));
        Vector512<float> p = Vector512.Create(0.00015595759f);
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.0013406812f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.009617688f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.0555031f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.24022652f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(0.69314724f));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512<float>.One);
        return p * (shifted.AsInt32() << 23).AsSingle();
    }

    /// <summary>2ˣ of one number, by the same operations.</summary>
    public static float Exp2(float x) => Exp2(Vector512.Create(x)).ToScalar();

    /// <summary>The largest score of a row; −∞ for none. NaN may be lost: it comes back as a weight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Largest(float* scores, int from, int to)
    {
        Vector512<float> a = Vector512.Create(float.NegativeInfinity), b = a;
        int j = from;
        for (; j + 4 * Lanes <= to; j += 4 * Lanes)
        {
            a = Vector512.MaxNative(a, Vector512.MaxNative(Vector512.Load(scores + j), Vector512.Load(scores + j + Lanes)));
            b = Vector512.MaxNative(b, Vector512.MaxNative(Vector512.Load(scores + j + 2 * Lanes), Vector512.Load(scores + j + 3 * Lanes)));
        }

        for (; j < to; j += Lanes)
            a = Vector512.MaxNative(a, Vector512.Load(scores + j));
        a = Vector512.MaxNative(a, b);
        Vector256<float> c = Vector256.MaxNative(a.GetLower(), a.GetUpper());
        Vector128<float> d = Vector128.MaxNative(c.GetLower(), c.GetUpper());
        d = Vector128.MaxNative(d, Vector128.Shuffle(d, Vector128.Create(2, 3, 0, 1)));
        return MathF.Max(d[0], d[1]);
    }

    /// <summary>Weights in place of scores: 2^(score − largest). Returns their sums by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Exponentiate(float* scores, int from, int to, float largest)
    {
        Vector512<float> m = Vector512.Create(largest), sum0 = Vector512<float>.Zero, sum1 = sum0;
        int j = from;
        for (; j + 4 * Lanes <= to; j += 4 * Lanes)
        {
            Vector512<float> p0 = Exp2(Vector512.Load(scores + j) - m), p1 = Exp2(Vector512.Load(scores + j + Lanes) - m);
            Vector512<float> p2 = Exp2(Vector512.Load(scores + j + 2 * Lanes) - m), p3 = Exp2(Vector512.Load(scores + j + 3 * Lanes) - m);
            p0.Store(scores + j);
            p1.Store(scores + j + Lanes);
            p2.Store(scores + j + 2 * Lanes);
            p3.Store(scores + j + 3 * Lanes);
            sum0 += p0;
            sum1 += p1;
            sum0 += p2;
            sum1 += p3;
        }

        for (; j < to; j += Lanes)
        {
            Vector512<float> p = Exp2(Vector512.Load(scores + j) - m);
            p.Store(scores + j);
            sum0 += p;
        }

        return sum0 + sum1;
    }

    /// <summary>Gradients: weights P = 2^(score − lse) in place of scores, scale·P·(dp − delta) in place of dp = dO·vᵀ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradients(float* scores, float* dp, int from, int to, float lse, float delta, float scale)
    {
        Vector512<float> l = Vector512.Create(lse), d = Vector512.Create(delta), s = Vector512.Create(scale);
        for (int j = from; j < to; j += Lanes)
        {
            Vector512<float> p = Exp2(Vector512.Load(scores + j) - l);
            p.Store(scores + j);
            (p * s * (Vector512.Load(dp + j) - d)).Store(dp + j);
        }
    }

    /// <summary>As the other overload, under dropout: the weights stored are those that were kept, times 1 / (1 − dropout).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradients(
        float* scores, float* dp, float* kept, int from, int to, float lse, float delta, float scale)
    {
        Vector512<float> l = Vector512.Create(lse), d = Vector512.Create(delta), s = Vector512.Create(scale);
        for (int j = from; j < to; j += Lanes)
        {
            Vector512<float> p = Exp2(Vector512.Load(scores + j) - l), k = Vector512.Load(kept + j);
            (p * k).Store(scores + j);
            (p * s * (Vector512.Load(dp + j) * k - d)).Store(dp + j);
        }
    }

    /// <summary>Tangents: weights P = 2^(score − lse) in place of scores, unit·P·ds in place of ds. Returns the sums of the latter by lane.
    /// With kept weights both are multiplied by them after the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Tangents(float* scores, float* ds, float* kept, int from, int to, float lse, float unit)
    {
        Vector512<float> l = Vector512.Create(lse), u = Vector512.Create(unit), sum = Vector512<float>.Zero;
        for (int j = from; j < to; j += Lanes)
        {
            Vector512<float> p = Exp2(Vector512.Load(scores + j) - l), t = p * u * Vector512.Load(ds + j);
            sum += t;
            if (kept is not null)
            {
                p *= Vector512.Load(kept + j);
                t *= Vector512.Load(kept + j);
            }

            p.Store(scores + j);
            t.Store(ds + j);
        }

        return sum;
    }

    /// <summary>A value for the cells outside a range in the vectors that hold its first and last cell.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FillOutside(float* row, int from, int to, float value)
    {
        int first = from & (Lanes - 1), last = to & (Lanes - 1);
        if (first != 0)
        {
            float* vector = row + (from - first);
            Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(first)).AsSingle(),
                Vector512.Create(value), Vector512.Load(vector)).Store(vector);
        }

        if (last != 0)
        {
            float* vector = row + (to - last);
            Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(last)).AsSingle(),
                Vector512.Load(vector), Vector512.Create(value)).Store(vector);
        }
    }

    /// <summary>A row times a number.</summary>
    public static void Scale(float* row, int length, float factor) => Scale(row, length, factor, row);

    /// <summary>to = row times a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* row, int length, float factor, float* to)
    {
        int j = 0;
        for (; j + Lanes <= length; j += Lanes)
            (Vector512.Load(row + j) * factor).Store(to + j);
        for (; j < length; j++)
            to[j] = row[j] * factor;
    }

    /// <summary>row += by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(float* row, float* by, int length)
    {
        int j = 0;
        for (; j + Lanes <= length; j += Lanes)
            (Vector512.Load(row + j) + Vector512.Load(by + j)).Store(row + j);
        for (; j < length; j++)
            row[j] += by[j];
    }

    /// <summary>scores[j] += bias[j]·log₂e.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddBias(float* scores, float* bias, nint stride, int from, int to)
    {
        int j = from;
        Vector512<float> log2E = Vector512.Create(Log2E);
        for (; stride == 1 && j + Lanes <= to; j += Lanes)
            Vector512.FusedMultiplyAdd(Vector512.Load(bias + j), log2E, Vector512.Load(scores + j)).Store(scores + j);
        for (; j < to; j++)
            scores[j] = MathF.FusedMultiplyAdd(bias[j * stride], Log2E, scores[j]);
    }

    /// <summary>scores[j] = −∞ where the mask is false.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hide(float* scores, byte* mask, nint stride, int from, int to)
    {
        int j = from;
        for (; stride == 1 && j + Lanes <= to; j += Lanes)
        {
            Vector256<ushort> wide = Vector256.WidenLower(Vector128.Load(mask + j).ToVector256());
            Vector512<uint> seen = Vector512.WidenLower(wide.ToVector512());
            Vector512.ConditionalSelect(Vector512.Equals(seen, Vector512<uint>.Zero).AsSingle(),
                Vector512.Create(float.NegativeInfinity), Vector512.Load(scores + j)).Store(scores + j);
        }

        for (; j < to; j++)
            scores[j] = mask[j * stride] != 0 ? scores[j] : float.NegativeInfinity;
    }

    /// <summary>row[j] *= by[j] over whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* row, float* by, int from, int to)
    {
        for (int j = from; j < to; j += Lanes)
            (Vector512.Load(row + j) * Vector512.Load(by + j)).Store(row + j);
    }

    /// <summary>Σ a·b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(float* a, float* b, int length)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        int j = 0;
        for (; j + Lanes <= length; j += Lanes)
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(a + j), Vector512.Load(b + j), sum);
        float rest = 0;
        for (; j < length; j++)
            rest = MathF.FusedMultiplyAdd(a[j], b[j], rest);
        return Vector512.Sum(sum) + rest;
    }

    /// <summary>kept[j] = value where the random word of cell first + j keeps its weight, else 0; over whole vectors. Words are
    /// Threefry's, as of <c>RandomKey.Bits</c> of all cells.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Kept(float* kept, int from, int to, long first, uint key0, uint key1, uint below, float value)
    {
        uint key2 = key0 ^ key1 ^ 0x1BD11BDA;
        Vector512<uint> lane = Vector512<uint>.Indices;
        for (int j = from; j < to; j += Lanes)
        {
            ulong cell = (ulong)(first + j);
            Vector512<uint> low = Vector512.Create((uint)cell) + lane;
            Vector512<uint> carry = Vector512.LessThan(low, Vector512.Create((uint)cell)) & Vector512<uint>.One;
            Vector512<uint> x = Vector512.Create((uint)(cell >> 32)) + carry + Vector512.Create(key0);
            Vector512<uint> y = low + Vector512.Create(key1);
            FourRounds(ref x, ref y, 13, 15, 26, 6);
            Inject(ref x, ref y, key1, key2 + 1);
            FourRounds(ref x, ref y, 17, 29, 16, 24);
            Inject(ref x, ref y, key2, key0 + 2);
            FourRounds(ref x, ref y, 13, 15, 26, 6);
            Inject(ref x, ref y, key0, key1 + 3);
            FourRounds(ref x, ref y, 17, 29, 16, 24);
            Inject(ref x, ref y, key1, key2 + 4);
            FourRounds(ref x, ref y, 13, 15, 26, 6);
            Inject(ref x, ref y, key2, key0 + 5);
            Vector512<uint> isKept = Vector512.LessThan((x ^ y) >> 9, Vector512.Create(below));
            (isKept & Vector512.Create(value).AsUInt32()).AsSingle().Store(kept + j);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Inject(ref Vector512<uint> x, ref Vector512<uint> y, uint first, uint second)
    {
        x += Vector512.Create(first);
        y += Vector512.Create(second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRounds(ref Vector512<uint> x, ref Vector512<uint> y, int a, int b, int c, int d)
    {
        Round(ref x, ref y, a);
        Round(ref x, ref y, b);
        Round(ref x, ref y, c);
        Round(ref x, ref y, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref Vector512<uint> x, ref Vector512<uint> y, int left)
    {
        x += y;
        y = ((y << left) | (y >> (32 - left))) ^ x;
    }
}
