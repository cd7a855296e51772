namespace Cotangent.Kernels;

public static partial class XMath
{
    // 2^n may lie beyond the exponents of normal numbers: it is taken as 2^(n + 512)·2^−512 or 2^(n − 512)·2^512, so that the last
    // product alone rounds, to a subnormal or infinity.
    private const double UpShift = IntegerShift + 1023 + 512;
    private const double DownShift = IntegerShift + 1023 - 512;
    private const double Small = 7.458340731200207e-155;
    private const double Large = 1.3407807929942597e+154;

    /// <summary>e^x.</summary>
    public static float Exp(float x)
    {
        float above = x < -104f ? -104f : x;
        float clamped = above > 89f ? 89f : above;
        float shifted = Fma(clamped, Log2E, IntegerShiftF + 254f);
        float n = shifted - (IntegerShiftF + 254f);
        float r = Fma(n, -Ln2LowF, Fma(n, -Ln2HighF, clamped));
        return TimesPower(ExpReduced(r), shifted);
    }

    /// <summary>e^x.</summary>
    public static double Exp(double x)
    {
        double clamped = x > 710 ? 710 : x < -746 ? -746 : x;
        double shift = x < 0 ? UpShift : DownShift;
        double shifted = Fma(clamped, Log2ED, shift);
        double n = shifted - shift;
        double r = Fma(n, -Ln2Low, Fma(n, -Ln2High, clamped));
        return (1 + Fma(r * r, ExpTail(r), r)) * ShiftedPower(shifted) * (x < 0 ? Small : Large);
    }

    /// <summary>2^x.</summary>
    public static float Exp2(float x)
    {
        float above = x < -151f ? -151f : x;
        float clamped = above > 129f ? 129f : above;
        float shifted = clamped + (IntegerShiftF + 254f);
        float f = clamped - (shifted - (IntegerShiftF + 254f));
        float p = 0.00015595759f;
        p = Fma(p, f, 0.0013406812f);
        p = Fma(p, f, 0.009617688f);
        p = Fma(p, f, 0.0555031f);
        p = Fma(p, f, 0.24022652f);
        p = Fma(p, f, 0.69314724f);
        return TimesPower(Fma(p, f, 1f), shifted);
    }

    /// <summary>2^x.</summary>
    public static double Exp2(double x)
    {
        double clamped = x > 1025 ? 1025 : x < -1076 ? -1076 : x;
        double shift = x < 0 ? UpShift : DownShift;
        double shifted = clamped + shift;
        double f = clamped - (shifted - shift);
        double p = 2.5855031780332214e-11;
        p = Fma(p, f, 4.4572614924126024e-10);
        p = Fma(p, f, 7.0548148137818885e-09);
        p = Fma(p, f, 1.0178047386328871e-07);
        p = Fma(p, f, 1.32154870038571e-06);
        p = Fma(p, f, 1.5252733865185169e-05);
        p = Fma(p, f, 0.00015403530393170918);
        p = Fma(p, f, 0.0013333558146381393);
        p = Fma(p, f, 0.009618129107628562);
        p = Fma(p, f, 0.055504108664821736);
        p = Fma(p, f, 0.24022650695910072);
        p = Fma(p, f, 0.6931471805599453);
        return Fma(p, f, 1.0) * ShiftedPower(shifted) * (x < 0 ? Small : Large);
    }

    /// <summary>e^x − 1, accurate near 0.</summary>
    public static float Expm1(float x)
    {
        float clamped = x > 89f ? 89f : x < -18f ? -18f : x;
        float shifted = Fma(clamped, Log2E, IntegerShiftF + 126f);
        float n = shifted - (IntegerShiftF + 126f);
        float high = Fma(n, -Ln2HighF, clamped);
        float low = n * Ln2LowF;
        float r = high - low;
        float rest = (high - r) - low;
        float q = 0.00019963038f;
        q = Fma(q, r, 0.0013943535f);
        q = Fma(q, r, 0.008333218f);
        q = Fma(q, r, 0.04166632f);
        q = Fma(q, r, 0.16666667f);
        q = Fma(q, r, 0.5f);
        float p = r + Fma(r * r, q, rest);

        // 2^n·p + 2^n − 1, halved so that 2^n stays in range.
        float half = ShiftedPower(shifted);
        float y = Fma(half, p, half - 0.5f) * 2f;
        return x == 0f ? x : y;
    }

    /// <summary>e^x − 1, accurate near 0.</summary>
    public static double Expm1(double x)
    {
        double y = Expm1Core(x > 710 ? 710 : x < -40 ? -40 : x);
        return x == 0 ? x : y;
    }

    /// <summary>e^x − 1 for −40 ≤ x ≤ 710; +0 for −0.</summary>
    private static double Expm1Core(double x)
    {
        double shifted = Fma(x, Log2ED, IntegerShift + 1022);
        double n = shifted - (IntegerShift + 1022);
        double high = Fma(n, -Ln2High, x);
        double low = n * Ln2Low;
        double r = high - low;
        double rest = (high - r) - low;
        double p = r + Fma(r * r, ExpTail(r), rest);
        double half = ShiftedPower(shifted);
        return Fma(half, p, half - 0.5) * 2;
    }

    /// <summary>e^x/2 for x ≥ 0.</summary>
    private static double HalfExp(double x)
    {
        double shifted = Fma(x, Log2ED, DownShift);
        double n = shifted - DownShift;
        double r = Fma(n, -Ln2Low, Fma(n, -Ln2High, x));
        return (1 + Fma(r * r, ExpTail(r), r)) * ShiftedPower(shifted) * (0.5 * Large);
    }

    /// <summary>m·2^n, rounded once, for m near 1, −151 ≤ n ≤ 129, and n rounded by adding IntegerShiftF + 254. 2^n may lie beyond the
    /// exponents of normal numbers: it is taken as two powers of some n/2, of which the first product is exact.</summary>
    private static float TimesPower(float m, float shifted)
    {
        int n = BitConverter.SingleToInt32Bits(shifted);
        int half = n >> 1;
        return m * BitConverter.Int32BitsToSingle(half << 23) * BitConverter.Int32BitsToSingle((n - half) << 23);
    }

    /// <summary>e^r for |r| ≤ ln(2)/2.</summary>
    private static float ExpReduced(float r)
    {
        float p = 0.0013813961f;
        p = Fma(p, r, 0.008368918f);
        p = Fma(p, r, 0.04166841f);
        p = Fma(p, r, 0.1666652f);
        p = Fma(p, r, 0.49999994f);
        return Fma(Fma(p, r, 1f), r, 1f);
    }

    /// <summary>(e^r − 1 − r)/r² for |r| ≤ ln(2)/2.</summary>
    private static double ExpTail(double r)
    {
        double q = 1.7687812255921024e-09;
        q = Fma(q, r, 2.510550271318251e-08);
        q = Fma(q, r, 2.7567988928811843e-07);
        q = Fma(q, r, 2.755725471885746e-06);
        q = Fma(q, r, 2.4801574389135696e-05);
        q = Fma(q, r, 0.00019841269875352116);
        q = Fma(q, r, 0.0013888888895714827);
        q = Fma(q, r, 0.008333333333325985);
        q = Fma(q, r, 0.041666666666651954);
        q = Fma(q, r, 0.1666666666666667);
        return Fma(q, r, 0.5000000000000001);
    }
}
