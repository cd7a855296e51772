using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;
using static Cotangent.Tests.Optimizers.Privacy.PrivateModels;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Each form that gradients are recognised by, in a batch of which some records do not count: those masked, and those that are not
/// finite. Each of the others is clipped by its own norm.</summary>
public class ClippingFormTests
{
    private const int Count = 8, Time = 64, Vocabulary = 40;

    // Masked; NaN; infinite; masked and NaN.
    private const int Masked = 1, Nan = 3, Infinite = 5, MaskedNan = 6;
    private static readonly int[] s_good = [0, 2, 4, 7];

    private static readonly Dictionary<string, (int[] Parameter, int Width, Func<Tensor, Tensor, Tensor, Tensor> Loss, string Plan)> s_forms = new()
    {
        ["ghost norm"] = ([128, 128], 128, (w, x, _) => x[..16].MatMul(w).Square().Sum(), "ghost norm (Gram matrices)"),
        ["direct norm"] = ([8, 8], 8, (w, x, _) => x.MatMul(w).Square().Sum(), "8×8: direct norm"),
        ["outer product"] = ([8, 8], 8, (w, x, _) => x[0].MatMul(w).Square().Sum(), "product of T=1"),
        ["one pass"] = ([256, 256], 256, (w, x, _) => x.MatMul(w).Square().Sum(), "in one pass"),
        ["one pass of a longer left side"] = ([512, 136], 512, (w, x, _) => x.MatMul(w).Square().Sum(), "in one pass"),
        ["embedding"] = ([Vocabulary, 8], 8, (w, x, ids) => (w.Gather(ids) * x).Sum(), "rows of a table"),
        ["cut head"] = ([Vocabulary, 8], 8, (w, x, ids) => CrossEntropy.Linear(x, w, ids), "its logits made again"),
        ["tied cut head"] = ([Vocabulary, 8], 8, (w, x, ids) => CrossEntropy.Linear((w.Gather(ids.Flip(0)) + x).Tanh() * x, w, ids), "its logits made again; and rows of a table"),
        ["tied head"] = ([Vocabulary, 8], 8, (w, x, ids) => Nn.CrossEntropy(((w.Gather(ids.Flip(0)) + x).Tanh() * x).MatMul(w.T), ids), "; and rows of a table"),
        ["gain"] = ([8], 8, (w, x, _) => (x * w).Square().Sum(), "gradients of Float64"),
        ["convolution"] = ([16, 64, 3], 8, (w, x, _) => Tensor.Conv(x.Unsqueeze(0), w, padding: Padding.Same).Square().Sum(), "product of T=8"),
        ["groups of a convolution"] = ([16, 16, 3], 8, (w, x, _) => Tensor.Conv(x.Unsqueeze(0), w, padding: Padding.Same, groups: 4).Square().Sum(), "4 groups of"),
    };

    public static TheoryData<string> Forms => [.. s_forms.Keys];

    [Theory, MemberData(nameof(Forms))]
    public void Sum_WithRecordsThatDoNotCount_IsThatOfTheOracleOfTheOthers(string form)
    {
        (int[] parameter, int width, Func<Tensor, Tensor, Tensor, Tensor> loss, string plan) = s_forms[form];
        Tensor Loss(Tensor w, (Tensor X, Tensor Ids) r) => loss(w, r.X, r.Ids);
        Tensor w = (Normal(1, DType.Float64, Device.Cpu, parameter) / 4).Realize();
        (Tensor X, Tensor Ids) records = Records(width);
        Tensor good = Tensor.From(s_good);
        (Tensor, Tensor) others = (records.X.Gather(good), records.Ids.Gather(good));

        // Two of the four are clipped, each by a factor of its own.
        double[] norms = Doubles(PerSample.Norms<Tensor, (Tensor, Tensor)>(Loss)(w, others));
        double clip = norms.Order().ElementAt(1) * 1.0000001;
        (Tensor expected, _) = PerSample.Clip<Tensor, (Tensor, Tensor)>(Loss, clip)(w, others);

        Tensor mask = Tensor.From([.. Enumerable.Range(0, Count).Select(i => i is not (Masked or MaskedNan))]);
        PrivateGradient<Tensor, (Tensor, Tensor)> gradient = Private.Wrap<Tensor, (Tensor, Tensor)>(Loss, Options(Count, clip));
        Assert.Contains(plan, gradient.Describe(w, records), StringComparison.Ordinal);
        (PrivateSum sum, Tensor own) = gradient.ClippedSum(w, records, mask);
        Assert.Equal(2, sum.Rejected.Item<double>());
        Assert.Equal(2, sum.Unclipped.Item<double>());
        double[] all = Doubles(own);
        foreach ((int record, double norm) in s_good.Zip(norms)) Assert.Equal(norm, all[record], 1e-9 * norm);
        double scale = Doubles(expected).Max(Math.Abs);
        foreach ((double e, double a) in Doubles(expected).Zip(Doubles(sum.Sum[0]))) Assert.Equal(e, a, 1e-9 * scale);
    }

    [Theory, MemberData(nameof(Forms))]
    public void Sum_OfAPieceThatIsFilledUp_IsThatOfItsRecords(string form)
    {
        // What a step computes: without guards, and with records that are there to make up the number.
        (int[] parameter, int width, Func<Tensor, Tensor, Tensor, Tensor> loss, _) = s_forms[form];
        Tensor Loss(Tensor w, (Tensor X, Tensor Ids) r) => loss(w, r.X, r.Ids);
        Tensor w = (Normal(1, DType.Float64, Device.Cpu, parameter) / 4).Realize();
        (Tensor x, Tensor ids) = Records(width);
        (Tensor, Tensor) Of(params int[] records) => (x.Gather(Tensor.From(records)), ids.Gather(Tensor.From(records)));
        double clip = Doubles(PerSample.Norms<Tensor, (Tensor, Tensor)>(Loss)(w, Of(0, 2, 4))).Order().ElementAt(1);
        (Tensor expected, _) = PerSample.Clip<Tensor, (Tensor, Tensor)>(Loss, clip)(w, Of(0, 2, 4));
        PrivateSum sum = Private.Wrap<Tensor, (Tensor, Tensor)>(Loss, Options(Count, clip))
            .ClippedSum(w, Of(0, 2, 4, 0, 0), Tensor.From([true, true, true, false, false]), null, isGuarded: false).Sum;
        double scale = Doubles(expected).Max(Math.Abs);
        foreach ((double e, double a) in Doubles(expected).Zip(Doubles(sum.Sum[0]))) Assert.Equal(e, a, 1e-9 * scale);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Norm_OfRowsThatCancel_IsNoLessThanThatOfTheGradient(bool isTied)
    {
        // Every other row takes back what the one before gives, but for a ten-thousandth: what is left of terms 10⁸ times as large.
        const int count = 16, time = 16, width = 64;
        Tensor at = Tensor.Arange(time), even = at - at % 2, sign = (1 - 2 * (at % 2)).Cast(DType.Float32).Unsqueeze(1);
        Tensor x = Normal(1, DType.Float32, Device.Cpu, count, time, width), g = Normal(2, DType.Float32, Device.Cpu, count, time, Vocabulary).Gather(even, 1).Realize();
        x = (x.Gather(even, 1) * sign + x * 1e-4).Realize();
        Tensor ids = Tensor.Full([count, time], 1, DType.Int32);
        Tensor Loss(Tensor w, (Tensor X, Tensor G, Tensor Ids) r) => isTied
            ? (r.X.MatMul(w.T) * r.G).Sum() + (w.Gather(r.Ids) * r.X).Sum()
            : (w.Gather(r.Ids) * r.X).Sum();
        Tensor w = Normal(3, DType.Float32, Device.Cpu, Vocabulary, width);
        PrivateGradient<Tensor, (Tensor, Tensor, Tensor)> gradient = Private.Wrap<Tensor, (Tensor, Tensor, Tensor)>(Loss, Options(count));
        Assert.Contains(isTied ? "ghost norm (Gram matrices)" : "rows of a table", gradient.Describe(w, (x, g, ids)), StringComparison.Ordinal);
        double[] exact = Doubles(PerSample.Norms<Tensor, (Tensor, Tensor, Tensor)>(Loss)(w.Cast(DType.Float64), (x.Cast(DType.Float64), g.Cast(DType.Float64), ids)));
        double[] own = Doubles(gradient.ClippedSum(w, (x, g, ids)).Norms);
        for (int i = 0; i < count; i++) Assert.InRange(own[i], exact[i], double.MaxValue);
    }

    // Each larger than the one before.
    private static (Tensor X, Tensor Ids) Records(int width)
    {
        Tensor x = Normal(2, DType.Float64, Device.Cpu, Count, Time, width) * (0.3 + Tensor.Arange(Count).Cast(DType.Float64) / 4).Reshape(Count, 1, 1);
        double[] values = x.ToArray<double>();
        values[Nan * Time * width + 5] = double.NaN;
        values[Infinite * Time * width] = double.PositiveInfinity;
        values[MaskedNan * Time * width + 7] = double.NaN;
        return (Tensor.From(values, [Count, Time, width]), (new RandomKey(9).Bits([Count, Time]) % Vocabulary).Cast(DType.Int32).Realize());
    }
}
