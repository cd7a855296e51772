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

    private static float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => i * 37 % 101 / 50f - 1)];

    private static IEnumerable<Step> Steps(Tensor t) => Lowering.Plan(Capture.Of([t.Node]).Key.ToPlanGraph()).Steps;
}
