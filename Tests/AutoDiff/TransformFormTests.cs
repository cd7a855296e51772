using Cotangent.AutoDiff;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Each transform for a tensor, several tensors and a tree, against its numerical mirror or a closed form.</summary>
public class TransformFormTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 0.5, -1, 2 });
    private static readonly Tensor s_y = Tensor.From(new[] { 1.0, 0.25, -2 });
    private static readonly Tensor s_a = Tensor.From(new double[,] { { 1, 2, 3 }, { 0, -1, 4 } });
    private static readonly Pair s_at = new(s_x, s_y);
    private static readonly Pair s_along = new(s_y, s_x);

    [Fact]
    public void LinearTranspose_IsTheAdjoint_OfATensorSeveralAndATree()
    {
        Func<Tensor, Tensor> adjoint = Diff.LinearTranspose(x => s_a.MatMul(x).Flip(0) * 2 - s_a[.., 0] * x.Sum(), s_x);
        Tensor ct = Tensor.From(new[] { 3.0, -1 });
        Near(Numerical.LinearTranspose(x => s_a.MatMul(x).Flip(0) * 2 - s_a[.., 0] * x.Sum(), s_x, ct), adjoint(ct));

        (Tensor tx, Tensor ty) = Diff.LinearTranspose((x, y) => Tensor.Concat(0, x / 4, -y), s_x, s_y)(Tensor.Concat(0, s_y, s_x));
        Near(s_y / 4, tx);
        Near(-s_x, ty);

        Pair back = Diff.LinearTranspose((Pair p) => new Pair(p.X + p.Y, p.X[..2]), s_at)(new Pair(s_y, ct));
        Near(s_y + ct.Pad((0, 1)), back.X);
        Near(s_y, back.Y);
    }

    [Fact]
    public void LinearTranspose_Twice_IsTheFunction_AndComposes()
    {
        Func<Tensor, Tensor> f = x => s_a.MatMul(x);
        Func<Tensor, Tensor> adjoint = Diff.LinearTranspose(f, s_x);
        Near(f(s_x), Diff.LinearTranspose(adjoint, f(s_x))(s_x));
        Near(s_a.T, Diff.Vmap(adjoint, outAxes: 1)(Tensor.Eye(2, DType.Float64)));
        (_, Func<Tensor, Tensor> push) = Diff.Linearize(x => x.Sin(), s_x);
        Near(s_x.Cos() * s_y, Diff.LinearTranspose(push, s_x)(s_y));
        Near(s_a.MatMul(s_x), Jit.Compile((Tensor ct) => Diff.LinearTranspose(Diff.LinearTranspose(f, s_x), f(s_x))(ct)).Invoke(s_x));
    }

    [Theory]
    [InlineData("sin", "sin of what varies, Float64[3],")]
    [InlineData("square", "mul of what varies, Float64[3], and what varies, Float64[3],")]
    [InlineData("affine", "add of what varies, Float64[3], and a constant Float64[3]")]
    [InlineData("reciprocal", "div of a constant Float64[3] and what varies, Float64[3],")]
    [InlineData("max", "reduce_max of what varies, Float64[3],")]
    [InlineData("constant", "a result, Float64[3], does not depend on the argument")]
    [InlineData("stopped", "stop_gradient of what varies, Float64[3],")]
    public void LinearTranspose_OfWhatIsNotLinear_NamesTheFirstSuchOperation(string name, string fault)
    {
        Func<Tensor, Tensor> f = name switch
        {
            "sin" => x => (2 * x).Sin() * x,
            "square" => x => x * x,
            "affine" => x => x + s_y,
            "reciprocal" => x => 1 / x,
            "max" => x => x.Max(0),
            "constant" => _ => s_y,
            _ => x => x.StopGradient(),
        };
        NotLinearException e = Assert.Throws<NotLinearException>(() => Diff.LinearTranspose(f, s_x));
        Assert.StartsWith("CTG2031", e.Message, StringComparison.Ordinal);
        Assert.Contains(fault, e.Message);
    }

    [Fact]
    public void Gnvp_IsJᵀHJv_OfATensorSeveralAndATree()
    {
        Func<Tensor, Tensor> model = x => s_a.MatMul(x.Tanh()), loss = y => y.Exp().Sum();
        Tensor j = Diff.Jacobian(model)(s_x), h = Diff.Hessian(loss)(model(s_x));
        Tensor expected = j.T.MatMul(h.MatMul(j.MatMul(s_y)));
        Near(expected, Diff.Gnvp(model, loss, s_x, s_y));
        Near(Numerical.Gnvp(model, loss, s_x, s_y), expected, 1e-4);
        Near(expected, Jit.Compile((x, v) => Diff.Gnvp(model, loss, x, v)).Invoke(s_x, s_y));

        // Linear in its parameters: the Gauss–Newton product is the Hessian's.
        (Tensor gx, Tensor gy) = Diff.Gnvp((x, y) => s_a.MatMul(x - y), loss, (s_x, s_y), (s_y, s_x));
        (Tensor hx, Tensor hy) = Diff.Hvp((x, y) => loss(s_a.MatMul(x - y)), (s_x, s_y), (s_y, s_x));
        Near(hx, gx);
        Near(hy, gy);
        Pair g = Diff.Gnvp((Pair p) => p.X - 2 * p.Y, y => y.Square().Sum(), s_at, s_along);
        Near(2 * (s_y - 2 * s_x), g.X);
        Near(-4 * (s_y - 2 * s_x), g.Y);
        Assert.Throws<NotScalarException>(() => Diff.Gnvp(model, y => y, s_x, s_y));
        Assert.Throws<ShapeMismatchException>(() => Diff.Gnvp(model, loss, s_x, s_a));
    }

    [Fact]
    public void Hvp_OfSeveralAndATree_AgreesWithDifferences()
    {
        Func<Tensor, Tensor, Tensor> f = (x, y) => (x.Sin() * y * y).Sum();
        (Tensor hx, Tensor hy) = Diff.Hvp(f, (s_x, s_y), (s_y, s_x));
        Pair h = Diff.Hvp((Pair p) => f(p.X, p.Y), s_at, s_along), expected = Numerical.Hvp((Pair p) => f(p.X, p.Y), s_at, s_along);
        Near(h.X, hx);
        Near(h.Y, hy);
        Near(expected.X, h.X, 1e-5);
        Near(expected.Y, h.Y, 1e-5);
        (Tensor a, Tensor b, Tensor c) = Diff.Hvp((x, y, z) => (x * y * z).Sum(), (s_x, s_y, s_x), (s_x, s_x, s_y));
        Near(s_x * s_x + s_y * s_y, a);
        Near(s_x * s_x + s_x * s_y, b);
        Near(s_x * s_y + s_x * s_x, c);
    }

    [Fact]
    public void Linearize_OfTwo_IsTheJvp()
    {
        (Tensor value, Func<Tensor, Tensor, Tensor> push) = Diff.Linearize((x, y) => x * y, s_x, s_y);
        Near(s_x * s_y, value);
        Near(s_y * s_y + s_x * s_x, push(s_y, s_x));
    }

    [Fact]
    public void Laplacian_AndDivergence_OfSeveralAndATree_SumOverAll()
    {
        Func<Tensor, Tensor, Tensor> f = (x, y) => (x * x * y).Sum() + (y * y * y).Sum();
        Tensor expected = (2 * s_y).Sum() + (6 * s_y).Sum();
        Near(expected, Diff.Laplacian(f)(s_x, s_y));
        Near(expected, Diff.Laplacian((Pair p) => f(p.X, p.Y))(s_at));
        Tensor divergence = (s_y + s_x).Sum();
        Near(divergence, Diff.Divergence((x, y) => (x * y, y * x))(s_x, s_y));
        Near(divergence, Diff.Divergence((Pair p) => new Pair(p.X * p.Y, p.Y * p.X))(s_at));
    }

    [Fact]
    public void Vmap_OfFourTensors_AndFourTrees()
    {
        Tensor sum = Diff.Vmap((x, y, z, w) => x + y * z - w, [0, null, 0, 0])(s_x, s_a, s_y, s_x);
        Near(Tensor.Stack(0, s_a * s_y[0], s_a * s_y[1], s_a * s_y[2]), sum);
        Near(s_x * s_y, Diff.Vmap((Pair p, Tensor x, Tensor y, Tensor z) => p.X * p.Y + x - y + z * 0)(s_at, s_x, s_x, s_y));
    }

    [Fact]
    public void Numerical_Mirrors_AgreeWithDiff()
    {
        Func<Pair, Tensor> f = p => (p.X.Sin() * p.Y.Exp()).Sum();
        Near(Diff.Grad(f)(s_at).Y, Numerical.Grad(f)(s_at).Y, 1e-8);
        Near(Diff.Jvp(f, s_at, s_along).Tangent, Numerical.Jvp(f, s_at, s_along), 1e-8);
        Near(Diff.Vjp(x => x.Sin(), s_x).Pullback(s_y), Numerical.Vjp(x => x.Sin(), s_x, s_y), 1e-8);
        Near(Diff.Vjp((Pair p) => new Pair(p.X * p.Y, p.X), s_at).Pullback(s_along).X, Numerical.Vjp((Pair p) => new Pair(p.X * p.Y, p.X), s_at, s_along).X, 1e-8);
        Near(Diff.ValueAndGrad(x => x.Sin().Sum())(s_x).Gradient, Numerical.ValueAndGrad(x => x.Sin().Sum())(s_x).Gradient, 1e-8);
        Near(Diff.Jacobian((Pair p) => p.X * p.Y)(s_at).Y, Numerical.Jacobian((Pair p) => p.X * p.Y)(s_at).Y, 1e-8);
        Tensor[] taylor = Numerical.TaylorCoefficients(x => x.Exp(), s_x, s_y, 3);
        Near(s_x.Exp() * s_y * s_y * s_y / 6, taylor[3], 1e-4);
        Near(s_x.Exp() * s_y, taylor[1], 1e-7);
    }

    private static void Near(Tensor expected, Tensor actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] e = expected.ToArray<double>(), a = actual.ToArray<double>();
        double scale = 1 + e.Max(Math.Abs);
        for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], a[i], tolerance * scale);
    }

    private sealed record Pair(Tensor X, Tensor Y);
}
