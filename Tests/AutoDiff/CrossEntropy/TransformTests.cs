using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>Transforms, shards and memory.</summary>
public class TransformTests
{
    private static readonly CrossEntropyData s_data = new(10, 13, 4);
    private static readonly Tensor s_e = s_data.Embeddings(Device.Cpu, DType.Float64);
    private static readonly Tensor s_c = s_data.Classifier(Device.Cpu, DType.Float64);
    private static readonly Tensor s_targets = s_data.TargetsOf(Device.Cpu, false);

    [Fact]
    public void Hvp_OfTheMean_IsThatOfTheUnfusedLoss()
    {
        (Tensor, Tensor) at = (s_e, s_c), along = (s_e.Sin(), s_c.Cos());
        (Tensor he, Tensor hc) = Diff.Hvp((x, y) => CrossEntropy.Linear(x, y, s_targets), at, along);
        (Tensor pe, Tensor pc) = Diff.Hvp((x, y) => Nn.CrossEntropy(x.MatMul(y.T), s_targets), at, along);

        GoldenTests.Close(pe.ToDoubles(), he, 1e-12);
        GoldenTests.Close(pc.ToDoubles(), hc, 1e-12);
    }

    [Fact]
    public void ReverseOverReverse_IsThatOfTheUnfusedLoss()
    {
        Tensor Twice(Func<Tensor, Tensor> f) => Diff.Grad((Tensor x) => (Diff.Grad(f)(x) * s_c.Sin()).Sum())(s_c);

        GoldenTests.Close(Twice(y => Nn.CrossEntropy(s_e.MatMul(y.T), s_targets)).ToDoubles(),
            Twice(y => CrossEntropy.Linear(s_e, y, s_targets)), 1e-12);
    }

    [Fact]
    public void PerSampleGradients_AreThoseOfSingleRows()
    {
        Tensor one = s_targets.Reshape(10, 1);
        Tensor batched = Diff.Vmap((Tensor x, Tensor t) => Diff.Grad((Tensor c) => CrossEntropy.Linear(x.Unsqueeze(0), c, t))(s_c))(s_e, one);
        for (int i = 0; i < 10; i++)
        {
            Tensor own = Diff.Grad((Tensor c) => CrossEntropy.Linear(s_e[i..(i + 1), ..], c, one[i]))(s_c);
            GoldenTests.Close(own.ToDoubles(), batched[i], 1e-12);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(14)]
    public void Shards_Merged_AreTheWhole(int shards)
    {
        Tensor bias = s_data.BiasOf(Device.Cpu, DType.Float64), targets = s_data.TargetsOf(Device.Cpu, true);
        CrossEntropyOptions options = new() { Softcap = 5, ZLoss = 1e-2, LabelSmoothing = 0.1 };
        Tensor Sharded(Tensor e, Tensor c, Tensor b) => CrossEntropy.Merge([.. Enumerable.Range(0, shards).Select(k =>
        {
            (int start, int stop) = CrossEntropy.Shard(13, shards, k);
            return CrossEntropy.Partial(e, c[start..stop, ..], targets, start, 13, options with { Bias = b[start..stop] });
        })], targets, 13, options).Loss;

        (Tensor loss, (Tensor de, Tensor dc, Tensor db)) = Diff.ValueAndGrad((Func<Tensor, Tensor, Tensor, Tensor>)Sharded)(s_e, s_c, bias);
        (Tensor whole, (Tensor we, Tensor wc, Tensor wb)) = Diff.ValueAndGrad((Tensor e, Tensor c, Tensor b) =>
            CrossEntropy.Linear(e, c, targets, options with { Bias = b }))(s_e, s_c, bias);

        Assert.Equal(whole.Item<double>(), loss.Item<double>(), 1e-12);
        GoldenTests.Close(we.ToDoubles(), de, 1e-12);
        GoldenTests.Close(wc.ToDoubles(), dc, 1e-12);
        GoldenTests.Close(wb.ToDoubles(), db, 1e-12);
    }

    [Fact]
    public void Shard_OfAVocabulary_CoversItInOrder()
    {
        Assert.Equal([(0, 102), (102, 203)], Enumerable.Range(0, 2).Select(k => CrossEntropy.Shard(203, 2, k)));
        Assert.Equal([(0, 68), (68, 136), (136, 203)], Enumerable.Range(0, 3).Select(k => CrossEntropy.Shard(203, 3, k)));
    }

    [Theory]
    [InlineData(LossReduction.Mean)]
    [InlineData(LossReduction.None)]
    public void Plan_ToTheSecondOrder_HasNoBufferOfRowsTimesClasses(LossReduction reduction)
    {
        const int n = 2048, v = 4096, d = 8;
        const long logits = 4L * n * v;
        Tensor targets = Tensor.Full([n], 3, DType.Int32), e = Tensor.Ones([n, d]), c = Tensor.Ones([v, d]);
        Tensor Loss(Tensor x, Tensor y) => CrossEntropy.Linear(x, y, targets, new() { Reduction = reduction }).Square().Sum();

        Assert.True(Jit.Compile((Tensor x, Tensor y) => Loss(x, y)).Memory(e, c).PeakBytes < logits / 10);
        Assert.True(Jit.Compile((Tensor x, Tensor y) => Diff.Grad((Func<Tensor, Tensor, Tensor>)Loss)(x, y)).Memory(e, c).PeakBytes < logits / 10);
        Assert.True(Jit.Compile((Tensor x, Tensor y) => Diff.Hvp(Loss, (x, y), (x, y))).Memory(e, c).PeakBytes < logits / 5);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FrozenOperand_IsNotMultiplied(bool frozenClassifier)
    {
        CrossEntropyData data = new(40, 96, 64);
        Tensor e = data.Embeddings(Device.Cpu, DType.Float32), c = data.Classifier(Device.Cpu, DType.Float32), targets = data.TargetsOf(Device.Cpu, false);
        Func<Tensor, Tensor> loss = frozenClassifier ? x => CrossEntropy.Linear(x, c, targets) : x => CrossEntropy.Linear(e, x, targets);
        long outputs = Jit.Compile(Diff.Grad(loss)).Memory(frozenClassifier ? e : c).OutputBytes;

        Assert.Equal(4L * 64 * (frozenClassifier ? 40 : 96), outputs);
    }
}
