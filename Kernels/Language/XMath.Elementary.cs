namespace Cotangent.Kernels;

// What every device computes exactly, and what follows from it in a few operations.
public static partial class XMath
{
    /// <summary>The absolute value.</summary>
    public static float Abs(float value) => MathF.Abs(value);

    /// <summary>The absolute value.</summary>
    public static double Abs(double value) => Math.Abs(value);

    /// <summary>The square root: NaN below 0.</summary>
    public static float Sqrt(float value) => MathF.Sqrt(value);

    /// <summary>The square root: NaN below 0.</summary>
    public static double Sqrt(double value) => Math.Sqrt(value);

    /// <summary>1/x: ±∞ at ±0.</summary>
    public static float Rcp(float value) => 1 / value;

    /// <summary>1/x: ±∞ at ±0.</summary>
    public static double Rcp(double value) => 1 / value;

    /// <summary>1 above 0, −1 below 0, else 0: at NaN too.</summary>
    public static int Sign(float value) => value > 0 ? 1 : value < 0 ? -1 : 0;

    /// <summary>1 above 0, −1 below 0, else 0: at NaN too.</summary>
    public static int Sign(double value) => value > 0 ? 1 : value < 0 ? -1 : 0;

    /// <summary>True for a number that is not NaN or infinite.</summary>
    public static bool IsFinite(float value) => float.IsFinite(value);

    /// <summary>True for a number that is not NaN or infinite.</summary>
    public static bool IsFinite(double value) => double.IsFinite(value);

    /// <summary>True for +∞ and −∞.</summary>
    public static bool IsInfinity(float value) => float.IsInfinity(value);

    /// <summary>True for +∞ and −∞.</summary>
    public static bool IsInfinity(double value) => double.IsInfinity(value);

    /// <summary>True for NaN.</summary>
    public static bool IsNaN(float value) => float.IsNaN(value);

    /// <summary>True for NaN.</summary>
    public static bool IsNaN(double value) => double.IsNaN(value);

    /// <summary>Degrees to radians.</summary>
    public static float DegToRad(float degrees) => degrees * (float)(Math.PI / 180);

    /// <summary>Degrees to radians.</summary>
    public static double DegToRad(double degrees) => degrees * (Math.PI / 180);

    /// <summary>Radians to degrees.</summary>
    public static float RadToDeg(float radians) => radians * (float)(180 / Math.PI);

    /// <summary>Radians to degrees.</summary>
    public static double RadToDeg(double radians) => radians * (180 / Math.PI);

    /// <summary>The remainder with the sign of <paramref name="x"/>, exact: NaN for infinite x or y = 0.</summary>
    public static float Rem(float x, float y) => x % y;

    /// <summary>The remainder with the sign of <paramref name="x"/>, exact: NaN for infinite x or y = 0.</summary>
    public static double Rem(double x, double y) => x % y;

    /// <summary>x less y times the integer nearest to x / y (the even one of two), exact: NaN for infinite x or y = 0.</summary>
    public static float IEEERemainder(float x, float y) => (float)IEEERemainder((double)x, (double)y);

    /// <summary>x less y times the integer nearest to x / y (the even one of two), exact: NaN for infinite x or y = 0.</summary>
    public static double IEEERemainder(double x, double y)
    {
        // Modulo 2y first, so that what is left tells whether the quotient is even.
        double size = Math.Abs(y);
        double rest = Math.Abs(size <= double.MaxValue / 2 ? x % (size + size) : x);
        // Halves and sums of what is near the ends of the range would not be exact: each test has two forms.
        bool isTiny = size < 4.450147717014403e-308;
        double half = size * 0.5;
        bool above = isTiny ? rest + rest > size : rest > half;
        rest = above ? rest - size : rest;
        bool still = above && (isTiny ? rest + rest >= size : rest >= half);
        rest = still ? rest - size : rest;
        bool isNegative = BitConverter.DoubleToInt64Bits(x) < 0;
        double result = isNegative ? -rest : rest;
        return double.IsFinite(x) && !double.IsNaN(y) ? result : double.NaN;
    }

    /// <summary>Sine and cosine of an angle in radians.</summary>
    public static void SinCos(float value, out float sin, out float cos) => (sin, cos) = (Sin(value), Cos(value));

    /// <summary>Sine and cosine of an angle in radians.</summary>
    public static void SinCos(double value, out double sin, out double cos) => (sin, cos) = (Sin(value), Cos(value));

    /// <summary>The logarithm to a base: log x / log b, computed in double and rounded once.</summary>
    public static float Log(float value, float newBase) => (float)Log((double)value, (double)newBase);

    /// <summary>The logarithm to a base: log x / log b, NaN where b is 1, or is 0 or +∞ and x is not 1, as in
    /// <see cref="Math.Log(double, double)"/>.</summary>
    public static double Log(double value, double newBase)
    {
        bool hasNone = newBase == 1 || (value != 1 && (newBase == 0 || double.IsPositiveInfinity(newBase)));
        return hasNone ? double.NaN : Log(value) / Log(newBase);
    }
}
