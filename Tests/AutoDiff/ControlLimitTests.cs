using Cotangent.AutoDiff;
using Cotangent.Tests.Engine.Control;

namespace Cotangent.Tests.AutoDiff;

/// <summary>Functions with derivatives of their own, and transposes, in and of loops and choices.</summary>
public class ControlLimitTests
{
    [Fact]
    public void ClippedVjp_InAScan_ClipsInEachRound()
    {
        Func<Tensor, Tensor> clipped = Diff.CustomVjp((Tensor x) => x, (x, y, ct) => ct.Clamp(-1, 1));
        Tensor F(Tensor x) => Flow.Fold((c, s) => clipped(c * 3) + s, x, Tensor.Zeros([2]));
        Assert.Equal(3f, Diff.Grad((Tensor x) => F(x))(Tensor.Scalar(0.5)).Item<float>());
    }

    [Fact]
    public void ClippedVjp_InACond_Clips()
    {
        Func<Tensor, Tensor> clipped = Diff.CustomVjp((Tensor x) => x, (x, y, ct) => ct.Clamp(-1, 1));
        Tensor F(Tensor x) => 5 * Flow.Cond(x > 0, (Tensor v) => clipped(v), v => v, x);
        Assert.Equal(1f, Diff.Grad((Tensor x) => F(x))(Tensor.Scalar(0.5)).Item<float>());
    }

    [Fact]
    public void ClippedVjp_InAScan_ForwardNamesTheFunction()
    {
        Func<Tensor, Tensor> clipped = Diff.CustomVjp((Tensor x) => x, (x, y, ct) => ct.Clamp(-1, 1), "clip");
        Tensor F(Tensor x) => Flow.Fold((c, s) => clipped(c * 3) + s, x, Tensor.Zeros([2]));
        Exception e = Assert.ThrowsAny<Exception>(() => Diff.Jvp(x => F(x), Tensor.Scalar(0.5), Tensor.Scalar(1)).Tangent.Realize());
        Assert.IsType<CustomDerivativeException>(e);
        Assert.Contains("clip", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LinearCheckpoint_InAScan_HasItsGradient()
    {
        Tensor w = Tensor.From([0.5f, 1, 2, -1]).Reshape(2, 2);
        Tensor F(Tensor x, Func<Tensor, Tensor> step) => Flow.Fold((c, s) => step(c) + s, x, Tensor.Ones([3, 2])).Sum();
        float[] plain = Diff.Grad((Tensor x) => F(x, v => w.MatMul(v)))(Tensor.From([1f, 2])).ToArray<float>();
        Assert.Equal(plain, Diff.Grad((Tensor x) => F(x, Diff.Checkpoint((Tensor v) => w.MatMul(v))))(Tensor.From([1f, 2])).ToArray<float>());
    }

    [Fact]
    public void LinearCheckpoint_InACond_HasItsGradient()
    {
        Tensor F(Tensor x) => Flow.Cond(x.Sum() > 0, Diff.Checkpoint((Tensor v) => 3 * v), v => v, x).Sum();
        Assert.Equal([3f, 3f], Diff.Grad((Tensor x) => F(x))(Tensor.From([1f, 2])).ToArray<float>());
    }

    [Fact]
    public void LinearTranspose_OfAScan_IsTheAdjoint()
    {
        Tensor w = Tensor.From([0.5, 1, 2, -1]).Reshape(2, 2), xs = Tensor.From([1.0, 2, 3, 4, 5, 7]).Reshape(3, 2);
        Tensor F(Tensor x) => Flow.Fold((c, s) => w.MatMul(c) + s, Tensor.Zeros([2], DType.Float64), x);
        Tensor ct = Tensor.From([1.0, -2]);
        ControlCase.Close(Diff.Vjp((Tensor x) => F(x), xs).Pullback(ct).ToArray<double>(), Diff.LinearTranspose(F, xs)(ct).ToArray<double>(), 1e-14);
    }

    [Fact]
    public void LinearTranspose_OfAScanWithACounter_IsTheAdjoint()
    {
        Tensor F(Tensor x) => Flow.ForLoop(4, (i, c) => c * (i.Cast(DType.Float64) + 1), x);
        Assert.Equal(24.0, Diff.LinearTranspose(F, Tensor.Scalar(0.0, DType.Float64))(Tensor.Scalar(1.0, DType.Float64)).Item<double>());
    }

    [Fact]
    public void LinearTranspose_OfACond_IsTheAdjoint()
    {
        Tensor p = Tensor.Scalar(1) > 0;
        Tensor F(Tensor x) => Flow.Cond(p, (Tensor v) => 3 * v, v => v.Sum() * Tensor.Ones([2]), x);
        Assert.Equal([3f, 6f], Diff.LinearTranspose(F, Tensor.Zeros([2]))(Tensor.From([1f, 2])).ToArray<float>());
    }

    [Fact]
    public void LinearTranspose_OfAScanThatIsNotLinear_NamesTheOperation()
    {
        NotLinearException e = Assert.Throws<NotLinearException>(() => Diff.LinearTranspose(
            x => Flow.Fold((c, s) => c * s, Tensor.Scalar(1), x), Tensor.Ones([3])));
        Assert.Contains("mul", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<NotLinearException>(() => Diff.LinearTranspose(x => Flow.Fold((c, s) => c + s + 1, Tensor.Scalar(0), x), Tensor.Ones([3])));
        Assert.Contains("add", e.Message, StringComparison.Ordinal);
    }
}
