using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Tests.Kernels.Cuda;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>Elementwise ops behind products, on a device that has them in the products' kernels.</summary>
public class EpilogueTests
{
    [Fact]
    public void Layer_OfProductBiasAndActivation_IsOneStepWithTheSameBits()
    {
        float[] x = Numbers(24 * 10), w = Numbers(10 * 20), b = Numbers(20);
        Tensor gpu = Layer(EmulatedCuda.Device);
        Assert.Single(Steps(gpu), s => s is FusedProductStep);
        Assert.Equal(Layer(Device.Cpu).ToArray<float>(), gpu.ToArray<float>());

        Tensor Layer(Device d) =>
            (Tensor.From<float>(x, [24, 10], d).MatMul(Tensor.From<float>(w, [10, 20], d)) + Tensor.From<float>(b, [20], d)).Relu();
    }

    [Fact]
    public void Product_ThatOthersRead_IsStored()
    {
        float[] x = Numbers(16 * 16);
        Tensor t = Tensor.From<float>(x, [16, 16], EmulatedCuda.Device), product = t.MatMul(t);

        // Rows and columns of the product meet in one element: not element by element.
        Tensor sum = product + product.T;
        Assert.DoesNotContain(Steps(sum), s => s is FusedProductStep);
        Tensor c = Tensor.From<float>(x, [16, 16], Device.Cpu), expected = c.MatMul(c);
        Assert.Equal((expected + expected.T).ToArray<float>(), sum.ToArray<float>());
    }

    [Fact]
    public void Products_InARow_AreEachFusedWithTheirOwn()
    {
        float[] x = Numbers(3 * 14 * 13), w = Numbers(13 * 13);
        Tensor gpu = Net(EmulatedCuda.Device);
        Assert.Equal(2, Steps(gpu).Count(s => s is FusedProductStep));
        Assert.Equal(Net(Device.Cpu).ToArray<float>(), gpu.ToArray<float>());

        Tensor Net(Device d)
        {
            Tensor t = Tensor.From<float>(x, [3, 14, 13], d), m = Tensor.From<float>(w, [13, 13], d);
            return t + (t.MatMul(m) * 0.25f).Tanh().MatMul(m.T).Square();
        }
    }

    /// <summary>On the CPU the map runs on pieces of the result: with the same bits as after it.</summary>
    [Theory]
    [InlineData(24, 10, 20), InlineData(130, 70, 257), InlineData(40, 600, 97), InlineData(3, 5, 1), InlineData(1, 33, 300), InlineData(9, 2, 64)]
    public void Layer_OnTheCpu_MapsTheProductOverItself(int m, int k, int n)
    {
        Tensor x = Tensor.From<float>(Numbers(m * k), [m, k]), w = Tensor.From<float>(Numbers(k * n), [k, n]);
        Tensor b = Tensor.From<float>(Numbers(n), [n]);
        Tensor layer = (x.MatMul(w) + b).Gelu();
        MappedProductStep step = Assert.Single(Steps(layer).OfType<MappedProductStep>());
        Assert.Equal(m == 1 ? 2 : 1, step.Writes.Length); // a bias as long as the result is read in place
        Assert.Equal((x.MatMul(w).Realize() + b).Gelu().ToArray<float>(), layer.ToArray<float>());
    }

    [Fact]
    public void Layer_OnTheCpuWhoseProductIsReadLater_StoresBoth()
    {
        Tensor x = Tensor.From<float>(Numbers(70 * 50), [70, 50]), w = Tensor.From<float>(Numbers(50 * 130), [50, 130]);
        Tensor product = x.MatMul(w), active = product.Gelu(), sums = product.Sum(0);
        MappedProductStep step = Assert.Single(Lowering.Plan(Capture.Of([active.Node, sums.Node]).Key.ToPlanGraph()).Steps.OfType<MappedProductStep>());
        Assert.Equal(2, step.Writes.Length);
        Tensor.Realize([active, sums]);
        Tensor again = x.MatMul(w).Realize();
        Assert.Equal(again.Gelu().ToArray<float>(), active.ToArray<float>());
        Assert.Equal(again.Sum(0).ToArray<float>(), sums.ToArray<float>());
    }

    [Fact]
    public void Layer_OnTheCpuWhoseMapReadsAnIntermediate_LiesWhereItsResultGoes()
    {
        // Backwards through an activation: the product and the input of the activation, which nobody needs after it.
        Tensor x = Tensor.From<float>(Numbers(70 * 50), [70, 50]), w = Tensor.From<float>(Numbers(50 * 130), [50, 130]);
        Tensor v = Tensor.From<float>(Numbers(50 * 130).Reverse().ToArray(), [50, 130]);
        Tensor product = x.MatMul(w) * x.MatMul(v).Sum(0).Tanh().BroadcastTo([70, 130]), result = x.MatMul(v).Tanh() * product;
        Assert.All(Steps(result).OfType<MappedProductStep>(), s => Assert.Single(s.Writes));

        Tensor left = x.MatMul(v).Realize(), right = x.MatMul(w).Realize(), row = left.Sum(0).Tanh().Realize();
        Assert.Equal((left.Tanh() * (right * row.BroadcastTo([70, 130]))).ToArray<float>(), result.ToArray<float>());
    }

    [Fact]
    public void Product_InAPartOfWhatItsConsumerReads_IsDoneBefore()
    {
        Tensor x = Tensor.From<float>(Numbers(300 * 50), [300, 50]), w = Tensor.From<float>(Numbers(50 * 130), [50, 130]);
        Tensor other = Tensor.From<float>(Numbers(20 * 130), [20, 130]).Sin(), back = 319 - Tensor.Arange(300, DType.Int32);
        Tensor product = x.MatMul(w), all = Tensor.Concat(0, product, other), mixed = product.Tanh() + all.Gather(back);
        Tensor.Realize([all, mixed]);

        Tensor again = x.MatMul(w).Realize(), whole = Tensor.Concat(0, again, other).Realize();
        Assert.Equal(whole.ToArray<float>(), all.ToArray<float>());
        Assert.Equal((again.Tanh() + whole.Gather(back)).ToArray<float>(), mixed.ToArray<float>());
    }

    [Fact]
    public void Residual_OnTheCpuInPlace_KeepsWhatItAdds()
    {
        float[] start = Numbers(60 * 80);
        Tensor x = Tensor.From<float>(Numbers(60 * 40), [60, 40]), w = Tensor.From<float>(Numbers(40 * 80), [40, 80]);
        State state = new(Tensor.From<float>(start, [60, 80]).Realize());
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            state.Value += x.MatMul(w);
            return 0;
        });
        Tensor expected = Tensor.From<float>(start, [60, 80]);
        for (int i = 0; i < 3; i++)
        {
            step.Invoke();
            expected = (expected + x.MatMul(w).Realize()).Realize();
        }

        Assert.Equal(expected.ToArray<float>(), state.Value.ToArray<float>());
    }

    [Fact]
    public void BatchedAndTransposedProducts_OnTheCpu_AreMappedWithTheSameBits()
    {
        Tensor x = Tensor.From<float>(Numbers(4 * 30 * 20), [4, 30, 20]), w = Tensor.From<float>(Numbers(4 * 20 * 50), [4, 20, 50]);
        Tensor scaled = (x.MatMul(w) * 0.5f).Exp(), turned = x.MatMul(w).Permute(2, 0, 1) * 3;
        Assert.Equal((x.MatMul(w).Realize() * 0.5f).Exp().ToArray<float>(), scaled.ToArray<float>());
        Assert.Equal((x.MatMul(w).Realize().Permute(2, 0, 1) * 3).ToArray<float>(), turned.ToArray<float>());
    }

    [Theory]
    [InlineData(20, 3), InlineData(3, 20), InlineData(5, 5), InlineData(40, 7)]
    public void NarrowProductsOfTransposes_OnTheCpu_AreMappedWithTheSameBits(int m, int n)
    {
        Tensor x = Tensor.From<float>(Numbers(11 * m), [11, m]), w = Tensor.From<float>(Numbers(11 * n), [11, n]);
        Assert.Equal((x.T.MatMul(w).Realize() * 3).ToArray<float>(), (x.T.MatMul(w) * 3).ToArray<float>());
        Assert.Equal((x.T.MatMul(w).Realize().T * 3).ToArray<float>(), (x.T.MatMul(w).T * 3).ToArray<float>());
        Tensor b = Tensor.From<float>(Numbers(2 * 11 * m), [2, 11, m]).Permute(0, 2, 1), c = Tensor.From<float>(Numbers(2 * 11 * n), [2, 11, n]);
        Assert.Equal((b.MatMul(c).Realize().Permute(0, 2, 1) * 3).ToArray<float>(), (b.MatMul(c).Permute(0, 2, 1) * 3).ToArray<float>());
    }

    private static float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => i * 37 % 101 / 50f - 1)];

    private static IEnumerable<Step> Steps(Tensor t) => Lowering.Plan(Capture.Of([t.Node]).Key.ToPlanGraph()).Steps;
}
