namespace Cotangent.Optimizers.Privacy;

/// <summary>Adds up steps of the Poisson-subsampled Gaussian mechanism to a guarantee (ε, δ), for neighbouring data sets that differ by one
/// record added or removed.</summary>
/// <remarks><see cref="Rdp"/> is a bound within a millisecond, <see cref="Prv"/> a tight one within a second, <see cref="Gdp"/> an approximation.
/// They are stateless: the steps are in the <see cref="PrivacyLedger"/>.</remarks>
public abstract class PrivacyAccountant
{
    private protected PrivacyAccountant()
    {
    }

    /// <summary>Rényi differential privacy at the default orders.</summary>
    public static PrivacyAccountant Rdp { get; } = new RdpAccountant();

    /// <summary>Numerical composition of privacy loss random variables, to ±0.01 in ε.</summary>
    public static PrivacyAccountant Prv { get; } = new PrvAccountant();

    /// <summary>Gaussian differential privacy by the central limit theorem: an approximation that may be too small.</summary>
    public static PrivacyAccountant Gdp { get; } = new GdpAccountant();

    /// <summary>The accountant's name: rdp, prv or gdp.</summary>
    public abstract string Name { get; }

    /// <summary>ε at a δ.</summary>
    /// <param name="ledger">The steps made.</param>
    /// <param name="delta">δ in (0, 1).</param>
    /// <exception cref="PrivacyException">δ is outside (0, 1).</exception>
    public PrivacyBound Epsilon(PrivacyLedger ledger, double delta)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        if (!(delta is > 0 and < 1)) throw new PrivacyException(FormattableString.Invariant($"δ is {delta}; it must be in (0, 1)."));
        PrivacyPhase[] phases = [.. ledger.Phases.Where(p => p.SampleRate > 0)];
        if (phases.Length == 0) return default;
        return phases.Any(p => p.NoiseMultiplier == 0)
            ? new PrivacyBound(double.PositiveInfinity, double.PositiveInfinity, double.PositiveInfinity)
            : Bound(phases, delta);
    }

    /// <summary>The bound for phases with noise and a sample rate above 0; there is at least one.</summary>
    private protected abstract PrivacyBound Bound(PrivacyPhase[] phases, double delta);

    /// <summary>The noise multiplier with which a number of steps spends no more than a budget: bisection down from 10 (or a power of two
    /// times 10) until ε is within a tolerance below the target, as Opacus searches.</summary>
    /// <param name="epsilon">The target, above 0.</param>
    /// <param name="delta">δ in (0, 1).</param>
    /// <param name="sampleRate">q in (0, 1].</param>
    /// <param name="steps">At least 1.</param>
    /// <param name="tolerance">How far below the target ε may be.</param>
    /// <returns>σ, which errs to the side of more noise.</returns>
    /// <exception cref="PrivacyException">An argument is outside its range, or a noise multiplier of 10⁶ is not enough.</exception>
    public double NoiseMultiplier(double epsilon, double delta, double sampleRate, long steps, double tolerance = 0.01)
    {
        if (!(epsilon > 0 && double.IsFinite(epsilon))) throw new PrivacyException(FormattableString.Invariant($"The target ε is {epsilon}; it must be above 0."));
        if (!(tolerance > 0)) throw new PrivacyException(FormattableString.Invariant($"The tolerance is {tolerance}; it must be above 0."));
        if (!(sampleRate > 0) || steps < 1) throw new PrivacyException("Without steps that sample data there is no noise to search for.");
        double At(double sigma) => Epsilon(new PrivacyLedger(new PrivacyPhase(sampleRate, sigma, steps)), delta).Upper;

        double high = 10, low = 0, spent = At(high);
        while (spent > epsilon)
        {
            high *= 2;
            if (high > 1e6) throw new PrivacyException(FormattableString.Invariant($"No noise multiplier up to 10⁶ brings {steps} steps to ε = {epsilon} at δ = {delta}."));
            spent = At(high);
        }

        while (epsilon - spent > tolerance)
        {
            double middle = low + (high - low) / 2;
            if (middle <= low || middle >= high) break;
            double at = At(middle);
            if (at < epsilon) (high, spent) = (middle, at);
            else low = middle;
        }

        return high;
    }
}
