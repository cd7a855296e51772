using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>The CUDA device over the fake driver: finding it, compiling, launching, copying.</summary>
public sealed class CudaDeviceTests
{
    private static readonly IrType s_ints = IrCase.Global(ScalarType.Int32);

    [Fact]
    public void FindAll_SeveralGpus_ListsWhatItCanUse()
    {
        FakeDriver driver = new(
            new FakeGpu { Name = "old", Capability = 61 },
            new FakeGpu { Name = "small", Capability = 75, Multiprocessors = 3, Memory = 123456 },
            new FakeGpu { Name = "taken", IsProhibited = true },
            new FakeGpu { Name = "new", Capability = 120 });

        CudaInfo[] infos = [.. driver.Infos(out _)];

        Assert.Equal(["small", "new"], infos.Select(i => i.Name));
        Assert.Equal((75, 3, 123456L, 1024), (infos[0].Capability, infos[0].Multiprocessors, infos[0].Memory, infos[0].MaxGroupSize));
        Assert.Equal(((163 << 10), (48 << 10), "CUDA 12.4"), (infos[0].SharedMemoryOptIn, infos[0].SharedMemory, infos[0].DriverText));
        Assert.Equal(new Index3D(int.MaxValue, 65535, 65535), infos[0].MaxGrid);
    }

    [Fact]
    public void FindAll_NothingToUse_SaysWhy()
    {
        Assert.Empty(new FakeDriver(new FakeGpu { Name = "old", Capability = 61 }).Infos(out string reason));
        Assert.Equal("old has compute capability 6.1; 7.0 is the least.", reason);
        Assert.Empty(new FakeDriver { InitStatus = 100 }.Infos(out reason));
        Assert.Equal("The NVIDIA driver does not start: CUDA_ERROR_NO_DEVICE (100).", reason);
    }

    [Fact]
    public void Api_EntryMissing_IsRefusedUnlessItIsAGraphs()
    {
        Assert.Throws<EntryPointNotFoundException>(() => new FakeDriver { Missing = ["cuLaunchKernel"] }.Api());
        Assert.True(new FakeDriver { Missing = ["cuGraphInstantiateWithFlags"] }.Api().HasGraphs);
        Assert.False(new FakeDriver { Missing = ["cuGraphExecKernelNodeSetParams"] }.Api().HasGraphs);
    }

    [Fact]
    public void Choose_CudaWhereThereIsNone_SaysWhyAndNamesTheVariable()
    {
        if (Device.All.Any(d => d.Kind == DeviceKind.Cuda))
            return;

        DeviceException e = Assert.Throws<DeviceException>(() => Device.Choose("cuda"));

        Assert.Equal("CTG3001", e.Code);
        Assert.Matches("There is no device 'cuda' here. .*NVIDIA.* The environment variable COTANGENT_DEVICE asks for it. Available: cpu", e.Message);
    }

    [Fact]
    public void Calls_OnAnyThread_LeaveTheThreadsContextAlone()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        DeviceMemory memory = device.AllocateMemory(100);
        device.Write(new byte[100], memory, 0);
        device.Launch(device.Compile(AddOne()), LaunchShape.Range(25), [KernelArgument.Pointer(memory)]);
        device.Read(memory, 0, new byte[100]);
        device.Synchronize();

        Assert.Equal(0, FakeDriver.ContextsOfThread);
        Assert.Empty(driver.Misuses);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(CudaStaging.ChunkBytes - 100)]
    [InlineData(CudaStaging.ChunkBytes + 1)]
    [InlineData(7 * CudaStaging.ChunkBytes + 12345)]
    public void WriteAndRead_AnySize_TakeTheBytesOfTheMoment(int length)
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        byte[] bytes = new byte[length], more = new byte[2000];
        new Random(1).NextBytes(bytes);
        byte[] expected = [.. bytes, .. more];
        DeviceMemory memory = device.AllocateMemory(expected.Length);
        device.Write(bytes, memory, 0);
        Array.Clear(bytes);             // nothing has been copied yet: the stream has not been waited for
        for (int i = 0; i < more.Length; i += 100)
        {
            more.AsSpan().Fill((byte)i);
            device.Write(more.AsSpan(i, 100), memory, length + i);
            more.AsSpan(i, 100).CopyTo(expected.AsSpan(length + i));
        }

        byte[] actual = new byte[expected.Length];
        device.Read(memory, 0, actual);

        Assert.True(expected.AsSpan().SequenceEqual(actual));
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void Write_Small_DoesNotWait()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        DeviceMemory memory = device.AllocateMemory(100);
        for (int i = 0; i < 100; i++)
            device.Write(new byte[100], memory, 0);

        Assert.False(driver.Calls.ContainsKey("cuStreamSynchronize") || driver.Calls.ContainsKey("cuEventSynchronize"));
    }

    [Fact]
    public void Compile_SameText_SharesTheCode()
    {
        CudaDevice device = EmulatedCuda.Create().Device;
        CompiledKernel[] kernels = [.. device.CompileBatch([Fill(1), Fill(2), Fill(1)]), device.Compile(Fill(2))];
        CudaCode[] codes = [.. kernels.Select(k => ((CudaKernel)k).Code)];

        Assert.Same(codes[0], codes[2]);
        Assert.Same(codes[1], codes[3]);
        Assert.NotSame(codes[0], codes[1]);
        Assert.Equal(2, device.Compiler.Built);
    }

    [Fact]
    public void Launch_MuchSharedMemory_IsAskedFor()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        Action<KernelConfig, ArrayView<int>> kernel = device.LoadGrouped<ArrayView<int>>(DynamicSize);
        DeviceBuffer<int> sizes = device.Allocate<int>(32);
        foreach (int kilobytes in (int[])[1, 48, 100, 163])
        {
            kernel(new KernelConfig(1, 32, SharedMemoryConfig.RequestDynamic<byte>(kilobytes << 10)), sizes);
            Assert.All(sizes.ToArray(), s => Assert.Equal(kilobytes << 10, s));
        }

        DeviceException e = Assert.Throws<DeviceException>(() =>
            kernel(new KernelConfig(1, 32, SharedMemoryConfig.RequestDynamic<byte>(164 << 10)), sizes));
        Assert.Equal("CTG3006", e.Code);
        Assert.Equal(1, driver.Calls["cuFuncSetAttribute"]);
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void Compile_MoreThanPtxAllows_IsRefusedWithNameAndBytes()
    {
        CudaDevice device = EmulatedCuda.Create().Device;

        DeviceException shared = Assert.Throws<DeviceException>(() => device.LoadGrouped<ArrayView<int>>(MuchShared)(new KernelConfig(1, 32), device.Allocate<int>(32)));
        DeviceException many = Assert.Throws<DeviceException>(() =>
            device.Compile(IrCase.Build("many", LaunchKind.Range1D, [.. Enumerable.Repeat(s_ints, 512)], (_, _) => { })));

        Assert.Equal(("CTG3006", "CTG3006"), (shared.Code, many.Code));
        Assert.Matches("Kernel '.*MuchShared.*' allocates 65,552 bytes of shared memory; .* at most 49,152 itself", shared.Message);
        Assert.Contains("Kernel 'many' has 512 parameters of 4,100 bytes; ", many.Message, StringComparison.Ordinal);
        device.Compile(IrCase.Build("fits", LaunchKind.Range1D, [.. Enumerable.Repeat(s_ints, 511)], (_, _) => { }));
    }

    [Fact]
    public void Launch_BeyondTheLimits_IsRefusedWithThem()
    {
        CudaDevice device = EmulatedCuda.Create().Device;
        CompiledKernel kernel = device.Compile(IrCase.Build("grouped", LaunchKind.Grouped, [], (_, _) => { }));

        Refused("at most 1024 items, 1024×1024×64 along the axes", LaunchShape.Groups(1, 1025));
        Refused("at most 2147483647×65535×65535 along the axes", LaunchShape.Groups(new Index3D(1, 65536, 1), new Index3D(1, 1, 1)));

        void Refused(string text, LaunchShape shape)
        {
            DeviceException e = Assert.Throws<DeviceException>(() => device.Launch(kernel, shape, []));
            Assert.Equal("CTG3006", e.Code);
            Assert.Contains(text, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void RangeGroups_AnyExtent_CoverIt()
    {
        CudaDevice device = EmulatedCuda.Create().Device;
        CudaCode code = ((CudaKernel)device.Compile(AddOne())).Code;
        foreach (Index3D extent in (Index3D[])[new(1, 1, 1), new(1 << 30, 1, 1), new(3, 1000, 5), new(1, 1, 100), new(int.MaxValue, 1, 1)])
        {
            Index3D group = CudaGroups.Of(code, device.Info, extent);
            int groups = CudaGroups.Count(AddOne(), device.Info, extent, group).X;
            Assert.InRange(group.X * group.Y * group.Z, 1, code.MaxGroupSize);
            Assert.True((long)groups * group.X * group.Y * group.Z >= (long)extent.X * extent.Y * extent.Z);
        }

        Assert.Equal("CTG3006", Assert.Throws<DeviceException>(() =>
            CudaGroups.Count(AddOne(), device.Info, new(int.MaxValue, 1 << 20, 1), new(64, 1, 1))).Code);
    }

    [Fact]
    public void BestSize_Ties_PrefersTwoHundredAndFiftySix()
    {
        Assert.Equal(256, CudaGroups.BestSize(size => 2048 / size));
        Assert.Equal(512, CudaGroups.BestSize(size => size == 512 ? 4 : 1536 / size - 1));
        Assert.Equal(64, CudaGroups.BestSize(size => size == 64 ? 1 : 0));
    }

    internal static Kernel AddOne() => IrCase.Build("add_one", LaunchKind.Range1D, [s_ints], (b, p) =>
    {
        Value i = b.Position(Opcode.GlobalIndex);
        b.Store(p[0], i, b.Add(b.Load(p[0], i), Constant.Of(1)));
    });

    internal static Kernel Fill(int value) => IrCase.Build("fill", LaunchKind.Range1D, [s_ints], (b, p) =>
        b.Store(p[0], b.Position(Opcode.GlobalIndex), Constant.Of(value)));

    private static void MuchShared(ArrayView<int> x)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(16_385);
        shared[Group.IdxX] = x[Group.IdxX];
        Group.Barrier();
        x[Group.IdxX] = shared[31 - Group.IdxX];
    }

    private static void DynamicSize(ArrayView<int> sizes)
    {
        ArrayView<byte> bytes = SharedMemory.GetDynamic<byte>();
        bytes[bytes.IntLength - 1 - Group.IdxX] = 1;
        sizes[Group.IdxX] = bytes.IntLength;
    }
}
