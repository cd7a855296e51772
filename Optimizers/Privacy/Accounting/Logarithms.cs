using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>Probabilities by their logarithms, accurate where they are small.</summary>
internal static class Logarithms
{
    /// <summary>log(eᵃ + eᵇ).</summary>
    public static double Add(double a, double b)
    {
        if (a < b) (a, b) = (b, a);
        return double.IsNegativeInfinity(b) ? a : a + XMath.Log1p(Math.Exp(b - a));
    }

    /// <summary>log(eˣ − 1), x ≥ 0.</summary>
    public static double Expm1(double x) => x > 40 ? x : Math.Log(XMath.Expm1(x));

    /// <summary>log Φ(x), Φ the standard normal distribution function.</summary>
    public static double NormalCdf(double x)
    {
        if (x > 5) return XMath.Log1p(-0.5 * XMath.Erfc(x / Math.Sqrt(2)));
        if (x >= -20) return Math.Log(0.5 * XMath.Erfc(-x / Math.Sqrt(2)));
        double s = 1 / (x * x);
        return -x * x / 2 - Math.Log(-x) - 0.5 * Math.Log(2 * Math.PI) + XMath.Log1p(s * (-1 + s * (3 + s * (-15 + s * 105))));
    }

    /// <summary>Φ(x).</summary>
    public static double Cdf(double x) => 0.5 * XMath.Erfc(-x / Math.Sqrt(2));
}
