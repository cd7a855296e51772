using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;
using static Cotangent.Tests.Optimizers.Privacy.PrivateModels;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Losses of a batch: those that keep records apart have the gradients of one record each; the others are refused by name.</summary>
public class RecordSeparationTests
{
    private const int Count = 4;

    private static readonly Dictionary<string, Func<Tensor, Tensor, Tensor>> s_separate = new()
    {
        ["linear"] = (w, x) => x.MatMul(w).Square().Sum([1, 2]),
        ["positions and records as one axis"] = (w, x) => x.Reshape(-1, 6).MatMul(w).Tanh().Reshape(Count, 5, 6).Sum([1, 2]),
        ["records as one axis, reduced in runs"] = (w, x) => x.Reshape(-1, 6).MatMul(w).Reshape(Count, 30).Square().Sum(1),
        ["attention"] = (w, x) => Nn.Attention(x.MatMul(w).Unsqueeze(1), x.Unsqueeze(1), x.Unsqueeze(1), causal: true).Sum([1, 2, 3]),
        ["linear cross-entropy"] = (w, x) => CrossEntropy.Linear(
            x.MatMul(w), w, Tensor.Full([x.Shape[0], 5], 2, DType.Int32), new() { Reduction = LossReduction.None }).Sum(1),
        ["norm"] = (w, x) => (Nn.RmsNorm(x, w[0]) * x).Sum([1, 2]),
        ["layer norm by hand"] = (w, x) => ((x - x.Mean(2, keepDims: true)) * w[0]).Square().Sum([1, 2]),
        ["cross-entropy a record"] = (w, x) => -(x.MatMul(w).LogSoftmax(2) * x).Mean(2).Mean(1),
        ["heads"] = (w, x) => x.MatMul(w).Reshape(Count, 5, 2, 3).Permute(0, 2, 1, 3).CumSum(2).Square().Sum([1, 2, 3]),
        ["records as features of positions"] = (w, x) => x.Permute(1, 0, 2).Reshape(5, -1).Square().Sum(0).Reshape(-1, 6).Sum(1) * w[0, 0],
        ["slices and padding of positions"] = (w, x) => Tensor.Concat(1, x[.., 1..], x[.., ..1]).MatMul(w).Square().Sum([1, 2]),
    };

    private static readonly Dictionary<string, (Func<Tensor, Tensor, Tensor> Loss, string Says)> s_mixing = new()
    {
        ["batch statistics"] = ((w, x) => ((x - x.Mean(0)) * w[0]).Square().Sum([1, 2]), "sum runs over the records' axis"),
        ["mean loss"] = ((w, x) => x.MatMul(w).Square().Mean(), "sum runs over the records' axis"),
        ["contrastive"] = ((w, x) => x.Mean(1).MatMul(w).MatMul(x.Mean(1).Permute(1, 0)).Sum(1), "combines elements of different records"),
        ["product over records"] = ((w, x) => Tensor.DotGeneral(x, x, [0], [0]).Sum() * w[0, ..Count], "sums over the records' axis"),
        ["neighbours"] = ((w, x) => (Tensor.Concat(0, x[1..], x[..1]) * x * w[0]).Sum([1, 2]), "along the records' axis"),
        ["reversed"] = ((w, x) => (x.Flip(0) * w[0]).Sum([1, 2]), "flip moves elements along the records' axis"),
        ["running sum"] = ((w, x) => (x.CumSum(0) * w[0]).Sum([1, 2]), "runs over the records' axis"),
        ["records spread by a reshape"] = ((w, x) => x.Reshape(5, Count, 6).Sum([0, 2]) * w[0, 0], "the reshape spreads records over several axes"),
        ["selected"] = ((w, x) => x.Gather(Tensor.From(new[] { 1, 0, 3, 2 })).MatMul(w).Sum([1, 2]), "takes elements of other records"),
        ["one result"] = ((w, x) => x.MatMul(w).Square().Sum(2), "does not hold one loss a record"),
        ["attention between records"] = ((w, x) => Nn.Attention(
            x.MatMul(w).Permute(1, 0, 2).Unsqueeze(0), x.Permute(1, 0, 2).Unsqueeze(0), x.Permute(1, 0, 2).Unsqueeze(0), causal: false).Sum([0, 1, 3]), "records"),
        ["mean of linear cross-entropy"] = ((w, x) => CrossEntropy.Linear(x.MatMul(w), w, Tensor.Full([x.Shape[0], 5], 2, DType.Int32)), "records"),
        ["a loop"] = ((w, x) => Flow.Scan((Tensor c, Tensor v) => (c + v, c.Sum()), x[.., 0], x.Permute(1, 0, 2)).Carry.Sum(1) * w[0, 0],
            "scan is not known to keep records apart"),
    };

    public static TheoryData<string> Separate => [.. s_separate.Keys];

    public static TheoryData<string> Mixing => [.. s_mixing.Keys];

    [Theory, MemberData(nameof(Separate))]
    public void WrapBatch_OfSeparateRecords_IsWrapOfOne(string name)
    {
        Func<Tensor, Tensor, Tensor> losses = name is "positions and records as one axis" or "records as one axis, reduced in runs" or "heads"
            ? OfAnySize(name) : s_separate[name];
        Tensor w = Normal(1, DType.Float64, Device.Cpu, 6, 6), x = Normal(2, DType.Float64, Device.Cpu, Count, 5, 6);
        double[] sum = Doubles(Private.WrapBatch(losses, Options(Count)).ClippedSum(w, x).Sum.Sum[0]);
        double[] expected = Doubles(Private.Wrap<Tensor, Tensor>((p, r) => losses(p, r.Unsqueeze(0)).Sum(), Options(Count)).ClippedSum(w, x).Sum.Sum[0]);
        for (int i = 0; i < sum.Length; i++) Assert.Equal(expected[i], sum[i], 1e-12);
    }

    [Theory, MemberData(nameof(Mixing))]
    public void WrapBatch_OfMixedRecords_IsRefusedByName(string name)
    {
        (Func<Tensor, Tensor, Tensor> losses, string says) = s_mixing[name];
        Tensor w = Normal(1, DType.Float64, Device.Cpu, 6, 6), x = Normal(2, DType.Float64, Device.Cpu, Count, 5, 6);
        MixedRecordsException e = Assert.Throws<MixedRecordsException>(() => Private.WrapBatch(losses, Options(Count)).ClippedSum(w, x));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.Contains("RecordSeparationTests", e.Message, StringComparison.Ordinal);
        Assert.Contains("Private.Wrap", e.Message, StringComparison.Ordinal);
        Assert.Equal("CTG2062", e.Code);
    }

    [Fact]
    public void WrapBatch_InAStep_IsWrapOfOne()
    {
        Tensor w = Normal(1, DType.Float64, Device.Cpu, 6, 6), x = Normal(2, DType.Float64, Device.Cpu, Count, 5, 6);
        Func<Tensor, Tensor, Tensor> losses = s_separate["linear"];
        double[] g = Doubles(Private.WrapBatch(losses, Options(Count)).Gradient(w, i => x.Gather(i)).Gradient);
        double[] expected = Doubles(Private.Wrap<Tensor, Tensor>((p, r) => losses(p, r.Unsqueeze(0)).Sum(), Options(Count)).Gradient(w, i => x.Gather(i)).Gradient);
        for (int i = 0; i < g.Length; i++) Assert.Equal(expected[i], g[i], 1e-12);
        Assert.Throws<MixedRecordsException>(() => Private.WrapBatch(s_mixing["contrastive"].Loss, Options(Count)).Gradient(w, i => x.Gather(i)));
    }

    // Shapes written for any number of records.
    private static Func<Tensor, Tensor, Tensor> OfAnySize(string name) => name switch
    {
        "heads" => (w, x) => x.MatMul(w).Reshape(-1, 5, 2, 3).Permute(0, 2, 1, 3).CumSum(2).Square().Sum([1, 2, 3]),
        "records as one axis, reduced in runs" => (w, x) => x.Reshape(-1, 6).MatMul(w).Reshape(-1, 30).Square().Sum(1),
        _ => (w, x) => x.Reshape(-1, 6).MatMul(w).Tanh().Reshape(-1, 5, 6).Sum([1, 2]),
    };
}
