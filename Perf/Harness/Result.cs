namespace Cotangent.Perf;

/// <summary>One measured case, as JSON an object with exactly these fields in snake_case; what does not apply is null.</summary>
internal sealed record Result
{
    /// <summary>The suite's name.</summary>
    public required string Suite { get; init; }

    /// <summary>The case's name in its table.</summary>
    public required string Case { get; init; }

    /// <summary>The device's id.</summary>
    public required string Device { get; init; }

    /// <summary>Threads of the CPU device, and of peers on the processor at most.</summary>
    public required int Threads { get; init; }

    /// <summary>The median time of one run.</summary>
    public double? MedianMs { get; init; }

    public double? MinMs { get; init; }

    public double? MaxMs { get; init; }

    /// <summary>Bytes read and written at least.</summary>
    public double? Bytes { get; init; }

    /// <summary>Arithmetic operations.</summary>
    public double? Flops { get; init; }

    /// <summary>What was reached, at the median time.</summary>
    public double? Achieved { get; init; }

    /// <summary>Its unit.</summary>
    public string? Unit { get; init; }

    /// <summary>The name of the limit; null if there is none.</summary>
    public string? Limit { get; init; }

    /// <summary>The part of the limit that was reached: 1 is the limit, more is better.</summary>
    public double? LimitRatio { get; init; }

    /// <summary>A peer's time over ours, above 1 if we are faster; null for a peer that is not on this machine.</summary>
    public IReadOnlyDictionary<string, double?> Peers { get; init; } = new Dictionary<string, double?>();
}
