using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>What the driver's errors become.</summary>
public sealed class CudaErrorTests
{
    [Fact]
    public void Compile_ThatTheDriverRefuses_HasItsLogAndTheText()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        driver.CompilerError = "ptxas fatal: line 7; syntax error";

        KernelBuildException e = Assert.Throws<KernelBuildException>(() => device.Compile(CudaDeviceTests.AddOne()));

        Assert.Equal(("CTG3005", "ptxas fatal: line 7; syntax error"), (e.Code, e.Log));
        Assert.Contains("add_one", e.Kernel, StringComparison.Ordinal);
        Assert.Contains($"could not compile kernel '{e.Kernel}': CUDA_ERROR_INVALID_PTX (218)", e.Message, StringComparison.Ordinal);
        Assert.Contains("    1 .version ", e.Message, StringComparison.Ordinal);
        driver.CompilerError = null;
        device.Compile(CudaDeviceTests.AddOne());
    }

    [Fact]
    public void Kernel_ThatFails_IsNamedWithItsShapeAndLosesTheDevice()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        driver.FailingKernel = ("add_one", 719);
        DeviceMemory memory = device.AllocateMemory(400);
        device.Launch(device.Compile(CudaDeviceTests.AddOne()), LaunchShape.Range(100), [KernelArgument.Pointer(memory)]);

        KernelLaunchException e = Assert.Throws<KernelLaunchException>(device.Synchronize);

        Assert.Equal(("CTG3014", "add_one", "100×1×1 items in 2 groups of 64×1×1"), (e.Code, e.Kernel, e.Shape.Replace("2×1×1 groups", "2 groups", StringComparison.Ordinal)));
        Assert.Contains("Kernel 'add_one', launched over 100×1×1 items", e.Message, StringComparison.Ordinal);
        Assert.Contains("CUDA_ERROR_LAUNCH_FAILED (719)", e.Message, StringComparison.Ordinal);
        foreach (Action call in (Action[])[device.Synchronize, () => device.Write(new byte[4], memory, 0),
            () => device.Read(memory, 0, new byte[4]), () => device.AllocateMemory(1 << 20), () => device.Compile(CudaDeviceTests.Fill(3))])
        {
            DeviceLostException lost = Assert.Throws<DeviceLostException>(call);
            Assert.Equal("CTG3015", lost.Code);
            Assert.Same(e, lost.InnerException);
        }

        Assert.Equal(0, FakeDriver.ContextsOfThread);
        memory.Release();
    }

    [Fact]
    public void Kernel_ThatFailsAmongOthers_IsAmongThoseNamed()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        driver.FailingKernel = ("fill", 700);
        DeviceMemory memory = device.AllocateMemory(400);
        CompiledKernel add = device.Compile(CudaDeviceTests.AddOne()), fill = device.Compile(CudaDeviceTests.Fill(1));
        device.Launch(add, LaunchShape.Range(100), [KernelArgument.Pointer(memory)]);
        device.Synchronize();
        device.Launch(fill, LaunchShape.Range(10), [KernelArgument.Pointer(memory)]);
        device.Launch(add, LaunchShape.Range(20), [KernelArgument.Pointer(memory)]);

        KernelLaunchException e = Assert.Throws<KernelLaunchException>(() => device.Read(memory, 0, new byte[4]));

        Assert.Contains("One of 2 kernels launched since the device was last waited for (latest first: 'add_one' over 20×1×1 items", e.Message, StringComparison.Ordinal);
        Assert.Contains("'fill' over 10×1×1 items", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Kernel_OutsideItsMemory_IsALaunchFailure()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        DeviceMemory memory = device.AllocateMemory(256);
        device.Launch(device.Compile(CudaDeviceTests.AddOne()), LaunchShape.Range(65), [KernelArgument.Pointer(memory)]);

        KernelLaunchException e = Assert.Throws<KernelLaunchException>(device.Synchronize);

        Assert.Contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)", e.Message, StringComparison.Ordinal);
        Assert.Contains("is in no buffer", Assert.Single(driver.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Device_ThatGoesAway_IsLost()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        device.Synchronize();
        driver.Answers["cuStreamSynchronize"] = _ => 999;

        DeviceLostException first = Assert.Throws<DeviceLostException>(device.Synchronize);

        Assert.Null(first.InnerException);
        Assert.Contains("CUDA_ERROR_UNKNOWN (999)", first.Message, StringComparison.Ordinal);
        Assert.Same(first, Assert.Throws<DeviceLostException>(() => device.AllocateMemory(1)).InnerException);
    }

    [Fact]
    public void Launch_WithoutResources_NamesKernelShapeAndUse()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        DeviceMemory memory = device.AllocateMemory(400);
        CompiledKernel kernel = device.Compile(CudaDeviceTests.AddOne());
        driver.Answers["cuLaunchKernel"] = before => before == 0 ? CudaError.LaunchOutOfResources : 0;

        DeviceException e = Assert.Throws<DeviceException>(() => device.Launch(kernel, LaunchShape.Range(100), [KernelArgument.Pointer(memory)]));

        Assert.Equal("CTG3006", e.Code);
        Assert.Matches("kernel 'add_one' over 100×1×1 items .*CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES \\(701\\).* registers", e.Message);
        device.Launch(kernel, LaunchShape.Range(100), [KernelArgument.Pointer(memory)]);
        device.Synchronize();
    }

    [Theory]
    [InlineData("cuMemHostAlloc")]
    [InlineData("cuModuleLoadDataEx")]
    [InlineData("cuLaunchKernel")]
    public void Call_WithoutMemory_IsMadeAgainAfterTheCacheIsFreed(string entry)
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        DeviceMemory memory = device.AllocateMemory(400);
        device.AllocateMemory(1 << 20).Release();
        driver.Answers[entry] = before => before == 0 ? CudaError.OutOfMemory : 0;

        device.Write(new byte[400], memory, 0);
        device.Launch(device.Compile(CudaDeviceTests.AddOne()), LaunchShape.Range(100), [KernelArgument.Pointer(memory)]);
        int[] result = new int[100];
        device.Read(memory, 0, System.Runtime.InteropServices.MemoryMarshal.AsBytes(result.AsSpan()));

        Assert.All(result, x => Assert.Equal(1, x));
        Assert.Equal(1, driver.Calls["cuMemFree_v2"]);
        Assert.Empty(driver.Misuses);
    }

    [Fact]
    public void Call_WithoutMemoryTwice_IsOutOfMemory()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        driver.Answers["cuModuleLoadDataEx"] = before => before < 2 ? CudaError.OutOfMemory : 0;

        DeviceOutOfMemoryException e = Assert.Throws<DeviceOutOfMemoryException>(() => device.Compile(CudaDeviceTests.AddOne()));

        Assert.Contains("cuModuleLoadDataEx of 'add_one", e.Message, StringComparison.Ordinal);
        device.Compile(CudaDeviceTests.AddOne());
    }

    [Theory]
    [InlineData(46, "another process may have it to itself")]
    [InlineData(2, "has no memory")]
    public void Device_ThatIsNotToBeHadNow_IsAskedForAgain(int status, string reason)
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        driver.Answers["cuStreamCreate"] = before => before == 0 ? status : 0;

        Assert.Contains(reason, Assert.ThrowsAny<DeviceException>(() => device.AllocateMemory(4)).Message, StringComparison.Ordinal);

        Assert.Equal(4, device.AllocateMemory(4).ByteLength);
        Assert.Equal(0, FakeDriver.ContextsOfThread);
    }

    [Fact]
    public void Kernel_ThatFailsOnAnotherDeviceOfTheGpu_IsNamed()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        CudaDevice other = driver.Devices("cuda-other")[0];
        driver.FailingKernel = ("fill", 700);
        DeviceMemory memory = device.AllocateMemory(400), otherMemory = other.AllocateMemory(400);
        device.Launch(device.Compile(CudaDeviceTests.Fill(1)), LaunchShape.Range(10), [KernelArgument.Pointer(memory)]);
        DeviceException unnoticed = Assert.Throws<KernelLaunchException>(device.Synchronize);

        DeviceLostException lost = Assert.Throws<DeviceLostException>(() => other.Read(otherMemory, 0, new byte[4]));

        Assert.Same(unnoticed, lost.InnerException);
        Assert.Contains("Kernel 'fill'", unnoticed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Kernel_ThatFails_IsNamedWhicheverDeviceOfTheGpuAsksFirst()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        CudaDevice other = driver.Devices("cuda-other")[0];
        DeviceMemory memory = device.AllocateMemory(400), otherMemory = other.AllocateMemory(400);
        device.Launch(device.Compile(CudaDeviceTests.Fill(1)), LaunchShape.Range(10), [KernelArgument.Pointer(memory)]);
        other.Launch(other.Compile(CudaDeviceTests.AddOne()), LaunchShape.Range(20), [KernelArgument.Pointer(otherMemory)]);
        driver.Answers["cuStreamSynchronize"] = _ => 700;

        KernelLaunchException e = Assert.Throws<KernelLaunchException>(other.Synchronize);

        Assert.Contains("Kernel 'add_one', launched over 20×1×1 items", e.Message, StringComparison.Ordinal);
        Assert.Contains("or, launched by another device of this GPU: Kernel 'fill', launched over 10×1×1 items", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Garbage_ThatComesWhileTheStreamIsWaitedFor_IsLeftForTheNextTime()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        device.Synchronize();
        device.Compiler.Unload(0x10);       // no module: what does not go is no reason to refuse what is compiled then
        driver.Answers["cuStreamSynchronize"] = _ =>
        {
            device.Compiler.Unload(0x20);
            return 0;
        };
        device.Compile(CudaDeviceTests.AddOne());
        driver.Answers.Clear();

        Assert.Equal(1, driver.Calls["cuModuleUnload"]);
        device.Compile(CudaDeviceTests.Fill(1));
        Assert.Equal(2, driver.Calls["cuModuleUnload"]);
    }

    [Fact]
    public void Call_ThatFailsOtherwise_NamesItAndLosesNothing()
    {
        (FakeDriver driver, CudaDevice device) = EmulatedCuda.Create();
        DeviceMemory memory = device.AllocateMemory(400);
        driver.Answers["cuMemcpyDtoDAsync_v2"] = _ => 1;

        DeviceException e = Assert.Throws<DeviceException>(() => device.Copy(memory, 0, memory, 200, 100));

        Assert.Equal("CTG3004", e.Code);
        Assert.Contains("cuMemcpyDtoDAsync failed with CUDA_ERROR_INVALID_VALUE (1)", e.Message, StringComparison.Ordinal);
        device.Synchronize();
    }
}
