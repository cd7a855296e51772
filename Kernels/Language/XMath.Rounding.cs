namespace Cotangent.Kernels;

// Rounding. IEEE has nearest-even, up, down and towards zero as operations; the rest is made of them as in Math.Round.
public static partial class XMath
{
    /// <summary>The largest integer that is not above.</summary>
    public static float Floor(float value) => MathF.Floor(value);

    /// <summary>The largest integer that is not above.</summary>
    public static double Floor(double value) => Math.Floor(value);

    /// <summary>The smallest integer that is not below.</summary>
    public static float Ceiling(float value) => MathF.Ceiling(value);

    /// <summary>The smallest integer that is not below.</summary>
    public static double Ceiling(double value) => Math.Ceiling(value);

    /// <summary>The integer part.</summary>
    public static float Truncate(float value) => MathF.Truncate(value);

    /// <summary>The integer part.</summary>
    public static double Truncate(double value) => Math.Truncate(value);

    /// <summary>The nearest integer, the even one of two.</summary>
    public static float RoundToEven(float value) => MathF.Round(value);

    /// <summary>The nearest integer, the even one of two.</summary>
    public static double RoundToEven(double value) => Math.Round(value);

    /// <summary>The nearest integer, the one farther from zero of two.</summary>
    // Half an ulp less than ½, as the largest number below ½ must not reach 1.
    public static float RoundAwayFromZero(float value) => MathF.Truncate(value + MathF.CopySign(0.49999997f, value));

    /// <summary>The nearest integer, the one farther from zero of two.</summary>
    public static double RoundAwayFromZero(double value) => Math.Truncate(value + Math.CopySign(0.49999999999999994, value));

    /// <summary>The nearest integer, the even one of two.</summary>
    public static float Round(float value) => MathF.Round(value);

    /// <summary>The nearest integer, the even one of two.</summary>
    public static double Round(double value) => Math.Round(value);

    /// <summary>To an integer.</summary>
    public static float Round(float value, MidpointRounding mode) => mode switch
    {
        MidpointRounding.AwayFromZero => RoundAwayFromZero(value),
        MidpointRounding.ToZero => Truncate(value),
        MidpointRounding.ToNegativeInfinity => Floor(value),
        MidpointRounding.ToPositiveInfinity => Ceiling(value),
        _ => RoundToEven(value),
    };

    /// <summary>To an integer.</summary>
    public static double Round(double value, MidpointRounding mode) => mode switch
    {
        MidpointRounding.AwayFromZero => RoundAwayFromZero(value),
        MidpointRounding.ToZero => Truncate(value),
        MidpointRounding.ToNegativeInfinity => Floor(value),
        MidpointRounding.ToPositiveInfinity => Ceiling(value),
        _ => RoundToEven(value),
    };

    /// <summary>To decimal digits after the point, the even one of two.</summary>
    public static float Round(float value, int digits) => Round(value, digits, MidpointRounding.ToEven);

    /// <summary>To decimal digits after the point, the even one of two.</summary>
    public static double Round(double value, int digits) => Round(value, digits, MidpointRounding.ToEven);

    /// <summary>To decimal digits after the point.</summary>
    /// <param name="value">What is rounded.</param>
    /// <param name="digits">0 to 6; others are taken as the nearest of these.</param>
    /// <param name="mode">Which way.</param>
    public static float Round(float value, int digits, MidpointRounding mode)
    {
        digits = Math.Max(0, Math.Min(digits, 6));
        float scale = 1;
        for (int i = 0; i < digits; i++)
            scale *= 10;
        // Larger numbers have no such digits.
        return MathF.Abs(value) < 1e8f ? Round(value * scale, mode) / scale : value;
    }

    /// <summary>To decimal digits after the point.</summary>
    /// <param name="value">What is rounded.</param>
    /// <param name="digits">0 to 15; others are taken as the nearest of these.</param>
    /// <param name="mode">Which way.</param>
    public static double Round(double value, int digits, MidpointRounding mode)
    {
        digits = Math.Max(0, Math.Min(digits, 15));
        double scale = 1;
        for (int i = 0; i < digits; i++)
            scale *= 10;
        // Larger numbers have no such digits.
        return Math.Abs(value) < 1e16 ? Round(value * scale, mode) / scale : value;
    }
}
