using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;
using static Cotangent.Tests.Optimizers.Privacy.PrivateModels;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Clipping against its definition, and what it promises: no record counts for more than the bound.</summary>
public class ClippingTests
{
    private const int Count = 7;

    public static TheoryData<string, ClippingMethod> Devices
    {
        get
        {
            TheoryData<string, ClippingMethod> rows = [];
            foreach (string device in Tests.Devices.Hardware.Where(Tests.Devices.Runs))
            {
                rows.Add(device, ClippingMethod.Materialised);
                rows.Add(device, ClippingMethod.BookKeeping);
            }

            return rows;
        }
    }

    /// <summary>Every style: rule, groups, method.</summary>
    public static TheoryData<ClippingRule, bool, ClippingMethod> Styles
    {
        get
        {
            TheoryData<ClippingRule, bool, ClippingMethod> rows = [];
            foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
            {
                foreach (ClippingMethod method in Enum.GetValues<ClippingMethod>())
                {
                    rows.Add(rule, false, method);
                    rows.Add(rule, true, method);
                }
            }

            return rows;
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void Sum_OfAModel_IsThatOfThePerSampleOracle(string device, ClippingMethod method)
    {
        Device on = Device.Find(device);
        Sequence p = CreateSequence(DType.Float64, on);
        Tensor windows = Windows(Count, on);
        double[] norms = PerSample.Norms<Sequence, Tensor>(Loss)(p, windows).ToArray<double>();
        double clip = norms.Order().ElementAt(Count / 2) * 1.0001;
        (Sequence expected, _) = PerSample.Clip<Sequence, Tensor>(Loss, clip)(p, windows);
        (PrivateSum sum, Tensor before) = Private.Wrap<Sequence, Tensor>(Loss, Options(Count, clip) with { Method = method }).ClippedSum(p, windows);
        Near(norms, Doubles(before), 1e-10);
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(sum.Sum)) Near(Doubles(e), Doubles(a), 1e-10);
        Assert.Equal(Count / 2 + 1, sum.Unclipped.Item<double>());
        Assert.Equal(0, sum.Rejected.Item<double>());
    }

    [Fact]
    public void Sum_OfRecordsWithoutPositions_IsThatOfThePerSampleOracle()
    {
        Mlp p = CreateMlp(DType.Float64, Device.Cpu);
        (Tensor X, Tensor Y) points = Points(Count, DType.Float64, Device.Cpu);
        (Mlp expected, _) = PerSample.Clip<Mlp, (Tensor, Tensor)>(Loss, 0.7)(p, points);
        PrivateGradient<Mlp, (Tensor, Tensor)> gradient = Private.Wrap<Mlp, (Tensor, Tensor)>(Loss, Options(Count, 0.7));
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(gradient.ClippedSum(p, points).Sum.Sum)) Near(Doubles(e), Doubles(a), 1e-11);
        Assert.Contains("w: product of T=1, 4×6: ghost norm", gradient.Describe(p, points), StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_OfAModel_NamesTheUseOfEachParameter()
    {
        string plan = Private.Wrap<Sequence, Tensor>(Loss, Options()).Describe(CreateSequence(DType.Float32, Device.Cpu), Windows(Count, Device.Cpu));
        Assert.Contains("tokens: rows of a table of 11×6", plan, StringComparison.Ordinal);
        Assert.Contains("up: product of T=5, 6×12", plan, StringComparison.Ordinal);
        Assert.Contains("head: product of T=5, 6×11", plan, StringComparison.Ordinal);
        Assert.Contains("bias: gradients of Float32", plan, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Styles))]
    public void Sum_OfOneRecord_IsWithinTheBound(ClippingRule rule, bool isGrouped, ClippingMethod method)
    {
        PrivateOptions options = Options(Count) with { Rule = rule, Groups = isGrouped ? PrivateOptions.PerParameter : null, Method = method };
        PrivateGradient<Sequence, Tensor> gradient = Private.Wrap<Sequence, Tensor>(Loss, options);
        Func<Sequence, Tensor, Tensor, Tensor, (PrivateSum Sum, Tensor Norms)> sum = Jit.Compile(
            (Sequence p, Tensor w, Tensor mask, Tensor bound) => gradient.ClippedSum(p, w, mask, bound));
        Sequence unit = CreateSequence(DType.Float32, Device.Cpu);
        Tensor windows = Windows(Count, Device.Cpu);
        foreach (double scale in new[] { 1e-3, 1, 1e4 })
        {
            Sequence p = Trees.Map(unit, x => (x * scale).Realize());
            foreach (double clip in new[] { 1e-3, 0.37, 50 })
            {
                for (int i = 0; i < Count; i++)
                {
                    (PrivateSum one, _) = sum(p, windows, Tensor.From([.. Enumerable.Range(0, Count).Select(k => k == i)]), Tensor.Scalar(clip, DType.Float64).Realize());
                    double norm = Norm(one.Sum);
                    Assert.True(norm <= clip, $"{rule} {method} at scale {scale}: {norm:R} > {clip:R}");
                    if (isGrouped) Assert.All(one.Sum, s => Assert.True(Norm([s]) <= clip / Math.Sqrt(one.Sum.Length)));
                    if (rule == ClippingRule.Normalised && !isGrouped) Assert.InRange(norm, clip * 0.99, clip);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Styles))]
    public void Sum_WithAndWithoutARecord_DiffersByNoMoreThanTheSensitivity(ClippingRule rule, bool isGrouped, ClippingMethod method)
    {
        const double clip = 0.37;
        Sequence p = CreateSequence(DType.Float32, Device.Cpu);
        PrivateOptions options = Options(Count, clip) with { Rule = rule, Groups = isGrouped ? PrivateOptions.PerParameter : null, Method = method };
        PrivateGradient<Sequence, Tensor> gradient = Private.Wrap<Sequence, Tensor>(Loss, options);
        Tensor windows = Windows(Count, Device.Cpu);
        Tensor[] all = gradient.ClippedSum(p, windows).Sum.Sum;
        for (int i = 0; i < Count; i += 3)
        {
            Tensor others = Tensor.From([.. Enumerable.Range(0, Count).Where(k => k != i)]);
            Tensor[] less = gradient.ClippedSum(p, windows.Gather(others)).Sum.Sum;
            Assert.InRange(Norm(all.Zip(less, (x, y) => x - y)), 1e-4 * clip, clip * (1 + 1e-5));
        }
    }

    [Fact]
    public void Sum_WithGroupBounds_KeepsEach()
    {
        Sequence p = CreateSequence(DType.Float32, Device.Cpu);
        PrivateOptions options = Options(Count) with
        {
            Groups = name => name is "tokens" or "positions" ? "input" : "rest",
            GroupClip = group => group == "input" ? 0.03 : 0.4,
        };
        Tensor[] one = Private.Wrap<Sequence, Tensor>(Loss, options).ClippedSum(p, Windows(1, Device.Cpu)).Sum.Sum;
        Assert.InRange(Norm(one[..2]), 0.0299, 0.03);
        Assert.InRange(Norm(one[2..]), 0.399, 0.4);
    }

    [Theory, MemberData(nameof(Devices))]
    public void Sum_WithBadRecords_IsThatOfTheOthers(string device, ClippingMethod method)
    {
        Device on = Device.Find(device);
        Mlp p = CreateMlp(DType.Float32, on);
        (Tensor x, Tensor y) = Points(Count, DType.Float32, on);
        float[] values = x.ToArray<float>();
        values[4] = float.NaN;
        values[13] = float.PositiveInfinity;
        values[17] = 1e30f;
        PrivateGradient<Mlp, (Tensor, Tensor)> gradient = Private.Wrap<Mlp, (Tensor, Tensor)>(Loss, Options(Count, 0.5) with { Method = method });
        (PrivateSum sum, Tensor norms) = gradient.ClippedSum(p, (Tensor.From(values, x.Shape, on), y));
        int[] good = [.. Doubles(norms).Select((n, i) => (n, i)).Where(q => double.IsFinite(q.n)).Select(q => q.i)];
        Assert.Equal(Count - good.Length, sum.Rejected.Item<double>());
        Assert.InRange(good.Length, 4, 5);
        Tensor keep = Tensor.From(good, on);
        PrivateSum expected = gradient.ClippedSum(p, (Tensor.From(values, x.Shape, on).Gather(keep), y.Gather(keep))).Sum;
        foreach ((Tensor e, Tensor a) in expected.Sum.Zip(sum.Sum)) Near(Doubles(e), Doubles(a), 1e-6);
        Assert.Equal(expected.Loss.Item<double>(), sum.Loss.Item<double>(), 1e-5);
    }

    [Fact]
    public void Sum_WithAnInfiniteBound_IsThePlainGradient()
    {
        Sequence p = CreateSequence(DType.Float64, Device.Cpu);
        Tensor windows = Windows(Count, Device.Cpu);
        Sequence expected = Diff.Grad((Sequence q) => Diff.Vmap((Tensor w) => Loss(q, w))(windows).Sum())(p);
        Tensor[] sum = Private.Wrap<Sequence, Tensor>(Loss, Options(Count, double.PositiveInfinity)).ClippedSum(p, windows).Sum.Sum;
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(sum)) Near(Doubles(e), Doubles(a), 1e-12);
    }

    [Fact]
    public void Sum_OfUnusedAndSharedParameters_IsThatOfTheOracle()
    {
        // One matrix used twice, one not at all, one behind a checkpoint.
        static Tensor Tied((Tensor W, Tensor Unused, Tensor V) p, Tensor x) =>
            Diff.Checkpoint((Tensor h) => h.MatMul(p.V).Tanh())(x.MatMul(p.W).Tanh().MatMul(p.W.Permute(1, 0))).Square().Sum();

        (Tensor, Tensor, Tensor) p = (Normal(1, DType.Float64, Device.Cpu, 4, 6), Normal(2, DType.Float64, Device.Cpu, 3), Normal(3, DType.Float64, Device.Cpu, 4, 4));
        Tensor x = Normal(4, DType.Float64, Device.Cpu, Count, 5, 4);
        ((Tensor, Tensor, Tensor) expected, _) = PerSample.Clip<(Tensor, Tensor, Tensor), Tensor>(Tied, 0.7)(p, x);
        Tensor[] sum = Private.Wrap<(Tensor, Tensor, Tensor), Tensor>(Tied, Options(Count, 0.7)).ClippedSum(p, x).Sum.Sum;
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(sum)) Near(Doubles(e), Doubles(a), 1e-10);
    }

    [Fact]
    public void Sum_OfMoreRecordsThanAPiece_IsThatOfTheOracle()
    {
        // Devices make Gram matrices for 2 MB of records at a time, here 128.
        const int count = 300;
        static Tensor Loss(Tensor w, Tensor x) => (x.MatMul(w) * 0.1).Tanh().Square().Sum();
        Tensor w = Normal(1, DType.Float64, Device.Cpu, 128, 128), x = Normal(2, DType.Float64, Device.Cpu, count, 32, 128);
        double clip = PerSample.Norms<Tensor, Tensor>(Loss)(w, x).ToArray<double>().Order().ElementAt(count / 2) * 1.0000001;
        (Tensor expected, Tensor norms) = PerSample.Clip<Tensor, Tensor>(Loss, clip)(w, x);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Loss, Options(count, clip));
        Assert.Contains("ghost norm", gradient.Describe(w, x), StringComparison.Ordinal);
        (PrivateSum sum, Tensor own) = gradient.ClippedSum(w, x);
        Assert.Equal(count / 2 + 1, sum.Unclipped.Item<double>());
        Near(Doubles(norms), Doubles(own), 1e-9);
        Near(Doubles(expected), Doubles(sum.Sum[0]), 1e-9);
    }

    [Fact]
    public void Sum_OfALinearCrossEntropyHead_IsThatOfLogits()
    {
        static Tensor Linear(Sequence p, Tensor window) =>
            CrossEntropy.Linear((p.Tokens.Gather(window[..^1]) + p.Positions).Tanh(), p.Head.Permute(1, 0), window[1..]);
        static Tensor Logits(Sequence p, Tensor window) =>
            Nn.CrossEntropy((p.Tokens.Gather(window[..^1]) + p.Positions).Tanh().MatMul(p.Head), window[1..]);
        Sequence p = CreateSequence(DType.Float64, Device.Cpu);
        Tensor windows = Windows(Count, Device.Cpu);
        (Sequence expected, Tensor norms) = PerSample.Clip<Sequence, Tensor>(Logits, 0.5)(p, windows);
        (PrivateSum sum, Tensor own) = Private.Wrap<Sequence, Tensor>(Linear, Options(Count, 0.5)).ClippedSum(p, windows);
        Near(Doubles(norms), Doubles(own), 1e-9);
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(sum.Sum)) Near(Doubles(e), Doubles(a), 1e-9);
    }

    public static TheoryData<string> SharedUses => [.. s_shared.Keys];

    // A matrix used in several ways, of 40 × 8 so that its gradients are not made, and what is said of it.
    private static readonly Dictionary<string, (Func<Tensor, Tensor, Tensor> Loss, string Plan)> s_shared = new()
    {
        ["tied embedding"] = ((w, window) => Nn.CrossEntropy(Mixed(w.Gather(window[..^1])).MatMul(w.T), window[1..]), "ghost norm (Gram matrices); Gram"),
        ["tied embedding twice over"] = ((w, window) =>
        {
            Tensor x = w.Gather(window[..^1]) + Mixed(w.Gather(window[1..]));
            return Nn.CrossEntropy(x.MatMul(w.Permute(1, 0)).Tanh() * 3, window[1..]) + Mixed(x).MatMul(w.T).Square().Mean();
        }, "rows of a table"),
        ["two tables"] = ((w, window) => (w.Gather(window[..^1]) * Mixed(w.Gather(window[1..]))).Sum(), "norm from T=10 rows"),
        ["tied cut head"] = ((w, window) => CrossEntropy.Linear(Mixed(w.Gather(window[..^1])), w, window[1..]), "its logits made again; and rows of a table of 40×8: norm from T=5"),
        ["tied cut head with all options"] = ((w, window) => CrossEntropy.Linear(Mixed(w.Gather(window[..^1])), w, window[1..], new()
        {
            Softcap = 3, ZLoss = 0.1, LabelSmoothing = 0.2, LogitScale = 0.5, IgnoreIndex = 4, ClassWeights = 1 + Tensor.Arange(40).Cast(w.DType) / 8,
        }) * 3, "its logits made again; and rows of a table"),
        ["both ways"] = ((w, window) => (Mixed(w.Gather(window[1..])).StopGradient().MatMul(w.T).Tanh().MatMul(w) * 0.3).Square().Sum(), "product of T=10"),
        ["with a decay"] = ((w, window) => w.Gather(window[1..]).Sum() + w.Square().Sum(), "gradients of Float64"),
    };

    private static Tensor Mixed(Tensor x) => (x * 1.3 + x.Flip(1)).Tanh();

    [Theory, MemberData(nameof(SharedUses))]
    public void Sum_OfASharedMatrix_IsThatOfTheOracle(string use)
    {
        (Func<Tensor, Tensor, Tensor> loss, string plan) = s_shared[use];
        Tensor w = Normal(1, DType.Float64, Device.Cpu, 40, 8), windows = Windows(Count, Device.Cpu, 40);
        double clip = PerSample.Norms<Tensor, Tensor>(loss)(w, windows).ToArray<double>().Order().ElementAt(Count / 2) * 1.0000001;
        (Tensor expected, Tensor norms) = PerSample.Clip<Tensor, Tensor>(loss, clip)(w, windows);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(loss, Options(Count, clip));
        Assert.Contains(plan, gradient.Describe(w, windows), StringComparison.Ordinal);
        (PrivateSum sum, Tensor own) = gradient.ClippedSum(w, windows);
        Near(Doubles(norms), Doubles(own), 1e-10);
        Near(Doubles(expected), Doubles(sum.Sum[0]), 1e-10);
    }

    [Theory, MemberData(nameof(SharedUses))]
    public void Sum_OfOneRecordOfASharedMatrix_IsWithinTheBound(string use)
    {
        foreach (double scale in new[] { 1e-2, 1, 30 })
        {
            Tensor w = (Normal(1, DType.Float32, Device.Cpu, 40, 8) * scale).Realize(), windows = Windows(Count, Device.Cpu, 40);
            foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
            {
                PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(s_shared[use].Loss, Options(Count, 0.37) with { Rule = rule });
                for (int i = 0; i < Count; i += 2) Assert.InRange(Norm(gradient.ClippedSum(w, windows[i..(i + 1)]).Sum.Sum), 0, 0.37);
            }
        }
    }

    public static TheoryData<string> HeadOptions => [.. s_heads.Keys];

    private static readonly Dictionary<string, Func<Tensor, CrossEntropyOptions>> s_heads = new()
    {
        ["plain"] = _ => new(),
        ["all"] = bias => new() { Bias = bias, Softcap = 3, ZLoss = 0.1, LabelSmoothing = 0.2, LogitScale = 0.5, IgnoreIndex = 4, ClassWeights = 1 + Tensor.Arange(11).Cast(bias.DType) / 8 },
        ["ordered"] = _ => new() { VocabularyOrder = (Tensor.Arange(11) * 4) % 11, Accumulation = GradientAccumulation.Kahan },
        ["sum"] = _ => new() { Reduction = LossReduction.Sum },
    };

    [Theory, MemberData(nameof(HeadOptions))]
    public void Sum_OfACutHead_IsThatOfTheOracle(string options)
    {
        Tensor Loss((Tensor Table, Tensor Head, Tensor Bias) p, Tensor window) =>
            CrossEntropy.Linear(Mixed(p.Table.Gather(window[..^1])), p.Head, window[1..], s_heads[options](p.Bias));
        (Tensor, Tensor, Tensor) p = (Normal(1, DType.Float64, Device.Cpu, 11, 6), Normal(2, DType.Float64, Device.Cpu, 11, 6), Normal(3, DType.Float64, Device.Cpu, 11));
        Tensor windows = Windows(Count, Device.Cpu);
        double clip = PerSample.Norms<(Tensor, Tensor, Tensor), Tensor>(Loss)(p, windows).ToArray<double>().Order().ElementAt(Count / 2) * 1.0000001;
        ((Tensor, Tensor, Tensor) expected, Tensor norms) = PerSample.Clip<(Tensor, Tensor, Tensor), Tensor>(Loss, clip)(p, windows);
        PrivateGradient<(Tensor, Tensor, Tensor), Tensor> gradient = Private.Wrap<(Tensor, Tensor, Tensor), Tensor>(Loss, Options(Count, clip));
        Assert.Contains("classifier of a cross-entropy of T=5, 11×6", gradient.Describe(p, windows), StringComparison.Ordinal);
        (PrivateSum sum, Tensor own) = gradient.ClippedSum(p, windows);
        Near(Doubles(norms), Doubles(own), 1e-9);
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(sum.Sum)) Near(Doubles(e), Doubles(a), 1e-9);
    }

    [Theory, MemberData(nameof(HeadOptions))]
    public void Sum_OfACutHeadInAGroupOfItsOwn_IsThatOfItsGradients(string options)
    {
        Tensor Loss((Tensor Table, Tensor Head, Tensor Bias) p, Tensor window) =>
            CrossEntropy.Linear(Mixed(p.Table.Gather(window[..^1])), p.Head, window[1..], s_heads[options](p.Bias));
        (Tensor, Tensor, Tensor) p = (Normal(1, DType.Float64, Device.Cpu, 11, 6), Normal(2, DType.Float64, Device.Cpu, 11, 6), Normal(3, DType.Float64, Device.Cpu, 11));
        Tensor windows = Windows(Count, Device.Cpu);
        foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
        {
            PrivateOptions own = Options(Count, 0.5) with { Groups = PrivateOptions.PerParameter, Rule = rule };
            PrivateGradient<(Tensor, Tensor, Tensor), Tensor> gradient = Private.Wrap<(Tensor, Tensor, Tensor), Tensor>(Loss, own);
            Assert.Equal(s_heads[options](p.Item3).Accumulation == GradientAccumulation.Float32, gradient.Describe(p, windows).Contains("in one pass", StringComparison.Ordinal));
            (PrivateSum expected, Tensor norms) = Private.Wrap<(Tensor, Tensor, Tensor), Tensor>(Loss, own with { Method = ClippingMethod.Materialised }).ClippedSum(p, windows);
            (PrivateSum sum, Tensor before) = gradient.ClippedSum(p, windows, null, null, isGuarded: false);
            Near(Doubles(norms), Doubles(before), 1e-9);
            foreach ((Tensor e, Tensor a) in expected.Sum.Zip(sum.Sum)) Near(Doubles(e), Doubles(a), 1e-9);
        }
    }

    [Theory, MemberData(nameof(HeadOptions))]
    public void Sum_OfOneRecordOfACutHead_IsWithinTheBound(string options)
    {
        Tensor Loss((Tensor Head, Tensor Bias) p, (Tensor X, Tensor Y) r) => CrossEntropy.Linear(r.X, p.Head, r.Y, s_heads[options](p.Bias));
        Tensor head = Normal(1, DType.Float32, Device.Cpu, 11, 6), bias = Normal(2, DType.Float32, Device.Cpu, 11), x = Normal(3, DType.Float32, Device.Cpu, Count, 5, 6);

        // The targets are the largest logits: scaled up, probabilities are one, and derivatives what rounding leaves of a difference.
        Tensor targets = x.MatMul(head.T).ArgMax(2).Realize();
        foreach (double scale in new[] { 1, 10, 1e3 })
        {
            (Tensor, Tensor) p = ((head * scale).Realize(), bias);
            foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
            {
                PrivateGradient<(Tensor, Tensor), (Tensor, Tensor)> gradient = Private.Wrap<(Tensor, Tensor), (Tensor, Tensor)>(Loss, Options(Count, 0.37) with { Rule = rule });
                for (int i = 0; i < Count; i += 2) Assert.InRange(Norm(gradient.ClippedSum(p, (x[i..(i + 1)], targets[i..(i + 1)])).Sum.Sum), 0, 0.37);
            }
        }
    }

    [Theory]
    [InlineData(1e-2)]
    [InlineData(1e-3)]
    [InlineData(1e-4)]
    public void Sum_OfOneRecordWhosePositionsCancel_IsWithinTheBound(double left)
    {
        // Every other position takes back what the one before gives, but for a part: Gram sums are what is left of terms 1/part² as large.
        const int time = 32, width = 128;
        static Tensor Loss(Tensor w, (Tensor X, Tensor G) r) => (r.X.MatMul(w) * r.G).Sum();
        Tensor at = Tensor.Arange(time), even = at - at % 2, sign = (1 - 2 * (at % 2)).Cast(DType.Float32).Unsqueeze(1);
        Tensor x = Normal(1, DType.Float32, Device.Cpu, Count, time, width), w = Normal(3, DType.Float32, Device.Cpu, width, width);
        Tensor g = Normal(2, DType.Float32, Device.Cpu, Count, time, width).Gather(even, 1).Realize();
        x = (x.Gather(even, 1) * sign + x * left).Realize();
        double[] exact = Doubles(PerSample.Norms<Tensor, (Tensor, Tensor)>(Loss)(w.Cast(DType.Float64), (x.Cast(DType.Float64), g.Cast(DType.Float64))));
        foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
        {
            PrivateGradient<Tensor, (Tensor, Tensor)> gradient = Private.Wrap<Tensor, (Tensor, Tensor)>(Loss, Options(Count, 0.37) with { Rule = rule });
            Assert.Contains("ghost norm", gradient.Describe(w, (x, g)), StringComparison.Ordinal);
            double[] own = Doubles(gradient.ClippedSum(w, (x, g)).Norms);
            for (int i = 0; i < Count; i++)
            {
                Assert.InRange(own[i], exact[i], double.MaxValue);
                Assert.InRange(Norm(gradient.ClippedSum(w, (x[i..(i + 1)], g[i..(i + 1)])).Sum.Sum), 0, 0.37);
            }
        }
    }

    private static readonly Dictionary<string, (int Groups, int Input, int Output, int Side, string Plan)> s_convolutions = new()
    {
        ["few channels"] = (1, 2, 3, 5, "2×3: direct norm"),
        ["many channels"] = (1, 64, 32, 5, "ghost norm"),
        ["groups of many channels"] = (3, 48, 48, 4, "product of T=16, 3 groups of 16×144: ghost norm"),
        ["groups of few channels"] = (2, 6, 4, 5, "2 groups of 2×27: direct norm"),
        ["a group a channel"] = (4, 4, 8, 5, "gradients of Float"),
    };

    public static TheoryData<string> Convolutions => [.. s_convolutions.Keys];

    [Theory, MemberData(nameof(Convolutions))]
    public void Sum_OfAConvolution_IsThatOfTheOracle(string name)
    {
        (Images p, Tensor images, Func<Images, Tensor, Tensor> loss) = CreateConvolution(name, DType.Float64);
        double clip = PerSample.Norms(loss)(p, images).ToArray<double>().Order().ElementAt(Count / 2) * 1.0000001;
        (Images expected, Tensor norms) = PerSample.Clip(loss, clip)(p, images);
        PrivateGradient<Images, Tensor> gradient = Private.Wrap(loss, Options(Count, clip));
        Assert.Contains(s_convolutions[name].Plan.Split(": ")[^1], gradient.Describe(p, images).Split('\n')[0], StringComparison.Ordinal);
        (PrivateSum sum, Tensor own) = gradient.ClippedSum(p, images);
        Assert.Equal(Count / 2 + 1, sum.Unclipped.Item<double>());
        Near(Doubles(norms), Doubles(own), 1e-9);
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(sum.Sum)) Near(Doubles(e), Doubles(a), 1e-9);
    }

    [Theory, MemberData(nameof(Convolutions))]
    public void Sum_OfOneRecordOfAConvolution_IsWithinTheBound(string name)
    {
        (Images unit, Tensor images, Func<Images, Tensor, Tensor> loss) = CreateConvolution(name, DType.Float32);
        foreach (double scale in new[] { 1e-2, 1, 30 })
        {
            Images p = Trees.Map(unit, x => (x * scale).Realize());
            foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
            {
                PrivateGradient<Images, Tensor> gradient = Private.Wrap(loss, Options(Count, 0.37) with { Rule = rule, Groups = PrivateOptions.PerParameter });
                for (int i = 0; i < Count; i += 3)
                    Assert.All(gradient.ClippedSum(p, images[i..(i + 1)]).Sum.Sum, x => Assert.InRange(Norm([x]), 0, 0.37 / Math.Sqrt(2)));
            }
        }
    }

    [Theory, MemberData(nameof(Convolutions))]
    public void Sum_WithAndWithoutARecordOfAConvolution_DiffersByNoMoreThanTheSensitivity(string name)
    {
        (Images p, Tensor images, Func<Images, Tensor, Tensor> loss) = CreateConvolution(name, DType.Float32);
        PrivateGradient<Images, Tensor> gradient = Private.Wrap(loss, Options(Count, 0.37));
        Tensor[] all = gradient.ClippedSum(p, images).Sum.Sum, less = gradient.ClippedSum(p, images[1..]).Sum.Sum;
        Assert.InRange(Norm(all.Zip(less, (x, y) => x - y)), 1e-4, 0.37 * (1 + 1e-5));
    }

    private static (Images P, Tensor Images, Func<Images, Tensor, Tensor> Loss) CreateConvolution(string name, DType type)
    {
        (int groups, int input, int output, int side, _) = s_convolutions[name];
        Images p = new(Normal(1, type, Device.Cpu, output, input / groups, 3, 3), Normal(2, type, Device.Cpu, output * side * 4));
        return (p, Normal(3, type, Device.Cpu, Count, input, side, 4), (q, image) =>
            Tensor.Conv(image.Unsqueeze(0), q.Kernel, padding: Padding.Same, groups: groups).Relu().Reshape(-1).MatMul(q.Head).Square());
    }

    private static void Near(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance * (1 + Math.Abs(expected[i])));
    }
}
