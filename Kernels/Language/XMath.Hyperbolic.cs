namespace Cotangent.Kernels;

public static partial class XMath
{
    /// <summary>The hyperbolic tangent.</summary>
    public static float Tanh(float x)
    {
        float a = MathF.Abs(x);
        float z = a * a;
        float t = -0.0499044f;
        t = Fma(t, z, 0.133097f);
        t = Fma(t, z, -0.3333294f);
        float small = Fma(a * z, t, a);

        // h = (e^(2|x|) − 1)/2 = 2^n·(e^(2r) − 1)/2 + (2^n − 1)/2 and tanh = h/(h + 1). Beyond 9.02 the result is 1. One
        // term of ln(2)/2 is enough: where n is large, tanh no longer feels its error. Below 0.32 the quotient would
        // round three times near the top of its ulp, 2.4 ulp in all; both sides stay within 1.5.
        float b = a > 9.02f ? 9.02f : a;
        float shifted = Fma(b, 2.885390082f, IntegerShiftF + 127f);
        float n = shifted - (IntegerShiftF + 127f);
        float r = Fma(n, -0.34657359f, b);
        float q = 0.04435746642f;
        q = Fma(q, r, 0.133898078f);
        q = Fma(q, r, 0.3333394784f);
        q = Fma(q, r, 0.666660858f);
        q = Fma(q, r, 0.9999999615f);
        float p = Fma(r * r, q, r);
        float scale = ShiftedPower(shifted);
        float h = Fma(scale, p, Fma(scale, 0.5f, -0.5f));
        float large = h / (h + 1f);
        return WithSign(a < 0.32f ? small : large, x);
    }

    /// <summary>The hyperbolic tangent.</summary>
    public static double Tanh(double x)
    {
        double a = Math.Abs(x);
        double u = Expm1Core(a > 20 ? 40 : a + a);
        return WithSign(u / (u + 2), x);
    }

    /// <summary>The hyperbolic sine.</summary>
    public static float Sinh(float x) => (float)Sinh((double)x);

    /// <summary>The hyperbolic sine.</summary>
    public static double Sinh(double x)
    {
        double a = Math.Abs(x);
        double z = a * a;
        double p = 7.760436682664203e-13;
        p = Fma(p, z, 1.6057204164777954e-10);
        p = Fma(p, z, 2.5052123850633973e-08);
        p = Fma(p, z, 2.755731915257935e-06);
        p = Fma(p, z, 0.00019841269841446108);
        p = Fma(p, z, 0.008333333333333127);
        p = Fma(p, z, 0.16666666666666669);
        double small = Fma(a * z, p, a);
        double half = HalfExp(a > 720 ? 720 : a);
        double y = a < 1 ? small : half - 0.25 / half;
        return WithSign(y, x);
    }

    /// <summary>The hyperbolic cosine.</summary>
    public static float Cosh(float x) => (float)Cosh((double)x);

    /// <summary>The hyperbolic cosine.</summary>
    public static double Cosh(double x)
    {
        double a = Math.Abs(x);
        double half = HalfExp(a > 720 ? 720 : a);
        return half + 0.25 / half;
    }

    /// <summary>The inverse hyperbolic sine.</summary>
    public static float Asinh(float x) => (float)Asinh((double)x);

    /// <summary>The inverse hyperbolic sine.</summary>
    public static double Asinh(double x)
    {
        double a = Math.Abs(x);
        double z = a * a;
        double p = -0.0013649451749851466;
        p = Fma(p, z, 0.003925438940977042);
        p = Fma(p, z, -0.006325232074201288);
        p = Fma(p, z, 0.008121551442992135);
        p = Fma(p, z, -0.00970980890668774);
        p = Fma(p, z, 0.011544681529583703);
        p = Fma(p, z, -0.01396414853025887);
        p = Fma(p, z, 0.01735271693555129);
        p = Fma(p, z, -0.022372156889870803);
        p = Fma(p, z, 0.030381944378685678);
        p = Fma(p, z, -0.04464285714169584);
        p = Fma(p, z, 0.07499999999998966);
        p = Fma(p, z, -0.16666666666666663);
        double small = Fma(a * z, p, a);

        // log(a + √(a² + 1)) with what the square, the root and the sum lose; beyond 2^30 the 1 is nothing: log(a) +
        // log(2).
        bool huge = a > 1073741824;
        double square = huge ? 1 : z;
        double lost = huge ? 0 : Fma(a, a, -z);
        double radicand = square + 1;
        double lost2 = lost + SumError(square, 1);
        double root = Math.Sqrt(radicand);
        double rootLow = (Fma(-root, root, radicand) + lost2) / (root + root);
        double sum = huge ? a : a + root;
        double sumLow = huge ? 0 : SumError(a, root) + rootLow;
        double log = LogWithRest(sum, sumLow / sum, huge ? 1 : 0);
        double y = a < 0.5 ? small : log;
        return x == 0 || a == double.PositiveInfinity ? x : WithSign(y, x);
    }

    /// <summary>The inverse hyperbolic cosine, ≥ 0; NaN below 1.</summary>
    public static float Acosh(float x) => (float)Acosh((double)x);

    /// <summary>The inverse hyperbolic cosine, ≥ 0; NaN below 1.</summary>
    public static double Acosh(double x)
    {
        // log1p(t + √(2t + t²)) with t = x − 1, and what the root and the sum lose.
        bool huge = x > 1073741824;
        double t = huge ? 1 : x - 1;
        double radicand = Fma(t, t, t + t);
        double lost = SumError(t + t, t * t) + Fma(t, t, -(t * t));
        double exact = (t + t) + t * t;
        double root = Math.Sqrt(radicand);
        double rootLow = root == 0 ? 0 : (Fma(-root, root, radicand) + ((exact - radicand) + lost)) / (root + root);
        double sum = t + root;
        double sumLow = SumError(t, root) + rootLow;
        double near = Log1pWithRest(sum, sumLow);
        double far = LogWithRest(x, 0, 1);
        return x < 1 ? double.NaN : x == double.PositiveInfinity ? x : huge ? far : near;
    }

    /// <summary>The inverse hyperbolic tangent; ±∞ at ±1, NaN beyond.</summary>
    public static float Atanh(float x) => (float)Atanh((double)x);

    /// <summary>The inverse hyperbolic tangent; ±∞ at ±1, NaN beyond.</summary>
    public static double Atanh(double x)
    {
        // ½·log1p(2a/(1 − a)), the quotient with what it loses.
        double a = Math.Abs(x);
        double bottom = 1 - a;
        double bottomLow = SumError(1, -a);
        double q = (a + a) / bottom;
        double rest = (Fma(-q, bottom, a + a) - q * bottomLow) / bottom;
        double y = 0.5 * Log1pWithRest(q, rest);
        double inside = x == 0 ? x : WithSign(y, x);
        return a < 1 ? inside : a == 1 ? WithSign(double.PositiveInfinity, x) : double.NaN;
    }

    /// <summary>log(x) + c + k·log(2) for normal x.</summary>
    private static double LogWithRest(double x, double c, int k) => LogSum(MantissaOf(x) - 1, ExponentOf(x) + k, c);

    /// <summary>log(1 + x + low) for x ≥ 0.</summary>
    private static double Log1pWithRest(double x, double low)
    {
        double u = 1 + x;
        int exponent = ExponentOf(u);
        double c = (exponent == 0 ? low : SumError(1, x) + low) / u;
        return LogSum(exponent == 0 ? x : MantissaOf(u) - 1, exponent, c);
    }
}
