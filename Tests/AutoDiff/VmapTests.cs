using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The public face of Vmap: axes, trees, composition, what it refuses; on devices.</summary>
public class VmapTests
{
    private static readonly Tensor s_x = Tensor.From(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } });

    public static TheoryData<string> All => Devices.All;

    [Fact]
    public void Vmap_OfASum_SumsEachRow() => Assert.Equal([6, 15], Diff.Vmap(x => x.Sum())(s_x).ToArray<double>());

    [Fact]
    public void InAxes_One_BatchesColumns() => Assert.Equal([5, 7, 9], Diff.Vmap(x => x.Sum(), 1)(s_x).ToArray<double>());

    [Fact]
    public void OutAxes_Last_PutsTheBatchLast()
    {
        Tensor y = Diff.Vmap(x => x * 2, outAxes: -1)(s_x);
        Assert.Equal([3, 2], y.Shape);
        Assert.Equal([2, 8, 4, 10, 6, 12], y.ToArray<double>());
    }

    [Fact]
    public void SharedArgument_IsNotRepeated()
    {
        Tensor w = Tensor.From(new double[,] { { 1, 0 }, { 0, 1 }, { 1, 1 } });
        Tensor y = Diff.Vmap((x, m) => x.MatMul(m), [0, null])(s_x, w);
        Assert.Equal([4, 5, 10, 11], y.ToArray<double>());

        // One product, of the shared matrix as it is: no expanded operand, no batch axis.
        Node x = GraphFunction.Input([5, 3], "x"), m = GraphFunction.Input([3, 2], "m");
        Node dot = Assert.Single(Walk.Topological(Diff.Vmap((a, b) => a.MatMul(b), [0, null])(new(x), new(m)).Node), n => n.Op == Ops.Dot);
        Assert.Contains(m, dot.Inputs);
        Assert.Equal(0, dot.Get<DotAttributes>().LeftBatch.Rank);
    }

    [Fact]
    public void PerSampleGradients_OfAWeight_AreElementwiseProducts()
    {
        // No dot makes them: a dot is a step of its own, a product may fuse with what uses it.
        Node x = GraphFunction.Input([5, 3], "x"), w = GraphFunction.Input([3, 2], "w");
        Tensor g = Diff.Vmap(e => Diff.Grad(m => e.MatMul(m).Exp().Sum())(new(w)))(new(x));
        Assert.Equal([5, 3, 2], g.Shape);
        Assert.All(Walk.Topological(g.Node).Where(n => n.Op == Ops.Dot), n => Assert.Equal(1, n.Get<DotAttributes>().LeftContract.Rank));
    }

    [Fact]
    public void Nested_BatchesTwoAxes()
    {
        Func<Tensor, Tensor, Tensor> dot = (x, y) => (x * y).Sum();
        Tensor gram = Diff.Vmap(x => Diff.Vmap(y => dot(x, y))(s_x))(s_x);
        Assert.Equal([14, 32, 32, 77], gram.ToArray<double>());
        Assert.Equal(gram.ToArray<double>(), Diff.Vmap(Diff.Vmap(dot, [null, 0]), [0, null])(s_x, s_x).ToArray<double>());
    }

    [Fact]
    public void GradOfVmap_AndVmapOfGrad_Agree()
    {
        Func<Tensor, Tensor> f = x => (x * x * x).Sum();
        double[] expected = [.. s_x.ToArray<double>().Select(x => 3 * x * x)];
        Assert.Equal(expected, Diff.Vmap(Diff.Grad(f))(s_x).ToArray<double>());
        Assert.Equal(expected, Diff.Grad(x => Diff.Vmap(f)(x).Sum())(s_x).ToArray<double>());
        Assert.Equal(expected, Jit.Compile(Diff.Vmap(Diff.Grad(f))).Invoke(s_x).ToArray<double>());
        Assert.Equal(expected, Diff.Vmap(x => Jit.Compile(Diff.Grad(f)).Invoke(x))(s_x).ToArray<double>());
    }

    [Fact]
    public void Pullback_Batched_GivesRowsOfTheJacobian()
    {
        (_, Func<Tensor, Tensor> pullback) = Diff.Vjp(x => x * x, s_x[0]);
        Assert.Equal([2, 0, 0, 0, 4, 0, 0, 0, 6], Diff.Vmap(pullback)(Tensor.Eye(3, DType.Float64)).ToArray<double>());
    }

    [Fact]
    public void Trees_OfArgumentsAndResults_KeepTheirStructure()
    {
        Func<(Tensor A, Tensor B), Tensor, Dictionary<string, Tensor>> f = (p, s) => new() { ["sum"] = p.A.Sum() * s, ["b"] = p.B + s };
        Dictionary<string, Tensor> y = Diff.Vmap(f, [0, null])((s_x, Tensor.From(new[] { 1.0, 2 })), Tensor.Scalar(10, DType.Float64));
        Assert.Equal([60, 150], y["sum"].ToArray<double>());
        Assert.Equal([11, 12], y["b"].ToArray<double>());
    }

    [Fact]
    public void Keys_Batched_GiveTheNumbersOfEachKey()
    {
        RandomKey[] keys = new RandomKey(7).Split(3);
        Tensor all = Diff.Vmap(k => new RandomKey(k).Normal([4]))(Tensor.Stack(0, [.. keys.Select(k => k.Value)]));
        Assert.Equal(keys.SelectMany(k => k.Normal([4]).ToArray<float>()), all.ToArray<float>());
    }

    [Fact]
    public void ResultThatDoesNotDependOnTheBatch_IsRepeated_OrSharedOnRequest()
    {
        Tensor constant = Tensor.From(new[] { 7.0, 8 });
        Assert.Equal([7, 8, 7, 8], Diff.Vmap(x => constant)(s_x).ToArray<double>());
        Assert.Equal([2, 2], Diff.Vmap(x => constant)(s_x).Shape);
        Assert.Equal([2], Diff.Vmap(x => constant, outAxes: [null])(s_x).Shape);
    }

    [Fact]
    public void EmptyBatch_GivesAnEmptyResult() =>
        Assert.Equal([0, 3], Diff.Vmap(x => x.Exp())(Tensor.Zeros([0, 3])).Shape);

    [Fact]
    public void AxisOutOfRange_IsRefusedByName()
    {
        AxisOutOfRangeException e = Assert.Throws<AxisOutOfRangeException>(() => Diff.Vmap((x, y) => x + y, [0, 2])(s_x, s_x));
        Assert.Contains("axis 2 is outside the 2 axes of argument 1", e.Message);
        Assert.Contains("outAxes", Assert.Throws<AxisOutOfRangeException>(() => Diff.Vmap(x => x, 0, 2)(s_x)).Message);
        Assert.Throws<AxisOutOfRangeException>(() => Diff.Vmap(x => x)(Tensor.Scalar(1)));
    }

    [Fact]
    public void BatchesOfDifferentSizes_AreRefused()
    {
        ShapeMismatchException e = Assert.Throws<ShapeMismatchException>(() => Diff.Vmap((x, y) => x + y.Sum(), [0, 1])(s_x, s_x));
        Assert.Contains("has 2 examples", e.Message);
        Assert.Contains("argument 1", e.Message);
    }

    [Fact]
    public void NothingBatched_OrWrongNumberOfAxes_OrSharedResult_IsRefused()
    {
        Assert.Contains("nothing to batch", Assert.Throws<BatchingException>(() => Diff.Vmap(x => x, [null])(s_x)).Message);
        Assert.Contains("3 axes", Assert.Throws<BatchingException>(() => Diff.Vmap((x, y) => x, [0, 0, 1])(s_x, s_x)).Message);
        BatchingException e = Assert.Throws<BatchingException>(() => Diff.Vmap(x => x.Sum(), outAxes: [null])(s_x));
        Assert.Contains("depends on the batch", e.Message);
        Assert.StartsWith("CTG2024", e.Message);
    }

    [Fact]
    public void Kernel_OfTheBatch_RunsForEachExample_AndOfWhatIsShared_Once()
    {
        Tensor x = Tensor.From([1.0, -2, 3, 0.5, 4, -1]).Reshape(3, 2), r = Tensor.From([1.0, 2, 0.5]);
        Assert.Equal((x * x).ToArray<double>(), Diff.Vmap(UserKernelDerivativeTests.Square)(x).ToArray<double>());
        Tensor shared = Tensor.From(new[] { 2.0 });
        Assert.Equal([5, 8], Diff.Vmap(v => v[0] + UserKernelDerivativeTests.Square(shared)[0])(s_x).ToArray<double>());

        // Of no examples; inside a vmap; two outputs of one launch, a number that differs, what is shared.
        Assert.Equal(Shape.Create([0, 2]), Diff.Vmap(UserKernelDerivativeTests.Square)(Tensor.Zeros([0, 2], DType.Float64)).Shape);
        Assert.Equal((x * x).ToArray<double>(), Diff.Vmap(Diff.Vmap((Tensor v) => UserKernelDerivativeTests.Square(v.Unsqueeze(0))[0]))(x).ToArray<double>());
        Tensor[] polar = Diff.Vmap((Tensor[] p) => UserKernelDerivativeTests.Polar(p[0], Tensor.From([0.3, -1.2]), p[1]))([x, r]);
        for (int b = 0; b < 3; b++)
        {
            Tensor[] one = UserKernelDerivativeTests.Polar(x[b], Tensor.From([0.3, -1.2]), r[b]);
            for (int i = 0; i < 2; i++) Assert.Equal(one[i].ToArray<double>(), polar[i][b].ToArray<double>());
        }
    }

    [Fact]
    public void KernelWithADerivative_DifferentiatesInAndAroundVmap()
    {
        Tensor x = Tensor.From([1.0, -2, 3, 0.5]).Reshape(2, 2), w = Tensor.From([1.0, 2]);
        Func<Tensor, Tensor> f = v => (UserKernelDerivativeTests.Difference(UserKernelDerivativeTests.Square(v), w) * v).Sum();
        double[] expected = [.. Diff.Grad(f)(x[0]).ToArray<double>(), .. Diff.Grad(f)(x[1]).ToArray<double>()];
        Assert.Equal(expected, Diff.Vmap(Diff.Grad(f))(x).ToArray<double>());
        Assert.Equal(expected, Diff.Grad(b => Diff.Vmap(f)(b).Sum())(x).ToArray<double>());
        Assert.Equal(expected, Jit.Compile(Diff.Grad(b => Diff.Vmap(f)(b).Sum())).Invoke(x).ToArray<double>());
    }

    [Fact]
    public void ReadingAnExample_ThrowsTracedValue() =>
        Assert.Throws<TracedValueException>(() => Diff.Vmap(x => x * x.ToArray<double>()[0])(s_x));

    [Theory, MemberData(nameof(All))]
    public void PerSampleGradients_OfAPerceptron_AreThoseOfALoop(string device)
    {
        Device d = Devices.Get(device);
        Tensor[] network = [Random(1, [5, 7], d), Random(2, [7], d), Random(3, [7, 3], d)];
        PerSample(
            network,
            (p, x, y) => (Nn.CrossEntropy((x.MatMul(p[0]) + p[1]).Gelu().MatMul(p[2]), y)),
            Random(4, [6, 5], d), Tensor.From([0, 2, 1, 1, 0, 2], d));
    }

    [Theory, MemberData(nameof(All))]
    public void PerSampleGradients_OfAnAttentionBlock_AreThoseOfALoop(string device)
    {
        Device d = Devices.Get(device);
        Tensor[] block = [Random(1, [11, 4], d), Random(2, [4], d), Random(3, [4, 4], d), Random(4, [4, 4], d), Random(5, [4, 4], d)];
        PerSample(
            block,
            (p, tokens, next) =>
            {
                Tensor x = p[0].Gather(tokens), h = Nn.RmsNorm(x, p[1]);
                x += Nn.Attention(h.MatMul(p[2]), h.MatMul(p[3]), h.MatMul(p[4]), causal: true);
                return Nn.CrossEntropy(x.MatMul(p[0].T), next);
            },
            Tensor.From(new[,] { { 1, 2, 3, 1, 0 }, { 7, 7, 7, 10, 2 }, { 4, 0, 9, 8, 4 } }, d),
            Tensor.From(new[,] { { 2, 3, 1, 0, 5 }, { 7, 7, 10, 2, 1 }, { 0, 9, 8, 4, 6 } }, d));
    }

    private static void PerSample(Tensor[] parameters, Func<Tensor[], Tensor, Tensor, Tensor> loss, Tensor x, Tensor y)
    {
        Func<Tensor, Tensor, Tensor[]> gradient = (a, b) => Diff.Grad((Tensor[] p) => loss(p, a, b))(parameters);
        Tensor[] lazy = Diff.Vmap(gradient)(x, y), compiled = Jit.Compile(Diff.Vmap(gradient)).Invoke(x, y);
        for (int b = 0; b < x.Shape[0]; b++)
        {
            Tensor[] expected = gradient(x[b], y[b]);
            for (int i = 0; i < parameters.Length; i++)
            {
                float[] e = expected[i].ToArray<float>();
                double noise = 1e-5 * (e.Max(Math.Abs) + 0.01);
                foreach (Tensor[] actual in new[] { lazy, compiled })
                {
                    Assert.Equal([x.Shape[0], .. parameters[i].Shape], actual[i].Shape);
                    float[] a = actual[i][b].ToArray<float>();
                    for (int k = 0; k < e.Length; k++) Assert.Equal(e[k], a[k], noise);
                }
            }
        }
    }

    private static Tensor Random(int seed, Shape shape, Device device) =>
        Tensor.From([.. GraphFunction.Random(new Random(seed), [shape])[0].Select(v => (float)v)], shape, device);
}
