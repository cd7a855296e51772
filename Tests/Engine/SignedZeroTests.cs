using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>The sign of zero does not depend on how many terms there are, or on what is fused; but for products too small for their type, which fused
/// multiply-adds do not round on their own.</summary>
public class SignedZeroTests
{
    private static readonly Device[] s_devices = [new CpuDevice(1, quick: true), new CpuDevice(1, quick: false)];

    /// <summary>Sums begin with +0, as in PyTorch and JAX.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20)]
    public void Sum_OfNegativeZeros_IsPositive(int terms) => Each(device =>
    {
        Tensor x = Tensor.From(Enumerable.Repeat(-0.0f, 3 * terms).ToArray(), [3, terms], device);
        Same([0, 0, 0], x.Sum(1));
        Same([0, 0, 0], x.Cast(DType.BFloat16).Sum(1).Cast(DType.Float32));
        Same([0, 0, 0], x.AvgPool([1, terms]));
    });

    /// <summary>A product of depth 1 is planned as a multiplication.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20)]
    public void MatMul_OfZerosAndNegatives_IsPositiveZero(int depth) => Each(device =>
    {
        Tensor x = Tensor.Zeros([3, depth], DType.Float32, device).Realize(), y = Tensor.Full([depth, 2], -1, DType.Float32, device).Realize();
        Same([0, 0, 0, 0, 0, 0], x.MatMul(y));
        Same([0, 0, 0, 0, 0, 0], x.Cast(DType.Float16).MatMul(y.Cast(DType.Float16)).Cast(DType.Float32));
    });

    [Fact]
    public void CumMinAndCumMax_OfZeros_OrderThemAsMinAndMaxDo() => Each(device =>
    {
        Tensor x = Tensor.From([0f, -0f, 0f], device), y = Tensor.From([-0f, 0f, -0f], device);
        Same([0f, -0f, -0f], x.CumMin());
        Same([-0f, 0f, 0f], y.CumMax());
        Same([0, -0.0, -0.0], x.Cast(DType.Float64).CumMin().Cast(DType.Float32));
    });

    private static void Each(Action<Device> check)
    {
        foreach (Device device in s_devices) check(device);
    }

    private static void Same(double[] expected, Tensor x) => Assert.Equal(
        expected.Select(BitConverter.DoubleToInt64Bits), x.ToArray<float>().Select(f => BitConverter.DoubleToInt64Bits(f)));
}
