using System.Runtime.CompilerServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.OpenCl;

namespace Cotangent.Tests;

public class OpenClDeviceTests
{
    private const int Block = 1 << 18;

    [FactOn("opencl")]
    public void Launch_ThatSucceeds_AllocatesNothing()
    {
        Device device = Devices.Get("opencl");
        CompiledKernel kernel = device.Compile(IrCase.Build("store_one", LaunchKind.Range1D, [IrCase.Global(ScalarType.Int32)],
            (b, p) => b.Store(p[0], b.Position(Opcode.GlobalIndex), Constant.Of(1))));
        DeviceMemory memory = device.AllocateMemory(400);
        KernelArgument[] arguments = [KernelArgument.Pointer(memory)];
        for (int i = 0; i < 50; i++)
            device.Launch(kernel, LaunchShape.Range(100), arguments);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
            device.Launch(kernel, LaunchShape.Range(100), arguments);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        memory.Release();
    }

    [FactOn("opencl")]
    public void Allocator_ReleasedBlock_IsGivenOutAgain()
    {
        OpenClDevice device = Small();
        PooledMemory first = (PooledMemory)device.AllocateMemory(1000);
        nint handle = first.Handle;
        first.Release();

        Assert.Equal(handle, ((PooledMemory)device.AllocateMemory(1010)).Handle);
        Assert.Equal(0, device.Allocator.Usage.Cached);
    }

    [FactOn("opencl")]
    public void Allocator_OverBudget_FreesItsCacheFirst()
    {
        OpenClDevice device = Small();
        for (int i = 0; i < 3; i++)
            device.AllocateMemory(Block + i * Block / 4).Release();

        DeviceMemory large = device.AllocateMemory(3 * Block);
        Assert.Equal((3 * Block, 0), device.Allocator.Usage);
        large.Release();
    }

    [FactOn("opencl")]
    public void Allocator_OverBudget_CollectsWhatNobodyHolds()
    {
        OpenClDevice device = Small();
        Abandon(device);
        DeviceMemory memory = device.AllocateMemory(3 * Block);

        Assert.Equal(3 * Block, memory.ByteLength);
    }

    [FactOn("opencl")]
    public void Allocator_Full_ThrowsWithTheSizes()
    {
        OpenClDevice device = Small();
        DeviceMemory held = device.AllocateMemory(3 * Block);

        DeviceOutOfMemoryException e = Assert.Throws<DeviceOutOfMemoryException>(() => device.AllocateMemory(2 * Block));

        Assert.Contains($"no room for {2 * Block:N0} bytes: {3 * Block:N0} of {4 * Block:N0} bytes are in use", e.Message,
            StringComparison.Ordinal);
        held.Release();
        device.AllocateMemory(2 * Block).Release();
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(1, 256)]
    [InlineData(257, 512)]
    [InlineData(1024, 1024)]
    [InlineData(1025, 1280)]
    [InlineData(1_000_000, 1_048_576)]
    [InlineData(5_000_000, 5_242_880)]
    public void SizeClass_AnyRequest_WastesAtMostAQuarter(long bytes, long expected) =>
        Assert.Equal(expected, CachingAllocator.SizeClass(bytes));

    [FactOn("opencl")]
    public void Compile_SameText_SharesTheCode()
    {
        Device device = Devices.Get("opencl");
        CompiledKernel[] kernels = [.. device.CompileBatch([Fill(1), Fill(2), Fill(1)]), device.Compile(Fill(2))];
        OpenClCode[] codes = [.. kernels.Select(k => ((OpenClKernel)k).Code)];

        Assert.Same(codes[0], codes[2]);
        Assert.Same(codes[1], codes[3]);
        Assert.NotSame(codes[0], codes[1]);
    }

    [FactOn("opencl")]
    public void Launch_GroupTooLarge_IsRefusedWithTheLimit()
    {
        OpenClDevice device = (OpenClDevice)Devices.Get("opencl");
        Kernel kernel = IrCase.Build("grouped", LaunchKind.Grouped, [], (_, _) => { });

        DeviceException e = Assert.Throws<DeviceException>(() =>
            device.Launch(device.Compile(kernel), LaunchShape.Groups(1, device.Info.MaxGroupSize + 1), []));

        Assert.Equal("CTG3006", e.Code);
        Assert.Contains($"at most {device.Info.MaxGroupSize} items", e.Message, StringComparison.Ordinal);
    }

    [FactOn("opencl")]
    public void Build_ThatTheDriverRefuses_ShowsLogAndNumberedSource()
    {
        Kernel kernel = IrCase.Build("huge", LaunchKind.Grouped, [IrCase.Global(ScalarType.Int32)], (b, p) =>
            b.Store(p[0], Constant.Of(0), Constant.Of(1)));
        Kernel broken = new("not-an-identifier", kernel.Kind, kernel.Parameters);
        broken.Body.Nodes.AddRange(kernel.Body.Nodes);

        DeviceException e = Assert.Throws<DeviceException>(() => Devices.Get("opencl").Compile(broken));

        Assert.Equal("CTG3005", e.Code);
        Assert.Contains("CL_BUILD_PROGRAM_FAILURE", e.Message, StringComparison.Ordinal);
        Assert.Contains("error:", e.Message, StringComparison.Ordinal);
        Assert.Contains("    1 #pragma OPENCL", e.Message, StringComparison.Ordinal);
    }

    private static OpenClDevice Small()
    {
        OpenClApi api = OpenClApi.TryLoad()!;
        return new OpenClDevice(api, OpenClInfo.FindAll(api)[0] with { GlobalMemory = 4 * Block }, "opencl:small");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(OpenClDevice device)
    {
        for (int i = 0; i < 3; i++)
            _ = new Owner(device.AllocateMemory(Block));
    }

    private static Kernel Fill(int value) => IrCase.Build("fill", LaunchKind.Range1D, [IrCase.Global(ScalarType.Int32)], (b, p) =>
        b.Store(p[0], b.Position(Opcode.GlobalIndex), Constant.Of(value)));

    private sealed class Owner(DeviceMemory memory)
    {
        ~Owner() => memory.Release();
    }
}
