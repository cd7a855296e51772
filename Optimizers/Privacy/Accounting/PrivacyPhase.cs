namespace Cotangent.Optimizers.Privacy;

/// <summary>Steps of the Poisson-subsampled Gaussian mechanism with the same rate and noise.</summary>
/// <param name="SampleRate">q: the probability, in [0, 1], with which each record is in a step's batch, independently of the others.</param>
/// <param name="NoiseMultiplier">σ ≥ 0: the noise's standard deviation over the sum's sensitivity.</param>
/// <param name="Steps">How many.</param>
public readonly record struct PrivacyPhase(double SampleRate, double NoiseMultiplier, long Steps)
{
    /// <summary>Throws unless the numbers are in their ranges.</summary>
    internal PrivacyPhase Validated()
    {
        if (!(SampleRate is >= 0 and <= 1)) throw Fault("sample rate", SampleRate, "in [0, 1]");
        if (!(NoiseMultiplier is >= 0 and < double.PositiveInfinity)) throw Fault("noise multiplier", NoiseMultiplier, "finite and at least 0");
        return Steps >= 0 ? this : throw Fault("number of steps", Steps, "at least 0");
    }

    private static PrivacyException Fault(string what, double value, string range) =>
        new(FormattableString.Invariant($"The {what} is {value}; it must be {range}."));
}
