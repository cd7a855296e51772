using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>The privacy loss random variable of one step, in the direction in which a record is removed, the dominating one: with
/// x ~ (1−q)·N(0, σ²) + q·N(1, σ²), the loss is t = log(1 + q·(e^((2x−1)/2σ²) − 1)).</summary>
internal readonly struct PrivacyLoss(double q, double sigma)
{
    private readonly double _q = q, _sigma = sigma, _least = XMath.Log1p(-q), _logQ = Math.Log(q);

    /// <summary>P[loss ≤ t].</summary>
    public double Cdf(double t)
    {
        if (t <= _least) return 0;
        double z = t > 1 ? t - _logQ + XMath.Log1p((_q - 1) * Math.Exp(-t)) : XMath.Log1p(XMath.Expm1(t) / _q);
        double x = _sigma * z, half = 0.5 / _sigma;
        return 1 - _q / 2 * XMath.Erfc((x - half) / Math.Sqrt(2)) - (1 - _q) / 2 * XMath.Erfc((x + half) / Math.Sqrt(2));
    }

    /// <summary>E[loss], by the trapezoidal rule over x.</summary>
    public double Mean()
    {
        double h = SubsampledGaussian.Spacing(_sigma), first = -12 * _sigma, last = 1 + 12 * _sigma, sum = 0;
        long count = (long)Math.Ceiling((last - first) / h);
        double s = 2 * _sigma * _sigma;
        for (long i = 0; i <= count; i++)
        {
            double x = first + i * h;
            double density = (1 - _q) * Math.Exp(-x * x / s) + _q * Math.Exp(-(x - 1) * (x - 1) / s);
            sum += density * SubsampledGaussian.LogRatio(_q, _sigma, x);
        }

        return sum * h / (_sigma * Math.Sqrt(2 * Math.PI));
    }
}
