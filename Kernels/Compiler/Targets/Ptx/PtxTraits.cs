using System.Globalization;

namespace Cotangent.Kernels.Targets;

/// <summary>What PTX is printed for.</summary>
/// <param name="Capability">The compute capability, ten times: 80 for 8.0. At least 70. A driver translates text for a capability to
/// that or any later one.</param>
internal sealed record PtxTraits(int Capability = 80)
{
    /// <summary>True if the kernel may count on arguments at multiples of <see cref="PtxFunction.Alignments"/>: then neighbouring elements
    /// are loaded and stored together. Its launches must check <see cref="PtxFunction.IsAligned"/>.</summary>
    public bool AlignedArguments { get; init; }

    /// <summary>The most items of a group, if a launch's groups need that the kernel takes no more registers than they have; null: as many
    /// registers as it wants.</summary>
    public int? LargestGroup { get; init; }

    /// <summary>True if the text says from which line of a C# kernel its instructions come, for profilers. That changes no instruction,
    /// but the text's size; the driver keeps lines only if it is asked to (CU_JIT_GENERATE_LINE_INFO).</summary>
    public bool Lines { get; init; } = EngineEnvironment.Lines;

    /// <summary>The lowest PTX version that knows the target, so that drivers as old as possible take the text.</summary>
    public string Version => KnownCapability switch
    {
        70 => "6.0",
        72 => "6.1",
        75 => "6.3",
        80 => "7.0",
        86 => "7.1",
        87 => "7.4",
        _ => "7.8",
    };

    /// <summary>The value of <c>.target</c>: the latest capability not above the device's whose text this library knows.</summary>
    public string Target => "sm_" + KnownCapability.ToString(CultureInfo.InvariantCulture);

    private static ReadOnlySpan<int> KnownCapabilities => [70, 72, 75, 80, 86, 87, 89, 90];

    private int KnownCapability
    {
        get
        {
            if (Capability < KnownCapabilities[0]) throw new ArgumentOutOfRangeException(
                nameof(Capability), Capability, "PTX is made for capability 7.0 and up.");
            int at = KnownCapabilities.Length - 1;
            while (KnownCapabilities[at] > Capability) at--;
            return KnownCapabilities[at];
        }
    }

    /// <summary>True if there are <c>mma.sync</c> of tf32 and bfloat16, and <c>cp.async</c>.</summary>
    public bool MatrixUnits => Capability >= 80;

    /// <summary>True if there is <c>cvt.rn.bf16.f32</c>.</summary>
    public bool BFloat16 => Capability >= 80;

    /// <summary>True if there is <c>min.NaN.f32</c>.</summary>
    public bool NaNMinimum => Capability >= 80;
}
