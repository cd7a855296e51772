using System.Text.Json;
using Cotangent.Optimizers.Privacy;

namespace Cotangent.Samples.Lm;

/// <summary>What a private run may spend, and the noise that keeps it there.</summary>
/// <param name="Epsilon">ε of all steps.</param>
/// <param name="Delta">δ.</param>
/// <param name="Clip">The bound on a window's gradient.</param>
/// <param name="PerLayer">Each parameter is clipped by itself.</param>
/// <param name="Secure">Sampling and noise come from the operating system.</param>
internal sealed record PrivacyBudget(double Epsilon, double Delta, double Clip, bool PerLayer, bool Secure)
{
    /// <summary>True if sampling and noise follow from the run's seed, which is then a secret; else from one that nobody knows.</summary>
    public bool IsSeeded { get; init; }

    /// <summary>σ, found when the run begins.</summary>
    public double NoiseMultiplier { get; init; }

    /// <summary>The budget with the noise that a number of steps need.</summary>
    /// <exception cref="UserErrorException">The budget cannot be kept, or protects nothing.</exception>
    public PrivacyBudget Planned(long records, int batch, int steps)
    {
        if (batch > records) throw new UserErrorException($"--batch {batch} is more than the {records} windows of the text.");
        if (Delta >= 1.0 / records)
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"--delta {Delta} is no less than 1/{records}: a mechanism that publishes a window at random would pass. Give less."));
        }

        try
        {
            return this with { NoiseMultiplier = PrivacyAccountant.Prv.NoiseMultiplier(Epsilon, Delta, (double)batch / records, Math.Max(1, steps)) };
        }
        catch (PrivacyException e)
        {
            throw new UserErrorException(e.Message);
        }
    }

    /// <summary>The options of the private gradient.</summary>
    public PrivateOptions Options(long records, int batch, long seed) => new()
    {
        Records = records,
        SampleRate = (double)batch / records,
        NoiseMultiplier = NoiseMultiplier,
        Clip = Clip,
        Groups = PerLayer ? PrivateOptions.PerParameter : null,
        Seed = IsSeeded ? seed : null,
        Source = Secure ? RandomSource.OperatingSystem : RandomSource.Seed,
        PieceSize = Math.Min(batch, 16),
    };

    public string ToJson() => JsonSerializer.Serialize(this);

    /// <exception cref="UserErrorException">The text is no budget.</exception>
    public static PrivacyBudget FromJson(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<PrivacyBudget>(json) is { Epsilon: > 0, Delta: > 0, Clip: > 0, NoiseMultiplier: >= 0 } budget
                ? budget
                : throw new UserErrorException("The checkpoint's privacy budget has numbers outside their ranges.");
        }
        catch (JsonException e)
        {
            throw new UserErrorException($"The checkpoint's privacy budget cannot be read: {e.Message}");
        }
    }
}
