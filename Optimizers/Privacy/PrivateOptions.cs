namespace Cotangent.Optimizers.Privacy;

/// <summary>How gradients are made private.</summary>
public sealed record PrivateOptions
{
    /// <summary>The number of records: those of the data set, public.</summary>
    public required long Records { get; init; }

    /// <summary>q in (0, 1]: the probability with which each record is in a step's batch.</summary>
    public required double SampleRate { get; init; }

    /// <summary>σ ≥ 0: the noise's standard deviation over the sum's sensitivity. See <see cref="PrivacyAccountant.NoiseMultiplier"/> for the one that
    /// keeps a budget.</summary>
    public required double NoiseMultiplier { get; init; }

    /// <summary>C above 0: no record changes the sum of gradients by more. Infinity, without noise, clips nothing.</summary>
    public double Clip { get; init; } = 1;

    /// <summary>The factor of each gradient.</summary>
    public ClippingRule Rule { get; init; } = ClippingRule.Abadi;

    /// <summary>γ of <see cref="ClippingRule.Automatic"/>.</summary>
    public double Stability { get; init; } = 0.01;

    /// <summary>The name of a parameter → the group it is clipped with; null clips all as one vector. <see cref="PerParameter"/> is a group for each.</summary>
    public Func<string, string>? Groups { get; init; }

    /// <summary>The bound of each group; null for C/√groups each. The sum's sensitivity is √(Σ of squares), whatever the rule.
    /// All are finite, or, without noise and by the rule <see cref="ClippingRule.Abadi"/>, infinite.</summary>
    public Func<string, double>? GroupClip { get; init; }

    /// <summary>Lets the bound follow a quantile of the norms. One group, rule <see cref="ClippingRule.Abadi"/>.</summary>
    public AdaptiveClip? Adaptive { get; init; }

    /// <summary>Feeds back what clipping took away.</summary>
    public ErrorFeedback? ErrorFeedback { get; init; }

    /// <summary>The seed of sampling and noise, for runs that must repeat: a secret, see <see cref="RandomSource"/>. Null has the operating system draw one
    /// for each <see cref="Private.Wrap"/>, which is kept nowhere.</summary>
    public long? Seed { get; init; }

    /// <summary>Where sampling and noise come from.</summary>
    public RandomSource Source { get; init; } = RandomSource.Seed;

    /// <summary>Records computed at a time; a step's batch is as many such pieces as it needs, and its result does not depend on this but for rounding.</summary>
    public int PieceSize { get; init; } = 16;

    /// <summary>How the clipped sum is computed.</summary>
    public ClippingMethod Method { get; init; } = ClippingMethod.BookKeeping;

    /// <summary>Each parameter is a group of its own.</summary>
    public static Func<string, string> PerParameter { get; } = name => name;

    /// <summary>q·n, by which sums are divided: public, and not the size of the batch that was drawn.</summary>
    public double ExpectedBatch => SampleRate * Records;

    internal void Validate()
    {
        Require(Records >= 1, "number of records", Records, "at least 1");
        Require(SampleRate is > 0 and <= 1, "sample rate", SampleRate, "in (0, 1]");
        Require(NoiseMultiplier is >= 0 and < double.PositiveInfinity, "noise multiplier", NoiseMultiplier, "finite and at least 0");
        Require(Clip > 0, "clipping bound", Clip, "above 0");
        Require(double.IsFinite(Clip) || (NoiseMultiplier == 0 && Rule == ClippingRule.Abadi && Adaptive is null && ErrorFeedback is null),
            "clipping bound", Clip, "finite where there is noise, or a rule that divides by it");
        Require(Stability > 0, "stability constant", Stability, "above 0");
        Require(PieceSize >= 1, "piece size", PieceSize, "at least 1");
        if (Adaptive is null) return;
        Adaptive.Validate();
        if (Groups is not null || Rule != ClippingRule.Abadi || ErrorFeedback is not null)
            throw new PrivacyException("An adaptive clip needs one group, the rule Abadi and no error feedback: its count is of gradients within one bound.");
        AdaptiveClip.GradientNoiseMultiplier(NoiseMultiplier, CountNoise);
    }

    /// <summary>σ_b of the adaptive clip.</summary>
    internal double CountNoise => Adaptive?.CountNoise ?? ExpectedBatch / 20;

    /// <summary>The noise multiplier of the gradients.</summary>
    internal double GradientNoise => Adaptive is null ? NoiseMultiplier : AdaptiveClip.GradientNoiseMultiplier(NoiseMultiplier, CountNoise);

    private static void Require(bool isSound, string what, double value, string range)
    {
        if (!isSound) throw new PrivacyException(FormattableString.Invariant($"The {what} is {value}; it must be {range}."));
    }
}
