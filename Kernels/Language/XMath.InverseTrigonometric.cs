namespace Cotangent.Kernels;

public static partial class XMath
{
    private const double Pi = 3.141592653589793;
    private const double PiLow = 1.2246467991473532e-16;

    /// <summary>The angle from −π/2 to π/2 whose sine is x; NaN outside −1 … 1.</summary>
    public static float Asin(float x) => (float)Asin((double)x);

    /// <summary>The angle from −π/2 to π/2 whose sine is x; NaN outside −1 … 1.</summary>
    public static double Asin(double x)
    {
        double a = Math.Abs(x);
        double z = (1 - a) * 0.5;
        double small = Fma(a * a * a, AsinTail(a * a), a);
        double large = HalfPi - 2 * (Math.Sqrt(z) + AsinRest(z) - 0.5 * HalfPiLow);
        double y = a < 0.5 ? small : large;
        return x == 0 ? x : WithSignOf(y, x);
    }

    /// <summary>The angle from 0 to π whose cosine is x; NaN outside −1 … 1.</summary>
    public static float Acos(float x) => (float)Acos((double)x);

    /// <summary>The angle from 0 to π whose cosine is x; NaN outside −1 … 1.</summary>
    public static double Acos(double x)
    {
        double a = Math.Abs(x);
        double z = (1 - a) * 0.5;
        double middle = HalfPi - (x - (HalfPiLow - x * a * a * AsinTail(a * a)));
        double root = Math.Sqrt(z);
        double right = 2 * (root + AsinRest(z));
        double left = Pi - 2 * (root + (AsinRest(z) - 0.5 * PiLow));
        return a < 0.5 ? middle : x > 0 ? right : left;
    }

    /// <summary>The angle from −π/2 to π/2 whose tangent is x.</summary>
    public static float Atan(float x) => (float)Atan((double)x);

    /// <summary>The angle from −π/2 to π/2 whose tangent is x.</summary>
    public static double Atan(double x)
    {
        double a = Math.Abs(x);
        double y = AtanRatio(a > 1e300 ? 1e300 : a, 1, 0, 0);
        return x == 0 ? x : WithSignOf(y, x);
    }

    /// <summary>The angle of the point (x, y) from the positive x axis, from −π to π.</summary>
    public static float Atan2(float y, float x) => (float)Atan2((double)y, (double)x);

    /// <summary>The angle of the point (x, y) from the positive x axis, from −π to π.</summary>
    public static double Atan2(double y, double x)
    {
        double a = Math.Abs(y);
        double b = Math.Abs(x);
        bool bothInfinite = a == double.PositiveInfinity && b == double.PositiveInfinity;
        a = bothInfinite ? 1 : a;
        b = bothInfinite ? 1 : b;
        double largest = a > b ? a : b;
        double scale = largest > 1e300 ? 1e-100 : largest < 1e-200 ? 1e100 : 1;
        bool left = BitConverter.DoubleToInt64Bits(x) < 0;
        double angle = AtanRatio(a * scale, b * scale, left ? Pi : 0, left ? PiLow : 0);
        double onAxis = left ? Pi : 0;
        double result = a == 0 && b == 0 ? onAxis : b == double.PositiveInfinity ? onAxis
            : a == double.PositiveInfinity ? HalfPi : angle;
        return double.IsNaN(x) || double.IsNaN(y) ? double.NaN : WithSign(result, y);
    }

    /// <summary>(asin(x) − x)/x³ in z = x² ≤ ¼.</summary>
    private static double AsinTail(double z)
    {
        double p = 0.03270085253343862;
        p = Fma(p, z, -0.02111440731518195);
        p = Fma(p, z, 0.021788852755419735);
        p = Fma(p, z, 0.0036729908796193024);
        p = Fma(p, z, 0.010789089320399545);
        p = Fma(p, z, 0.01139733774005375);
        p = Fma(p, z, 0.013981012669951616);
        p = Fma(p, z, 0.01735159602212287);
        p = Fma(p, z, 0.02237221587510018);
        p = Fma(p, z, 0.030381942676432277);
        p = Fma(p, z, 0.044642857175260744);
        p = Fma(p, z, 0.07499999999970126);
        return Fma(p, z, 0.16666666666666763);
    }

    /// <summary>asin(√z) less the rounded √z.</summary>
    private static double AsinRest(double z)
    {
        double s = Math.Sqrt(z);
        double lost = s == 0 ? 0 : Fma(-s, s, z) / (s + s);
        return Fma(s * z, AsinTail(z), lost);
    }

    /// <summary>atan(a/b) for a, b ≥ 0, or base − atan(a/b) for a base π. The ratio is brought below tan(π/8) by
    /// atan(t) = π/4 + atan((t − 1)/(t + 1)) = π/2 − atan(1/t).</summary>
    private static double AtanRatio(double a, double b, double start, double startLow)
    {
        bool steep = a > 2.414213562373095 * b;
        bool middle = a > 0.41421356237309503 * b;
        double top = steep ? -b : middle ? a - b : a;
        double topLow = steep ? 0 : middle ? SumError(a, -b) : 0;
        double bottom = steep ? a : middle ? a + b : b;
        double bottomLow = steep ? 0 : middle ? SumError(a, b) : 0;
        double corner = steep ? HalfPi : middle ? 0.5 * HalfPi : 0;
        double cornerLow = steep ? HalfPiLow : middle ? 0.5 * HalfPiLow : 0;
        double t = top / bottom;
        double tLow = (Fma(-t, bottom, top) + Fma(-t, bottomLow, topLow)) / bottom;
        double z = t * t;
        double p = 0.015195779579328682;
        p = Fma(p, z, -0.03347514383949418);
        p = Fma(p, z, 0.04503582166904841);
        p = Fma(p, z, -0.052184132942763764);
        p = Fma(p, z, 0.05877023323943725);
        p = Fma(p, z, -0.0666622692883564);
        p = Fma(p, z, 0.07692282771409793);
        p = Fma(p, z, -0.09090908145146173);
        p = Fma(p, z, 0.11111111088196494);
        p = Fma(p, z, -0.14285714285388335);
        p = Fma(p, z, 0.19999999999997672);
        p = Fma(p, z, -0.33333333333333326);
        double rest = Fma(t * z, p, tLow) + cornerLow;

        // start ∓ (corner + t + rest), the large terms first.
        double sign = start > 0 ? -1 : 1;
        double head = start + sign * corner;
        double sum = head + sign * t;
        double error = SumError(head, sign * t) + SumError(start, sign * corner);
        return sum + (error + (startLow + sign * rest));
    }
}
