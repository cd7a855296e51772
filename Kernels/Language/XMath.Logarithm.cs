namespace Cotangent.Kernels;

public static partial class XMath
{
    // The bits of √½: mantissas are taken from √½ to √2, so that the logarithm of one near 1 does not cancel.
    private const long RootHalf = 0x3FE6A09E667F3BCD;
    private const int RootHalfF = 0x3F3504F3;
    private const double SmallestNormal = 2.2250738585072014e-308;
    private const float SmallestNormalF = 1.17549435e-38f;

    // log₂(e), log₁₀(e) and log₁₀(2) in two parts.
    private const double Log2ELow = 2.0355273740931033e-17;
    private const double Log10ELow = 1.098319650216765e-17;
    private const double Log10Of2High = 0.3010299955494702;
    private const double Log10Of2Low = 1.1451100898021838e-10;

    /// <summary>The natural logarithm.</summary>
    public static float Log(float x)
    {
        float f = MantissaOf(x) - 1f;
        float k = ExponentOf(x);
        float y = Fma(-0.5f * f, f, Fma(k, Ln2LowF, f * f * f * LogTail(f)));
        return LogSpecial(x, Fma(k, Ln2HighF, f + y));
    }

    /// <summary>The natural logarithm.</summary>
    public static double Log(double x) => LogSpecial(x, LogSum(MantissaOf(x) - 1, ExponentOf(x), 0));

    /// <summary>log(1 + x), accurate near 0.</summary>
    public static float Log1p(float x)
    {
        float u = 1f + x;
        int exponent = ExponentOf(u);
        float k = exponent;
        float lost = MathF.Abs(x) >= 1f ? 1f - (u - x) : x - (u - 1f);
        float c = exponent == 0 ? 0f : lost / u;
        float f = exponent == 0 ? x : MantissaOf(u) - 1f;
        float y = Fma(-0.5f * f, f, Fma(k, Ln2LowF, Fma(f * f * f, LogTail(f), c)));
        float sum = Fma(k, Ln2HighF, f + y);
        return x == 0f ? x : LogSpecial(u, sum);
    }

    /// <summary>log(1 + x), accurate near 0.</summary>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        int exponent = ExponentOf(u);
        double lost = Math.Abs(x) >= 1 ? 1 - (u - x) : x - (u - 1);
        double c = exponent == 0 ? 0 : lost / u;
        double f = exponent == 0 ? x : MantissaOf(u) - 1;
        double sum = LogSum(f, exponent, c);
        return x == 0 ? x : LogSpecial(u, sum);
    }

    /// <summary>The logarithm to base 2.</summary>
    public static float Log2(float x) => (float)Log2((double)x);

    /// <summary>The logarithm to base 2; exact for powers of 2.</summary>
    public static double Log2(double x)
    {
        double f = MantissaOf(x) - 1;
        double high = LogHigh(f);
        double low = LogLow(f, high);
        double p = high * Log2ED;
        double rest = Fma(high, Log2ED, -p) + Fma(high, Log2ELow, low * Log2ED);
        double k = ExponentOf(x);
        double sum = k + p;
        return LogSpecial(x, sum + (((k - sum) + p) + rest));
    }

    /// <summary>The logarithm to base 10.</summary>
    public static float Log10(float x) => (float)Log10((double)x);

    /// <summary>The logarithm to base 10; exact for powers of 10.</summary>
    public static double Log10(double x)
    {
        double f = MantissaOf(x) - 1;
        double high = LogHigh(f);
        double low = LogLow(f, high);
        double p = high * Log10ED;
        double rest = Fma(high, Log10ED, -p) + Fma(high, Log10ELow, low * Log10ED);
        double k = ExponentOf(x);
        double scaled = k * Log10Of2High;
        double sum = scaled + p;
        return LogSpecial(x, sum + (((scaled - sum) + p) + Fma(k, Log10Of2Low, rest)));
    }

    private static float Normalised(float x) => x < SmallestNormalF ? x * 33554432f : x;

    private static double Normalised(double x) => x < SmallestNormal ? x * 18014398509481984.0 : x;

    /// <summary>k of x = m·2^k with √½ ≤ m &lt; √2.</summary>
    private static int ExponentOf(float x) =>
        ((BitConverter.SingleToInt32Bits(Normalised(x)) - RootHalfF) >> 23) - (x < SmallestNormalF ? 25 : 0);

    private static int ExponentOf(double x) =>
        (int)((BitConverter.DoubleToInt64Bits(Normalised(x)) - RootHalf) >> 52) - (x < SmallestNormal ? 54 : 0);

    /// <summary>m of x = m·2^k with √½ ≤ m &lt; √2.</summary>
    private static float MantissaOf(float x) => BitConverter.Int32BitsToSingle(
        ((BitConverter.SingleToInt32Bits(Normalised(x)) - RootHalfF) & 0x007FFFFF) + RootHalfF);

    private static double MantissaOf(double x) => BitConverter.Int64BitsToDouble(
        ((BitConverter.DoubleToInt64Bits(Normalised(x)) - RootHalf) & 0x000FFFFFFFFFFFFF) + RootHalf);

    private static float LogSpecial(float x, float log) => x > 0f ? (x == float.PositiveInfinity ? x : log)
        : x == 0f ? float.NegativeInfinity : float.NaN;

    private static double LogSpecial(double x, double log) => x > 0 ? (x == double.PositiveInfinity ? x : log)
        : x == 0 ? double.NegativeInfinity : double.NaN;

    /// <summary>(log(1 + f) − f + f²/2)/f³ for √½ − 1 ≤ f ≤ √2 − 1.</summary>
    private static float LogTail(float f)
    {
        float q = -0.076348186f;
        q = Fma(q, f, 0.12761867f);
        q = Fma(q, f, -0.13160177f);
        q = Fma(q, f, 0.1420171f);
        q = Fma(q, f, -0.16623354f);
        q = Fma(q, f, 0.2000123f);
        q = Fma(q, f, -0.25000823f);
        return Fma(q, f, 0.3333333f);
    }

    /// <summary>k·log(2) + log(1 + f) + c. With s = f/(2 + f), log(1 + f) = 2·atanh(s) = f − f²/2 + s·(f²/2 +
    /// R(s²)).</summary>
    private static double LogSum(double f, double k, double c)
    {
        double half = 0.5 * f * f;
        double s = f / (2 + f);
        double y = s * (half + LogTail(s * s));
        return k * Ln2High - ((half - (y + Fma(k, Ln2Low, c))) - f);
    }

    /// <summary>log(1 + f), but for what LogLow adds.</summary>
    private static double LogHigh(double f) => f - 0.5 * f * f;

    private static double LogLow(double f, double high)
    {
        double half = 0.5 * f * f;
        double lost = Fma(0.5 * f, f, -half);
        double s = f / (2 + f);
        return (((f - high) - half) - lost) + s * (half + LogTail(s * s));
    }

    /// <summary>(2·atanh(s) − 2s)/s in z = s².</summary>
    private static double LogTail(double z)
    {
        double q = 0.14797440775191864;
        q = Fma(q, z, 0.1531391359089918);
        q = Fma(q, z, 0.18183569171251837);
        q = Fma(q, z, 0.2222219849045731);
        q = Fma(q, z, 0.2857142874308532);
        q = Fma(q, z, 0.39999999999412045);
        return Fma(q, z, 0.6666666666666735) * z;
    }
}
