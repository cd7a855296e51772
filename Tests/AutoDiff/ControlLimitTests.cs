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

    [Fact]
    public void LinearTranspose_OfAWhile_NamesScan()
    {
        NotLinearException e = Assert.Throws<NotLinearException>(() => Diff.LinearTranspose(
            x => Flow.While<(Tensor I, Tensor X)>(c => c.I < 3, c => (c.I + 1, c.X * 2), (Tensor.Scalar(0, DType.Int32), x)).X, Tensor.Ones([3])));
        Assert.Contains("Flow.Scan", e.Message, StringComparison.Ordinal);
        Assert.Throws<NotLinearException>(() => Diff.LinearTranspose(x => Flow.Cond(x.Sum() > 0, (Tensor v) => v, v => 2 * v, x), Tensor.Ones([3])));
        Assert.Throws<NotLinearException>(() => Diff.LinearTranspose(x => Flow.Fold((c, s) => c + s, Tensor.Scalar(1), x), Tensor.Ones([3])));
    }

    [Fact]
    public void ForwardMode_OfAVjpWithALoop_TransposesTheLoop()
    {
        // y = 8x by a loop; the rule goes back by a loop that has a counter too.
        Func<Tensor, Tensor> f = Diff.CustomVjp((Tensor x) => 8 * x, (x, y, ct) => Flow.ForLoop(3, (i, c) => c * 2 + 0 * i.Cast(c.DType) * c, ct));
        Assert.Equal(8f, Diff.Jvp(f, Tensor.Scalar(3), Tensor.Scalar(1)).Tangent.Item<float>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GradientOfVmapOfCond_WhereABranchHasNoDerivative_IsThatOfTheSlices(bool compiled)
    {
        Tensor x = Tensor.From([4.0, 0, -9, 0.25]), w = Tensor.Scalar(2, DType.Float64);
        Tensor One(Tensor v, Tensor s) => Flow.Cond(v > 0, (Tensor u) => (u * s).Sqrt(), u => u * s, v);
        Func<Tensor, Tensor, (Tensor, Tensor)> gradient = Diff.Grad((Tensor v, Tensor s) => Diff.Vmap(One, [0, null])(v, s).Sum());
        if (compiled) gradient = Jit.Compile(gradient).Invoke;
        (Tensor byX, Tensor byW) = gradient(x, w);
        double[][] each = [.. x.ToArray<double>().Select(v => Diff.Grad(One)(Tensor.Scalar(v, DType.Float64), w) is var (a, b) ? new[] { a.Item<double>(), b.Item<double>() } : [])];
        ControlCase.Close([.. each.Select(e => e[0])], byX.ToArray<double>(), 1e-14);
        ControlCase.Close([each.Sum(e => e[1])], [byW.Item<double>()], 1e-14);
    }

    [Fact]
    public void GradientOfVmapOfCond_WhereNoExampleTakesABranch_IsFinite()
    {
        // √(s·u) at s = 0: no example looks at it, nor does its derivative reach what all examples share.
        Tensor One(Tensor v, Tensor s) => Flow.Cond(v > 100, (Tensor u) => (u * s).Sqrt(), u => u + s, v);
        (Tensor byX, Tensor byS) = Diff.Grad((Tensor v, Tensor s) => Diff.Vmap(One, [0, null])(v, s).Sum())(Tensor.From([0.0, -1, 2]), Tensor.Scalar(0, DType.Float64));
        Assert.Equal([1.0, 1, 1], byX.ToArray<double>());
        Assert.Equal(3.0, byS.Item<double>());
    }

    [Fact]
    public void Report_OfLoopsAndChoices_HasTheirPlansUnderThem()
    {
        CompiledFunction<Tensor, Tensor> f = Jit.Compile((Tensor x) => Flow.Fold(
            (c, s) => Flow.Cond(s.Sum() > 0, (Tensor v) => v.Tanh(), v => v.Sin(), c), x[0] * 2, x));
        f.Invoke(Tensor.Ones([5, 3])).Realize();
        string[] lines = f.Report().Split('\n');
        int scan = Array.FindIndex(lines, l => l.Contains("scan_5", StringComparison.Ordinal)), cond = Array.FindIndex(lines, l => l.Contains(" cond ", StringComparison.Ordinal));
        Assert.Equal("body, 5 rounds:", lines[scan + 1].Trim());
        Assert.True(cond > scan && Indent(lines[cond]) > Indent(lines[scan]), f.Report());
        Assert.Equal("if true:", lines[cond + 1].Trim());
        Assert.Contains(lines, l => l.Contains("map_tanh", StringComparison.Ordinal) && Indent(l) > Indent(lines[cond]));
        Assert.Contains(lines, l => l.Trim() == "if false:");
        Assert.True(Jit.Compile((Tensor x) => f.Invoke(x)).Memory(Tensor.Ones([5, 3])).Flops >= 5 * 3 * 16);
    }

    private static int Indent(string line) => line.Length - line.TrimStart().Length;
}
