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

    public static TheoryData<string, ClippingRule> Rules
    {
        get
        {
            TheoryData<string, ClippingRule> rows = [];
            foreach (string device in Devices.Hardware.Where(Devices.Runs))
            {
                foreach (ClippingRule rule in Enum.GetValues<ClippingRule>()) rows.Add(device, rule);
            }

            return rows;
        }
    }

    public static TheoryData<string> Names => Devices.All;

    [Theory, MemberData(nameof(Rules))]
    public void Sum_OfLayersEachInItsGroup_IsThatOfTheirGradients(string device, ClippingRule rule)
    {
        Layers p = Create(DType.Float64, 1, device);
        Tensor x = Records(DType.Float64, device);
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
    public void Sum_OfOneRecord_IsWithinTheBound(string device, ClippingRule rule)
    {
        foreach (double scale in new[] { 1e-3, 1, 30 })
        {
            Layers p = Create(DType.Float32, scale, device);
            PrivateGradient<Layers, Tensor> gradient = Private.Wrap<Layers, Tensor>(Loss, Options(Count, 0.37) with { Rule = rule, Groups = PrivateOptions.PerParameter });
            for (int i = 0; i < Count; i++)
            {
                Tensor[] sum = gradient.ClippedSum(p, Records(DType.Float32, device)[i..(i + 1)], null, null, isGuarded: false).Sum.Sum;
                foreach (Tensor s in sum) Assert.InRange(Norm([s]), rule == ClippingRule.Normalised ? 0.213 : 0, 0.37 / Math.Sqrt(3));
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Sum_WithBadRecords_IsThatOfTheOthers(string name)
    {
        static Tensor Only(Tensor w, Tensor x) => x.MatMul(w).Square().Sum();
        Device device = Devices.Get(name);
        Tensor w = Normal(1, DType.Float32, device, Width, Width), x = Records(DType.Float32, name);
        float[] values = x.ToArray<float>();
        values[Time * Width + 5] = float.NaN;
        values[3 * Time * Width] = float.PositiveInfinity;
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Only, Options(Count));
        PrivateSum sum = gradient.ClippedSum(w, Tensor.From(values, x.Shape, device)).Sum, expected = gradient.ClippedSum(w, x.Gather(Tensor.From([0, 2], device))).Sum;
        Assert.Contains("in one pass", gradient.Describe(w, x), StringComparison.Ordinal);
        Assert.Equal(2, sum.Rejected.Item<double>());
        Near(expected.Sum[0], sum.Sum[0], 1e-6);
    }

    [Theory, MemberData(nameof(Names))]
    public void Sum_DifferentiatedAndBatched_IsThatOfTheGradients(string name)
    {
        static Tensor Only(Tensor w, Tensor x) => x.MatMul(w).Square().Sum();
        Device device = Devices.Get(name);
        Tensor ws = Normal(1, DType.Float64, device, 2, Width, Width), x = Records(DType.Float64, name)[..2];
        Func<Tensor, Tensor> Of(ClippingMethod method)
        {
            PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Only, Options(Count) with { Method = method });
            return w => (gradient.ClippedSum(w, x).Sum.Sum[0] * Tensor.Arange(Width).Cast(DType.Float64).To(device)).Sum();
        }

        Func<Tensor, Tensor> own = Of(ClippingMethod.BookKeeping), literal = Of(ClippingMethod.Materialised);
        Near(Diff.Vmap(literal)(ws), Diff.Vmap(own)(ws), 1e-9);
        Tensor expected = Diff.Grad(literal)(ws[0]), actual = Diff.Grad(own)(ws[0]);

        // The slacks of the two methods differ.
        Assert.InRange(Norm([expected - actual]), 0, 1e-9 * Norm([expected]));
    }

    private static Layers Create(DType type, double scale, string device)
    {
        Tensor Scaled(int seed, params int[] shape) => (Normal(seed, type, Devices.Get(device), shape) * (scale / 16)).Realize();
        return new(Scaled(1, Width, Width), Scaled(2, Width), Scaled(3, Width, Width));
    }

    private static Tensor Records(DType type, string device) => Normal(4, type, Devices.Get(device), Count, Time, Width);

    private static Tensor Loss(Layers p, Tensor x) => (x.MatMul(p.Up) + p.Bias).Tanh().MatMul(p.Down).Square().Sum() / Time;

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        foreach ((double e, double a) in Doubles(expected).Zip(Doubles(actual))) Assert.Equal(e, a, tolerance * (1 + Math.Abs(e)));
    }
}
