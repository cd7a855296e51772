using Cotangent.Kernels;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.OpenCl;
using Cotangent.Kernels.Passes;
using Cotangent.Kernels.Targets;

namespace Cotangent.Tests;

public sealed class OpenClCacheTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"cotangent-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    [FactOn("opencl")]
    public void Compile_OfAKnownProgram_TakesItFromTheDisk()
    {
        Assert.Equal((1, 0), Run(version: null));
        Assert.Equal((0, 1), Run(version: null));
        Assert.Single(Directory.GetFiles(_directory));
    }

    [FactOn("opencl")]
    public void Compile_ForAnotherDriver_BuildsAnew()
    {
        Run(version: null);
        Assert.Equal((1, 0), Run("another"));
        Assert.Equal(2, Directory.GetFiles(_directory).Length);
    }

    [FactOn("opencl")]
    public void Compile_WithADamagedEntry_BuildsAndRepairsIt()
    {
        Run(version: null);
        string file = Directory.GetFiles(_directory).Single();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);

        Assert.Equal((1, 0), Run(version: null));
        Assert.Equal((0, 1), Run(version: null));
    }

    [FactOn("opencl")]
    public void Compile_WithABinaryTheDriverRefuses_BuildsFromSource()
    {
        // A whole entry of the right key, whose payload is no program.
        OpenClInfo info = OpenClInfo.FindAll(OpenClApi.TryLoad()!)[0];
        Kernel kernel = FrontEnd.Compile(((Action<Index1D, ArrayView<int>>)Triple).Method);
        OpenClFunction function = OpenClFunction.Translate(Pipeline.Run(kernel), info.Traits);
        DiskCache cache = new(_directory);
        Run(version: null);
        string key = OpenClCompiler.KeyOf(info, OpenClFunction.Program([function], info.Traits));
        Assert.NotNull(cache.TryRead(key));
        cache.Write(key, [1, 2, 3, 4]);

        Assert.Equal((1, 0), Run(version: null));
        Assert.Equal((0, 1), Run(version: null));
    }

    [FactOn("opencl")]
    public void Prepare_OfSeveralKernels_BuildsOneProgram()
    {
        OpenClApi api = OpenClApi.TryLoad()!;
        OpenClDevice device = new(api, OpenClInfo.FindAll(api)[0], "opencl:test");
        device.Prepare(Triple, Negate, Shared, Triple);
        DeviceBuffer<int> x = device.Allocate<int>([1, 2, 3]);
        device.Load<Index1D, ArrayView<int>>(Triple)(3, x);
        device.Load<Index1D, ArrayView<int>>(Negate)(3, x);
        device.LoadGrouped<ArrayView<int>>(Shared)(new KernelConfig(1, 3), x);

        Assert.Equal([-9, -6, -3], x.ToArray());
        Assert.Equal((1, 0), device.Programs);
    }

    private static void Negate(Index1D i, ArrayView<int> x) => x[i] = -x[i];

    private static void Shared(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(4);
        shared[Group.IdxX] = x[Group.IdxX];
        Group.Barrier();
        x[Group.IdxX] = shared[Group.DimX - 1 - Group.IdxX];
    }

    private static void Triple(Index1D i, ArrayView<int> x) => x[i] *= 3;

    private (int Built, int Loaded) Run(string? version)
    {
        OpenClApi api = OpenClApi.TryLoad()!;
        OpenClInfo info = OpenClInfo.FindAll(api)[0];
        OpenClDevice device = new(api, version is null ? info : info with { Version = version }, "opencl:test",
            cache: new DiskCache(_directory));
        DeviceBuffer<int> x = device.Allocate<int>([1, 2, 3]);
        device.Load<Index1D, ArrayView<int>>(Triple)(3, x);
        Assert.Equal([3, 6, 9], x.ToArray());
        return device.Programs;
    }
}
