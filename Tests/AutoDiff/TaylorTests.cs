using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Taylor coefficients against closed forms, nested forward mode and differences.</summary>
public class TaylorTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 0.5, -1, 2 });
    private static readonly Tensor s_v = Tensor.From(new[] { 1.0, 0.25, -0.5 });
    private static readonly Tensor s_a = Tensor.From(new double[,] { { 1, 2, 3 }, { 0, -1, 4 }, { 0.5, 0.5, -1 } });

    public static TheoryData<int, string> Rows => RuleTests.Rows();

    public static Dictionary<string, Func<Tensor, Tensor>> Functions { get; } = new()
    {
        ["sin"] = x => x.Sin(),
        ["tan of tanh"] = x => x.Tanh().Tan(),
        ["quotient"] = x => (x + 3).Exp() / (x * x + 1).Sqrt(),
        ["power"] = x => (x * x + 1).Pow(-1.5) + (x + 4).Pow(x),
        ["erf, atan, log1p"] = x => (x.Erf() + 2).Log1p() * x.Cast(DType.Float64).Gelu(),
        ["matrices"] = x => s_a.MatMul(x).Sigmoid().MatMul(s_a * x.Unsqueeze(0)) + x.Max(0) * x,
        ["softmax"] = x => s_a.MatMul(x).Softmax().Log() * x.Flip(0),
        ["choice"] = x => Tensor.Where(x > 0, x.Sin(), x * x * x) + Tensor.Maximum(x, x * x) + x.Abs(),
        ["constant"] = x => Tensor.From(new[] { 1.0, 2 }),
        ["custom"] = x => Custom.CustomDerivativeTests.Cube(x) * Custom.CustomDerivativeTests.Sine(x) + Custom.CustomDerivativeTests.Weighted(x, x),
        ["checkpoint"] = x => Diff.Checkpoint(y => y.Sin() * y)(x.Exp()),
    };

    public static TheoryData<string> Names => [.. Functions.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Coefficients_AreNestedJvps_OverFactorials(string name)
    {
        Func<Tensor, Tensor> f = Functions[name];
        Tensor[] c = Diff.TaylorCoefficients(f, s_x, s_v, 5);
        Assert.Equal(6, c.Length);
        double factorial = 1;
        Func<Tensor, Tensor> derivative = f;
        for (int k = 0; k <= 5; k++)
        {
            Near(derivative(s_x) / factorial, c[k], 1e-11);
            Func<Tensor, Tensor> before = derivative;
            derivative = x => Diff.Jvp(before, x, s_v).Tangent;
            factorial *= k + 1;
        }
    }

    [Theory, MemberData(nameof(Rows))]
    public void EveryOp_ToTheThirdOrder_IsNestedJvps(int index, string name)
    {
        GradientCase row = GradientCases.All[index];
        Assert.Equal(name, row.Name);
        double[][] at = GraphFunction.Random(new Random(index), row.Shapes, row.Low, row.High), along = GraphFunction.Random(new Random(index + 1), row.Shapes);
        Tensor[] x = [.. row.Shapes.Select((s, i) => new Tensor(GraphFunction.Input(s, $"x{i}")))], v = [.. row.Shapes.Select((s, i) => new Tensor(GraphFunction.Input(s, $"v{i}")))];
        Tensor F(Tensor[] p) => new(row.Function([.. p.Select(t => t.Node)]));
        Tensor First(Tensor[] p) => Diff.Jvp((Tensor[] q) => F(q), p, v).Tangent;
        Tensor Second(Tensor[] p) => Diff.Jvp((Tensor[] q) => First(q), p, v).Tangent;
        Tensor third = Diff.Jvp((Tensor[] q) => Second(q), x, v).Tangent;
        Tensor[] c = Diff.TaylorCoefficients((Tensor[] q) => F(q), x, v, 3);
        Dictionary<Node, double[]> leaves = x.Concat(v).Zip(at.Concat(along)).ToDictionary(p => p.First.Node, p => p.Second);
        double[][] values = GraphFunction.Evaluate([F(x).Node, First(x).Node, Second(x).Node, third.Node, .. c.Select(t => t.Node)], leaves);
        double[] factorial = [1, 1, 2, 6];
        for (int k = 0; k <= 3; k++)
        {
            double scale = 1 + values[k].Select(Math.Abs).DefaultIfEmpty().Max();
            for (int i = 0; i < values[k].Length; i++) Assert.Equal(values[k][i] / factorial[k], values[4 + k][i], 1e-10 * scale);
        }
    }

    [Fact]
    public void Work_GrowsWithTheSquareOfTheOrder()
    {
        int Nodes(int order) => Walk.Topological(Diff.TaylorCoefficients(
            x => (x.Sin() * x.Exp()).Tanh().Sqrt(), new Tensor(GraphFunction.Input([1], "x")), new Tensor(GraphFunction.Input([1], "v")), order).Select(t => t.Node)).Count;
        Assert.True(Nodes(16) < 8 * Nodes(8), $"{Nodes(8)} nodes to order 8, {Nodes(16)} to order 16");
    }

    [Fact]
    public void HighOrder_OfElementaryFunctions_HasTheirSeries()
    {
        Tensor zero = Tensor.Scalar(0, DType.Float64), one = Tensor.Scalar(1, DType.Float64);
        double[] Series(Func<Tensor, Tensor> f) => [.. Diff.TaylorCoefficients(f, zero, one, 12).Select(c => c.Item<double>())];
        double factorial = 1;
        double[] exp = Series(x => x.Exp()), log = Series(x => x.Log1p()), geometric = Series(x => 1 / (1 - x)), tan = Series(x => x.Tan());
        for (int k = 0; k <= 12; k++)
        {
            factorial *= Math.Max(1, k);
            Assert.Equal(1 / factorial, exp[k], 1e-15);
            Assert.Equal(k == 0 ? 0 : (k % 2 == 0 ? -1.0 : 1.0) / k, log[k], 1e-14);
            Assert.Equal(1, geometric[k], 1e-14);
        }

        Assert.Equal([0, 1, 0, 1 / 3.0, 0, 2 / 15.0, 0, 17 / 315.0], tan[..8].Select(c => Math.Round(c, 14)).Zip([0, 1, 0, 1 / 3.0, 0, 2 / 15.0, 0, 17 / 315.0], (a, b) => Math.Abs(a - b) < 1e-13 ? b : a));
    }

    [Fact]
    public void Forms_AndCompositions()
    {
        Tensor[] two = Diff.TaylorCoefficients((x, y) => x * y, (s_x, s_v), (s_v, s_x), 3);
        Near(s_x * s_v, two[0]);
        Near(s_v * s_v + s_x * s_x, two[1]);
        Near(s_v * s_x, two[2]);
        Near(s_x * 0, two[3]);
        (Tensor A, Tensor B)[] tree = Diff.TaylorCoefficients((Tensor[] p) => (p[0] * p[0], p[0].Sum()), [s_x], [s_v], 2);
        Near(s_v * s_v, tree[2].A);
        Near(s_v.Sum(), tree[1].B);

        Func<Tensor, Tensor> second = x => Diff.TaylorCoefficients(y => y.Exp().Sum(), x, s_v, 2)[2];
        Near(s_x.Exp() * s_v * s_v / 2, Diff.Grad(second)(s_x));
        Near(second(s_x), Jit.Compile(second).Invoke(s_x));
        Near(Tensor.Stack(0, second(s_x), second(s_v)), Diff.Vmap(second)(Tensor.Stack(0, s_x, s_v)));
        Near(Diff.TaylorCoefficients(x => x.Sin(), s_x, s_v, 3)[3], Numerical.TaylorCoefficients(x => x.Sin(), s_x, s_v, 3)[3], 1e-4);
        Assert.Throws<ShapeMismatchException>(() => Diff.TaylorCoefficients(x => x, s_x, s_a, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Diff.TaylorCoefficients(x => x, s_x, s_v, -1));
        Assert.Single(Diff.TaylorCoefficients(x => x, s_x, s_v, 0));
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] e = expected.ToArray<double>(), a = actual.ToArray<double>();
        double scale = 1 + e.Select(Math.Abs).Max();
        for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], a[i], tolerance * scale);
    }
}
