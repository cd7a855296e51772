using System.Diagnostics;
using System.Reflection;

namespace Cotangent.Kernels;

/// <summary>How a device runs kernels; see <see cref="Device.Open"/>.</summary>
public sealed record DeviceOptions
{
    /// <summary>What the devices of <see cref="Device.All"/> run with.</summary>
    public static DeviceOptions Default { get; } = new();

    /// <summary>C# kernels check every index of a view: one out of range is a <see cref="KernelIndexException"/> at the launch, which
    /// otherwise runs to its end without that access. Unchecked, the access is undefined, as in ILGPU. By default on in
    /// programs that were built for debugging, off in others; the environment variable COTANGENT_CHECKED (0 or 1)
    /// overrides.</summary>
    public bool Checked { get; init; } = EngineEnvironment.Checked ?? IsDebugBuild;

    /// <summary>Worker threads of a CPU device; null: COTANGENT_THREADS, or as many as there are cores. Results do not depend on
    /// the number.</summary>
    public int? Threads { get; init; }

    /// <summary>On the Debug device: work items and groups run in an order drawn from this seed, items between two barriers one at a
    /// time. What depends on luck elsewhere fails here, the same each time. The kernel runs from its compiled form:
    /// breakpoints in it are not hit.</summary>
    public int? RandomOrder { get; init; }

    /// <summary>On the Debug device: two work items that touch the same bytes of shared or global memory, at least one of them
    /// writing another value, not both atomically and with no barrier between, are a <see cref="KernelRaceException"/>. Only
    /// the accesses of one launch are compared. As with <see cref="RandomOrder"/>, breakpoints are not hit.</summary>
    public bool DetectRaces { get; init; }

    private static bool IsDebugBuild { get; } =
        Assembly.GetEntryAssembly()?.GetCustomAttribute<DebuggableAttribute>()?.IsJITOptimizerDisabled ?? false;
}
