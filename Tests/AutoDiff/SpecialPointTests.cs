using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Derivatives at kinks, ties, poles and other places where a convention decides.</summary>
public class SpecialPointTests
{
    [Fact]
    public void Max_Tie_SplitsInHalves()
    {
        double[][] g = Gradients(x => Make.Binary(Ops.Max, x[0], x[1]), [1, 2, 3], [1, 5, 0]);
        Assert.Equal([0.5, 0, 1], g[0]);
        Assert.Equal([0.5, 1, 0], g[1]);
    }

    [Fact]
    public void Min_Tie_SplitsInHalves()
    {
        double[][] g = Gradients(x => Make.Binary(Ops.Min, x[0], x[1]), [1, 2, 3], [1, 5, 0]);
        Assert.Equal([0.5, 1, 0], g[0]);
        Assert.Equal([0.5, 0, 1], g[1]);
    }

    [Fact]
    public void ReduceMax_Ties_GoToTheFirst()
    {
        Assert.Equal([0, 1, 0, 0], Gradients(x => Make.Reduce(Ops.ReduceMax, x[0], [0]), [1, 2, 2, 2])[0]);
        Assert.Equal([0, 0, 1, 0], Gradients(x => Make.Reduce(Ops.ReduceMin, x[0], [0]), [4, 3, 2, 2])[0]);
    }

    [Fact]
    public void Max_NaN_GivesTheSecondWhatTheFirstLeaves()
    {
        double[][] g = Gradients(x => Make.Binary(Ops.Max, x[0], x[1]), [double.NaN, 1], [1, double.NaN]);
        Assert.Equal([0, 0], g[0]);
        Assert.Equal([1, 1], g[1]);
    }

    [Fact]
    public void Clamp_AtItsBounds_HasTheInnerDerivative() => Assert.Equal([0, 1, 1, 1, 0],
        Gradients(x => new Tensor(x[0]).Clamp(-1, 1).Node, [-2, -1, 0.5, 1, 3])[0]);

    [Fact]
    public void ReduceMax_NaN_GoesToTheFirstNaN() =>
        Assert.Equal([0, 1, 0], Gradients(x => Make.Reduce(Ops.ReduceMax, x[0], [0]), [1, double.NaN, double.NaN])[0]);

    [Fact]
    public void Abs_AtZero_IsZero() => Assert.Equal([-1, 0, 1], Gradients(x => Make.Unary(Ops.Abs, x[0]), [-2, 0, 3])[0]);

    [Fact]
    public void Sqrt_AtZero_IsInfinite() => Assert.Equal([double.PositiveInfinity], Gradients(x => Make.Unary(Ops.Sqrt, x[0]), [0])[0]);

    [Fact]
    public void Steps_HaveZeroDerivative()
    {
        foreach (Op op in new[] { Ops.Floor, Ops.Ceil, Ops.Round, Ops.Truncate, Ops.Sign, Ops.StopGradient })
        {
            Assert.Equal([0, 0], Gradients(x => Make.Unary(op, x[0]), [0.3, -1])[0]);
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    [InlineData(3, 0)]
    public void PowByNumber_AtZero_IsExact(double exponent, double expected) =>
        Assert.Equal([expected], Gradients(x => Make.Binary(Ops.Pow, x[0], Make.Number(DType.Float64, exponent, [1])), [0])[0]);

    [Fact]
    public void PowByTensor_AtZeroAndForNegativeBases_IsExact()
    {
        // The exponent is captured, not differentiated: only the base's derivative matters, and it is finite.
        Node b = Make.Cast(Make.Iota([5], 0, DType.Int32), DType.Float64);
        Assert.Equal([0, 1, 0, 0, 0], Gradients(x => Make.Binary(Ops.Pow, x[0], b), [0, 0, 0, 0, 0])[0]);
        Assert.Equal([0, 1, -4, 12, -32], Gradients(x => Make.Binary(Ops.Pow, x[0], b), [-2, -2, -2, -2, -2])[0]);
    }

    [Fact]
    public void Pow_SecondDerivativeOfSquare_AtZeroIsTwo()
    {
        Func<Node[], Node> f = x => Make.Binary(Ops.Pow, x[0], x[1]);
        Node x = GraphFunction.Input([1], "x"), two = GraphFunction.Input([1], "two");
        Node second = Gradient(p => Gradient(q => f([q[0], two]), p)[0], [x])[0];
        Assert.Equal([2], GraphFunction.Evaluate([second], new Dictionary<Node, double[]> { [x] = [0], [two] = [2] })[0]);
    }

    [Fact]
    public void Pow_ExponentAtZeroBase_IsZero() => Assert.Equal([0], Gradients(x => Make.Binary(Ops.Pow, x[0], x[1]), [0], [2])[1]);

    [Fact]
    public void Where_NaNInTheSideNotTaken_DoesNotReachTheGradient()
    {
        Func<Node[], Node> safeLog = p =>
        {
            Node x = p[0], zero = Make.Zeros(x), positive = Make.Binary(Ops.Less, zero, x);
            return Make.Where(positive, Make.Unary(Ops.Log, Make.Where(positive, x, Make.Number(x.DType, 1, x.Shape))), zero);
        };
        Assert.Equal([0, 0, 0.5], Gradients(safeLog, [-1, 0, 2])[0]);
    }

    [Fact]
    public void ScatterAdd_IndexOutside_GivesItsUpdateZero()
    {
        Node indices = Make.Scale(Make.Iota([3], 0, DType.Int32), 2);
        Assert.Equal([1, 1, 0], Gradients(x => Make.ScatterAdd(x[0], indices, 0, 3), [5, 6, 7])[0]);
    }

    [Fact]
    public void Cast_ThroughIntegers_HasZeroDerivative() =>
        Assert.Equal([0], Gradients(x => Make.Cast(Make.Cast(x[0], DType.Int32), DType.Float64), [1.5])[0]);

    [Fact]
    public void Cast_BetweenFloats_KeepsTheArgumentsDType()
    {
        Node x = GraphFunction.Input([2], "x", DType.Float32);
        Node g = Gradient(p => Make.Cast(p[0], DType.Float64), [x])[0];
        Assert.Equal(DType.Float32, g.DType);
        Assert.Equal([1, 1], GraphFunction.Evaluate([g], new Dictionary<Node, double[]> { [x] = [1, 2] })[0]);
    }

    private static Node[] Gradient(Func<Node[], Node> f, Node[] x) => Transforms.ValueAndGrad(
        "Grad", p => f(p) is var y ? [Make.Sum(y, Shape.From(Enumerable.Range(0, y.Shape.Rank)))] : [], x).Gradients;

    private static double[][] Gradients(Func<Node[], Node> f, params double[][] at)
    {
        Node[] x = [.. at.Select((v, i) => GraphFunction.Input([v.Length], $"x{i}"))];
        return GraphFunction.Evaluate(Gradient(f, x), x.Zip(at).ToDictionary(p => p.First, p => p.Second));
    }
}
