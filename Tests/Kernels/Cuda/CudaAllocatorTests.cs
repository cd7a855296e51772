using System.Runtime.CompilerServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>The caching allocator of the CUDA device, and what it says when there is no room.</summary>
public sealed class CudaAllocatorTests
{
    private const int Block = 1 << 18;

    [Fact]
    public void Allocator_ReleasedBlock_IsGivenOutAgain()
    {
        (FakeDriver driver, CudaDevice device) = Small();
        PooledMemory first = (PooledMemory)device.AllocateMemory(1000);
        nint handle = first.Handle;
        first.Release();

        Assert.Equal(handle, ((PooledMemory)device.AllocateMemory(1010)).Handle);
        Assert.Equal(0, device.Allocator.Usage.Cached);
        Assert.Equal(1, driver.Calls["cuMemAlloc_v2"]);
    }

    [Fact]
    public void Allocator_OverBudget_FreesItsCacheFirst()
    {
        (FakeDriver driver, CudaDevice device) = Small();
        for (int i = 0; i < 3; i++)
            device.AllocateMemory(Block + i * Block / 4).Release();

        DeviceMemory large = device.AllocateMemory(3 * Block);

        Assert.Equal((3 * Block, 0), device.Allocator.Usage);
        Assert.Equal(3, driver.Calls["cuMemFree_v2"]);
        large.Release();
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void Allocator_OverBudget_CollectsWhatNobodyHolds()
    {
        CudaDevice device = Small().Device;
        Abandon(device);

        Assert.Equal(3 * Block, device.AllocateMemory(3 * Block).ByteLength);
    }

    [Fact]
    public void Allocator_DriverHasLessThanItsGpu_FreesTheCacheAndTriesAgain()
    {
        (FakeDriver driver, CudaDevice device) = Small();
        device.AllocateMemory(Block).Release();
        driver.Answers["cuMemAlloc_v2"] = before => before == 1 ? CudaError.OutOfMemory : 0;

        Assert.Equal(1000, device.AllocateMemory(1000).ByteLength);
        Assert.Equal(1, driver.Calls["cuMemFree_v2"]);
    }

    [Fact]
    public void Allocator_MemoryKeptByAnotherDeviceOfTheGpu_IsGivenBack()
    {
        (FakeDriver driver, CudaDevice device) = Small();
        CudaDevice other = driver.Devices("cuda-other")[0];
        other.AllocateMemory(3 * Block).Release();

        Assert.Equal(3 * Block, device.AllocateMemory(3 * Block).ByteLength);
        Assert.Equal((0, 0), other.Allocator.Usage);
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void Allocator_FreeingWhatAReplayHoldsBack_IssuesItFirst()
    {
        (FakeDriver driver, CudaDevice device) = Small();
        DeviceMemory result = device.AllocateMemory(4);
        CompiledKernel add = device.Compile(CudaDeviceTests.AddOne());
        DeviceReplay replay = device.CreateReplay()!;
        device.Write(new byte[4], result, 0);
        for (int run = 0; run < 3; run++)
        {
            Assert.True(replay.Begin());
            DeviceMemory temporary = device.AllocateMemory(Block);
            device.Launch(add, LaunchShape.Range(1), [KernelArgument.Pointer(temporary)]);
            temporary.Release();
            if (run == 2)
                device.AllocateMemory(3 * Block + Block / 2).Release();       // frees the cache
            device.Launch(add, LaunchShape.Range(1), [KernelArgument.Pointer(result)]);
            replay.End();
        }

        device.Synchronize();
        Assert.Empty(driver.Misuses);
        Assert.Empty(driver.Faults);
    }

    [Fact]
    public void Allocator_Full_ThrowsWithTheSizes()
    {
        CudaDevice device = Small().Device;
        DeviceMemory held = device.AllocateMemory(3 * Block);

        DeviceOutOfMemoryException e = Assert.Throws<DeviceOutOfMemoryException>(() => device.AllocateMemory(2 * Block));

        Assert.Contains($"no room for {2 * Block:N0} bytes: {3 * Block:N0} of {4 * Block:N0} bytes are in use by this process, " +
            $"and the driver reports {Block:N0} of {4 * Block:N0} free", e.Message, StringComparison.Ordinal);
        held.Release();
        device.AllocateMemory(2 * Block).Release();
    }

    [Fact]
    public void Allocator_FreeingWhileWorkIsQueued_IsSafe()
    {
        (FakeDriver driver, CudaDevice device) = Small();
        DeviceMemory result = device.AllocateMemory(Block), temporary = device.AllocateMemory(Block);
        byte[] bytes = new byte[Block], actual = new byte[Block];
        new Random(1).NextBytes(bytes);
        device.Write(bytes, temporary, 0);
        device.Copy(temporary, 0, result, 0, Block);
        temporary.Release();
        device.AllocateMemory(3 * Block).Release();     // frees the cache
        device.Read(result, 0, actual);

        Assert.Equal(bytes, actual);
        Assert.Empty(driver.Misuses);
    }

    private static (FakeDriver Driver, CudaDevice Device) Small() => EmulatedCuda.Create(new FakeGpu { Memory = 4 * Block });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(CudaDevice device)
    {
        for (int i = 0; i < 3; i++)
            _ = new Owner(device.AllocateMemory(Block));
    }

    private sealed class Owner(DeviceMemory memory)
    {
        ~Owner() => memory.Release();
    }
}
