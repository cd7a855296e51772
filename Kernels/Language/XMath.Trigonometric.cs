namespace Cotangent.Kernels;

public static partial class XMath
{
    private const double TwoOverPi = 0.6366197723675814;
    private const double HalfPi = 1.5707963267948966;
    private const double HalfPiLow = 6.123233995736766e-17;
    private const double HalfPiLowest = -1.4973849048591698e-33;
    private const float TwoOverPiF = 0.63661975f;
    private const float HalfPiF = 1.57079637f;
    private const float HalfPiLowF = -4.371139e-08f;
    private const float HalfPiLowestF = -1.7151245e-15f;

    // Up to here n·π/2 is subtracted in parts; beyond, the fraction of x·2/π is taken from the digits of 2/π.
    private const double LargeAngle = 1e6;
    private const float LargeAngleF = 1e5f;

    /// <summary>The sine of an angle in radians.</summary>
    public static float Sin(float x)
    {
        if (MathF.Abs(x) <= LargeAngleF)
        {
            float shifted = Fma(x, TwoOverPiF, IntegerShiftF);
            float y = SinOrCos(Reduce(x, shifted - IntegerShiftF), LowBits(shifted));
            return x == 0f ? x : y;
        }

        return WithSignOf(SinOrCos(LargeRemainder(MathF.Abs(x)), LargeQuadrant(MathF.Abs(x))), x);
    }

    /// <summary>The cosine of an angle in radians.</summary>
    public static float Cos(float x)
    {
        if (MathF.Abs(x) <= LargeAngleF)
        {
            float shifted = Fma(x, TwoOverPiF, IntegerShiftF);
            return SinOrCos(Reduce(x, shifted - IntegerShiftF), LowBits(shifted) + 1);
        }

        return SinOrCos(LargeRemainder(MathF.Abs(x)), LargeQuadrant(MathF.Abs(x)) + 1);
    }

    /// <summary>The tangent of an angle in radians.</summary>
    public static float Tan(float x) => (float)Tan((double)x);

    /// <summary>The sine of an angle in radians.</summary>
    public static double Sin(double x)
    {
        if (Math.Abs(x) <= LargeAngle)
        {
            double shifted = Fma(x, TwoOverPi, IntegerShift);
            double n = shifted - IntegerShift;
            double y = SinOrCos(ReduceHigh(x, n), ReduceLow(x, n), LowBits(shifted));
            return x == 0 ? x : y;
        }

        double a = Math.Abs(x);
        return WithSignOf(SinOrCos(LargeRemainderHigh(a), LargeRemainderLow(a), LargeQuadrant(a)), x);
    }

    /// <summary>The cosine of an angle in radians.</summary>
    public static double Cos(double x)
    {
        if (Math.Abs(x) <= LargeAngle)
        {
            double shifted = Fma(x, TwoOverPi, IntegerShift);
            double n = shifted - IntegerShift;
            return SinOrCos(ReduceHigh(x, n), ReduceLow(x, n), LowBits(shifted) + 1);
        }

        double a = Math.Abs(x);
        return SinOrCos(LargeRemainderHigh(a), LargeRemainderLow(a), LargeQuadrant(a) + 1);
    }

    /// <summary>The tangent of an angle in radians.</summary>
    public static double Tan(double x)
    {
        if (Math.Abs(x) <= LargeAngle)
        {
            double shifted = Fma(x, TwoOverPi, IntegerShift);
            double n = shifted - IntegerShift;
            double y = TanReduced(ReduceHigh(x, n), ReduceLow(x, n), LowBits(shifted));
            return x == 0 ? x : y;
        }

        double a = Math.Abs(x);
        return WithSignOf(TanReduced(LargeRemainderHigh(a), LargeRemainderLow(a), LargeQuadrant(a)), x);
    }

    // The low bits of a number rounded by IntegerShift are the integer's.
    private static int LowBits(float shifted) => BitConverter.SingleToInt32Bits(shifted);

    private static int LowBits(double shifted) => (int)BitConverter.DoubleToInt64Bits(shifted);

    /// <summary>y for a positive x, −y for a negative one.</summary>
    private static double WithSignOf(double y, double x) => BitConverter.Int64BitsToDouble(
        BitConverter.DoubleToInt64Bits(y) ^ (BitConverter.DoubleToInt64Bits(x) & long.MinValue));

    private static float WithSignOf(float y, float x) => BitConverter.Int32BitsToSingle(
        BitConverter.SingleToInt32Bits(y) ^ (BitConverter.SingleToInt32Bits(x) & int.MinValue));

    // For n < 2^16 the first difference is exact: both terms are multiples of 2^−23 and it is below 1.
    private static float Reduce(float x, float n) => Fma(n, -HalfPiLowestF, Fma(n, -HalfPiLowF, Fma(n, -HalfPiF, x)));

    /// <summary>sin(r) in even quadrants, cos(r) in odd ones, negated in the third and fourth. |r| ≤ π/4.</summary>
    private static float SinOrCos(float r, int quadrant)
    {
        float z = r * r;
        float s = 2.7182402e-06f;
        s = Fma(s, z, -0.00019839327f);
        s = Fma(s, z, 0.008333329f);
        s = Fma(s, z, -0.16666667f);
        s = Fma(s, z * r, r);
        float c = -2.720954e-07f;
        c = Fma(c, z, 2.4799512e-05f);
        c = Fma(c, z, -0.0013888883f);
        c = Fma(c, z, 0.041666668f);
        c = Fma(z * z, c, Fma(-0.5f, z, 1f));
        float y = (quadrant & 1) != 0 ? c : s;
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(y) ^ ((quadrant & 2) << 30));
    }

    /// <summary>x − n·π/2 rounded; ReduceLow has the rest. n·HalfPi is exact as a sum of two numbers, and so is x less
    /// the first.</summary>
    private static double ReduceHigh(double x, double n)
    {
        double p = n * HalfPi;
        double t = (x - p) - Fma(n, HalfPi, -p);
        return t - n * HalfPiLow;
    }

    private static double ReduceLow(double x, double n)
    {
        double p = n * HalfPi;
        double w = x - p;
        double lost = -Fma(n, HalfPi, -p);
        double t = w + lost;
        double p2 = -(n * HalfPiLow);
        double rest = SumError(t, p2) - Fma(n, HalfPiLow, p2);
        return SumError(w, lost) + Fma(n, -HalfPiLowest, rest);
    }

    private static double SinOrCos(double r, double low, int quadrant)
    {
        double z = r * r;
        double s = r + SinRest(r, low, z);
        double half = 0.5 * z;
        double w = 1 - half;
        double c = w + (((1 - w) - half) + CosRest(r, low, z));
        double y = (quadrant & 1) != 0 ? c : s;
        return BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(y) ^ ((long)(quadrant & 2) << 62));
    }

    /// <summary>sin or −cos over cos or sin, both with what their rounding loses.</summary>
    private static double TanReduced(double r, double low, int quadrant)
    {
        double z = r * r;
        double rest = SinRest(r, low, z);
        double s = r + rest;
        double sLow = (r - s) + rest;
        double half = 0.5 * z;
        double w = 1 - half;
        double cRest = ((1 - w) - half) + CosRest(r, low, z);
        double c = w + cRest;
        double cLow = (w - c) + cRest;
        bool odd = (quadrant & 1) != 0;
        double top = odd ? -c : s;
        double topLow = odd ? -cLow : sLow;
        double bottom = odd ? s : c;
        double bottomLow = odd ? sLow : cLow;
        double q = top / bottom;
        return q + (Fma(-q, bottom, top) + Fma(-q, bottomLow, topLow)) / bottom;
    }

    /// <summary>sin(r + low) − r.</summary>
    private static double SinRest(double r, double low, double z)
    {
        double s = -7.578628473693843e-13;
        s = Fma(s, z, 1.6058365282760342e-10);
        s = Fma(s, z, -2.5052104901526357e-08);
        s = Fma(s, z, 2.7557319214153958e-06);
        s = Fma(s, z, -0.00019841269841255);
        s = Fma(s, z, 0.008333333333333323);
        s = Fma(s, z, -0.16666666666666666);
        return Fma(z * r, s, Fma(-0.5 * z, low, low));
    }

    /// <summary>cos(r + low) − 1 + r²/2.</summary>
    private static double CosRest(double r, double low, double z)
    {
        double c = 4.7380484094745694e-14;
        c = Fma(c, z, -1.1470291953201786e-11);
        c = Fma(c, z, 2.0876754354903308e-09);
        c = Fma(c, z, -2.7557319215327507e-07);
        c = Fma(c, z, 2.4801587301571388e-05);
        c = Fma(c, z, -0.0013888888888888874);
        c = Fma(c, z, 0.041666666666666664);
        return Fma(z * z, c, -r * low);
    }
}
