using Cotangent.Perf.Ptx;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>A test that needs ptxas, skipped where it is missing and COTANGENT_REQUIRE does not name it.</summary>
public sealed class FactWithPtxasAttribute : FactAttribute
{
    public FactWithPtxasAttribute()
    {
        if (Ptxas.Path is null && !Devices.Requires("ptxas"))
            Skip = "no ptxas";
    }
}
