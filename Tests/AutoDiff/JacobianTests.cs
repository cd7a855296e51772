using Cotangent.AutoDiff;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Whole Jacobians, Hessians and their traces, against closed forms and central differences.</summary>
public class JacobianTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 0.5, -1, 2 });
    private static readonly Tensor s_a = Tensor.From(new double[,] { { 1, 2, 3 }, { 0, -1, 4 } });
    private static readonly Line s_line = new(Tensor.Scalar(2, DType.Float64), s_x);

    [Fact]
    public void Jacobian_OfALinearFunction_IsItsMatrix_InEveryMode()
    {
        Func<Tensor, Tensor> f = x => s_a.MatMul(x);
        foreach (Func<Tensor, Tensor> j in new[] { Diff.JacFwd(f), Diff.JacRev(f), Diff.Jacobian(f) })
        {
            Assert.Equal([2, 3], j(s_x).Shape);
            Assert.Equal(s_a.ToArray<double>(), j(s_x).ToArray<double>());
        }
    }

    [Fact]
    public void Jacobian_OfMatrices_HasTheAxesOfBoth_AndAgreesWithDifferences()
    {
        Func<Tensor, Tensor> f = a => (a.MatMul(a.T).Sin() * a[.., 0]).Exp();
        Tensor expected = Numerical.Jacobian(f)(s_a);
        Assert.Equal([2, 2, 2, 3], expected.Shape);
        Near(expected, Diff.JacFwd(f)(s_a), 1e-7);
        Near(expected, Diff.JacRev(f)(s_a), 1e-7);
        Near(expected, Diff.Jacobian(f)(s_a), 1e-7);
        Near(expected, Jit.Compile(Diff.Jacobian(f)).Invoke(s_a), 1e-7);
    }

    [Fact]
    public void Jacobian_OfTwoTensors_AndOfATree_GivesEach()
    {
        Func<Tensor, Tensor, Tensor> f = (x, y) => x * y.Sum();
        foreach (Func<Tensor, Tensor, (Tensor, Tensor)> j in new[] { Diff.JacFwd(f), Diff.JacRev(f), Diff.Jacobian(f) })
        {
            (Tensor jx, Tensor jy) = j(s_x, Tensor.From(new[] { 1.0, 3 }));
            Assert.Equal([4, 0, 0, 0, 4, 0, 0, 0, 4], jx.ToArray<double>());
            Assert.Equal([0.5, 0.5, -1, -1, 2, 2], jy.ToArray<double>());
        }

        foreach (Func<Line, Line> j in new[] { Diff.JacFwd((Line p) => p.Slope * p.Offset), Diff.JacRev((Line p) => p.Slope * p.Offset) })
        {
            Line d = j(s_line);
            Assert.Equal([0.5, -1, 2], d.Slope.ToArray<double>());
            Assert.Equal([2, 0, 0, 0, 2, 0, 0, 0, 2], d.Offset.ToArray<double>());
        }
    }

    [Fact]
    public void Jacobian_OfIgnoredArgumentsAndEmptyTensors_IsZero()
    {
        (Tensor jx, Tensor jy) = Diff.Jacobian((x, y) => x)(s_x, s_a);
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 1], jx.ToArray<double>());
        Assert.Equal([3, 2, 3], jy.Shape);
        Assert.All(jy.ToArray<double>(), v => Assert.Equal(0, v));
        Assert.Equal([0, 0], Diff.JacRev(x => x.Exp())(Tensor.Zeros([0])).Shape);
    }

    [Fact]
    public void Hessian_OfAQuadraticForm_IsItsSymmetricMatrix()
    {
        Tensor m = Tensor.From(new double[,] { { 2, 1, 0 }, { 1, 3, -1 }, { 0, -1, 4 } });
        Assert.Equal(m.ToArray<double>(), Diff.Hessian(x => x.MatMul(m.MatMul(x)) * 0.5)(s_x).ToArray<double>());
    }

    [Fact]
    public void Hessian_ThreeWays_AgreesWithDifferences()
    {
        Func<Tensor, Tensor> f = a => (a.MatMul(a.T).Tanh().Sum() + (a * a * a).Sin().Sum()) * a.Sum().Exp();
        Tensor at = s_a * 0.3, expected = Diff.Hessian(f)(at);
        Assert.Equal([2, 3, 2, 3], expected.Shape);
        Near(Numerical.Hessian(f)(at), expected, 1e-5);
        Near(expected, Diff.JacRev(Diff.Grad(f))(at), 1e-12);
        Near(expected, Diff.JacFwd(Diff.JacRev(f))(at), 1e-12);
        Near(expected, Diff.JacRev(Diff.JacFwd(f))(at), 1e-12);
        Near(Numerical.Hvp(f, at, s_a), Diff.Hvp(f, at, s_a), 1e-5);
    }

    [Fact]
    public void Hessian_OfTwoTensorsAndOfATree_HasAllBlocks()
    {
        Func<Tensor, Tensor, Tensor> f = (x, y) => (x * x * y).Sum();
        Tensor y = Tensor.From(new[] { 1.0, 2, 3 });
        ((Tensor xx, Tensor xy), (Tensor yx, Tensor yy)) = Diff.Hessian(f)(s_x, y);
        Assert.Equal([2, 0, 0, 0, 4, 0, 0, 0, 6], xx.ToArray<double>());
        Assert.Equal([1, 0, 0, 0, -2, 0, 0, 0, 4], xy.ToArray<double>());
        Assert.Equal(xy.ToArray<double>(), yx.ToArray<double>());
        Assert.All(yy.ToArray<double>(), v => Assert.Equal(0, v));

        Dictionary<string, Line> h = Diff.Hessian((Line p) => p.Slope * p.Slope * p.Offset.Sum())(s_line);
        Assert.Equal(3, h["slope"].Slope.Item<double>());
        Assert.Equal([4, 4, 4], h["slope"].Offset.ToArray<double>());
        Assert.Equal([4, 4, 4], h["offset"].Slope.ToArray<double>());
        Assert.Equal([3, 3], h["offset"].Offset.Shape);
    }

    [Fact]
    public void Laplacian_AndDivergence_AgreeWithClosedFormsAndDifferences()
    {
        Assert.Equal(6, Diff.Laplacian(x => (x * x).Sum())(s_x).Item<double>(), 1e-12);
        Assert.Equal(3, Diff.Divergence(x => x)(s_x).Item<double>(), 1e-12);
        Func<Tensor, Tensor> f = x => s_a.MatMul(x).Tanh(), field = x => (x * x.Sum()).Sin();
        Near(Numerical.Laplacian(f)(s_x), Diff.Laplacian(f)(s_x), 1e-5);
        Near(Numerical.Divergence(field)(s_x), Diff.Divergence(field)(s_x), 1e-7);

        // At many points, and differentiated: what a network that solves an equation needs.
        Tensor points = Tensor.Stack(0, s_x, s_x * 2), per = Diff.Vmap(Diff.Laplacian(f))(points);
        Near(Diff.Laplacian(f)(s_x * 2), per[1], 1e-12);
        Near(Numerical.Grad(x => Diff.Laplacian(f)(x).Sum())(s_x), Diff.Grad(x => Diff.Laplacian(f)(x).Sum())(s_x), 1e-6);
        Assert.Throws<ShapeMismatchException>(() => Diff.Divergence(x => x.Sum())(s_x));
    }

    [Fact]
    public void Linearize_CallsTheFunctionOnce_AndGivesTheJvp()
    {
        int calls = 0;
        (Tensor y, Func<Tensor, Tensor> push) = Diff.Linearize(x =>
        {
            calls++;
            return (x * x).Sin();
        }, s_x);
        foreach (Tensor v in new[] { s_x, s_x * 3 - 1 })
        {
            (Tensor value, Tensor tangent) = Diff.Jvp(x => (x * x).Sin(), s_x, v);
            Assert.Equal(value.ToArray<double>(), y.ToArray<double>());
            Assert.Equal(tangent.ToArray<double>(), push(v).ToArray<double>());
        }

        Assert.Equal(1, calls);
        Assert.Throws<ShapeMismatchException>(() => push(s_a));
        Near(Diff.Jacobian(x => (x * x).Sin())(s_x), Diff.Vmap(push)(Tensor.Eye(3, DType.Float64)), 1e-15);
    }

    [Fact]
    public void WholeDerivatives_OfIntegers_AreRefused()
    {
        Assert.Throws<NotDifferentiableException>(() => Diff.Jacobian(x => x)(Tensor.Arange(3)));
        Assert.Throws<NotDifferentiableException>(() => Diff.JacRev(x => x.ArgMax(0))(s_x));
        Assert.Throws<NotScalarException>(() => Diff.Hessian(x => x)(s_x));
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] e = expected.ToArray<double>(), a = actual.ToArray<double>();
        double scale = 1 + e.Max(Math.Abs);
        for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], a[i], tolerance * scale);
    }

    private sealed record Line(Tensor Slope, Tensor Offset);
}
