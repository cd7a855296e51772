using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>The fused functions of transformers: how many kernels they are, and what the conformance table cannot say.</summary>
public class NnTests
{
    private static readonly Tensor s_x = Random(1, 6, 40, 64), s_y = Random(2, 6, 40, 64), s_gain = Random(3, 64);
    private static readonly RotaryTable s_table = new(50, 64, device: Device.Cpu);

    public static TheoryData<string> Names => [.. s_functions.Keys];

    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor[]>> s_functions = new()
    {
        ["add layer norm"] = (x, y) => Pair(Nn.AddLayerNorm(x, y, s_gain, s_gain)),
        ["add rms norm"] = (x, y) => Pair(Nn.AddRmsNorm(x, y, s_gain)),
        ["rotary"] = (x, y) => [Nn.Rotary(x, s_table) + y],
        ["swiglu"] = (x, y) => [Nn.SwiGlu(x, y)],
        ["geglu"] = (x, y) => [Nn.GeGlu(x, y)],
        ["softmax"] = (x, y) => [Nn.Softmax(x, 0.8) * y],
    };

    [Theory, MemberData(nameof(Names))]
    public void Function_ForwardsAndBackwards_IsOneKernelEach(string name)
    {
        Func<Tensor, Tensor, Tensor[]> f = s_functions[name];
        Assert.Single(Steps(f(s_x, s_y)));
        Tensor[] above = [.. f(s_x, s_y).Select((_, i) => Random(10 + i, 6, 40, 64))];
        (_, Func<Tensor, (Tensor, Tensor)> pullback) = Diff.Vjp((x, y) =>
        {
            Tensor[] z = f(x, y);
            return z.Length == 1 ? z[0] * above[0] : z[0] * above[0] + z[1] * above[1];
        }, s_x, s_y);
        (Tensor dx, Tensor dy) = pullback(Tensor.Ones([6, 40, 64], device: Device.Cpu));
        Assert.Single(Steps(dx, dy));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void Rotary_OfTwoPositions_KeepsWhatDependsOnTheirDistance(bool interleaved)
    {
        RotaryTable table = new(50, 8, device: Device.Cpu);
        Tensor q = Random(4, 1, 8), k = Random(5, 1, 8);
        float Score(int i, int j) =>
            (Nn.Rotary(q, table, i, interleaved) * Nn.Rotary(k, table, j, interleaved)).Sum().Item<float>();
        Assert.Equal(Score(3, 1), Score(40, 38), 1e-5f);
        Assert.Equal((q * k).Sum().Item<float>(), Score(7, 7), 1e-5f);
        Assert.NotEqual(Score(3, 1), Score(3, 2));
    }

    [Fact]
    public void Rotary_OfHalvesAndPairs_TurnsTheSameAngles()
    {
        // Features i and i + width / 2 of the one are features 2i and 2i + 1 of the other.
        RotaryTable table = new(50, 8, device: Device.Cpu);
        Tensor x = Random(6, 5, 8), pairs = x.Reshape(5, 2, 4).Transpose().Reshape(5, 8);
        Tensor turned = Nn.Rotary(pairs, table, interleaved: true).Reshape(5, 4, 2).Transpose().Reshape(5, 8);
        Assert.Equal(Nn.Rotary(x, table).ToArray<float>(), turned.ToArray<float>());
        float[] first = x.ToArray<float>(), second = Nn.Rotary(x, table).ToArray<float>();
        for (int t = 0; t < 5; t++)
        {
            (double s, double c) = Math.SinCos(t * Math.Pow(10_000, -2.0 * 3 / 8));
            Assert.Equal(first[t * 8 + 3] * c - first[t * 8 + 7] * s, second[t * 8 + 3], 1e-6);
            Assert.Equal(first[t * 8 + 7] * c + first[t * 8 + 3] * s, second[t * 8 + 7], 1e-6);
        }
    }

    [Fact]
    public void Embedding_GradientOfEqualIndices_AddsInTheirOrderEveryTime()
    {
        Tensor indices = Tensor.From([3, 1, 3, 3, 0, 1], device: Device.Cpu), table = Random(7, 5, 33), above = Random(8, 6, 33);
        float[] Gradient() => Diff.Vjp(t => Nn.Embedding(indices, t), table).Pullback(above).ToArray<float>();
        float[] rows = above.ToArray<float>(), wanted = new float[5 * 33];
        int[] at = indices.ToArray<int>();
        for (int i = 0; i < 6; i++)
        {
            for (int j = 0; j < 33; j++) wanted[at[i] * 33 + j] += rows[i * 33 + j];
        }

        Assert.Equal(wanted, Gradient());
        Assert.Equal(wanted, Gradient());
    }

    [Fact]
    public void Functions_OfShapesThatDoNotFit_SayWhich()
    {
        Assert.Contains("[6, 40, 64]", Assert.Throws<ShapeMismatchException>(() => Nn.SwiGlu(s_x, s_gain)).Message, StringComparison.Ordinal);
        Assert.Contains("width 64", Assert.Throws<ShapeMismatchException>(() => Nn.Rotary(s_x, new RotaryTable(50, 8, device: Device.Cpu))).Message,
            StringComparison.Ordinal);
        Assert.Contains("positions 20 to 59", Assert.Throws<ShapeMismatchException>(() => Nn.Rotary(s_x, s_table, offset: 20)).Message,
            StringComparison.Ordinal);
        Assert.Contains("width 7", Assert.Throws<ShapeMismatchException>(() => new RotaryTable(5, 7)).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeMismatchException>(() => Nn.Rotary(s_x, s_table, timeAxis: 2));
        Assert.Throws<ShapeMismatchException>(() => Nn.AddRmsNorm(s_x, s_gain, s_gain));
        Assert.Throws<ShapeMismatchException>(() => Nn.Embedding(Tensor.Arange(3), s_x));
        Assert.Throws<ArgumentOutOfRangeException>(() => Nn.Softmax(s_x, 0.0));
    }

    private static Tensor[] Pair((Tensor Normed, Tensor Sum) norm) => [norm.Normed, norm.Sum];

    private static Step[] Steps(params Tensor[] outputs) => [.. Lowering.Plan(Capture.Of([.. outputs.Select(t => t.Node)]).Key.ToPlanGraph()).Steps];

    private static Tensor Random(int seed, params int[] shape) => new RandomKey(seed).Normal(Shape.From(shape)).To(Device.Cpu).Realize();
}
