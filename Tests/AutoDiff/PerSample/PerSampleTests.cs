using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Gradients of each example against one gradient at a time, and what clipping promises.</summary>
public class PerSampleTests
{
    private const int Batch = 5;

    public static TheoryData<string> All => Devices.All;

    private sealed record Network(Tensor W, Dictionary<string, Tensor> Out)
    {
        public Tensor Apply(Tensor x) => x.MatMul(W).Tanh().MatMul(Out["w"]) + Out["b"];
    }

    [Theory, MemberData(nameof(All))]
    public void Grad_OfATree_IsTheGradientOfEachExample(string device)
    {
        (Network n, (Tensor X, Tensor Y) batch) = Problem(Device.Find(device));
        Network each = PerSample.Grad<Network, (Tensor X, Tensor Y)>(Loss)(n, batch);
        Tensor[] all = Trees.Flatten(each);
        for (int b = 0; b < Batch; b++)
        {
            Tensor[] one = Trees.Flatten(Diff.Grad((Network p) => Loss(p, (batch.X[b], batch.Y[b])))(n));
            for (int i = 0; i < one.Length; i++) Near(one[i], all[i][b], 1e-13);
        }

        // The mean loss has the mean gradient.
        Network mean = Diff.Grad((Network p) => Diff.Vmap(((Tensor X, Tensor Y) e) => Loss(p, e))(batch).Mean())(n);
        foreach ((Tensor expected, Tensor g) in Trees.Flatten(mean).Zip(all)) Near(expected, g.Mean(0), 1e-13);
    }

    [Fact]
    public void Norms_AreThoseOfAllParametersTogether()
    {
        (Network n, (Tensor X, Tensor Y) batch) = Problem(Device.Cpu);
        Tensor[] each = Trees.Flatten(PerSample.Grad<Network, (Tensor X, Tensor Y)>(Loss)(n, batch));
        double[] norms = PerSample.Norms<Network, (Tensor X, Tensor Y)>(Loss)(n, batch).ToArray<double>();
        for (int b = 0; b < Batch; b++)
        {
            double expected = Math.Sqrt(each.Sum(g => g[b].ToArray<double>().Sum(x => x * x)));
            Assert.Equal(expected, norms[b], 1e-13);
        }
    }

    [Fact]
    public void Clip_SumsTheClippedGradients_EachWithinTheBound()
    {
        (Network n, (Tensor X, Tensor Y) batch) = Problem(Device.Cpu);
        Tensor[] each = Trees.Flatten(PerSample.Grad<Network, (Tensor X, Tensor Y)>(Loss)(n, batch));
        double[] norms = PerSample.Norms<Network, (Tensor X, Tensor Y)>(Loss)(n, batch).ToArray<double>();
        double maximum = norms.Order().ElementAt(Batch / 2);
        (Network sum, Tensor before) = PerSample.Clip<Network, (Tensor X, Tensor Y)>(Loss, maximum)(n, batch);
        Assert.Equal(norms, before.ToArray<double>());
        Tensor[] sums = Trees.Flatten(sum);
        for (int i = 0; i < each.Length; i++)
        {
            Tensor expected = Tensor.ZerosLike(sums[i]);
            for (int b = 0; b < Batch; b++) expected += each[i][b] * Math.Min(1, maximum / norms[b]);
            Near(expected, sums[i], 1e-13);
        }

        // Without one example the sum moves by no more than the bound, and it is the same each time: there is no noise.
        for (int b = 0; b < Batch; b++)
        {
            Tensor others = Tensor.From([.. Enumerable.Range(0, Batch).Where(i => i != b)]);
            (Network less, _) = PerSample.Clip<Network, (Tensor X, Tensor Y)>(Loss, maximum)(n, (batch.X.Gather(others), batch.Y.Gather(others)));
            double moved = Math.Sqrt(Trees.Flatten(less).Zip(sums).Sum(p => (p.First - p.Second).Square().Sum().Item<double>()));
            Assert.InRange(moved, 1e-9, maximum * (1 + 1e-12));
        }

        (Network again, _) = PerSample.Clip<Network, (Tensor X, Tensor Y)>(Loss, maximum)(n, batch);
        Assert.Equal(sums.SelectMany(s => s.ToArray<double>()), Trees.Flatten(again).SelectMany(s => s.ToArray<double>()));
    }

    [Fact]
    public void Clip_OfZeroAndNaN_IsZeroAndNaN()
    {
        static Tensor Loss(Tensor w, Tensor x) => (w * x).Sum();
        Tensor w = Tensor.From([1.0, 2]);
        Func<Tensor, Tensor, (Tensor Sum, Tensor Norms)> clip = PerSample.Clip<Tensor, Tensor>(Loss, 1);
        (Tensor sum, Tensor norms) = clip(w, Tensor.From(new double[,] { { 0, 0 }, { 3, 4 } }));
        Assert.Equal([0.6, 0.8], sum.ToArray<double>().Select(x => Math.Round(x, 12)));
        Assert.Equal([0, 5], norms.ToArray<double>());
        Assert.All(clip(w, Tensor.From(new[,] { { double.NaN, 0 }, { 3, 4 } })).Sum.ToArray<double>(), x => Assert.True(double.IsNaN(x)));
        Assert.Throws<ArgumentOutOfRangeException>(() => PerSample.Clip<Tensor, Tensor>(Loss, 0));
    }

    [Fact]
    public void Clip_Compiled_IsTheSame()
    {
        (Network n, (Tensor X, Tensor Y) batch) = Problem(Device.Cpu);
        Func<Network, (Tensor X, Tensor Y), (Network Sum, Tensor Norms)> clip = PerSample.Clip<Network, (Tensor X, Tensor Y)>(Loss, 0.1);
        (Network sum, _) = clip(n, batch);
        (Network compiled, _) = Jit.Compile(clip).Invoke(n, batch);
        foreach ((Tensor x, Tensor y) in Trees.Flatten(sum).Zip(Trees.Flatten(compiled))) Near(x, y, 1e-14);
    }

    private static Tensor Loss(Network n, (Tensor X, Tensor Y) e) => Nn.CrossEntropy(n.Apply(e.X).Unsqueeze(0), e.Y.Unsqueeze(0));

    private static (Network, (Tensor, Tensor)) Problem(Device device)
    {
        RandomKey[] keys = new RandomKey(3, device).Split(4);
        return (
            new Network(keys[0].Normal([4, 6], DType.Float64), new() { ["w"] = keys[1].Normal([6, 3], DType.Float64), ["b"] = keys[2].Normal([3], DType.Float64) }),
            (keys[3].Normal([Batch, 4], DType.Float64), Tensor.From([0, 2, 1, 1, 0], device)));
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        foreach ((double e, double a) in expected.ToArray<double>().Zip(actual.ToArray<double>())) Assert.Equal(e, a, tolerance * (1 + Math.Abs(e)));
    }
}
