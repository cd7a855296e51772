namespace Cotangent;

/// <summary>What the reverse mode of a <see cref="Flow"/> scan keeps of each round, and what it computes again. Derivatives are the same
/// bit for bit, but for sums of matrix products over the rounds, as gradients of weights are: these are added in another order.</summary>
public sealed record ScanMemory
{
    private ScanMemory(ScanMemoryKind kind, int steps) => (Kind, Steps) = (kind, steps);

    /// <summary>Keeps what the derivative needs of every round: memory grows with the length, nothing is computed twice.</summary>
    public static ScanMemory SaveAll { get; } = new(ScanMemoryKind.SaveAll, 1);

    /// <summary>Keeps the carry every √length rounds, and runs each stretch again before going back through it: memory grows with √length, the
    /// loop runs twice (Chen, Xu, Zhang and Guestrin, "Training Deep Nets with Sublinear Memory Cost", 2016).</summary>
    public static ScanMemory SquareRoot { get; } = new(ScanMemoryKind.SquareRoot, 0);

    /// <summary>Halves the loop again and again: memory grows with the logarithm of the length, and so does the number of times that a
    /// round is run (Griewank, 1992).</summary>
    public static ScanMemory Logarithmic { get; } = new(ScanMemoryKind.Logarithmic, 0);

    /// <summary>Keeps the carries alone.</summary>
    internal static ScanMemory Recompute { get; } = new(ScanMemoryKind.Recompute, 0);

    internal ScanMemoryKind Kind { get; }

    /// <summary>Rounds between kept carries.</summary>
    internal int Steps { get; }

    /// <summary>Keeps the carry every so many rounds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public static ScanMemory Every(int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return new(ScanMemoryKind.Every, steps);
    }

    /// <inheritdoc/>
    public override string ToString() => Kind == ScanMemoryKind.Every ? $"Every({Steps})" : $"{Kind}";
}

internal enum ScanMemoryKind : byte
{
    SaveAll,
    SquareRoot,
    Logarithmic,
    Every,
    Recompute,
}
