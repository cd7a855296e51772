using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Windows;

/// <summary>Convolutions and pools against loops over their definitions: the conformance table compares devices with the value of the
/// same composition, and would not see a wrong one.</summary>
public class ConvolutionTests
{
    private readonly record struct Setting(Shape Input, Shape Kernel, int[] Stride, (int Before, int After)[] Padding, int[] Dilation, int Groups)
    {
        public int Axes => Stride.Length;

        public int Positions(int i) =>
            (Input[i + 2] + Padding[i].Before + Padding[i].After - (Kernel[i + 2] - 1) * Dilation[i] - 1) / Stride[i] + 1;

        public Shape Output
        {
            get
            {
                Setting own = this;
                return [Input[0], Kernel[0], .. Enumerable.Range(0, Axes).Select(own.Positions)];
            }
        }
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 60)];

    [Theory, MemberData(nameof(Seeds))]
    public void Conv_OfRandomSettings_IsItsDefinition(int seed)
    {
        Setting s = Draw(seed);
        double[] x = Elements(seed, s.Input), k = Elements(seed + 1, s.Kernel);
        Tensor y = Tensor.Conv(Leaf(x, s.Input), Leaf(k, s.Kernel), s.Stride, Padding.Of(s.Padding), s.Dilation, s.Groups);

        Assert.Equal(s.Output, y.Shape);
        double[] expected = new double[s.Output.Size];
        ForEachProduct(s, (output, input, kernel) => expected[output] += x[input] * k[kernel]);
        Close(expected, Value(y));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void ConvTranspose_OfRandomSettings_IsItsDefinition(int seed)
    {
        Setting s = Draw(seed);
        double[] y = Elements(seed, s.Output), k = Elements(seed + 1, s.Kernel);
        int[] extra = [.. Enumerable.Range(0, s.Axes).Select(i =>
            s.Input[i + 2] + s.Padding[i].Before + s.Padding[i].After - (s.Kernel[i + 2] - 1) * s.Dilation[i] - 1 - (s.Positions(i) - 1) * s.Stride[i])];
        Tensor x = Tensor.ConvTranspose(Leaf(y, s.Output), Leaf(k, s.Kernel), s.Stride, Padding.Of(s.Padding), s.Dilation, s.Groups, extra);

        Assert.Equal(s.Input, x.Shape);
        double[] expected = new double[s.Input.Size];
        ForEachProduct(s, (output, input, kernel) => expected[input] += y[output] * k[kernel]);
        Close(expected, Value(x));
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Pools_OfRandomSettings_AreTheirDefinitions(int seed)
    {
        Setting s = Draw(seed) with { Groups = 1 };
        int channels = s.Input[1];
        s = s with { Kernel = [channels, 1, .. s.Kernel.Skip(2)], Groups = channels };
        double[] x = Elements(seed, s.Input);
        int[] window = [.. s.Kernel.Skip(2)];
        double[] max = [.. Enumerable.Repeat(double.NegativeInfinity, (int)s.Output.Size)], sum = new double[max.Length], count = new double[max.Length];
        ForEachProduct(s, (output, input, _) =>
        {
            max[output] = Math.Max(max[output], x[input]);
            sum[output] += x[input];
            count[output]++;
        });

        Tensor t = Leaf(x, s.Input);
        Close(max, Value(t.MaxPool(window, s.Stride, Padding.Of(s.Padding), s.Dilation)));
        Close([.. sum.Select(v => v / window.Aggregate(1, (a, b) => a * b))], Value(t.AvgPool(window, s.Stride, Padding.Of(s.Padding), s.Dilation)));
        Close([.. sum.Zip(count, (v, n) => v / n)],
            Value(t.AvgPool(window, s.Stride, Padding.Of(s.Padding), s.Dilation, countPadding: false)));
    }

    [Fact]
    public void Same_AnyStride_HasAPositionForEachStride()
    {
        Tensor k = Tensor.Zeros([1, 1, 4]);
        for (int n = 1; n < 9; n++)
        {
            for (int stride = 1; stride < 4; stride++)
            {
                Assert.Equal((n + stride - 1) / stride, Tensor.Conv(Tensor.Zeros([1, 1, n]), k, [stride], Padding.Same).Shape[2]);
            }
        }
    }

    [Fact]
    public void Conv_Of1X1Kernels_CopiesNothing() =>
        Assert.Single(Steps(Tensor.Conv(Random(8, 16, 7, 9), Random(5, 16, 1, 1))));

    [Fact]
    public void Conv_OfOneChannelIn1D_ReadsOverlappingWindowsInPlace() =>
        Assert.Single(Steps(Tensor.Conv(Random(1, 1, 99), Random(8, 1, 5), stride: [3])));

    [Fact]
    public void Conv_Depthwise_IsOneKernel() =>
        Assert.Single(Steps(Tensor.Conv(Random(2, 8, 9, 9), Random(8, 1, 3, 3), padding: 1, groups: 8)));

    [Fact]
    public void Conv_WithPadding_StoresItsWindowsOnceForValueAndKernelGradient()
    {
        Tensor x = Random(2, 8, 6, 6), k = Random(4, 8, 3, 3);
        (Tensor value, Tensor gradient) = Cotangent.AutoDiff.Diff.ValueAndGrad((Tensor w) => Tensor.Conv(x, w, padding: 1).Square().Sum())(k);
        string[] steps = Steps(value, gradient);
        Assert.Equal(2, steps.Count(s => s.StartsWith("dot", StringComparison.Ordinal)));
        Assert.Single(steps, s => s.Contains("skew", StringComparison.Ordinal) || s.Contains("pad", StringComparison.Ordinal));
    }

    [Fact]
    public void MaxPool_WithPadding_IsOneKernel() => Assert.Single(Steps(Random(2, 8, 9, 9).MaxPool([3, 3], [2, 2], 1)));

    [Fact]
    public void MaxPool_OfTies_GivesTheFirstTheGradient()
    {
        Tensor g = Cotangent.AutoDiff.Diff.Grad(x => x.MaxPool([2]).Sum())(Tensor.From([1f, 1, 2, 3]));
        Assert.Equal([1f, 0, 0, 1], g.ToArray<float>());
    }

    [Fact]
    public void MaxPool_OfNaN_IsNaN() => Assert.Equal([float.NaN, 3], Tensor.From([1f, float.NaN, 2, 3]).MaxPool([2]).ToArray<float>());

    private static Setting Draw(int seed)
    {
        Random random = new(seed);
        int axes = 1 + seed % 3, groups = random.Next(1, 4), inputs = random.Next(1, 4), outputs = random.Next(1, 4);
        int[] window = [.. Enumerable.Range(0, axes).Select(_ => random.Next(1, 4))], dilation = [.. window.Select(_ => random.Next(1, 3))];
        (int, int)[] padding = [.. window.Select((w, i) => (random.Next((w - 1) * dilation[i] + 1), random.Next((w - 1) * dilation[i] + 1)))];
        int[] extents = [.. window.Select((w, i) => (w - 1) * dilation[i] + random.Next(1, 5))];
        return new([random.Next(1, 3), groups * inputs, .. extents], [groups * outputs, inputs, .. window],
            [.. window.Select(_ => random.Next(1, 4))], padding, dilation, groups);
    }

    /// <summary>Visits the flat indices of output, input and kernel of all products of a convolution.</summary>
    private static void ForEachProduct(Setting s, Action<long, long, long> visit)
    {
        int perGroup = s.Kernel[0] / s.Groups;
        NDIndex.ForEach(s.Output, (output, at) => NDIndex.ForEach(Shape.From(s.Kernel.Skip(1)), (_, j) =>
        {
            int[] x = [at[0], at[1] / perGroup * s.Kernel[1] + j[0], .. Enumerable.Range(0, s.Axes).Select(i =>
                at[i + 2] * s.Stride[i] + j[i + 1] * s.Dilation[i] - s.Padding[i].Before)];
            if (x.Where((v, i) => v < 0 || v >= s.Input[i]).Any()) return;
            visit(output, NDIndex.Flatten(s.Input, x), NDIndex.Flatten(s.Kernel, [at[1], .. j]));
        }));
    }

    private static double[] Elements(int seed, Shape shape)
    {
        Random random = new(seed);
        return NDIndex.Fill(shape, _ => 2 * random.NextDouble() - 1);
    }

    private static Tensor Leaf(double[] x, Shape shape) => Tensor.From<double>(x, shape, Device.Cpu);

    private static double[] Value(Tensor y) => Reference.Evaluate([y.Node], HostData.ToDoubles)[0];

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.True(expected[i].Equals(actual[i]) || Math.Abs(expected[i] - actual[i]) < 1e-12, $"{i}: {actual[i]} ≠ {expected[i]}");
    }

    private static Tensor Random(params int[] shape) =>
        Tensor.From(RandomGraphs.Elements(shape.Length, Shape.From(shape).Size), Shape.From(shape), Device.Cpu);

    private static string[] Steps(params Tensor[] outputs) =>
        [.. Lowering.Plan(Capture.Of([.. outputs.Select(o => o.Node)]).Key.ToPlanGraph()).Steps.Select(s => s.Name)];
}
