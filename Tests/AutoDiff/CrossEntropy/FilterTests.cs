using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>The gradient filter: tiles kept and errors as computed independently, and its bounds.</summary>
public class FilterTests
{
    private static readonly CrossEntropyData s_data = new(64, 512, 32)
    {
        Bias = [.. Enumerable.Range(0, 512).Select(v => -(((211 * v) + 17) % 512) / 16.0)],
        Targets = [165, 461, 279, 495, 279, 296, 262, 245, 114, 444, 313, 165, 0, 364, 182, 478, 461, 131, 165, 427, 114, 262, 148, 199, 0, 165, 182,
            262, 478, 233, 80, 262, 296, 97, 148, 34, 427, 444, 427, 427, 444, 279, 330, 97, 495, 148, 114, 80, 148, 279, 495, 114, 427, 478, 97, 114,
            313, 245, 347, 461, 444, 165, 114, 97],
    };

    private static Device Cpu => Device.Cpu;

    [Fact]
    public void Linear_OfTheCase_HasItsNumbers()
    {
        (Tensor loss, (Tensor de, Tensor dc)) = Diff.ValueAndGrad(Loss(new() { Filter = GradientFilter.Off }))(E, C);

        Assert.Equal(168.7309835706, loss.Item<double>(), 1e-8);
        Assert.Equal(12.27158412396, GoldenTests.Norm(de), 1e-9);
        Assert.Equal(25.11095079878, GoldenTests.Norm(dc), 1e-9);
        Assert.Equal(.2372572169983, de.ToDoubles()[^1], 1e-11);
        Assert.Equal(3.733027829698e-10, dc.ToDoubles()[^1], 1e-18);
    }

    [Fact]
    public void VocabularyOrder_IsThatOfMeanLogits()
    {
        int[] order = Order.ToArray<int>();
        Assert.Equal([228, 63, 410, 393, 46, 211], order[..6]);
        Assert.Equal([262, 97, 444, 80, 427, 245], order[^6..]);
    }

    [Theory]
    [InlineData(-12, 16, false, 128, 0, 0, 0)]
    [InlineData(-12, 16, true, 32, 1.2848e-4, 1.2170e-4, 384)]
    [InlineData(-12, 32, false, 32, 0, 0, 0)]
    [InlineData(-12, 32, true, 8, 1.2848e-4, 1.2170e-4, 384)]
    [InlineData(-8, 16, true, 22, 2.5597e-3, 2.1069e-3, 416)]
    [InlineData(-8, 32, true, 6, 1.1211e-3, 1.0719e-3, 416)]
    public void Filter_OfTiles_KeepsSoMany(int exponent, int tile, bool sorted, int kept, double errorE, double errorC, int zeroRows)
    {
        CrossEntropyOptions options = new()
        {
            Filter = GradientFilter.Below(Math.ScaleB(1, exponent)), FilterTile = (tile, tile), VocabularyOrder = sorted ? Order : null,
        };

        (Tensor de, Tensor dc) = Diff.Grad(Loss(options))(E, C);
        (Tensor fullE, Tensor fullC) = Diff.Grad(Loss(new() { Filter = GradientFilter.Off }))(E, C);

        Assert.Equal(errorE, Error(de, fullE), 1e-4 * errorE + 1e-15);
        Assert.Equal(errorC, Error(dc, fullC), 1e-4 * errorC + 1e-15);
        Assert.Equal(zeroRows, Enumerable.Range(0, 512).Count(v => dc[v].ToDoubles().All(x => x == 0)));
        Assert.Equal([kept, kept], Kept(options));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Filter_OfOneOutput_LeavesTheOtherExact(bool ofE, bool ofC)
    {
        CrossEntropyOptions options = new()
        {
            Filter = GradientFilter.Below(Math.ScaleB(1, -8)), FilterTile = (16, 16), VocabularyOrder = Order, FilterEmbeddings = ofE, FilterClassifier = ofC,
        };
        (Tensor de, Tensor dc) = Diff.Grad(Loss(options))(E, C);
        (Tensor fullE, Tensor fullC) = Diff.Grad(Loss(new() { Filter = GradientFilter.Off }))(E, C);

        Assert.Equal(ofE ? 2.5597e-3 : 0, Error(de, fullE), 1e-6);
        Assert.Equal(ofC ? 2.1069e-3 : 0, Error(dc, fullC), 1e-6);
    }

    [Theory]
    [InlineData(-12)]
    [InlineData(-6)]
    public void Filter_OfTheDevice_KeepsItsBounds(int exponent)
    {
        double bound = Math.ScaleB(1, exponent);
        Func<Tensor, Tensor, Tensor> filtered = Loss(new() { Filter = GradientFilter.Below(bound) }, DType.Float32);
        (Tensor de, Tensor dc) = Diff.Grad(filtered)(E.Cast(DType.Float32), C.Cast(DType.Float32));
        (Tensor fullE, Tensor fullC) = Diff.Grad(Loss(new() { Filter = GradientFilter.Off }))(E, C);
        double longestE = Longest(E), longestC = Longest(C);

        // What is dropped of a row sums to 1 at most, each below the bound.
        Assert.All(Lengths(de.Cast(DType.Float64) - fullE), x => Assert.True(x <= (1 + bound) * longestC));
        Assert.All(Lengths(dc.Cast(DType.Float64) - fullC), x => Assert.True(x <= 64 * bound * longestE + 1e-4));
    }

    [Theory]
    [InlineData(0.1, 0)]
    [InlineData(0, 0.1)]
    public void Filter_OfRowsThatAreCertain_LosesNothingOfZLossAndSmoothing(double zLoss, double smoothing)
    {
        // p of each target is 1 to within 2⁻²⁸: the plain loss has no gradient, these have. 64 rows are whole vectors, without lanes that count for none.
        RandomKey key = new(3, Cpu);
        Tensor targets = Tensor.Arange(64), directions = key.Normal([300, 8]);
        Tensor c = (directions / directions.Square().Sum(1, keepDims: true).Sqrt()).Realize(), e = (2000 * c.Gather(targets)).Realize();
        (Tensor de, Tensor dc) = Diff.Grad(Loss(GradientFilter.Auto))(e, c);
        (Tensor fullE, Tensor fullC) = Diff.Grad(Loss(GradientFilter.Off))(e, c);

        Assert.True(GoldenTests.Norm(fullE) > 1e-3);
        Assert.InRange(Error(de, fullE), 0, 1e-5);
        Assert.InRange(Error(dc, fullC), 0, 1e-5);

        Func<Tensor, Tensor, Tensor> Loss(GradientFilter filter) => (x, y) =>
            CrossEntropy.Linear(x, y, targets, new() { ZLoss = zLoss, LabelSmoothing = smoothing, Filter = filter });
    }

    private static Tensor E => s_data.Embeddings(Cpu, DType.Float64);

    private static Tensor C => s_data.Classifier(Cpu, DType.Float64);

    private static Tensor Order => CrossEntropy.VocabularyOrder(E, C, s_data.TargetsOf(Cpu, false), new() { Bias = s_data.BiasOf(Cpu, DType.Float64) });

    private static Func<Tensor, Tensor, Tensor> Loss(CrossEntropyOptions options, DType type = DType.Float64) => (e, c) =>
        CrossEntropy.Linear(e, c, s_data.TargetsOf(Cpu, false),
            options with { Bias = s_data.BiasOf(Cpu, type), Reduction = LossReduction.Sum });

    /// <summary>The numbers of tiles kept for the two gradients.</summary>
    private static int[] Kept(CrossEntropyOptions options)
    {
        Node gradient = Walk.Topological(Loss(options)(E, C).Node).First(n => n.Op == Ops.CrossEntropy);
        CrossEntropyAttributes call = gradient.Get<CrossEntropyAttributes>();
        Tensor kept = new(new Node(gradient.Op, gradient.Inputs, call.At(CrossEntropyAttributes.KeptTiles)));
        Tensor used = new(new Node(gradient.Op, gradient.Inputs, call.At(CrossEntropyAttributes.EmbeddingGradient)));
        return (kept + (0 * used.Sum()).Cast(DType.Int32)).ToArray<int>();
    }

    private static double Error(Tensor x, Tensor y) => GoldenTests.Norm(x - y) / GoldenTests.Norm(y);

    private static double[] Lengths(Tensor x) => (x * x).Sum(1).Sqrt().ToDoubles();

    private static double Longest(Tensor x) => Lengths(x).Max();
}
