using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Gradients of models, computed by devices in float32, against the float64 reference.</summary>
public class DeviceGradientTests
{
    /// <summary>Cotangents made of numbers alone meet the device's tensors, whatever op they went through.</summary>
    [Theory]
    [MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Derivatives_ThatStartFromNumbers_AreOnTheDeviceOfTheArgument(string device)
    {
        Tensor x = Tensor.From([1f, 2, 3], Devices.Get(device));
        Tensor sums = Diff.Grad(v => v.CumSum(0).Sum())(x) * x, columns = Diff.JacFwd(v => v.CumSum(0).Sum() * v)(x) + x;
        Assert.Equal([3f, 4, 3], sums.ToArray<float>());
        Assert.Equal(x.Device, columns.Device);
        Assert.Equal([14f, 4, 4], columns.ToArray<float>()[..3]);
    }

    [Theory]
    [MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Perceptron_Gradients_AgreeWithTheReference(string device) => Compare(
        device,
        x => ((x[0].MatMul(x[1]) + x[2]).Gelu().MatMul(x[3]) - 1).Square().Mean(),
        [6, 5], [5, 7], [7], [7, 2]);

    [Theory]
    [MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void AttentionBlock_Gradients_AgreeWithTheReference(string device) => Compare(
        device,
        x =>
        {
            Tensor h = Nn.RmsNorm(x[0], x[1]);
            Tensor y = Nn.Attention(h.MatMul(x[2]), h.MatMul(x[3]), h.MatMul(x[4]), causal: true);
            return Nn.CrossEntropy(x[0] + y, Tensor.Iota([2, 5], 1) % 4);
        },
        [2, 5, 4], [4], [4, 4], [4, 4], [4, 4]);

    [Theory]
    [MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void HessianVectorProduct_AgreesWithTheReference(string device) => Compare(
        device,
        x => Diff.Hvp(w => x[0].MatMul(w).Tanh().Square().Sum(), x[1], x[2]).Square().Sum(),
        [4, 3], [3, 2], [3, 2]);

    private static void Compare(string device, Func<Tensor[], Tensor> f, params Shape[] shapes)
    {
        double[][] at = GraphFunction.Random(new Random(1), shapes);
        Tensor[] x = [.. shapes.Select((s, i) => Tensor.From([.. at[i].Select(v => (float)v)], s, Devices.Get(device)))];
        Tensor[] actual = Diff.Grad((Tensor[] p) => f(p))(x);

        Node[] inputs = [.. shapes.Select((s, i) => GraphFunction.Input(s, $"x{i}"))];
        Node[] exact = Transforms.ValueAndGrad("Grad", p => [f([.. p.Select(n => new Tensor(n))]).Node], inputs).Gradients;
        double[][] expected = GraphFunction.Evaluate(exact, inputs.Zip(x).ToDictionary(
            p => p.First, p => p.Second.ToArray<float>().Select(v => (double)v).ToArray()));
        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(Device.Find(device), actual[i].Device);
            float[] values = actual[i].ToArray<float>();
            double scale = expected[i].Max(Math.Abs);
            for (int k = 0; k < values.Length; k++) Assert.Equal(expected[i][k], values[k], 1e-5 * (scale + 0.01));
        }
    }
}
