namespace Cotangent.Optimizers.Privacy;

/// <summary>Moves the clipping bound towards a quantile of the gradients' norms, from a noisy count of those within it (Andrew et al., arXiv
/// 1905.03871).</summary>
/// <remarks>The count takes a part of the budget: gradients get the noise multiplier <see cref="GradientNoiseMultiplier"/>, larger than σ, so that both
/// together are accounted for with σ.</remarks>
public sealed record AdaptiveClip
{
    /// <summary>γ in [0, 1]: the share of gradients that shall stay whole.</summary>
    public double Quantile { get; init; } = 0.5;

    /// <summary>η above 0: how fast the bound moves.</summary>
    public double Rate { get; init; } = 0.2;

    /// <summary>σ_b: the noise's standard deviation on the count; null for a twentieth of the expected batch.</summary>
    public double? CountNoise { get; init; }

    /// <summary>True: C·e^(−η(b − γ)). False: C − η(b − γ).</summary>
    public bool IsGeometric { get; init; } = true;

    /// <summary>The bound never falls below this.</summary>
    public double Minimum { get; init; } = 1e-6;

    /// <summary>The bound never rises above this.</summary>
    public double Maximum { get; init; } = 1e8;

    /// <summary>The next bound.</summary>
    /// <param name="bound">The bound of this step.</param>
    /// <param name="unclipped">The share of the expected batch within it, with its noise.</param>
    public double Next(double bound, double unclipped) => Math.Clamp(
        IsGeometric ? bound * Math.Exp(-Rate * (unclipped - Quantile)) : bound - Rate * (unclipped - Quantile), Minimum, Maximum);

    /// <summary>What is left for the gradients of a noise multiplier σ when the count has noise σ_b: (σ⁻² − (2σ_b)⁻²)^(−½).</summary>
    /// <exception cref="PrivacyException">σ_b is not above σ/2: the count alone would spend the budget.</exception>
    public static double GradientNoiseMultiplier(double noiseMultiplier, double countNoise) =>
        noiseMultiplier == 0 ? 0
        : countNoise > noiseMultiplier / 2 ? 1 / Math.Sqrt(1 / (noiseMultiplier * noiseMultiplier) - 1 / (4 * countNoise * countNoise))
        : throw new PrivacyException(FormattableString.Invariant(
            $"The noise on the count of unclipped gradients is {countNoise}; it must be above half the noise multiplier, {noiseMultiplier / 2}. ") +
            "A larger expected batch allows it, or set CountNoise.");

    internal void Validate()
    {
        bool isSound = Quantile is >= 0 and <= 1 && Rate > 0 && Minimum >= 0 && Maximum >= Minimum && CountNoise is null or > 0;
        if (!isSound) throw new PrivacyException($"The adaptive clip {this} has a number outside its range.");
    }
}
