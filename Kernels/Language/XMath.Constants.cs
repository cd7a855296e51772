namespace Cotangent.Kernels;

// Constants, each rounded once. Those with D are double.
public static partial class XMath
{
    /// <summary>Euler's number e.</summary>
    public const float E = 2.71828182845904523536f;

    /// <summary>Euler's number e.</summary>
    public const double ED = 2.71828182845904523536;

    /// <summary>log₂ e.</summary>
    public const float Log2E = 1.44269504088896340736f;

    /// <summary>log₂ e.</summary>
    public const double Log2ED = 1.44269504088896340736;

    /// <summary>1 / log₂ e = ln 2.</summary>
    public const float OneOverLog2E = 0.693147180559945309417f;

    /// <summary>1 / log₂ e = ln 2.</summary>
    public const double OneOverLog2ED = 0.693147180559945309417;

    /// <summary>log₁₀ e.</summary>
    public const float Log10E = 0.434294481903251827651f;

    /// <summary>log₁₀ e.</summary>
    public const double Log10ED = 0.434294481903251827651;

    /// <summary>ln 2.</summary>
    public const float Ln2 = 0.693147180559945309417f;

    /// <summary>ln 2.</summary>
    public const double Ln2D = 0.693147180559945309417;

    /// <summary>1 / ln 2 = log₂ e.</summary>
    public const float OneOverLn2 = 1.44269504088896340736f;

    /// <summary>1 / ln 2 = log₂ e.</summary>
    public const double OneOverLn2D = 1.44269504088896340736;

    /// <summary>ln 10.</summary>
    public const float Ln10 = 2.30258509299404568402f;

    /// <summary>ln 10.</summary>
    public const double Ln10D = 2.30258509299404568402;

    /// <summary>1 / ln 10 = log₁₀ e.</summary>
    public const float OneOverLn10 = 0.434294481903251827651f;

    /// <summary>1 / ln 10 = log₁₀ e.</summary>
    public const double OneOverLn10D = 0.434294481903251827651;

    /// <summary>π.</summary>
    public const float PI = 3.14159265358979323846f;

    /// <summary>π.</summary>
    public const double PID = 3.14159265358979323846;

    /// <summary>π / 2.</summary>
    public const float PIHalf = 1.57079632679489661923f;

    /// <summary>π / 2.</summary>
    public const double PIHalfD = 1.57079632679489661923;

    /// <summary>π / 4.</summary>
    public const float PIFourth = 0.785398163397448309616f;

    /// <summary>π / 4.</summary>
    public const double PIFourthD = 0.785398163397448309616;

    /// <summary>1 / π.</summary>
    public const float OneOverPI = 0.318309886183790671538f;

    /// <summary>2 / π.</summary>
    public const float TwoOverPI = 0.636619772367581343076f;

    /// <summary>√2.</summary>
    public const float Sqrt2 = 1.41421356237309504880f;

    /// <summary>1 / √2.</summary>
    public const float OneOverSqrt2 = 0.707106781186547524401f;

    /// <summary>1 / 3.</summary>
    public const float OneThird = 0.333333333333333333333f;
}
