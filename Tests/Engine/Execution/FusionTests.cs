using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.Engine.Execution;

public class FusionTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 300)];

    [Theory, MemberData(nameof(Seeds))]
    public void Realize_RandomGraph_AgreesWithTheReference(int seed)
    {
        Dictionary<Node, double[]> elements = [];
        (_, Node[] outputs) = RandomGraphs.Make(seed, 4 + seed % 25, DType.Float32, smooth: false, shape =>
        {
            float[] x = RandomGraphs.Elements(seed + elements.Count, shape.Size);
            Node leaf = Tensor.From(x, shape, Device.Cpu).Node;
            elements[leaf] = [.. x.Select(e => (double)e)];
            return leaf;
        });
        double[][] truth = Reference.Evaluate(outputs, n => elements[n]);

        Executor.Realize(outputs);

        for (int k = 0; k < outputs.Length; k++) Close(truth[k], HostData.ToDoubles(outputs[k]),
            $"seed {seed}, output {k}");
    }

    [Fact]
    public void Softmax_OfLongRows_IsOneKernel() => Assert.Single(Steps(Random(40, 300).Softmax()));

    [Fact]
    public void Softmax_OfShortRows_IsOneKernel() => Assert.Single(Steps(Random(40, 17).Softmax()));

    [Fact]
    public void Softmax_OverTheFirstAxis_IsOneKernel() => Assert.Single(Steps(Random(20, 300).Softmax(0)));

    [Fact]
    public void LogSoftmax_IsOneKernel() => Assert.Single(Steps(Random(40, 300).LogSoftmax()));

    [Fact]
    public void LayerNorm_IsOneKernel() =>
        Assert.Single(Steps(Nn.LayerNorm(Random(4, 10, 128), Random(128), Random(128), 1e-5)));

    [Fact]
    public void RmsNorm_IsOneKernel() => Assert.Single(Steps(Nn.RmsNorm(Random(4, 10, 128), Random(128), 1e-5)));

    [Fact]
    public void ArgMax_IsOneKernel() => Assert.Single(Steps(Random(30, 100).ArgMax(1)));

    [Fact]
    public void ElementwiseChain_OverBroadcastAndStridedViews_IsOneKernel()
    {
        Tensor x = Random(30, 20), y = Random(20);
        Assert.Single(Steps(((x + y).Tanh() * x.T.Flip([0]).T + 1.5f)[2.., ..5]));
    }

    [Fact]
    public void AdamLikeUpdate_OfThreeCells_IsOneKernel()
    {
        Tensor p = Random(1000), m = Random(1000), v = Random(1000), g = Random(1000);
        Tensor m1 = 0.9f * m + 0.1f * g, v1 = 0.99f * v + 0.01f * g * g;
        Tensor p1 = p - 0.001f * m1 / (v1.Abs().Sqrt() + 1e-8f);
        Assert.Single(Steps(p1, m1, v1));
    }

    [Fact]
    public void MatMul_OfTransposedViews_CopiesNothing() =>
        Assert.Single(Steps(Random(30, 20).T.MatMul(Random(40, 30).T)));

    [Fact]
    public void AttentionScores_OfPermutedHeads_CopyNothing()
    {
        Tensor q = Random(2, 6, 4, 8).Permute(0, 2, 1, 3), k = Random(2, 6, 4, 8).Permute(0, 2, 1, 3);
        Assert.Single(Steps(q.MatMul(k.Transpose())));
    }

    [Fact]
    public void Product_OfOneTerm_IsComputedWhereItIsUsed()
    {
        Tensor x = Random(5, 7, 1), y = Random(5, 1, 9);
        Tensor squares = x.MatMul(y).Square().Sum([1, 2]);
        Assert.Empty(Lowering.Plan(Capture.Of([squares.Node]).Key.ToPlanGraph()).Steps.OfType<ProductStep>());
        Assert.Equal(squares.ToArray<float>().Select(e => Math.Round(e, 4)),
            (x.Square().Sum([1, 2]) * y.Square().Sum([1, 2])).ToArray<float>().Select(e => Math.Round(e, 4)));
    }

    [Theory]
    [InlineData(0, 2, 0, 1)]
    [InlineData(2, 0, 1, 0)]
    [InlineData(1, 2, 0, 2)]
    public void Product_OfOneTermOverAnyAxes_AgreesWithTheReference(int leftBatch, int leftContract, int rightBatch, int rightContract)
    {
        Tensor x = leftBatch == 0 ? Random(3, 4, 1) : leftBatch == 1 ? Random(4, 3, 1) : Random(1, 4, 3);
        Tensor y = (rightBatch, rightContract) switch { (0, 1) => Random(3, 1, 5), (1, 0) => Random(1, 3, 5), _ => Random(3, 5, 1) };
        Node dot = Make.Dot(x.Node, y.Node, new DotAttributes([leftBatch], [rightBatch], [leftContract], [rightContract]));
        double[] truth = Reference.Evaluate([dot], n => HostData.ToDoubles(n))[0];
        Close(truth, HostData.ToDoubles(new Tensor(dot).Realize().Node), "outer product");
    }

    [Theory]
    [InlineData(2060, 4096)]
    [InlineData(2060, 4100)]
    public void Product_OfOneTermLargerThanTheCaches_IsRightEverywhere(int rows, int columns)
    {
        // Rows of whole cache lines are stored past the caches, others are not.
        Tensor x = Tensor.Arange(rows, DType.Float32).Reshape(rows, 1), y = Tensor.Arange(columns, DType.Float32).Reshape(1, columns);
        float[] z = x.MatMul(y).ToArray<float>();
        Assert.DoesNotContain(Enumerable.Range(0, z.Length), i => z[i] != (float)(i / columns) * (i % columns));
    }

    [Fact]
    public void Reshape_OfAProduct_IsNotCopied() =>
        Assert.Single(Steps(Random(30, 20).MatMul(Random(20, 6)).Reshape(15, 2, 6)));

    [Fact]
    public void Permute_OfAProduct_IsWrittenDirectly() =>
        Assert.Single(Steps(Random(3, 7, 4).MatMul(Random(3, 4, 5)).Permute(1, 0, 2)));

    [Fact]
    public void Product_OfAPermutedProduct_ReadsItWhereItWasWritten()
    {
        Tensor x = Random(3, 7, 4), y = Random(3, 4, 5), w = Random(5, 6);
        Tensor result = x.MatMul(y).Permute(1, 0, 2).MatMul(w);
        double[] truth = Reference.Evaluate([result.Node], HostData.ToDoubles)[0];
        Assert.Equal(2, Steps(result).Length);
        Close(truth, result.ToDoubles(), "product");
    }

    [Fact]
    public void Sum_OfManyElements_IsAccurateAndTwoStages()
    {
        float[] x = RandomGraphs.Elements(3, 100_003);
        Tensor t = Tensor.From(x, [x.Length], Device.Cpu);
        Assert.Equal(x.Sum(e => (double)e), t.Sum().Item<float>(), 1e-2);
        Assert.InRange(Steps(Tensor.From(x, [x.Length], Device.Cpu).Sum()).Length, 2, 4);
    }

    [Fact]
    public void Realize_DeepChain_DoesNotOverflowTheStack()
    {
        Node x = Random(10).Node, y = x;
        for (int i = 0; i < 20_000; i++) y = Make.Add(y, x);
        Executor.Realize([y]);
        Assert.Equal(1, HostData.ToDoubles(y)[0] / (20_001 * HostData.ToDoubles(x)[0]), 1e-3);
    }

    [Fact]
    public void Realize_WithoutElements_GivesEmptyTensorsAndZeros()
    {
        Tensor empty = Tensor.From(Array.Empty<float>(), [0, 3], Device.Cpu);
        Assert.Empty((empty * 2).ToArray<float>());
        Assert.Equal([0f, 0, 0], empty.Sum(0).ToArray<float>());
        Assert.Equal(new float[4],
            Tensor.From(new float[0], [2, 0]).MatMul(Tensor.From(new float[0], [0, 2])).ToArray<float>());
    }

    [Fact]
    public void Realize_MoreElementsThanAnIndexCounts_IsRefused() =>
        Assert.Throws<TensorTooLargeException>(() =>
            Tensor.Ones([1 << 16, 1 << 16], DType.Float32, Device.Cpu).Realize());

    [Fact]
    public void Concat_OfManyParts_IsComputedInPlace()
    {
        Tensor[] parts = [.. Enumerable.Range(0, 6).Select(i => (Random(100 + i) * 2).Exp())];
        Assert.StartsWith("batch_map_", Assert.Single(Steps(Tensor.Concat(0, parts))), StringComparison.Ordinal);
        float[] expected = [.. parts.SelectMany(p => p.ToArray<float>())];
        Assert.Equal(expected, Tensor.Concat(0, parts).ToArray<float>());
    }

    [Fact]
    public void Realize_SameStructureWithOtherNumbers_CompilesOnce()
    {
        Tensor x = Random(5, 77);
        Assert.Equal(Capture.Of([(x * 3.25f + 0.5f).Node]).Key, Capture.Of([(x * 7.75f + 2.5f).Node]).Key);
        Assert.NotEqual(Capture.Of([(x * 3.25f + 0.5f).Node]).Key, Capture.Of([(x * 7.75f + 7.75f).Node]).Key);
    }

    [Theory, InlineData(1, 1), InlineData(3, 33), InlineData(2, 64), InlineData(5, 1000), InlineData(1, 20_000)]
    public void Row_Reductions_AgreeWithTheReference(int rows, int columns)
    {
        Tensor x = Random(rows, columns);
        double[] e = x.ToDoubles();
        double[] sums = [.. Enumerable.Range(0, rows).Select(r => e.Skip(r * columns).Take(columns).Sum())];
        double[] max = [.. Enumerable.Range(0, rows).Select(r => e.Skip(r * columns).Take(columns).Max())];
        Close(sums, x.Sum(1).ToDoubles(), "sum");
        Close(max, x.Max(1).ToDoubles(), "max");
    }

    private static Tensor Random(params int[] shape) =>
        Tensor.From(RandomGraphs.Elements(shape.Length, Shape.From(shape).Size), Shape.From(shape), Device.Cpu);

    /// <summary>The names of the steps that compute some tensors.</summary>
    private static string[] Steps(params Tensor[] outputs) =>
        [.. Lowering.Plan(Capture.Of([.. outputs.Select(o => o.Node)]).Key.ToPlanGraph()).Steps.Select(s => s.Name)];

    internal static void Close(double[] truth, double[] actual, string what)
    {
        Assert.Equal(truth.Length, actual.Length);
        double scale = truth.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int i = 0; i < truth.Length; i++)
        {
            bool close = truth[i].Equals(actual[i])
                || Math.Abs(truth[i] - actual[i]) <= 1e-4 * (0.01 + scale + Math.Abs(truth[i]));
            Assert.True(close, $"{what}, element {i} is {actual[i]}; it should be {truth[i]}");
        }
    }
}
