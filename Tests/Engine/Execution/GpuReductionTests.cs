using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Cuda;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>How reductions are cut for devices of many items.</summary>
public class GpuReductionTests
{
    [Fact]
    public void Columns_FewerThanKeepAGpuBusy_AreReducedInParts()
    {
        Assert.Equal(2, Steps(EmulatedCuda.Device, 1024, 8192));
        Assert.Equal(1, Steps(EmulatedCuda.Device, 512, 8192));
        Assert.Equal(1, Steps(EmulatedCuda.Device, 640, 1 << 16));
    }

    // The elements are not there: nothing is computed.
    private static int Steps(Device device, int rows, int columns) =>
        Lowering.Plan(Capture.Of([Tensor.Ones([rows, columns], device: device).Sum(0).Node]).Key.ToPlanGraph()).Steps.Length;
}
