using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;
using static Cotangent.Tests.Optimizers.Privacy.PrivateModels;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Layers large enough that norms and clipped sum are made in one pass, against gradients that are there.</summary>
public class OnePassTests
{
    private const int Count = 4, Time = 64, Width = 256;

    private sealed record Layers(Tensor Up, Tensor Bias, Tensor Down);

    public static TheoryData<ClippingRule> Rules => [.. Enum.GetValues<ClippingRule>()];

    [Theory, MemberData(nameof(Rules))]
    public void Sum_OfLayersEachInItsGroup_IsThatOfTheirGradients(ClippingRule rule)
    {
        Layers p = Create(DType.Float64, 1);
        Tensor x = Records(DType.Float64);
        PrivateOptions options = Options(Count, 3) with { Rule = rule, Groups = PrivateOptions.PerParameter };
        PrivateGradient<Layers, Tensor> gradient = Private.Wrap<Layers, Tensor>(Loss, options);
        Assert.Equal(2, gradient.Describe(p, x).Split("in one pass").Length - 1);
        foreach (bool isGuarded in new[] { false, true })
        {
            (PrivateSum sum, Tensor norms) = gradient.ClippedSum(p, x, null, null, isGuarded);
            (PrivateSum expected, Tensor own) = Private.Wrap<Layers, Tensor>(Loss, options with { Method = ClippingMethod.Materialised }).ClippedSum(p, x, null, null, isGuarded);
            Near(own, norms, 1e-10);
            foreach ((Tensor e, Tensor a) in expected.Sum.Zip(sum.Sum)) Near(e, a, 1e-10);
            Assert.Equal(expected.Unclipped.Item<double>(), sum.Unclipped.Item<double>());
        }
    }

    [Theory, MemberData(nameof(Rules))]
    public void Sum_OfOneRecord_IsWithinTheBound(ClippingRule rule)
    {
        foreach (double scale in new[] { 1e-3, 1, 30 })
        {
            Layers p = Create(DType.Float32, scale);
            PrivateGradient<Layers, Tensor> gradient = Private.Wrap<Layers, Tensor>(Loss, Options(Count, 0.37) with { Rule = rule, Groups = PrivateOptions.PerParameter });
            for (int i = 0; i < Count; i++)
            {
                Tensor[] sum = gradient.ClippedSum(p, Records(DType.Float32)[i..(i + 1)], null, null, isGuarded: false).Sum.Sum;
                foreach (Tensor s in sum) Assert.InRange(Norm([s]), rule == ClippingRule.Normalised ? 0.213 : 0, 0.37 / Math.Sqrt(3));
            }
        }
    }

    [Fact]
    public void Sum_WithBadRecords_IsThatOfTheOthers()
    {
        static Tensor Only(Tensor w, Tensor x) => x.MatMul(w).Square().Sum();
        Tensor w = Normal(1, DType.Float32, Device.Cpu, Width, Width), x = Records(DType.Float32);
        float[] values = x.ToArray<float>();
        values[Time * Width + 5] = float.NaN;
        values[3 * Time * Width] = float.PositiveInfinity;
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Only, Options(Count));
        PrivateSum sum = gradient.ClippedSum(w, Tensor.From(values, x.Shape)).Sum, expected = gradient.ClippedSum(w, x.Gather(Tensor.From([0, 2]))).Sum;
        Assert.Contains("in one pass", gradient.Describe(w, x), StringComparison.Ordinal);
        Assert.Equal(2, sum.Rejected.Item<double>());
        Near(expected.Sum[0], sum.Sum[0], 1e-6);
    }

    [Fact]
    public void Sum_DifferentiatedAndBatched_IsThatOfTheGradients()
    {
        static Tensor Only(Tensor w, Tensor x) => x.MatMul(w).Square().Sum();
        Tensor ws = Normal(1, DType.Float64, Device.Cpu, 2, Width, Width), x = Records(DType.Float64)[..2];
        Func<Tensor, Tensor> Of(ClippingMethod method)
        {
            PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Only, Options(Count) with { Method = method });
            return w => (gradient.ClippedSum(w, x).Sum.Sum[0] * Tensor.Arange(Width).Cast(DType.Float64)).Sum();
        }

        Func<Tensor, Tensor> own = Of(ClippingMethod.BookKeeping), literal = Of(ClippingMethod.Materialised);
        Near(Diff.Vmap(literal)(ws), Diff.Vmap(own)(ws), 1e-9);
        Tensor expected = Diff.Grad(literal)(ws[0]), actual = Diff.Grad(own)(ws[0]);

        // The slacks of the two methods differ.
        Assert.InRange(Norm([expected - actual]), 0, 1e-9 * Norm([expected]));
    }

    private static Layers Create(DType type, double scale)
    {
        Tensor Scaled(int seed, params int[] shape) => (Normal(seed, type, Device.Cpu, shape) * (scale / 16)).Realize();
        return new(Scaled(1, Width, Width), Scaled(2, Width), Scaled(3, Width, Width));
    }

    private static Tensor Records(DType type) => Normal(4, type, Device.Cpu, Count, Time, Width);

    private static Tensor Loss(Layers p, Tensor x) => (x.MatMul(p.Up) + p.Bias).Tanh().MatMul(p.Down).Square().Sum() / Time;

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        foreach ((double e, double a) in Doubles(expected).Zip(Doubles(actual))) Assert.Equal(e, a, tolerance * (1 + Math.Abs(e)));
    }
}
