using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.UserKernels;

/// <summary>Kernels as operations, on devices that check indices.</summary>
public class CheckedKernelTests
{
    private static void Shift(Index1D i, ArrayView<float> x, ArrayView<float> y, int by) => y[i] = x[i.X + by];

    [Theory]
    [MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Kernel_OutOfRange_ThrowsWhenItIsRead(string id)
    {
        Device device = Device.Open(id, new DeviceOptions { Checked = true });
        Tensor x = Tensor.From([1f, 2, 3, 4], device);
        Assert.Equal([2f, 3, 4], Tensor.Kernel(Shift, 3, [x], output: [3], numbers: [1]).ToArray<float>());

        Tensor beyond = Tensor.Kernel(Shift, 4, [x], output: [4], numbers: [1]);
        KernelIndexException e = Assert.Throws<KernelIndexException>(() => (beyond + 1).ToArray<float>());
        Assert.Equal(("x", "4", "4"), (e.View, e.Index, e.Length));

        // A number that the device computes is loaded by the kernel.
        Tensor by = Tensor.From([2], device).Sum();
        Assert.Equal([3f, 4], Tensor.Kernel(Shift, 2, [x], output: [2], numbers: [by]).ToArray<float>());
        e = Assert.Throws<KernelIndexException>(
            () => Tensor.Kernel(Shift, 3, [x], output: [3], numbers: [by]).ToArray<float>());
        Assert.Equal(("x", "4", "4"), (e.View, e.Index, e.Length));
    }

    [Fact]
    public void Kernel_CapturingAndChecked_IsReplayed()
    {
        Device device = Device.Open("cpu", new DeviceOptions { Checked = true });
        int step = 2;
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor x) => Tensor.Kernel(
            (Index1D i, ArrayView<float> a, ArrayView<float> b) => { b[i] = a[i.X * step]; }, 2, [x], output: [2]));
        for (int round = 0; round < 3; round++)
            Assert.Equal([1f, 3], f.Invoke(Tensor.From([1f, 2, 3, 4], device)).ToArray<float>());
        Assert.Throws<KernelIndexException>(() => f.Invoke(Tensor.From([1f, 2], device)).ToArray<float>());
        Assert.Equal([5f, 7], f.Invoke(Tensor.From([5f, 6, 7, 8], device)).ToArray<float>());
    }
}
