using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Ten thousand steps of 256 KB each, 2.6 GB in all, without a Dispose, on a device of their own: what is given out stays small.</summary>
public class MemoryTests
{
    private const int Steps = 10_000, Elements = 1 << 16;
    private const long StepBytes = sizeof(float) * Elements, Bound = 1L << 30;

    [Fact]
    public void CompiledSteps_WithoutDispose_HoldMemoryFlat()
    {
        CpuDevice device = new(1);
        State p = new(Tensor.Ones([Elements], device: device).Realize());
        CompiledFunction<Tensor, Tensor> step = Jit.Compile((Tensor g) =>
        {
            p.Value = p.Value * 0.99f + g;
            return p.Value.Sum();
        });
        float sum = Run(device, () => step.Invoke(0.01f).Item<float>(), peak: 64 * StepBytes);
        Assert.Equal(1, step.TraceCount);
        Assert.InRange(sum, 0.999f * Elements, 1.001f * Elements);
    }

    [Fact]
    public void EagerSteps_WithoutDispose_HoldMemoryFlat()
    {
        CpuDevice device = new(1);
        Tensor x = Tensor.Ones([Elements], device: device).Realize();
        Tensor total = Tensor.Scalar(0, device: device);
        Run(device, () =>
        {
            x = (x * 0.99f + 0.01f).Realize();
            total += x.Sum();
            return 0;
        }, Bound);
        Assert.InRange(total.Item<float>(), 0.999f * Elements * Steps, 1.001f * Elements * Steps);
    }

    /// <summary>Runs the steps; the peak of given-out memory stays under a bound, and after a collection only a few buffers are left.</summary>
    private static float Run(CpuDevice device, Func<float> step, long peak)
    {
        float last = 0;
        for (int i = 0; i < Steps; i++)
        {
            last = step();
            Assert.True(device.BytesInUse <= peak, $"{device.BytesInUse} bytes are in use after step {i}.");
        }

        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.InRange(device.BytesInUse, 0, 600 * StepBytes);
        return last;
    }
}
