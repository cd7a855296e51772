using System.Runtime.Intrinsics.X86;

namespace Cotangent.Perf.Peers;

/// <summary>Which of OpenBLAS's kernels fit this processor.</summary>
internal static class Processor
{
    private static readonly string[] s_wide = ["SkylakeX", "Cooperlake", "SapphireRapids"];
    private static readonly string[] s_narrow = ["Haswell", "Zen", "Excavator", .. s_wide];

    /// <summary>The name of the best kernels; on other processors than x86 none.</summary>
    public static string BlasCore { get; } = HasBFloat16() ? "Cooperlake" : Avx512F.IsSupported ? "SkylakeX" : Avx2.IsSupported ? "Haswell" : "";

    /// <summary>True if kernels of this name use the widest vectors there are.</summary>
    public static bool Fits(string core) => BlasCore.Length == 0
        || (Avx512F.IsSupported ? s_wide : s_narrow).Contains(core, StringComparer.OrdinalIgnoreCase);

    // Leaf 7, part 1, bit 5 of EAX.
    private static bool HasBFloat16() => Avx512F.IsSupported && (X86Base.CpuId(7, 0).Eax >= 1) && (X86Base.CpuId(7, 1).Eax & 1 << 5) != 0;
}
