using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The corners of transforms, one test each: what other systems got wrong, or say nothing about.</summary>
public class CornerTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 0.5, -1, 2 });
    private static readonly Tensor s_v = Tensor.From(new[] { 1.0, 0.25, -2 });

    [Fact]
    public void PerturbationConfusion_InEveryNestingOfModes_IsNone()
    {
        // d/dx [x · d/dy (x·y)] at y = 3 is d/dx x² = 2x: one kind of tangent would also count the inner x.
        Tensor x = Tensor.Scalar(2, DType.Float64), one = Tensor.Scalar(1, DType.Float64), y = Tensor.Scalar(3, DType.Float64);
        Func<Tensor, Tensor> forward = p => p * Diff.Jvp(q => p * q, y, one).Tangent, reverse = p => p * Diff.Grad(q => p * q)(y);
        foreach (Func<Tensor, Tensor> f in new[] { forward, reverse })
        {
            Assert.Equal(4, Diff.Grad(f)(x).Item<double>());
            Assert.Equal(4, Diff.Jvp(f, x, one).Tangent.Item<double>());
            Assert.Equal(4, Diff.TaylorCoefficients(f, x, one, 1)[1].Item<double>());
        }
    }

    [Fact]
    public void Closure_OverAnOuterTracedValue_IsConstantInside_AndDifferentiatesOutside()
    {
        Func<Tensor, Tensor> f = w => Diff.Grad(x => (w * w * x * x).Sum())(s_v).Sum();
        Near(4 * s_x * s_v, Diff.Grad(f)(s_x));
        Near(Diff.Grad(f)(s_x), Jit.Compile(Diff.Grad(f)).Invoke(s_x));
        Near(2 * s_x * s_x, Diff.Vmap(w => Diff.Grad(x => w * w * x * x)(Tensor.Scalar(1, DType.Float64)))(s_x));
    }

    [Fact]
    public void IgnoredArgument_HasZeros_InEveryTransform()
    {
        Near(s_x * 0, Diff.Jvp((x, y) => y * 1.0, (s_x, s_v), (s_x, s_v * 0)).Tangent);
        Near(s_x * 0, Diff.Vjp((x, y) => y * 1.0, s_x, s_v).Pullback(s_x).Item1);
        Near(s_x * 0, Diff.Hvp((Tensor[] p) => p[1].Square().Sum(), [s_x, s_v], [s_x, s_v])[0]);
        Near(s_x * 0, Diff.Gnvp((Tensor[] p) => p[1], y => y.Square().Sum(), [s_x, s_v], [s_x, s_v])[0]);
        Near(s_x * 0, Diff.TaylorCoefficients((x, y) => y, (s_x, s_v), (s_x, s_v * 0), 2)[2]);
        Near(s_x * 0, Diff.Grad((Tensor[] p) => Diff.Checkpoint((Tensor[] q) => q[1].Sin())(p).Sum())([s_x, s_v])[0]);
    }

    [Fact]
    public void IntegerArgument_IsRefusedByEachTransform_WithTheRemedy()
    {
        Tensor i = Tensor.Arange(3);
        Func<Tensor, Tensor> f = x => x.Sum();
        Action[] transforms =
        [
            () => Diff.Grad(f)(i), () => Diff.ValueAndGrad(f)(i), () => Diff.Jvp(f, i, i), () => Diff.Vjp(f, i), () => Diff.Linearize(f, i),
            () => Diff.LinearTranspose(f, i), () => Diff.Jacobian(f)(i), () => Diff.Hessian(f)(i), () => Diff.Hvp(f, i, i), () => Diff.Gnvp(f, f, i, i),
            () => Diff.Laplacian(f)(i), () => Diff.TaylorCoefficients(f, i, i, 2),
        ];
        Assert.All(transforms, t => Assert.Contains("capture", Assert.Throws<NotDifferentiableException>(t).Message));
    }

    [Fact]
    public void ConstantFunction_HasZeroDerivatives_OfEveryOrderAndForm()
    {
        Func<Tensor, Tensor> f = _ => Tensor.Scalar(3, DType.Float64);
        Near(s_x * 0, Diff.Grad(f)(s_x));
        Near(s_x * 0, Diff.Hvp(f, s_x, s_v));
        Assert.Equal(0, Diff.Jvp(f, s_x, s_v).Tangent.Item<double>());
        Assert.Equal(0, Diff.Laplacian(f)(s_x).Item<double>());
        Assert.All(Diff.Hessian(f)(s_x).ToArray<double>(), h => Assert.Equal(0, h));
        Assert.Equal([3, 0, 0], Diff.TaylorCoefficients(f, s_x, s_v, 2).Select(c => c.Item<double>()));
        Assert.Equal(0, Diff.Grad(x => Diff.Checkpoint(_ => Tensor.Scalar(3, DType.Float64))(x))(s_x).ToArray<double>().Sum());
    }

    [Fact]
    public void DataDependentBranch_IsRefused_NamingWhatToWrite()
    {
        Func<Tensor, Tensor> f = x => x.Item<double>() > 0 ? x : -x;
        Tensor x = Tensor.Scalar(1, DType.Float64);
        foreach (Action transform in new Action[] { () => Diff.Grad(f)(x), () => Diff.Vmap(f)(s_x), () => Jit.Compile(f).Invoke(x), () => Diff.Checkpoint(f)(x) })
        {
            TracedValueException e = Assert.Throws<TracedValueException>(transform);
            Assert.Contains("Where", e.Message);
            Assert.Contains("Cond", e.Message);
        }
    }

    [Fact]
    public void NonScalarGradient_IsRefused_NamingVjp() =>
        Assert.Contains("Vjp", Assert.Throws<NotScalarException>(() => Diff.Grad(x => x * x)(s_x)).Message);

    [Fact]
    public void Jit_InsideJit_AndInsideAndAroundTransforms_IsTheFunction()
    {
        Func<Tensor, Tensor> inner = Jit.Compile((Tensor x) => x.Sin() * x), outer = Jit.Compile((Tensor x) => inner(x).Sum());
        Tensor expected = Diff.Grad(x => (x.Sin() * x).Sum())(s_x);
        Near(expected, Diff.Grad(outer)(s_x));
        Near(expected, Jit.Compile(Diff.Grad(outer)).Invoke(s_x));
        Near(expected, Diff.Vmap(Jit.Compile(Diff.Grad(inner)))(s_x));
    }

    [Fact]
    public void GradOfGrad_VmapOfGrad_JvpOfVjp_AreWhatTheySay()
    {
        Func<Tensor, Tensor> f = x => (x * x * x).Sum();
        Near(Diff.Hessian(f)(s_x).MatMul(s_v), Diff.Grad(x => (Diff.Grad(f)(x) * s_v).Sum())(s_x));
        Near(3 * s_x * s_x, Diff.Vmap(Diff.Grad(x => x * x * x))(s_x));
        Near(6 * s_x * s_v, Diff.Jvp(x => Diff.Vjp(f, x).Pullback(Tensor.Scalar(1, DType.Float64)), s_x, s_v).Tangent);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] e = expected.ToArray<double>(), a = actual.ToArray<double>();
        double scale = 1 + e.Max(Math.Abs);
        for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], a[i], 1e-12 * scale);
    }
}
