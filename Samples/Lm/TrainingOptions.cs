namespace Cotangent.Samples.Lm;

/// <summary>What one run of <c>lm</c> does.</summary>
internal sealed record TrainingOptions
{
    /// <summary>The text file; null for the corpus beside the program.</summary>
    public string? Text { get; init; }

    public required TransformerSizes Sizes { get; init; }

    /// <summary>Windows a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Peak learning rate; warm-up over the first twentieth of the steps, then a cosine to a tenth.</summary>
    public required double Rate { get; init; }

    public required int Seed { get; init; }

    /// <summary>Steps in all.</summary>
    public required int Steps { get; init; }

    /// <summary>Steps after which this run saves and ends.</summary>
    public int StopAfter { get; init; } = int.MaxValue;

    public required string Out { get; init; }

    /// <summary>The folder of the checkpoint to continue, or null.</summary>
    public string? Resume { get; init; }

    public int Threads { get; init; } = Environment.ProcessorCount;

    public string Device { get; init; } = "cpu";

    /// <summary>True to write logits to memory: for comparison.</summary>
    public bool Unfused { get; init; }

    /// <summary>True to make a private run's logits again for the norms rather than hold them, whatever their size; see <see cref="PrivateLearner.IsCut"/>.</summary>
    public bool CutHead { get; init; }

    /// <summary>The budget of a private run; null for an ordinary one.</summary>
    public PrivacyBudget? Privacy { get; init; }
}
