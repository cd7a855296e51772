using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>What linear cross-entropies get wrong elsewhere.</summary>
public class TrapTests
{
    private static readonly CrossEntropyData s_small = new(9, 11, 6);

    [Theory]
    [InlineData(11)]
    [InlineData(-1)]
    public void Target_OutOfRange_IsNamed(int target)
    {
        Tensor targets = Tensor.From([0, 1, 2, 3, target, 5, 6, 7, 8], [9], Device.Cpu);

        TargetOutOfRangeException error = Assert.Throws<TargetOutOfRangeException>(() => Loss(targets).Item<double>());

        Assert.Equal((4, target), (error.Row, error.Target));
        Assert.Contains($"row 4 is {target}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Target_OfALongThatWouldWrap_IsRefused() => Assert.Throws<TargetOutOfRangeException>(
        () => Loss(Tensor.From([0L, 1, 2, (1L << 32) + 5, 4, 5, 6, 7, 8], [9], Device.Cpu)).Item<double>());

    [Fact]
    public void Targets_OfAnIgnoredValue_CountForNothing()
    {
        Tensor some = Tensor.From([0, 1, 2, -1, 4, 5, 6, 7, -1], [9], Device.Cpu);
        double all = 0;
        foreach (int i in new[] { 0, 1, 2, 4, 5, 6, 7 })
        {
            all += CrossEntropy.Linear(s_small.Embeddings(Device.Cpu, DType.Float64)[i..(i + 1), ..], s_small.Classifier(Device.Cpu, DType.Float64),
                Tensor.From([i], [1], Device.Cpu)).Item<double>();
        }

        Assert.Equal(all / 7, Loss(some, new() { IgnoreIndex = -1 }).Item<double>(), 1e-12);
        Assert.Equal(all / 5, Loss(some, new() { IgnoreIndex = -1, Divisor = Tensor.Scalar(5) }).Item<double>(), 1e-12);
    }

    [Fact]
    public void Mean_OverNoRows_IsNaNWithZeroGradients()
    {
        Tensor none = Tensor.Full([9], -100, DType.Int32).To(Device.Cpu), c = s_small.Classifier(Device.Cpu, DType.Float32);

        (Tensor loss, (Tensor de, Tensor dc)) = Diff.ValueAndGrad((Tensor x, Tensor y) => CrossEntropy.Linear(x, y, none))(
            s_small.Embeddings(Device.Cpu, DType.Float32), c);

        Assert.True(float.IsNaN(loss.Item<float>()));
        Assert.All(de.ToDoubles().Concat(dc.ToDoubles()), x => Assert.Equal(0, x));
        Assert.Equal(0, CrossEntropy.Linear(s_small.Embeddings(Device.Cpu, DType.Float32), c, none, new() { Reduction = LossReduction.Sum }).Item<float>());
    }

    [Fact]
    public void IgnoredRow_WithNaN_LeavesNoTrace()
    {
        double[] e = [.. s_small.E];
        e[2 * s_small.D] = double.NaN;
        int[] targets = [.. s_small.Targets];
        targets[2] = -100;
        Tensor some = Tensor.From(targets, [9], Device.Cpu);

        (Tensor loss, (Tensor de, Tensor dc)) = Diff.ValueAndGrad((Tensor x, Tensor y) => CrossEntropy.Linear(x, y, some))(
            CrossEntropyData.Of(e, [9, 6], Device.Cpu, DType.Float32), s_small.Classifier(Device.Cpu, DType.Float32));

        Assert.All(de.ToDoubles().Concat(dc.ToDoubles()).Append(loss.Item<float>()), x => Assert.True(double.IsFinite(x)));
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Bias_OfMinusInfinity_ForbidsAClass(DType type)
    {
        Tensor bias = CrossEntropyData.Of([.. Enumerable.Range(0, 11).Select(v => v == 10 ? double.NegativeInfinity : 0)], [11], Device.Cpu, type);
        Tensor e = s_small.Embeddings(Device.Cpu, type), c = s_small.Classifier(Device.Cpu, type), targets = Tensor.From([0, 1, 2, 3, 4, 5, 6, 7, 8], [9], Device.Cpu);

        (Tensor loss, (Tensor de, Tensor dc)) = Diff.ValueAndGrad((Tensor x, Tensor y) => CrossEntropy.Linear(x, y, targets, new() { Bias = bias }))(e, c);
        Tensor without = CrossEntropy.Linear(e, c[..10, ..], targets);

        Assert.Equal(without.ToDoubles()[0], loss.ToDoubles()[0], 1e-6);
        Assert.All(de.ToDoubles(), x => Assert.True(double.IsFinite(x)));
        Assert.All(dc[10].ToDoubles(), x => Assert.Equal(0, x));
    }

    [Theory]
    [InlineData(1e4)]
    [InlineData(-1e4)]
    public void Logits_VeryLarge_StayFinite(double scale)
    {
        Tensor targets = s_small.TargetsOf(Device.Cpu, false);
        (Tensor loss, Tensor de) = Diff.ValueAndGrad((Tensor x) => CrossEntropy.Linear(x, s_small.Classifier(Device.Cpu, DType.Float32), targets,
            new() { LogitScale = scale }))(s_small.Embeddings(Device.Cpu, DType.Float32));

        Assert.True(float.IsFinite(loss.Item<float>()));
        Assert.All(de.ToDoubles(), x => Assert.True(double.IsFinite(x)));
    }

    [Fact]
    public void TiedEmbeddings_AddUp()
    {
        Tensor tokens = Tensor.From([1, 2, 3, 4], [4], Device.Cpu), next = Tensor.From([2, 3, 4, 5], [4], Device.Cpu);
        Tensor table = s_small.Classifier(Device.Cpu, DType.Float64);
        Tensor fused = Diff.Grad((Tensor t) => CrossEntropy.Linear(t.Gather(tokens), t, next))(table);
        Tensor plain = Diff.Grad((Tensor t) => Nn.CrossEntropy(t.Gather(tokens).MatMul(t.T), next))(table);

        GoldenTests.Close(plain.ToDoubles(), fused, 1e-12);
    }

    [Fact]
    public void UpstreamFactor_OfALossScaler_MultipliesInFloat32()
    {
        Tensor targets = s_small.TargetsOf(Device.Cpu, false), c = s_small.Classifier(Device.Cpu, DType.Float16);
        Tensor plain = Diff.Grad((Tensor x) => CrossEntropy.Linear(x, c, targets))(s_small.Embeddings(Device.Cpu, DType.Float16));
        Tensor scaled = Diff.Grad((Tensor x) => CrossEntropy.Linear(x, c, targets) * 65536)(s_small.Embeddings(Device.Cpu, DType.Float16));

        foreach ((double x, double y) in plain.ToDoubles().Zip(scaled.ToDoubles()))
            Assert.Equal(x * 65536, y, 1e-3 * Math.Abs(y) + 2);
    }

    [Fact]
    public void LogSumExp_OfAResult_IsDifferentiable()
    {
        Tensor targets = s_small.TargetsOf(Device.Cpu, false), c = s_small.Classifier(Device.Cpu, DType.Float64);
        Tensor fused = Diff.Grad((Tensor x) => CrossEntropy.LinearWithDetails(x, c, targets).LogSumExp.Square().Sum())(
            s_small.Embeddings(Device.Cpu, DType.Float64));
        Tensor plain = Diff.Grad((Tensor x) => x.MatMul(c.T).LogSumExp(1).Square().Sum())(s_small.Embeddings(Device.Cpu, DType.Float64));

        GoldenTests.Close(plain.ToDoubles(), fused, 1e-12);
    }

    [Fact]
    public void PredictedAndAccuracy_AreThoseOfTheLogits()
    {
        Tensor e = s_small.Embeddings(Device.Cpu, DType.Float32), c = s_small.Classifier(Device.Cpu, DType.Float32);
        int[] best = e.MatMul(c.T).ArgMax(1).ToArray<int>();
        int[] targets = [.. best.Select((b, i) => i == 8 ? -100 : i % 2 == 0 ? b : (b + 1) % 11)];

        CrossEntropyResult result = CrossEntropy.LinearWithDetails(e, c, Tensor.From(targets, [9], Device.Cpu));

        Assert.Equal([.. best.Take(8), -1], result.Predicted.ToArray<int>());
        Assert.Equal(0.5f, result.Accuracy.Item<float>());
    }

    [Fact]
    public void ClassWeights_WithSmoothing_AreThoseOfTheFormula()
    {
        Tensor e = s_small.Embeddings(Device.Cpu, DType.Float64), c = s_small.Classifier(Device.Cpu, DType.Float64), y = s_small.TargetsOf(Device.Cpu, false);
        Tensor w = CrossEntropyData.Of([.. Enumerable.Range(0, 11).Select(v => 0.5 + v / 8.0)], [11], Device.Cpu, DType.Float64);
        const double s = 0.2;
        Tensor Plain(Tensor x)
        {
            Tensor z = x.MatMul(c.T), p = z - z.LogSumExp(1, keepDims: true), own = w.Gather(y);
            Tensor rows = -((1 - s) * own * p.TakeAlongAxis(y.Unsqueeze(1), 1).Squeeze(1)) - s / 11 * (w * p).Sum(1);
            return rows.Sum() / own.Sum();
        }

        Tensor Fused(Tensor x) => CrossEntropy.Linear(x, c, y, new() { ClassWeights = w, LabelSmoothing = s });

        Assert.Equal(Plain(e).Item<double>(), Fused(e).Item<double>(), 1e-12);
        GoldenTests.Close(Diff.Grad(Plain)(e).ToDoubles(), Diff.Grad(Fused)(e), 1e-12);
    }

    private static Tensor Loss(Tensor targets, CrossEntropyOptions? options = null) => CrossEntropy.Linear(
        s_small.Embeddings(Device.Cpu, DType.Float64), s_small.Classifier(Device.Cpu, DType.Float64), targets, options);
}
