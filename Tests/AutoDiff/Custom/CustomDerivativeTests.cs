using Cotangent.AutoDiff;
using Cotangent.Tests.Engine.UserKernels;

namespace Cotangent.Tests.AutoDiff.Custom;

/// <summary>Functions that bring a derivative of their own: values, both modes, higher orders, batches, trees, refusals.</summary>
public class CustomDerivativeTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 0.5, -1, 2 });
    private static readonly Tensor s_v = Tensor.From(new[] { 1.0, 0.25, -2 });

    /// <summary>x³ with tangents of its own.</summary>
    internal static Func<Tensor, Tensor> Cube { get; } = Diff.CustomJvp(x => x * x * x, (x, dx, _) => 3 * x * x * dx);

    /// <summary>sin with cotangents of its own.</summary>
    internal static Func<Tensor, Tensor> Sine { get; } = Diff.CustomVjp(x => x.Sin(), (x, _, ct) => ct * x.Cos());

    /// <summary>A sum and a product, cotangents given for both at once.</summary>
    internal static Func<Pair, Pair> SumAndProduct { get; } = Diff.CustomVjp(
        (Pair p) => new Pair(p.X + p.Y, p.X * p.Y),
        (p, _, ct) => new Pair(ct.X + ct.Y * p.Y, ct.X + ct.Y * p.X));

    /// <summary>Twice the running difference: linear, with an adjoint of its own.</summary>
    internal static Func<Tensor, Tensor, Tensor> Weighted { get; } = Diff.CustomLinear(
        (Tensor w, Tensor x) => 2 * w * x.Flip(0), (Tensor w, Tensor ct) => (2 * w * ct).Flip(0));

    [Fact]
    public void Jvp_Rule_ServesBothModesAndHigherOrders()
    {
        Func<Tensor, Tensor> f = x => (Cube(x) * x).Sum(), plain = x => (x * x * x * x).Sum();
        Near(f, plain);
    }

    [Fact]
    public void Vjp_Rule_ServesBothModesAndHigherOrders()
    {
        Near(x => (Sine(x * x) * x).Sum(), x => ((x * x).Sin() * x).Sum());
        Tensor tangent = Diff.Jvp(Sine, s_x, s_v).Tangent;
        Near(s_v * s_x.Cos(), tangent);
        Near(Diff.JacRev(Sine)(s_x), Diff.JacFwd(Sine)(s_x));
    }

    [Fact]
    public void Linear_Rule_ServesBothModes_AndItsFixedArgumentDifferentiates()
    {
        Tensor w = Tensor.From(new[] { 1.5, -2, 0.5 });
        Near(x => Weighted(w, x).Square().Sum(), x => (2 * w * x.Flip(0)).Square().Sum());
        Near(v => Weighted(v, s_x).Square().Sum() + Weighted(v, v).Sum(), v => (2 * v * s_x.Flip(0)).Square().Sum() + (2 * v * v.Flip(0)).Sum());
    }

    [Fact]
    public void Vjp_OfATree_IsAskedOnceForAllResults()
    {
        int asked = 0;
        Func<Pair, Pair> f = Diff.CustomVjp((Pair p) => new Pair(p.X * 2, p.Y * p.X), (p, _, ct) =>
        {
            asked++;
            return new Pair(ct.X * 2 + ct.Y * p.Y, (ct.Y * p.X).Clamp(-1, 1));
        });
        Pair g = Diff.Grad((Pair p) => f(p) is var y ? (y.X + y.Y * y.X).Sum() : p.X)(new Pair(s_x, s_v));

        // Once for forward mode, once for reverse mode: the cotangents of both results together.
        Assert.Equal(2, asked);
        Near((s_x * 2 * s_x).Clamp(-1, 1), g.Y);
    }

    [Fact]
    public void Vjp_OfATree_DifferentiatesAsTheFunctionDoes()
    {
        Func<Pair, Tensor> f = p => SumAndProduct(p) is var y ? (y.X * y.Y.Exp()).Sum() : p.X;
        Func<Pair, Tensor> plain = p => ((p.X + p.Y) * (p.X * p.Y).Exp()).Sum();
        Pair at = new(s_x, s_v), along = new(s_v, s_x);
        Pair g = Diff.Grad(f)(at), expected = Diff.Grad(plain)(at);
        Near(expected.X, g.X);
        Near(expected.Y, g.Y);
        Pair h = Diff.Hvp(f, at, along), expectedH = Diff.Hvp(plain, at, along);
        Near(expectedH.X, h.X);
        Near(expectedH.Y, h.Y);
    }

    [Fact]
    public void Vjp_WithSaved_IsGivenWhatForwardKept()
    {
        Func<Tensor, Tensor> f = Diff.CustomVjp(
            (Tensor x) => x.Exp() is var e ? (e / (1 + e), e) : default, (Tensor e, Tensor ct) => ct * e / (1 + e).Square());
        Near(x => f(x).Sum(), x => x.Sigmoid().Sum());
        Near(Diff.Vmap(Diff.Grad(f))(s_x), Diff.Grad(x => x.Sigmoid().Sum())(s_x));
    }

    [Fact]
    public void Vjp_NotLinear_ClipsInReverse_AndRefusesForwardNamingTheAlternative()
    {
        Func<Tensor, Tensor> clipped = Diff.CustomVjp(x => x * 1.0, (_, _, ct) => ct.Clamp(-1, 1));
        Near(Tensor.From(new[] { 1.0, -1, 0.5 }), Diff.Grad(x => (clipped(x) * Tensor.From(new[] { 3.0, -4, 0.5 })).Sum())(s_x));
        CustomDerivativeException e = Assert.Throws<CustomDerivativeException>(() => Diff.Jvp(clipped, s_x, s_v).Tangent.ToArray<double>());
        Assert.StartsWith("CTG2030: CustomVjp(x => x * 1.0): forward mode", e.Message, StringComparison.Ordinal);
        Assert.Contains("CustomJvp", e.Message);
    }

    [Fact]
    public void Vmap_BatchesTheRule_WithSharedArgumentsSummed()
    {
        Func<Tensor, Tensor, Tensor> f = Diff.CustomVjp((w, x) => (w * x).Sin(), (p, _, ct) =>
            (ct * p.Y * (p.X * p.Y).Cos(), ct * p.X * (p.X * p.Y).Cos()));
        Tensor batch = Tensor.Stack(0, s_x, s_v, s_x * s_v);
        Func<Tensor, Tensor> total = w => Diff.Vmap(f, [null, 0])(w, batch).Sum(), plain = w => (w * batch).Sin().Sum();
        Near(total, plain);
        Near(Diff.Vmap(Diff.Grad(x => f(s_v, x).Sum()))(batch), (s_v * batch).Cos() * s_v);
        Near(Diff.Vmap(Diff.Grad(x => (Cube(x) * Sine(x)).Sum()))(batch), Diff.Grad(x => (x * x * x * x.Sin()).Sum())(batch));
        Near(Diff.Vmap((Tensor w, Tensor x) => Diff.Grad(p => Weighted(w, p).Exp().Sum())(x), [0, 0])(batch, batch.Flip(0)),
            Diff.Vmap((Tensor w, Tensor x) => Diff.Grad(p => (2 * w * p.Flip(0)).Exp().Sum())(x), [0, 0])(batch, batch.Flip(0)));
    }

    [Fact]
    public void Nested_InJit_AndInEachOther_Compose()
    {
        Func<Tensor, Tensor> nested = Diff.CustomJvp(x => Sine(Cube(x)), (x, dx, _) => dx * 3 * x * x * Cube(x).Cos());
        Near(x => nested(x).Sum(), x => (x * x * x).Sin().Sum());
        Near(Jit.Compile(Diff.Grad(x => nested(x).Sum())).Invoke(s_x), Diff.Grad(x => (x * x * x).Sin().Sum())(s_x));
    }

    [Fact]
    public void Nested_AlongTheSameTangent_IsAskedForEachLevel()
    {
        // The inner call bound to the outer argument has the same rule and the same tangent: what was made for one is not for the other.
        Func<Tensor, Tensor> first = x => Diff.Jvp(Sine, x, s_v).Tangent, second = x => Diff.Jvp(first, x, s_v).Tangent;
        Near(-s_x.Sin() * s_v * s_v, second(s_x));
        Func<Tensor, Tensor> checkpointed = x => Diff.Jvp(Diff.Checkpoint(y => y.Sin()), x, s_v).Tangent;
        Near(-s_x.Sin() * s_v * s_v, Diff.Jvp(checkpointed, s_x, s_v).Tangent);
    }

    [Fact]
    public void Evaluated_LeavesOnlyTheFunction()
    {
        Assert.Equal("mul", Cube(s_x).Node.Op.Name);
        Near(s_x * s_x * s_x, Jit.Compile(Cube).Invoke(s_x));
    }

    [Fact]
    public void Linear_AroundAKernelWithoutDerivative_NeedsNoneOfIt()
    {
        Tensor ones = Tensor.OnesLike(s_x);
        Func<Tensor, Tensor> difference = Diff.CustomLinear(
            (Tensor x) => Tensor.Kernel(SampleKernels.Difference, (int)x.Size, [x, ones], x.Shape),
            ct => ct - ct.Pad((0, 1))[1..]);
        Func<Tensor, Tensor> f = x => difference(x).Square().Sum(), plain = x => (x - x.Pad((1, 0))[..^1]).Square().Sum();
        Near(Diff.Grad(plain)(s_x), Diff.Grad(f)(s_x));
        Near(Diff.Jvp(plain, s_x, s_v).Tangent, Diff.Jvp(f, s_x, s_v).Tangent);
        Near(Diff.Hvp(plain, s_x, s_v), Diff.Hvp(f, s_x, s_v));
    }

    [Fact]
    public void Rules_ThatDoNotFit_AreRefusedWithWhatWasExpected()
    {
        CustomDerivativeException Refused(Func<Tensor, Tensor> f) => Assert.Throws<CustomDerivativeException>(() => Diff.Grad(x => f(x).Sum())(s_x));
        Assert.Contains("its jvp gave Float64[] for result 0, which is Float64[3]", Refused(Diff.CustomJvp(x => x.Sin(), (_, dx, _) => dx.Sum())).Message);
        Assert.Contains("its vjp gave Float32[3] for argument 0", Refused(Diff.CustomVjp(x => x.Sin(), (_, _, ct) => ct.Cast(DType.Float32))).Message);
        Assert.Contains("its transpose gave Float64[2]", Refused(Diff.CustomLinear(x => x.Flip(0), ct => ct[1..])).Message);
        Assert.Contains("its vjp gave 1 tensors for 2 arguments",
            Refused(x => Diff.CustomVjp((Tensor[] p) => p[0] * p[1], (_, _, ct) => [ct])([x, x])).Message);
        Assert.Contains("not linear in the tangents: mul of what varies", Refused(Diff.CustomJvp(x => x.Sin(), (_, dx, _) => dx * dx)).Message);
        Assert.Contains("not linear in the tangents: add of", Refused(Diff.CustomJvp(x => x.Sin(), (_, dx, _) => dx + 1)).Message);
    }

    [Fact]
    public void Captured_AndDifferentiated_IsRefused_ConstantIsNot()
    {
        CustomDerivativeException e = Assert.Throws<CustomDerivativeException>(
            () => Diff.Grad(w => Diff.CustomJvp(x => w * x, (_, dx, _) => w * dx)(w).Sum())(s_x));
        Assert.Contains("captures a Float64[3] that is being differentiated", e.Message);
        Near(s_v, Diff.Grad(x => Diff.CustomJvp(y => s_v * y, (_, dy, _) => s_v * dy)(x).Sum())(s_x));

        // Captured of an outer transform that does not differentiate by it.
        Near(s_v, Diff.Vmap((Tensor w, Tensor x) => Diff.Grad(p => Diff.CustomJvp(y => w * y, (_, dy, _) => w * dy)(p))(x))(s_v, s_x));
    }

    [Fact]
    public void IntegerArguments_AndZeroTangents_PassThroughRules()
    {
        Func<(Tensor X, Tensor I), Tensor> take = Diff.CustomJvp(
            ((Tensor X, Tensor I) p) => p.X.Gather(p.I), (p, dp, _) => dp.X.Gather(p.I));
        Tensor index = Tensor.From(new[] { 2, 0, 2 });
        Near(Tensor.From(new[] { 1.0, 0, 2 }), Diff.Grad(x => take((x, index)).Sum())(s_x));
        Func<Tensor, Tensor, Tensor> product = Diff.CustomJvp((x, y) => x * y, (at, along, _) => along.X * at.Y + along.Y * at.X);
        Near(s_v, Diff.Grad(x => product(x, s_v).Sum())(s_x));
    }

    private static void Near(Func<Tensor, Tensor> f, Func<Tensor, Tensor> plain)
    {
        Near(plain(s_x), f(s_x));
        Near(Diff.Jvp(plain, s_x, s_v).Tangent, Diff.Jvp(f, s_x, s_v).Tangent);
        Near(Diff.Grad(plain)(s_x), Diff.Grad(f)(s_x));
        Near(Diff.Hessian(plain)(s_x), Diff.Hessian(f)(s_x));
        Near(Diff.JacRev(Diff.Grad(plain))(s_x), Diff.JacRev(Diff.Grad(f))(s_x));
        Near(Diff.Grad(x => Diff.Jvp(plain, x, s_v).Tangent)(s_x), Diff.Grad(x => Diff.Jvp(f, x, s_v).Tangent)(s_x));
        Near(Diff.Grad(x => Diff.Hvp(plain, x, s_v).Sum())(s_x), Diff.Grad(x => Diff.Hvp(f, x, s_v).Sum())(s_x));
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] e = expected.ToArray<double>(), a = actual.ToArray<double>();
        double scale = 1 + e.Max(Math.Abs);
        for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], a[i], 1e-12 * scale);
    }

    internal sealed record Pair(Tensor X, Tensor Y);
}
