namespace Cotangent.Kernels;

public static partial class XMath
{
    /// <summary>The error function 2/√π·∫₀ˣ e^(−t²) dt.</summary>
    public static float Erf(float x)
    {
        // −(e^(log(erfc)) − 1) for all numbers: a logarithm that is accurate near 0, and of the exponential all but its 1. From 3.92 on the result
        // is 1.
        float a = MathF.Abs(x);
        float b = a > 3.92f ? 3.92f : a;
        float p = -9.38715e-06f;
        p = Fma(p, b, 0.000118855598f);
        p = Fma(p, b, -0.00063734838f);
        p = Fma(p, b, 0.00167565816f);
        p = Fma(p, b, -0.000169494393f);
        p = Fma(p, b, -0.0191478245f);
        p = Fma(p, b, 0.102776304f);
        p = Fma(p, b, 0.63661957f);
        p = Fma(p, b, 0.128379166f);
        float q = Fma(b, p, b);

        // erfc = e^(−q) = 2^n·(1 − m). The low part of n·ln(2) is lost: it is far below what rounding 1 − 2^n·(1 − m) leaves.
        float shifted = Fma(q, -Log2E, IntegerShiftF + 127f);
        float n = shifted - (IntegerShiftF + 127f);
        float r = Fma(n, OneOverLog2E, q);
        float t = -0.0013813961f;
        t = Fma(t, r, 0.008368918f);
        t = Fma(t, r, -0.04166841f);
        t = Fma(t, r, 0.1666652f);
        t = Fma(t, r, -0.49999994f);
        float m = Fma(r * r, t, r);
        float power = ShiftedPower(shifted);
        return WithSign(Fma(power, m, 1f - power), x);
    }

    /// <summary>The error function 2/√π·∫₀ˣ e^(−t²) dt.</summary>
    public static double Erf(double x)
    {
        double a = Math.Abs(x);
        double small = ErfSmall(a);
        double large = 1 - ErfcLarge(a > 6 ? 6 : a);
        return WithSign(a < 0.85 ? small : large, x);
    }

    /// <summary>1 − erf(x), accurate where that is small.</summary>
    public static float Erfc(float x) => (float)Erfc((double)x);

    /// <summary>1 − erf(x), accurate where that is small.</summary>
    public static double Erfc(double x)
    {
        double a = Math.Abs(x);
        double tail = ErfcLarge(a > 28 ? 28 : a);
        double beyond = x < 0 ? 2 - tail : tail;
        double near = 1 - WithSign(ErfSmall(a), x);
        return a < 0.25 ? near : beyond;
    }

    /// <summary>erf for 0 ≤ x ≤ 0.85.</summary>
    private static double ErfSmall(double x)
    {
        double z = x * x;
        double p = 6.769889578704857e-11;
        p = Fma(p, z, -1.17736685379904e-09);
        p = Fma(p, z, 1.4746861401201832e-08);
        p = Fma(p, z, -1.6361253884334848e-07);
        p = Fma(p, z, 1.646187755840273e-06);
        p = Fma(p, z, -1.4925641964870765e-05);
        p = Fma(p, z, 0.00012055332778443196);
        p = Fma(p, z, -0.0008548327020162269);
        p = Fma(p, z, 0.0052239776254083044);
        p = Fma(p, z, -0.026866170645129205);
        p = Fma(p, z, 0.11283791670955119);
        p = Fma(p, z, -0.37612638903183754);
        p = Fma(p, z, 0.12837916709551256);
        return Fma(x, p, x);
    }

    /// <summary>erfc for 0.2 ≤ x ≤ 28: e^(−x²)/(1 + 2x) times a polynomial in t = (x − 3.75)/(x + 3.75).</summary>
    private static double ErfcLarge(double x)
    {
        double t = (x - 3.75) / (x + 3.75);
        double p = 5.117893922632798e-10;
        p = Fma(p, t, 2.9914697701995506e-10);
        p = Fma(p, t, -5.712618098870196e-09);
        p = Fma(p, t, -3.798750188309388e-09);
        p = Fma(p, t, 4.0003009771485626e-08);
        p = Fma(p, t, 2.3541429379248212e-08);
        p = Fma(p, t, -2.6046096571435106e-07);
        p = Fma(p, t, -5.768720502347019e-08);
        p = Fma(p, t, 1.7531344301260325e-06);
        p = Fma(p, t, -9.731350818225509e-07);
        p = Fma(p, t, -1.1444960998401362e-05);
        p = Fma(p, t, 2.2384005441483755e-05);
        p = Fma(p, t, 5.1649392822554405e-05);
        p = Fma(p, t, -0.00029015399938703355);
        p = Fma(p, t, 0.00029371359598585027);
        p = Fma(p, t, 0.0017556258351910075);
        p = Fma(p, t, -0.00974657954758874);
        p = Fma(p, t, 0.028362277421284457);
        p = Fma(p, t, -0.05869339859056078);
        p = Fma(p, t, 0.0923043211602089);
        p = Fma(p, t, -0.1088039301417066);
        p = Fma(p, t, 0.08227673849015081);
        p = Fma(p, t, 0.003585415485463673);
        p = Fma(p, t, -0.14024059858554702);
        double tail = p * t;
        double factor = 1.2375126308378275 + tail;
        double factorLow = (1.2375126308378275 - factor) + tail;

        // e^(−x²) as 1 + m with the low half of x², everything that rounding loses kept to first order until the last
        // operations.
        double square = x * x;
        double squareLow = Fma(x, x, -square);
        double shifted = Fma(-square, Log2ED, UpShift);
        double n = shifted - UpShift;
        double r = Fma(n, -Ln2Low, Fma(n, -Ln2High, -square)) - squareLow;
        double m = Fma(r * r, ExpTail(r), r);
        double e = 1 + m;
        double eLow = (1 - e) + m;
        double bottom = 1 + (x + x);
        double bottomLow = SumError(1, x + x);
        double top = e * factor;
        double topLow = Fma(e, factor, -top) + Fma(e, factorLow, eLow * factor);
        double q = top / bottom;
        double quotient = q + (Fma(-q, bottom, top) + Fma(-q, bottomLow, topLow)) / bottom;
        return quotient * ShiftedPower(shifted) * Small;
    }
}
