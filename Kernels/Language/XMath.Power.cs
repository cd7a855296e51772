namespace Cotangent.Kernels;

public static partial class XMath
{
    private const double TwoThirds = 0.6666666666666666;
    private const double TwoThirdsLow = 3.700743415417188e-17;

    /// <summary>x^y, with the special values of <see cref="MathF.Pow"/>.</summary>
    public static float Pow(float x, float y) => (float)Pow((double)x, (double)y);

    /// <summary>x^y, with the special values of <see cref="Math.Pow"/>.</summary>
    public static double Pow(double x, double y)
    {
        double a = Math.Abs(x);
        double power = PowPositive(a, y);
        bool up = y > 0;
        double infiniteY = a == 1 ? 1 : (a > 1) == up ? double.PositiveInfinity : 0;
        double atZero = up ? 0 : double.PositiveInfinity;
        double atInfinity = up ? double.PositiveInfinity : 0;
        double magnitude = Math.Abs(y) == double.PositiveInfinity ? infiniteY
            : a == 0 ? atZero
            : a == double.PositiveInfinity ? atInfinity
            : power;
        double half = y * 0.5;
        bool integer = Math.Floor(y) == y;
        bool odd = integer && Math.Floor(half) != half && Math.Abs(y) < double.PositiveInfinity;
        bool negative = BitConverter.DoubleToInt64Bits(x) < 0;
        double signed = negative && odd ? -magnitude : magnitude;
        bool invalid = double.IsNaN(x) || double.IsNaN(y) || (x < 0 && !integer && a < double.PositiveInfinity);
        return y == 0 || x == 1 ? 1 : invalid ? double.NaN : signed;
    }

    /// <summary>The cube root.</summary>
    public static float Cbrt(float x) => (float)Cbrt((double)x);

    /// <summary>The cube root.</summary>
    public static double Cbrt(double x)
    {
        double a = Math.Abs(x);

        // a = t·2^(3q) with √½ ≤ t < 4√2; the multiplication by 43691/2^17 divides by 3.
        int exponent = ExponentOf(a);
        int q = ((exponent + 3072) * 43691 >> 17) - 1024;
        double t = MantissaOf(a) * PowerOfTwo(exponent - 3 * q);
        double y = -0.0015407893630572176;
        y = Fma(y, t, 0.024164521543372664);
        y = Fma(y, t, -0.1493415406207884);
        y = Fma(y, t, 0.5660646142539543);
        y = Fma(y, t, 0.5587968670061246);
        y = CbrtStep(y, t);
        y = CbrtStep(y, t);

        // One Newton step on the exact residual t − y³.
        double square = y * y;
        double cube = square * y;
        double residual = ((t - cube) - Fma(square, y, -cube)) - Fma(y, y, -square) * y;
        double root = (y + residual / (3 * square)) * PowerOfTwo(q);
        return a > 0 && a < double.PositiveInfinity ? WithSign(root, x) : x;
    }

    /// <summary>Halley's step: the number of right digits triples.</summary>
    private static double CbrtStep(double y, double t)
    {
        double cube = y * y * y;
        return y * (cube + (t + t)) / (cube + cube + t);
    }

    /// <summary>a^y for finite a > 0: e^(y·log(a)) with the logarithm in two numbers, as its error is multiplied by up
    /// to 745.</summary>
    private static double PowPositive(double a, double y)
    {
        double high = LogTwice(a);
        double low = LogTwiceLow(a, high);
        double p = y * high;
        double rest = Fma(y, high, -p) + y * low;
        bool inRange = p > -760 && p < 720;
        double x = inRange ? p : p > 0 ? 720 : -760;
        double xLow = inRange ? rest : 0;
        double shift = x < 0 ? UpShift : DownShift;
        double shifted = Fma(x, Log2ED, shift);
        double n = shifted - shift;
        double r = Fma(n, -Ln2Low, Fma(n, -Ln2High, x)) + xLow;
        return (1 + Fma(r * r, ExpTail(r), r)) * ShiftedPower(shifted) * (x < 0 ? Small : Large);
    }

    /// <summary>log(a) rounded; LogTwiceLow has the rest. With s = f/(2 + f): k·log(2) + 2s + ⅔s³ + s⁵·P(s²), all but
    /// the last as two numbers each.</summary>
    private static double LogTwice(double a)
    {
        double f = MantissaOf(a) - 1;
        double s = f / (2 + f);
        double k = ExponentOf(a);
        double main = k * Ln2High + (s + s);
        double cube = s * (s * s) * TwoThirds;
        return (main + cube) + LogTwiceSmall(f, s, k);
    }

    private static double LogTwiceLow(double a, double high)
    {
        double f = MantissaOf(a) - 1;
        double s = f / (2 + f);
        double k = ExponentOf(a);
        double main = k * Ln2High + (s + s);
        double cube = s * (s * s) * TwoThirds;
        return ((main + cube) - high) + LogTwiceSmall(f, s, k);
    }

    private static double LogTwiceSmall(double f, double s, double k)
    {
        double sum = 2 + f;
        double sLow = (Fma(-s, sum, f) - s * SumError(2, f)) / sum;
        double z = s * s;
        double zLow = Fma(s, s, -z) + 2 * s * sLow;
        double cube = s * z;
        double cubeLow = Fma(s, z, -cube) + Fma(s, zLow, sLow * z);
        double third = cube * TwoThirds;
        double thirdLow = Fma(cube, TwoThirds, -third) + Fma(cube, TwoThirdsLow, cubeLow * TwoThirds);
        double p = 0.1199043860953768;
        p = Fma(p, z, 0.11674646667957547);
        p = Fma(p, z, 0.13336325928956283);
        p = Fma(p, z, 0.1538455664822237);
        p = Fma(p, z, 0.18181818873613131);
        p = Fma(p, z, 0.2222222221750917);
        p = Fma(p, z, 0.2857142857144523);
        p = Fma(p, z, 0.3999999999999998);
        double exact = k * Ln2High;
        double main = exact + (s + s);
        double errors = SumError(exact, s + s) + SumError(main, third);
        return errors + (thirdLow + (Fma(cube * z, p, 2 * sLow) + k * Ln2Low));
    }
}
