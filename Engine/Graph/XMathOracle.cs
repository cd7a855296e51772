namespace Cotangent.Graph;

/// <summary>Float64 functions that System.Math lacks, for the slow reference: accuracy near 1e-15, speed of no concern.</summary>
internal static class XMathOracle
{
    /// <summary>exp(x) − 1 (Kahan's correction of the rounded exponential).</summary>
    public static double Expm1(double x)
    {
        double u = Math.Exp(x);
        if (u == 1 || double.IsNaN(u)) return u == 1 ? x : u;
        double minusOne = u - 1;
        return minusOne == -1 || double.IsInfinity(u) ? minusOne : minusOne * x / Math.Log(u);
    }

    /// <summary>log(1 + x).</summary>
    public static double Log1p(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : double.IsInfinity(u) || u <= 0 ? Math.Log(u) : Math.Log(u) * x / (u - 1);
    }

    /// <summary>The error function: its series below 3, the continued fraction of erfc above.</summary>
    public static double Erf(double x)
    {
        if (double.IsNaN(x)) return x;
        double a = Math.Abs(x);
        if (a > 6) return Math.Sign(x);
        if (a < 3)
        {
            double term = x, sum = x;
            for (int n = 1; n < 200 && Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
            {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }

            return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
        }

        double fraction = 0;
        for (int n = 120; n >= 1; n--) fraction = n / 2.0 / (a + fraction);
        return Math.Sign(x) * (1 - Math.Exp(-a * a) / ((a + fraction) * Math.Sqrt(Math.PI)));
    }
}
