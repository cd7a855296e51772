using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>Moments of the Poisson-subsampled Gaussian mechanism (Mironov, Talwar, Zhang, arXiv 1908.10530): with z ~ N(0, σ²) and
/// f(z) = 1 + q·(e^((2z−1)/2σ²) − 1), the Rényi divergence of order α is log E[fᵅ] / (α − 1).</summary>
/// <remarks>E[f] is 1, so E[fᵅ] − 1 = E[fᵅ − 1 − α(f − 1)], and that integrand is nowhere negative: nothing cancels, where the usual
/// series of alternating sign loses eight digits at small q. For whole α it is a sum of positive terms, for others the trapezoidal rule, which
/// converges exponentially: the integrand is analytic in the strip |Im z| &lt; πσ².</remarks>
internal static class SubsampledGaussian
{
    private const double Tail = 12;

    /// <summary>The Rényi divergence of one step; σ above 0, order above 1.</summary>
    public static double Rdp(double q, double sigma, double order)
    {
        if (q == 0) return 0;
        if (q == 1) return order / (2 * sigma * sigma);
        double log = order == Math.Floor(order) && order <= 2048 ? LogExcessWhole(q, sigma, (int)order) : LogExcess(q, sigma, order);
        double logMoment = log > 40 ? log : XMath.Log1p(Math.Exp(log));
        return logMoment / (order - 1);
    }

    /// <summary>The spacing at which the trapezoidal rule is exact to rounding for integrands of N(0, σ²) and f.</summary>
    public static double Spacing(double sigma)
    {
        double strip = Math.PI * Math.PI * sigma * sigma;
        return Math.Min(0.7 * sigma, 2 * strip / (37 + strip / 2));
    }

    /// <summary>log f at z.</summary>
    public static double LogRatio(double q, double sigma, double z)
    {
        double u = (2 * z - 1) / (2 * sigma * sigma);
        return u < 30 ? XMath.Log1p(q * XMath.Expm1(u)) : Math.Log(q) + u + XMath.Log1p((1 - q) / q * Math.Exp(-u));
    }

    // log(E[fᵅ] − 1) by the binomial theorem: the terms of Σ C(α,i) qⁱ (1−q)ᵅ⁻ⁱ, which sum to 1, taken off one by one.
    private static double LogExcessWhole(double q, double sigma, int order)
    {
        double sum = double.NegativeInfinity, logBinomial = Math.Log(order), logQ = Math.Log(q), logRest = XMath.Log1p(-q);
        for (int i = 2; i <= order; i++)
        {
            logBinomial += Math.Log((double)(order - i + 1) / i);
            double growth = ((double)i * i - i) / (2 * sigma * sigma);
            sum = Logarithms.Add(sum, logBinomial + i * logQ + (order - i) * logRest + Logarithms.Expm1(growth));
        }

        return sum;
    }

    private static double LogExcess(double q, double sigma, double order)
    {
        double h = Spacing(sigma), first = -Tail * sigma, last = Math.Max(order, 2) + Tail * sigma;
        long count = (long)Math.Ceiling((last - first) / h);
        double top = double.NegativeInfinity, sum = 0;
        for (long i = 0; i <= count; i++)
        {
            double z = first + i * h, log = LogConvexity(LogRatio(q, sigma, z), order) - z * z / (2 * sigma * sigma);
            if (log <= top)
            {
                sum += Math.Exp(log - top);
            }
            else
            {
                sum = sum * Math.Exp(top - log) + 1;
                top = log;
            }
        }

        return top + Math.Log(sum * h / (sigma * Math.Sqrt(2 * Math.PI)));
    }

    // log(fᵅ − 1 − α(f − 1)) from log f.
    private static double LogConvexity(double logF, double order)
    {
        if (order * logF > 40)
            return order * logF + XMath.Log1p((order - 1) * Math.Exp(-order * logF) - order * Math.Exp((1 - order) * logF));

        double d = XMath.Expm1(logF);
        if (Math.Abs(d) * order > 0.1) return Math.Log(XMath.Expm1(order * logF) - order * d);
        double term = order * (order - 1) / 2, sum = term;
        for (int k = 3; Math.Abs(term) > 1e-18 * sum && k < 40; k++) sum += term *= (order - k + 1) / k * d;
        return 2 * Math.Log(Math.Abs(d)) + Math.Log(sum);
    }
}
