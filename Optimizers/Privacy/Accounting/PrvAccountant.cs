namespace Cotangent.Optimizers.Privacy;

/// <summary>Numerical composition of privacy loss random variables (Gopi, Lee, Wutschitz, arXiv 2106.02848): ε to a chosen error, with the
/// paper's bounds on what truncating and rounding the losses can do.</summary>
/// <remarks>The bounds are of exact arithmetic; in double precision the sums carry about 10⁻¹⁶ a grid point more. Where that would reach δ, and where the
/// grid would need more than 2²⁴ points (ε beyond some hundreds, or tens of millions of steps), the answer is that of
/// <see cref="PrivacyAccountant.Rdp"/>, which is a bound too. Time: about 0.3 s for 2²⁰ points, what 10,000 steps at ε about 5 need.</remarks>
public sealed class PrvAccountant : PrivacyAccountant
{
    private const int MaximumPoints = 1 << 24;
    private readonly double _error;

    /// <summary>To an error in ε; the error in δ is a thousandth of δ.</summary>
    /// <exception cref="PrivacyException">The error is not above 0.</exception>
    public PrvAccountant(double error = 0.01) => _error = error > 0 ? error
        : throw new PrivacyException(FormattableString.Invariant($"The error in ε is {error}; it must be above 0."));

    /// <inheritdoc/>
    public override string Name => "prv";

    private protected override PrivacyBound Bound(PrivacyPhase[] phases, double delta)
    {
        double deltaError = delta / 1000;
        long steps = phases.Sum(p => p.Steps);
        double spacing = _error / Math.Sqrt(steps * Math.Log(12 / deltaError) / 2);

        // What is beyond the reach is rarer than the error in δ: in all steps together, and in any one.
        double reach = Math.Max(_error, Rdp.Epsilon(new PrivacyLedger(phases), deltaError / 4).Upper);
        foreach (PrivacyPhase p in phases) reach = Math.Max(reach, Rdp.Epsilon(new PrivacyLedger(p with { Steps = 1 }), deltaError / (8 * steps)).Upper);
        int points = LossDistribution.PointsFor(reach + 3, spacing, MaximumPoints);
        if (points == 0 || points * (Math.BitIncrement(1.0) - 1) > delta - deltaError) return Rdp.Epsilon(new PrivacyLedger(phases), delta);

        LossDistribution losses = LossDistribution.Compose(phases, spacing, points);
        return new PrivacyBound(
            Math.Max(0, losses.Epsilon(delta + deltaError) - _error), losses.Epsilon(delta), losses.Epsilon(delta - deltaError) + _error);
    }
}
