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

    public static TheoryData<string, bool> Records
    {
        get
        {
            TheoryData<string, bool> rows = [];
            foreach (string name in s_records.Keys)
            {
                rows.Add(name, false);
                rows.Add(name, true);
            }

            return rows;
        }
    }

    [Theory, MemberData(nameof(Records))]
    public void Sum_OfOneRecord_IsWithinTheBoundAndNotFarBelow(string name, bool isTied)
    {
        (Tensor head, Tensor x, Tensor targets) = Create(name, DType.Float32);
        foreach (ClippingRule rule in Enum.GetValues<ClippingRule>())
        {
            PrivateGradient<Tensor, (Tensor, Tensor)> gradient = Private.Wrap<Tensor, (Tensor X, Tensor Y)>(Loss(isTied), Options(Count, Bound) with { Rule = rule });
            Assert.Contains("its logits made again", gradient.Describe(head, (x, targets)), StringComparison.Ordinal);
            for (int i = 0; i < Count; i++)
            {
                double norm = Norm(gradient.ClippedSum(head, (x[i..(i + 1)], targets[i..(i + 1)])).Sum.Sum);
                Assert.InRange(norm, 0, Bound);

                // What is added for rounding does not swallow an ordinary gradient.
                if (name == "ordinary" && rule == ClippingRule.Normalised) Assert.InRange(norm, 0.99 * Bound, Bound);
            }
        }
    }

    [Theory, MemberData(nameof(Records))]
    public void Norm_IsNoLessThanThatOfTheGradient(string name, bool isTied)
    {
        (Tensor head, Tensor x, Tensor targets) = Create(name, DType.Float32);
        (Tensor wide, Tensor x64, Tensor sameTargets) = (head.Cast(DType.Float64), x.Cast(DType.Float64), targets);
        double[] own = Doubles(Private.Wrap<Tensor, (Tensor X, Tensor Y)>(Loss(isTied), Options(Count)).ClippedSum(head, (x, targets)).Norms);
        double[] exact = Doubles(PerSample.Norms<Tensor, (Tensor X, Tensor Y)>(Loss(isTied))(wide, (x64, sameTargets)));
        for (int i = 0; i < Count; i++) Assert.InRange(own[i], exact[i] * (1 - 1e-7), double.MaxValue);
        if (name == "ordinary") Assert.All(own.Zip(exact), n => Assert.InRange(n.First, n.Second, n.Second * 1.01));
    }

    [Fact]
    public void Sum_WithAndWithoutARecord_DiffersByNoMoreThanTheSensitivity()
    {
        foreach (string name in s_records.Keys)
        {
            (Tensor head, Tensor x, Tensor targets) = Create(name, DType.Float32);
            PrivateGradient<Tensor, (Tensor, Tensor)> gradient = Private.Wrap<Tensor, (Tensor X, Tensor Y)>(Loss(false), Options(Count, Bound));
            Tensor all = gradient.ClippedSum(head, (x, targets)).Sum.Sum[0], less = gradient.ClippedSum(head, (x[1..], targets[1..])).Sum.Sum[0];
            Assert.InRange(Norm([all - less]), 0, Bound * (1 + 1e-5));
        }
    }

    private static Func<Tensor, (Tensor X, Tensor Y), Tensor> Loss(bool isTied) => (head, r) =>
        CrossEntropy.Linear(isTied ? r.X + head.Gather(r.Y) * 1e-3 : r.X, head, r.Y);

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
