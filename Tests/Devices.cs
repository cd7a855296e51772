using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Cuda;
using Cotangent.Tests.Kernels.Ptx;

namespace Cotangent.Tests;

/// <summary>The devices on which a theory runs, by id. A device that is missing is left out, unless COTANGENT_REQUIRE
/// (a comma list of ids) names it: then its tests run and fail with the message that says what is there.</summary>
/// <example><code>
/// [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
/// public void Add_TwoVectors_Adds(string device) { Device d = Devices.Get(device); … }
/// </code></example>
public static class Devices
{
    private static readonly HashSet<string> s_required = [.. (Environment.GetEnvironmentVariable("COTANGENT_REQUIRE") ?? "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    /// <summary>The ids of hardware.</summary>
    public static IReadOnlyList<string> Hardware { get; } = ["cpu", "opencl", "cuda"];

    /// <summary>cpu, opencl, cuda.</summary>
    public static TheoryData<string> All => Of([.. Hardware]);

    /// <summary>cpu, opencl, cuda, debug.</summary>
    public static TheoryData<string> AllWithDebug => Of([.. Hardware, "debug"]);

    /// <summary>The device with this id; those that run PTX and the emulated GPU are the tests' own.</summary>
    public static Device Get(string id) => id == EmulatedCuda.Id ? EmulatedCuda.Device
        : PtxDevice.Executors.FirstOrDefault(d => d.Id == id) ?? Device.Find(id);

    /// <summary>True if COTANGENT_REQUIRE names it.</summary>
    public static bool Requires(string name) => s_required.Contains(name);

    /// <summary>Those of <paramref name="ids"/> whose tests run.</summary>
    public static TheoryData<string> Of(params string[] ids) => [.. ids.Where(Runs)];

    /// <summary>True if tests of this device run: it is here, or must be.</summary>
    public static bool Runs(string id) => s_required.Contains(id) || Device.All.Any(d => d.Id == id)
        || (id == "debug" && Device.TryFind(id) is not null);
}

/// <summary>A test of one device, skipped where that device is missing and not required.</summary>
public sealed class FactOnAttribute : FactAttribute
{
    public FactOnAttribute(string device)
    {
        if (!Devices.Runs(device))
            Skip = $"no {device} device";
    }
}

/// <summary>A theory on one device, skipped where that device is missing and not required.</summary>
public sealed class TheoryOnAttribute : TheoryAttribute
{
    public TheoryOnAttribute(string device)
    {
        if (!Devices.Runs(device))
            Skip = $"no {device} device";
    }
}
