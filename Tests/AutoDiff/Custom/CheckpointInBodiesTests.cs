using Cotangent.AutoDiff;

namespace Cotangent.Tests.AutoDiff.Custom;

/// <summary>Checkpoints and custom derivatives where transforms take graphs apart: in loops, choices, and pullbacks outside any trace.</summary>
public class CheckpointInBodiesTests
{
    private static readonly Func<Tensor, Tensor> s_plain = v => (v * 0.5).Tanh() * v.Sin();

    private static readonly Func<Tensor, Tensor> s_checkpointed = Diff.Checkpoint(s_plain);

    private static Tensor Point => Tensor.From([0.3, -0.8, 1.1]);

    [Theory]
    [InlineData("all")]
    [InlineData("root")]
    [InlineData("log")]
    public void Gradient_OfACheckpointInAScan_IsThatOfTheFunction(string policy)
    {
        ScanMemory memory = policy == "all" ? ScanMemory.SaveAll : policy == "root" ? ScanMemory.SquareRoot : ScanMemory.Logarithmic;
        Tensor Loss(Func<Tensor, Tensor> f, Tensor x) => Flow.Scan((Tensor h) => (f(h) + h, h * 2), x, 5, memory).Carry.Sum();
        Same(Diff.Grad(x => Loss(s_plain, x))(Point), Diff.Grad(x => Loss(s_checkpointed, x))(Point));
        Same(Diff.Hessian(x => Loss(s_plain, x))(Point), Diff.Hessian(x => Loss(s_checkpointed, x))(Point));
        Same(Diff.JacRev(Diff.Grad(x => Loss(s_plain, x)))(Point), Diff.JacRev(Diff.Grad(x => Loss(s_checkpointed, x)))(Point));
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("linear")]
    [InlineData("jvp")]
    [InlineData("vjp")]
    public void Derivatives_OfAFunctionThatCapturesInAFold_AreThoseOfTheFunction(string kind)
    {
        // sin(w) is the same in each round; taken out of the body it would be lost to what the function derives.
        Tensor xs = Tensor.From([0.1, 0.2, -0.3, 0.4, 0.5, -0.6], [2, 3]), v = Tensor.From([1.0, 2, 3]);
        Func<Tensor, Tensor, Tensor> custom = kind switch
        {
            "checkpoint" => (w, h) => Diff.Checkpoint((Tensor x) => x * w.Sin())(h),
            "linear" => Diff.CustomLinear<Tensor, Tensor, Tensor>((w, h) => h * w.Sin(), (w, ct) => ct * w.Sin()),
            "jvp" => Diff.CustomJvp((w, h) => h * w.Sin(), (at, d, y) => d.Y * at.X.Sin() + at.Y * at.X.Cos() * d.X),
            _ => Diff.CustomVjp((w, h) => h * w.Sin(), (at, y, ct) => (ct * at.Y * at.X.Cos(), ct * at.X.Sin())),
        };
        Func<Tensor, Tensor> plain = Loss((w, h) => h * w.Sin()), loss = Loss(custom);
        Func<Tensor, Tensor> Loss(Func<Tensor, Tensor, Tensor> f) => w => Flow.Fold((h, x) => (f(w, h + x) * w).Tanh() + h, w, xs).Sum();

        Same(Diff.Jvp(plain, Point, v).Tangent, Diff.Jvp(loss, Point, v).Tangent);
        Same(Diff.Grad(plain)(Point), Diff.Grad(loss)(Point));
        Same(Diff.Hvp(plain, Point, v), Diff.Hvp(loss, Point, v));
        Same(Diff.JacRev(Diff.Grad(plain))(Point), Diff.JacRev(Diff.Grad(loss))(Point));
        Same(Diff.Grad(u => Diff.Hvp(plain, u, v).Sum())(Point), Diff.Grad(u => Diff.Hvp(loss, u, v).Sum())(Point));
    }

    [Fact]
    public void Gradient_OfACheckpointInACond_IsThatOfTheFunction()
    {
        Tensor Loss(Func<Tensor, Tensor> f, Tensor x) => Flow.Cond(x.Sum() > 0, f, v => v, x).Sum();
        Same(Diff.Grad(x => Loss(s_plain, x))(Point), Diff.Grad(x => Loss(s_checkpointed, x))(Point));
    }

    [Fact]
    public void Pullback_OfACheckpointOutsideATrace_IsThatOfTheFunction()
    {
        Tensor ct = Tensor.From([1.0, 2, 3]);
        Same(Diff.Vjp(s_plain, Point).Pullback(ct), Diff.Vjp(s_checkpointed, Point).Pullback(ct));
        Tensor at = Point;
        Same(Diff.Grad(c => Diff.Vjp(s_plain, at).Pullback(c).Sum())(ct), Diff.Grad(c => Diff.Vjp(s_checkpointed, at).Pullback(c).Sum())(ct));
    }

    [Fact]
    public void Pullback_OfACheckpoint_TransposedAgain_IsTheDerivative()
    {
        // What is computed again waits for the cotangent: that of the pullback, which its own transpose does not have.
        Tensor at = Point, v = Tensor.From([1.0, 2, 3]);
        (_, Func<Tensor, Tensor> pullback) = Diff.Vjp(s_checkpointed, at);
        Same(Diff.Jvp(s_plain, at, v).Tangent, Diff.LinearTranspose(pullback, at)(v));
        Same(Diff.Jvp(s_plain, at, v).Tangent, Jit.Compile((Tensor x, Tensor u) =>
            Diff.LinearTranspose(Diff.Vjp(s_checkpointed, x).Pullback, x)(u)).Invoke(at, v));

        // The point of the second derivative is that of the first: a cotangent that is an argument too.
        Same(Diff.Jvp(s_plain, at, v).Tangent, Jit.Compile((Tensor x, Tensor u) =>
            Diff.Vjp(Diff.Vjp(s_checkpointed, x).Pullback, x).Pullback(u)).Invoke(at, v));
        Same(Diff.Jvp(s_plain, at, at).Tangent, Jit.Compile((Tensor x) =>
            Diff.Jvp(t => Diff.Jvp(s_checkpointed, x, t).Tangent, x, x).Tangent).Invoke(at));
    }

    [Fact]
    public void Loops_OfEqualValuesAndOtherDerivatives_KeepTheirOwn()
    {
        Func<Tensor, Tensor> straight = Diff.CustomJvp(v => v.Round(), (v, dv, y) => dv);
        Tensor Loop(Func<Tensor, Tensor> f, Tensor x) => Flow.Scan((Tensor h) => (f(h) * 1.5, h), x, 2).Carry;
        Assert.Equal([2.25, 2.25, 2.25], Diff.Grad(x => (Loop(straight, x) + 10 * Loop(v => v.Round(), x)).Sum())(Point).ToArray<double>());
        Assert.Equal([22.5, 22.5, 22.5], Diff.Grad(x => (Loop(v => v.Round(), x) + 10 * Loop(straight, x)).Sum())(Point).ToArray<double>());
    }

    [Fact]
    public void While_OverNoExamples_Ends() => Assert.Equal(
        0, Diff.Vmap((Tensor v) => Flow.While((Tensor c) => c < 10, c => c + 1, v))(Tensor.Zeros([0])).Size);

    private static void Same(Tensor expected, Tensor actual)
    {
        double[] x = expected.ToArray<double>(), y = actual.ToArray<double>();
        Assert.Equal(x.Length, y.Length);
        Assert.Contains(x, e => e != 0);
        for (int i = 0; i < x.Length; i++) Assert.Equal(x[i], y[i], 1e-12);
    }
}
