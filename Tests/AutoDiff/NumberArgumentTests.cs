using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.AutoDiff;

/// <summary>An argument computed from numbers alone goes with tensors of any device, traced or not.</summary>
public class NumberArgumentTests
{
    [Fact]
    public void Grad_NumberWithDataOfAnotherDevice_IsRight()
    {
        Tensor x = Tensor.From([1f, 2f, 3f], Device.CreateCpu(1));
        Assert.Equal(28f, Diff.Grad(w => (w * x).Square().Sum() * 0.5f)(Tensor.Scalar(2)).Item<float>());
    }

    [Fact]
    public void Compiled_GradOfANumberArgument_IsRight()
    {
        Tensor x = Tensor.From([1f, 2f, 3f], Device.CreateCpu(1));
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor w) => Diff.Grad(v => (v * x).Square().Sum() * 0.5f)(w));
        Assert.Equal(28f, f.Invoke(Tensor.Scalar(2, device: x.Device)).Item<float>());
    }
}
