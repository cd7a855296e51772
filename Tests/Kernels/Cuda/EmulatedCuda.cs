using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>The CUDA device over the fake driver that suites share, as <c>cuda-emulated</c>.</summary>
internal static class EmulatedCuda
{
    public const string Id = "cuda-emulated";

    private static readonly FakeDriver s_driver = new();
    private static readonly Lazy<CudaDevice> s_device = new(() => s_driver.Devices(Id)[0]);

    public static FakeDriver Driver => s_driver;

    public static CudaDevice Device => s_device.Value;

    /// <summary>A GPU of its own with this much memory.</summary>
    public static (FakeDriver Driver, CudaDevice Device) Create(FakeGpu? gpu = null)
    {
        FakeDriver driver = new(gpu ?? new FakeGpu());
        return (driver, driver.Devices("cuda-own")[0]);
    }
}
