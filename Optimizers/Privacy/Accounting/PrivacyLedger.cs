using System.Text.Json;

namespace Cotangent.Optimizers.Privacy;

/// <summary>What has been spent: the steps that were made, in phases of equal rate and noise. What it adds up to is for a
/// <see cref="PrivacyAccountant"/> to say.</summary>
/// <remarks>Each step that looked at the data is recorded, empty batches and steps that a program dropped afterwards too. Order does not
/// matter: the mechanisms compose. Not safe for concurrent writers.</remarks>
public sealed class PrivacyLedger
{
    private const string Format = "cotangent-privacy/1";
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };
    private readonly List<PrivacyPhase> _phases = [];

    /// <summary>An empty ledger, or one of phases.</summary>
    /// <exception cref="PrivacyException">A phase's numbers are outside their ranges.</exception>
    public PrivacyLedger(params IEnumerable<PrivacyPhase> phases)
    {
        ArgumentNullException.ThrowIfNull(phases);
        foreach (PrivacyPhase phase in phases) Record(phase);
    }

    /// <summary>The phases: no two with the same rate and noise.</summary>
    public IReadOnlyList<PrivacyPhase> Phases => _phases;

    /// <summary>The steps of all phases.</summary>
    public long Steps => _phases.Sum(p => p.Steps);

    /// <summary>Adds steps.</summary>
    /// <exception cref="PrivacyException">A number is outside its range.</exception>
    public void Record(double sampleRate, double noiseMultiplier, long steps = 1) => Record(new PrivacyPhase(sampleRate, noiseMultiplier, steps));

    /// <summary>Adds the steps of a phase.</summary>
    /// <exception cref="PrivacyException">A number is outside its range.</exception>
    public void Record(PrivacyPhase phase)
    {
        phase = phase.Validated();
        if (phase.Steps == 0) return;
        int same = _phases.FindIndex(p => p.SampleRate == phase.SampleRate && p.NoiseMultiplier == phase.NoiseMultiplier);
        if (same < 0) _phases.Add(phase);
        else _phases[same] = phase with { Steps = checked(_phases[same].Steps + phase.Steps) };
    }

    /// <summary>The ledger as JSON: what a checkpoint keeps. Numbers are written so that they are read back bit for bit.</summary>
    public string ToJson() => JsonSerializer.Serialize(new Document(Format, [.. _phases]), s_json);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="PrivacyException">The text is not such a ledger, or its numbers are outside their ranges.</exception>
    public static PrivacyLedger FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            Document? read = JsonSerializer.Deserialize<Document>(json, s_json);
            return read is { Format: Format, Phases: { } phases }
                ? new PrivacyLedger(phases)
                : throw new PrivacyException($"The saved privacy ledger is not of the format '{Format}'.");
        }
        catch (JsonException e)
        {
            throw new PrivacyException($"The saved privacy ledger cannot be read: {e.Message}");
        }
    }

    private sealed record Document(string Format, PrivacyPhase[] Phases);
}
