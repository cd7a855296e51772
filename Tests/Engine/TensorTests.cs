using System.Numerics.Tensors;
using Cotangent.Graph;
using Cotangent.Interop;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

public class TensorTests
{
    [Fact]
    public void From_Arrays_KeepElementsAndShapes()
    {
        Tensor matrix = Tensor.From(new[,] { { 1f, 2f, 3f }, { 4f, 5f, 6f } });

        Assert.Equal([2, 3], matrix.Shape);
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], matrix.ToArray<float>());
        Assert.Equal([1, 1, 2], Tensor.From(new[,,] { { { 1L, 2L } } }).Shape);
        Assert.Equal(7.5, Tensor.Scalar(7.5, DType.Float64).Item<double>());
        Assert.Equal([(Half)1, (Half)2], Tensor.From([(Half)1, (Half)2]).ToArray<Half>());
        Assert.Equal([true, false], Tensor.From([true, false]).ToArray<bool>());
    }

    [Fact]
    public void Creation_NumbersAndCounts_AreRight()
    {
        Assert.Equal([0f, 0f], Tensor.Zeros([2]).ToArray<float>());
        Assert.Equal([3, 3], Tensor.Full([2], 3, DType.Int32).ToArray<int>());
        Assert.Equal([0, 1, 2], Tensor.Arange(3).ToArray<int>());
        Assert.Equal([1f, 0f, 0f, 1f], Tensor.Eye(2).ToArray<float>());
        Assert.Empty(Tensor.Zeros([0, 5]).ToArray<float>());
    }

    [Theory]
    [InlineData(1f, 2f, 3f)]
    public void Operators_OfNumbers_ComputeElementwise(float a, float b, float c)
    {
        Tensor x = Tensor.From([a, b, c]);

        Assert.Equal([3f, 5f, 7f], (2 * x + 1).ToArray<float>());
        Assert.Equal([2f, 1f, 2f / 3], (2 / x).ToArray<float>(), (p, q) => Math.Abs(p - q) < 1e-6);
        Assert.Equal([true, false, false], (x < 2).ToArray<bool>());
        Assert.Equal([false, false, true], (x > 2.0).ToArray<bool>());
        Assert.Equal([1, 0, -1], (Tensor.From([7, -1, -7]) / 5).ToArray<int>());
        Assert.Equal([2, -1, -2], (Tensor.From([7, -1, -7]) % 5).ToArray<int>());
        Assert.Equal([8, 27], Tensor.From([2, 3]).Pow(3).ToArray<int>());
    }

    [Fact]
    public void Sigmoid_InBothTails_IsAccurateWithoutOverflow()
    {
        double[] x = [-1000, -40, -1e-3, 0, 1e-3, 40, 1000];

        double[] y = Tensor.From(x).Sigmoid().ToArray<double>();

        for (int i = 0; i < x.Length; i++) Assert.Equal(1 / (1 + Math.Exp(-x[i])), y[i], 1e-15 * y[i] + 1e-300);
    }

    [Fact]
    public void Softmax_LargeLogits_DoesNotOverflow() =>
        Assert.Equal([0.5f, 0.5f, 0f], Tensor.From([1e4f, 1e4f, -1e4f]).Softmax().ToArray<float>());

    [Fact]
    public void LogSumExp_OfInfinities_IsTheLimit()
    {
        Tensor x = Tensor.From(new[,] { { float.NegativeInfinity, float.NegativeInfinity }, { float.PositiveInfinity, 0 }, { 1000, 1000 } });

        Assert.Equal([float.NegativeInfinity, float.PositiveInfinity, 1000 + MathF.Log(2)], x.LogSumExp(1).ToArray<float>());
    }

    [Fact]
    public void Mean_OfLargeHalves_DoesNotOverflow()
    {
        Tensor x = Tensor.Full([1000], 60000, DType.Float16);

        Assert.Equal(60000, (double)x.Mean().Item<Half>());
        Assert.Equal(0, (double)x.Variance().Item<Half>());
    }

    [Fact]
    public void Variance_WithCorrection_DividesByOneLess() =>
        Assert.Equal([2f / 3, 1f], Tensor.Stack(0, Tensor.From([1f, 2f, 3f]).Variance(), Tensor.From([1f, 2f, 3f]).Variance(correction: 1)).ToArray<float>());

    [Fact]
    public void Tril_AndTriu_KeepTheirTriangles()
    {
        Tensor x = Tensor.Arange(9).Reshape(3, 3) + 1;

        Assert.Equal([1, 0, 0, 4, 5, 0, 7, 8, 9], x.Tril().ToArray<int>());
        Assert.Equal([1, 2, 3, 0, 5, 6, 0, 0, 9], x.Triu().ToArray<int>());
        Assert.Equal([0, 2, 3, 0, 0, 6, 0, 0, 0], x.Triu(1).ToArray<int>());
    }

    [Fact]
    public void LongChain_Unread_IsFlushed()
    {
        Tensor total = Tensor.Zeros([]), one = Tensor.From([1f])[0];
        for (int i = 0; i < 2000; i++)
        {
            total += one;
            Assert.True(total.Node.Depth <= Tensor.MaxDepth);
        }

        Assert.Equal(2000f, total.Item<float>());
    }

    [Fact]
    public void Number_OnItsOwn_MixesWithAnyDevice() => Assert.True(Tensor.Zeros([3]).Exp().Node.IsAnywhere);

    [Fact]
    public void BFloat16_RoundsToNearestEven()
    {
        Assert.Equal(1f, (BFloat16)1.00390625f);
        Assert.Equal(1.015625f, (BFloat16)1.01171875f);
        Assert.True(float.IsNaN((BFloat16)float.NaN));
        Assert.Equal([(BFloat16)0.1f], Tensor.From([(BFloat16)0.1f]).ToArray<BFloat16>());
    }

    [Fact]
    public void TensorSpan_CopiedInAndOut_KeepsElements()
    {
        int[] elements = [.. Enumerable.Range(0, 12)];
        TensorSpan<int> span = new(elements, [3, 4]);

        Tensor whole = span.ToTensor(), part = span.Slice([1..3, 1..3]).ToTensor();

        Assert.Equal([3, 4], whole.Shape);
        Assert.Equal([5, 6, 9, 10], part.ToArray<int>());
        (part * 10).CopyTo(span.Slice([1..3, 1..3]));
        Assert.Equal([0, 1, 2, 3, 4, 50, 60, 7, 8, 90, 100, 11], elements);
        Assert.Throws<ShapeMismatchException>(() => part.CopyTo(new TensorSpan<int>(elements, [12])));
    }

    [Fact]
    public void To_SameDevice_IsTheSameTensor()
    {
        Tensor x = Tensor.From([1f]);

        Assert.Same(x, x.To(x.Device));
    }

    [FactOn("opencl")]
    public void To_OtherDevice_CopiesTheValue()
    {
        Tensor x = Tensor.From([1f, 2f], Device.Cpu), y = x.To(Device.Find("opencl"));

        Assert.Equal("opencl", y.Device.Id);
        Assert.Equal([1f, 2f], y.ToArray<float>());
        Assert.Throws<DeviceMismatchException>(() => x + y);
    }

    [Fact]
    public void Numbers_PlacedOnADevice_StayThereWithCSharpNumbers()
    {
        Device other = Device.CreateCpu(1);
        Tensor x = 2f * Tensor.Arange(3, DType.Float32, other);
        Assert.Same(other, x.Device);
        Assert.Same(other, x.Sum().Realize().Device);
        Assert.Same(Device.Cpu, (x + Tensor.From([1f, 2, 3], Device.Cpu)).Device);
    }
}
