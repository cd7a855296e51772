using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>Gaussian differential privacy (Dong, Roth, Su, arXiv 1905.02383; Bu et al., arXiv 1911.11607): many steps together look like one
/// Gaussian mechanism of parameter μ.</summary>
/// <remarks>Exact where every record is in every batch (the analytic Gaussian mechanism of Balle and Wang). With subsampling it is the limit of
/// many steps and <b>may be too small</b>: show it, promise <see cref="PrivacyAccountant.Prv"/> or
/// <see cref="PrivacyAccountant.Rdp"/>.</remarks>
public sealed class GdpAccountant : PrivacyAccountant
{
    private readonly bool _isUniform;

    /// <summary>For Poisson sampling, or for batches of a fixed size drawn uniformly without replacement.</summary>
    public GdpAccountant(bool uniform = false) => _isUniform = uniform;

    /// <inheritdoc/>
    public override string Name => "gdp";

    /// <summary>μ of all steps.</summary>
    public double Mu(PrivacyLedger ledger)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        return Math.Sqrt(ledger.Phases.Sum(p => p.Steps * SquaredMu(p.SampleRate, p.NoiseMultiplier)));
    }

    /// <summary>δ of a Gaussian mechanism of parameter μ at ε: Φ(−ε/μ + μ/2) − e^ε·Φ(−ε/μ − μ/2).</summary>
    public static double Delta(double epsilon, double mu) => mu == 0 ? 0
        : Math.Max(0, Logarithms.Cdf(-epsilon / mu + mu / 2) - Math.Exp(epsilon + Logarithms.NormalCdf(-epsilon / mu - mu / 2)));

    /// <summary>ε of a Gaussian mechanism of parameter μ at δ.</summary>
    public static double Epsilon(double mu, double delta)
    {
        if (Delta(0, mu) <= delta) return 0;
        double low = 0, high = 1;
        while (Delta(high, mu) > delta && high < 1e300) (low, high) = (high, 2 * high);
        while (true)
        {
            double middle = low + (high - low) / 2;
            if (middle <= low || middle >= high) return high;
            if (Delta(middle, mu) > delta) low = middle;
            else high = middle;
        }
    }

    private protected override PrivacyBound Bound(PrivacyPhase[] phases, double delta)
    {
        double epsilon = Epsilon(Mu(new PrivacyLedger(phases)), delta);
        bool isExact = phases.All(p => p.SampleRate == 1);
        return new PrivacyBound(isExact ? epsilon : 0, epsilon, epsilon);
    }

    private double SquaredMu(double q, double sigma)
    {
        double s = 1 / (sigma * sigma);
        if (q == 1) return s;
        return q * q * (_isUniform
            ? 2 * (Math.Exp(s + Logarithms.NormalCdf(1.5 / sigma)) + 3 * Logarithms.Cdf(-0.5 / sigma) - 2)
            : XMath.Expm1(s));
    }
}
