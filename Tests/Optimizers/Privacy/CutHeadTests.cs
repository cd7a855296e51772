using System.Numerics.Tensors;
using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;
using static Cotangent.Tests.Optimizers.Privacy.PrivateModels;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>The classifier of a cut cross-entropy where its norms and its sum are what rounding leaves: what a record gives stays within the bound. A norm a
/// few percent short, or one row less in it, must show here.</summary>
public class CutHeadTests
{
    private const int Rows = 24, Width = 16, Classes = 90, Count = 3;
    private const double Bound = 0.37;

    private static readonly Dictionary<string, (double Scale, Func<Tensor, Tensor> Bend)> s_records = new()
    {
        ["ordinary"] = (1, x => x),
        ["sure of its targets"] = (60, x => x),

        // Rows that cancel: each is followed by its opposite, all of nearly the same derivative.
        ["cancelling rows"] = (1e-3, x => Opposite(x) + x * 1e-4),
        ["cancelling rows of a sure head"] = (20, x => Opposite(x) + x * 1e-5),
        ["one row of many"] = (1, x => x * Tensor.Where(Tensor.Arange(Rows).Equal(Rows - 1), 30, 1e-3).Unsqueeze(1)),
    };

    /// <summary>How the head is used.</summary>
    public enum Use
    {
        /// <summary>With another parameter in its group: its norms and its sum make the logits each.</summary>
        Together,

        /// <summary>In a group of its own: once for both.</summary>
        Alone,

        /// <summary>As an embedding, too.</summary>
        Tied,
    }

    public static TheoryData<string, Use> Records
    {
        get
        {
            TheoryData<string, Use> rows = [];
            foreach (string name in s_records.Keys)
            {
                foreach (Use use in Enum.GetValues<Use>()) rows.Add(name, use);
            }

            return rows;
        }
    }

    public static TheoryData<Use> Uses => [.. Enum.GetValues<Use>()];

    [Theory, MemberData(nameof(Records))]
    public void Sum_OfOneRecord_IsWithinTheBoundAndNotFarBelow(string name, Use use)
    {
        (Tensor head, Tensor x, Tensor targets) = Create(name, DType.Float32);
        foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
        {
            for (int i = 0; i < Count; i++)
            {
                double norm = Norm([Clipped(use, Loss(use), head, (x[i..(i + 1)], targets[i..(i + 1)]), rule).Sum]);
                Assert.InRange(norm, 0, Bound);

                // What is added for rounding does not swallow an ordinary gradient.
                if (name == "ordinary" && rule == ClippingRule.Normalised) Assert.InRange(norm, 0.99 * Bound, Bound);
            }
        }
    }

    [Theory, MemberData(nameof(Records))]
    public void Norm_IsNoLessThanThatOfTheGradient(string name, Use use)
    {
        (Tensor head, Tensor x, Tensor targets) = Create(name, DType.Float32);
        (Tensor wide, Tensor x64, Tensor sameTargets) = (head.Cast(DType.Float64), x.Cast(DType.Float64), targets);
        double[] own = Doubles(Clipped(use, Loss(use), head, (x, targets)).Norms);
        double[] exact = Doubles(PerSample.Norms(Loss(use))(wide, (x64, sameTargets)));
        for (int i = 0; i < Count; i++) Assert.InRange(own[i], exact[i] * (1 - 1e-7), double.MaxValue);
        if (name == "ordinary") Assert.All(own.Zip(exact), n => Assert.InRange(n.First, n.Second, n.Second * 1.01));
    }

    [Theory, MemberData(nameof(Uses))]
    public void Sum_WithAndWithoutARecord_DiffersByNoMoreThanTheSensitivity(Use use)
    {
        foreach (string name in s_records.Keys)
        {
            (Tensor head, Tensor x, Tensor targets) = Create(name, DType.Float32);
            Tensor all = Clipped(use, Loss(use), head, (x, targets)).Sum, less = Clipped(use, Loss(use), head, (x[1..], targets[1..])).Sum;
            Assert.InRange(Norm([all - less]), 0, Bound * (1 + 1e-5));
        }
    }

    [Theory, MemberData(nameof(Uses))]
    public void Sum_WithAFilterOfSmallProbabilities_LeavesNothingOut(Use use)
    {
        // No class but the targets is likely, and together they are a tenth of the gradient: a filter would take all of them away, and the bound not see it.
        const int classes = 400;
        Tensor head = (Normal(1, DType.Float32, Device.Cpu, classes, Width) * 1e-3).Realize();
        Tensor x = (Normal(2, DType.Float32, Device.Cpu, Count, Rows, Width) + 1).Realize(), targets = (new RandomKey(3).Bits([Count, Rows]) % 20).Cast(DType.Int32).Realize();
        Func<Tensor, (Tensor X, Tensor Y), Tensor> Of(GradientFilter filter) => (c, r) =>
            CrossEntropy.Linear(use == Use.Tied ? r.X + c.Gather(r.Y) * 1e-3 : r.X, c, r.Y, new() { Filter = filter, FilterEmbeddings = false });
        (Tensor expected, _) = PerSample.Clip(Of(GradientFilter.Off), Bound)(head.Cast(DType.Float64), (x.Cast(DType.Float64), targets));
        foreach (GradientFilter filter in new[] { GradientFilter.Below(0.01), GradientFilter.Off })
        {
            Tensor sum = Clipped(use, Of(filter), head, (x, targets)).Sum;
            Assert.InRange(Norm([sum.Cast(DType.Float64) - expected]), 0, 1e-3 * Norm([expected]));
        }
    }

    [Theory, MemberData(nameof(Uses))]
    public void Sum_OfClassesBelowTheFiltersOwnBound_IsNotZero(Use use)
    {
        if (use == Use.Tied) return;

        // Of Float32 a bound of 2⁻²⁸: the last classes are less likely for every row.
        const int unlikely = 60;
        Tensor bias = Tensor.Where(Tensor.Arange(Classes) < Classes - unlikely, 0f, -24f).Realize();
        Tensor head = (Normal(1, DType.Float32, Device.Cpu, Classes, Width) / 8).Realize(), x = Normal(2, DType.Float32, Device.Cpu, Count, Rows, Width);
        Tensor targets = (new RandomKey(3).Bits([Count, Rows]) % 20).Cast(DType.Int32).Realize();
        Tensor Loss(Tensor c, (Tensor X, Tensor Y) r) => CrossEntropy.Linear(r.X, c, r.Y, new() { Bias = bias.Cast(c.DType) });
        (Tensor expected, _) = PerSample.Clip<Tensor, (Tensor, Tensor)>(Loss, Bound)(head.Cast(DType.Float64), (x.Cast(DType.Float64), targets));
        Tensor sum = Clipped(use, Loss, head, (x, targets)).Sum;
        double[] all = Doubles(expected), own = Doubles(sum);
        for (int c = Classes - unlikely; c < Classes; c++)
        {
            ReadOnlySpan<double> e = all.AsSpan(c * Width, Width), a = own.AsSpan(c * Width, Width);
            double largest = TensorPrimitives.MaxMagnitude(e);
            Assert.InRange(Math.Abs(largest), 1e-20, 1e-9);
            Assert.InRange(TensorPrimitives.Distance(e, a), 0, 1e-3 * Math.Abs(largest));
        }
    }

    [Fact]
    public void Sum_OfAHeadByPartsOfItsClasses_IsThatOfTheOracle()
    {
        // 34,000 rows: 64 classes at a time, and 3 in the last part, which all targets are of.
        const int count = 1700, rows = 20, classes = 67;
        Tensor targets = (64 + new RandomKey(3).Bits([count, rows]) % 3).Cast(DType.Int32).Realize();
        IsThatOfTheOracle(Use.Together, classes, Normal(2, DType.Float64, Device.Cpu, count, rows, 3), targets);
    }

    [Fact]
    public void Sum_OfAHeadOfItsOwnByPartsOfTheRecords_IsThatOfTheOracle()
    {
        // 2²⁰ logits a record: three of six at a time.
        const int count = 6, rows = 64, classes = 1 << 14;
        Tensor targets = (new RandomKey(3).Bits([count, rows]) % classes).Cast(DType.Int32).Realize();
        IsThatOfTheOracle(Use.Alone, classes, Normal(2, DType.Float64, Device.Cpu, count, rows, 3), targets);
    }

    [Theory, MemberData(nameof(Uses))]
    public void Sum_OfAHeadThatIsAPartOfAnArena_IsThatOfOneByItself(Use use)
    {
        // Parameters of an optimizer in a compiled step: the loop over records takes its part of the arena each time.
        (Tensor head, Tensor x, Tensor targets) = Create("ordinary", DType.Float32);
        Tensor arena = Tensor.Concat(0, Tensor.Ones([5]), head.Reshape(-1), Tensor.Ones([3])).Realize();
        Tensor sum = Jit.Compile((Tensor all, Tensor r, Tensor y) =>
            Clipped(use, Loss(use), all[5..^3].Reshape(Classes, Width), (r, y)).Sum).Invoke(arena, x, targets);
        Assert.Equal(Clipped(use, Loss(use), head, (x, targets)).Sum.ToArray<float>(), sum.ToArray<float>());
    }

    private static void IsThatOfTheOracle(Use use, int classes, Tensor x, Tensor targets)
    {
        // Weights of classes, which those behind the last one must not have.
        Tensor head = Normal(1, DType.Float64, Device.Cpu, classes, x.Shape[2]), weights = 1 + Tensor.Arange(classes).Cast(DType.Float64) / classes;
        Tensor Loss(Tensor c, (Tensor X, Tensor Y) r) => CrossEntropy.Linear(r.X, c, r.Y, new() { ClassWeights = weights, LabelSmoothing = 0.1 });
        double[] norms = Doubles(PerSample.Norms<Tensor, (Tensor, Tensor)>(Loss)(head, (x, targets)));
        double clip = norms.Order().ElementAt(norms.Length / 2);
        (Tensor expected, _) = PerSample.Clip<Tensor, (Tensor, Tensor)>(Loss, clip)(head, (x, targets));
        (Tensor sum, Tensor own) = Clipped(use, Loss, head, (x, targets), ClippingRule.Abadi, clip);
        foreach ((double e, double a) in norms.Zip(Doubles(own))) Assert.Equal(e, a, 1e-9 * e);
        Assert.InRange(Norm([sum - expected]), 0, 1e-9 * Norm([expected]));
    }

    private static Func<Tensor, (Tensor X, Tensor Y), Tensor> Loss(Use use) => (head, r) =>
        CrossEntropy.Linear(use == Use.Tied ? r.X + head.Gather(r.Y) * 1e-3 : r.X, head, r.Y);

    // With a parameter beside it whose gradients are zero.
    private static (Tensor Sum, Tensor Norms) Clipped(Use use, Func<Tensor, (Tensor X, Tensor Y), Tensor> loss, Tensor head, (Tensor X, Tensor Y) records,
        ClippingRule rule = ClippingRule.Abadi, double bound = Bound)
    {
        PrivateOptions options = Options(Count, bound) with { Rule = rule, Groups = use == Use.Alone ? PrivateOptions.PerParameter : null, GroupClip = _ => bound };
        PrivateGradient<(Tensor Head, Tensor Unused), (Tensor X, Tensor Y)> gradient = Private.Wrap(((Tensor Head, Tensor Unused) p, (Tensor X, Tensor Y) r) => loss(p.Head, r), options);
        (Tensor, Tensor) p = (head, Tensor.Zeros([2], head.DType));
        string plan = gradient.Describe(p, records).Split('\n')[0];
        Assert.Contains("its logits made again", plan, StringComparison.Ordinal);
        Assert.Equal(use == Use.Alone, plan.Contains("in one pass", StringComparison.Ordinal));
        (PrivateSum sum, Tensor norms) = gradient.ClippedSum(p, records, null, null, isGuarded: use != Use.Alone);
        return (sum.Sum[0], norms[0]);
    }

    private static (Tensor Head, Tensor X, Tensor Targets) Create(string name, DType type)
    {
        (double scale, Func<Tensor, Tensor> bend) = s_records[name];
        Tensor unit = Normal(1, type, Device.Cpu, Classes, Width), x = bend(Normal(2, type, Device.Cpu, Count, Rows, Width)).Realize();
        return ((unit * scale).Realize(), x, Opposite(x).MatMul(unit.T).Abs().ArgMax(2).Realize());
    }

    // Rows 2k and 2k + 1 are x and −x of the row 2k.
    private static Tensor Opposite(Tensor x)
    {
        Tensor at = Tensor.Arange(Rows), even = at - at % 2;
        return x.Gather(even, 1) * (1 - 2 * (at % 2)).Cast(x.DType).Unsqueeze(1);
    }
}
