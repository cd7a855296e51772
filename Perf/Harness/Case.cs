namespace Cotangent.Perf;

/// <summary>What is timed: its name, the work it does at least, the limit of that work, and who else does it.</summary>
/// <param name="Name">The case's name in tables and JSON.</param>
/// <param name="Ours">Does the work once and returns when it is done.</param>
/// <example><code>
/// bench.Measure(new Case("softmax 4096x8192", bench.InPlace(() =&gt; x.Softmax()))
/// {
///     Bytes = 8.0 * x.Size, Limit = Limit.Copy, Bar = "≥ 0.75",
///     Peers = [bench.Torch("softmax", 4096, 8192)],
/// });
/// </code></example>
internal sealed record Case(string Name, Action Ours)
{
    /// <summary>Bytes that must be read and written at least; null if memory does not bound the case.</summary>
    public double? Bytes { get; init; }

    /// <summary>Arithmetic operations; null if arithmetic does not bound the case.</summary>
    public double? Flops { get; init; }

    /// <summary>The limit that the case is measured against. <see cref="Limit.Fma"/> needs <see cref="Flops"/>, the others
    /// <see cref="Bytes"/>.</summary>
    public Limit Limit { get; init; }

    /// <summary>Work of this process that is the limit, with the name that the result gives it; instead of <see cref="Limit"/>.</summary>
    public (string Name, Action Run)? Against { get; init; }

    /// <summary>What to count instead of bytes or operations, such as 2048 tokens; achieved is this a second.</summary>
    public (double Amount, string Unit)? Work { get; init; }

    /// <summary>What the limit's ratio should be, for the table.</summary>
    public string Bar { get; init; } = "";

    /// <summary>Who else does the work, in turn with us.</summary>
    public IReadOnlyList<Peer> Peers { get; init; } = [];
}

/// <summary>Another implementation of a case.</summary>
/// <param name="Name"><c>openblas</c>, <c>torch</c>, <c>tensorprimitives</c> or <c>handwritten</c>.</param>
/// <param name="Open">Prepares it when the case begins; null if it is not on this machine, which is reported as absent.</param>
internal sealed record Peer(string Name, Func<IContestant?> Open);

/// <summary>One who takes turns.</summary>
internal interface IContestant : IDisposable
{
    /// <summary>Does the work this often; seconds for one.</summary>
    double Time(int repeats);

    /// <summary>Does the same untimed, just before it is timed: wakes its threads, fills the caches.</summary>
    void Warm(int repeats);
}
