using System.Globalization;

namespace Cotangent.Kernels.Targets;

/// <summary>What PTX is printed for.</summary>
/// <param name="Capability">The compute capability, ten times: 80 for 8.0. At least 70. A driver translates text for a capability to
/// that or any later one.</param>
internal sealed record PtxTraits(int Capability = 80)
{
    /// <summary>The lowest PTX version that knows the capability, so that drivers as old as possible take the text.</summary>
    public string Version => Capability switch
    {
        < 70 => throw new ArgumentOutOfRangeException(nameof(Capability), Capability, "PTX is made for capability 7.0 and up."),
        < 75 => "6.0",
        < 80 => "6.3",
        < 86 => "7.0",
        < 87 => "7.1",
        < 89 => "7.4",
        _ => "7.8",
    };

    /// <summary>The value of <c>.target</c>.</summary>
    public string Target => "sm_" + Math.Min(Capability, 90).ToString(CultureInfo.InvariantCulture);

    /// <summary>True if there is <c>min.NaN.f32</c>.</summary>
    public bool NaNMinimum => Capability >= 80;
}
