using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>Copies between devices.</summary>
public sealed class CudaPeerTests
{
    [Fact]
    public void CopyAcross_PeersInReach_GoesDirectlyAndInOrder()
    {
        FakeDriver driver = new(new FakeGpu { Peers = [1] }, new FakeGpu { Peers = [0] });
        CudaDevice[] devices = driver.Devices("cuda-peer");

        CheckRound(devices[0], devices[1]);

        Assert.Equal(12, driver.Calls["cuMemcpyPeerAsync"]);
        Assert.Equal(2, driver.Calls["cuCtxEnablePeerAccess"]);
        Assert.Equal(1, driver.Calls["cuMemcpyDtoHAsync_v2"]);
        Assert.Equal(0, FakeDriver.ContextsOfThread);
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void CopyAcross_PeersOutOfReach_GoesThroughTheHost()
    {
        FakeDriver driver = new(new FakeGpu(), new FakeGpu());
        CudaDevice[] devices = driver.Devices("cuda-apart");

        CheckRound(devices[0], devices[1]);

        Assert.False(driver.Calls.ContainsKey("cuMemcpyPeerAsync"));
        Assert.Empty(driver.Misuses);
    }

    [Theory]
    [InlineData(217)]
    [InlineData(711)]
    public void CopyAcross_PeersThatTheSystemKeepsApart_GoesThroughTheHost(int status)
    {
        FakeDriver driver = new(new FakeGpu { Peers = [1] }, new FakeGpu { Peers = [0] });
        driver.Answers["cuCtxEnablePeerAccess"] = _ => status;
        CudaDevice[] devices = driver.Devices("cuda-refused");

        CheckRound(devices[0], devices[1]);

        Assert.False(driver.Calls.ContainsKey("cuMemcpyPeerAsync"));
        Assert.Equal(2, driver.Calls["cuCtxEnablePeerAccess"]);
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public async Task CopyAcross_BothWaysBetweenDevicesOfOneGpu_NeitherWaitsForEver()
    {
        FakeDriver driver = new(new FakeGpu());
        CudaDevice one = driver.Devices("cuda-one")[0], other = driver.Devices("cuda-other")[0];
        DeviceMemory a = one.AllocateMemory(400), b = other.AllocateMemory(400);
        one.Write(new byte[400], a, 0);
        other.Write(new byte[400], b, 0);

        Task there = Task.Run(() => Repeat(a, b)), back = Task.Run(() => Repeat(b, a));

        await Task.WhenAll(there, back).WaitAsync(TimeSpan.FromSeconds(30));

        static void Repeat(DeviceMemory from, DeviceMemory to)
        {
            for (int i = 0; i < 2000; i++)
                Device.CopyAcross(from, 0, to, 200, 100);
        }
    }

    [Fact]
    public void CopyAcross_TwoDevicesOfOneGpu_IsACopyInIt()
    {
        FakeDriver driver = new(new FakeGpu());

        CheckRound(driver.Devices("cuda-one")[0], driver.Devices("cuda-other")[0]);

        Assert.Equal(1, driver.Calls["cuMemcpyDtoHAsync_v2"]);
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void CopyAcross_OtherDevices_GoesThroughTheHost() => CheckRound(EmulatedCuda.Device, Device.Cpu);

    [Fact]
    public void To_TensorOnAnotherDevice_HasItsElements()
    {
        FakeDriver driver = new(new FakeGpu { Peers = [1] }, new FakeGpu { Peers = [0] });
        CudaDevice[] devices = driver.Devices("cuda-tensors");
        Tensor x = Tensor.From<float>([1, 2, 3], [3], devices[0]) * 2;

        Tensor y = x.To(devices[1]) + 1, z = y.To(Device.Cpu);

        Assert.Equal([3f, 5f, 7f], y.ToArray<float>());
        Assert.Equal([3f, 5f, 7f], z.ToArray<float>());
        Assert.Equal(devices[1], y.Device);
        Assert.Empty(driver.Misuses);
    }

    // There and back, each time one more: whoever copies too early or too late gets another number.
    private static void CheckRound(Device here, Device there)
    {
        const int n = 1000;
        DeviceMemory a = here.AllocateMemory(4 * n + 12), b = there.AllocateMemory(4 * n + 20);
        CompiledKernel addHere = here.Compile(CudaDeviceTests.AddOne()), addThere = there.Compile(CudaDeviceTests.AddOne());
        here.Write(MemoryMarshal.AsBytes<int>([.. Enumerable.Range(0, n)]), a, 12);
        for (int round = 0; round < 6; round++)
        {
            here.Launch(addHere, LaunchShape.Range(n), [KernelArgument.Pointer(a, 12)]);
            Device.CopyAcross(a, 12, b, 20, 4 * n);
            here.Write(new byte[4 * n], a, 12);             // must not reach the copy
            there.Launch(addThere, LaunchShape.Range(n), [KernelArgument.Pointer(b, 20)]);
            Device.CopyAcross(b, 20, a, 12, 4 * n);
        }

        int[] result = new int[n];
        here.Read(a, 12, MemoryMarshal.AsBytes(result.AsSpan()));
        Assert.Equal(Enumerable.Range(12, n), result);
        a.Release();
        b.Release();
    }
}
