using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>What the command line asks of a suite.</summary>
/// <param name="Device">Where to measure.</param>
/// <param name="Threads">Threads of the CPU device; null if the command line does not say.</param>
/// <param name="Quick">Fewer rounds.</param>
/// <param name="Only">Only cases whose names contain one of these, separated by commas; null for all.</param>
internal sealed record SuiteOptions(Device Device, int? Threads, bool Quick, string? Only)
{
    /// <summary>False if only our own times and the limits are wanted.</summary>
    public bool Peers { get; init; } = true;

    /// <summary>Threads of what runs on the host.</summary>
    public int ThreadsOrAll => Threads ?? Environment.ProcessorCount;

    /// <summary>True if the command line wants a case or topic of this name.</summary>
    public bool Wants(string name) => Only is null
        || Only.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Any(o => name.Contains(o, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Measurements with a name on the command line.</summary>
/// <param name="Name">The name.</param>
/// <param name="Description">What is measured, for the help text.</param>
/// <param name="Run">Measures; see <see cref="Bench"/>.</param>
internal sealed record Suite(string Name, string Description, Action<Bench> Run)
{
    /// <summary>True if it measures the processor only, whatever the device.</summary>
    public bool IsOfCpu { get; init; }
}
