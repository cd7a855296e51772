using Cotangent.AutoDiff;
using Cotangent.AutoDiff.Control;
using Cotangent.Execution;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Tests.Engine.Control;

namespace Cotangent.Tests.AutoDiff;

public class ControlDerivativeTests
{
    private static readonly string[] s_first = ["scan in a scan", "newton"];

    /// <summary>The rows of the gradient table.</summary>
    internal static IEnumerable<GradientCase> Rows =>
    [
        .. ControlCases.All.Where(c => c.Reversible && !s_first.Contains(c.Name)).Select(c =>
            new GradientCase(c.Name, c.Name.Contains("cond", StringComparison.Ordinal) ? Ops.Cond : Ops.Scan, x => Joined(c)(x), c.Shapes, c.Low, c.High)),
    ];

    public static TheoryData<string> Reversible => [.. ControlCases.All.Where(c => c.Reversible).Select(c => c.Name)];

    public static TheoryData<string> All => [.. ControlCases.All.Select(c => c.Name)];

    public static TheoryData<string> Everywhere => Devices.All;

    [Theory, MemberData(nameof(Reversible))]
    public void Gradient_OfACase_IsThatOfTheLoopInCSharp(string name)
    {
        ControlCase row = ControlCases.Get(name);
        Tensor[] x = row.Draw(DType.Float32);
        Func<Tensor[], Tensor[]> Gradient(Func<Tensor[], Tensor[]> f) => Diff.Grad((Tensor[] p) => Loss(f(p)));
        ControlCase.Close(Gradient(row.InCSharp)(x), Gradient(row.Function)(x), 2e-5);
    }

    [Theory, MemberData(nameof(All))]
    public void Jvp_OfACase_IsThatOfTheLoopInCSharp(string name)
    {
        ControlCase row = ControlCases.Get(name);
        Tensor[] x = row.Draw(DType.Float32), dx = row.Draw(DType.Float32, seed: 9);
        (Tensor[] value, Tensor[] tangent) = Diff.Jvp(row.Function, x, dx);
        (Tensor[] expectedValue, Tensor[] expected) = Diff.Jvp(row.InCSharp, x, dx);
        ControlCase.Close(expectedValue, value, 1e-5);
        ControlCase.Close(expected, tangent, 2e-5);
    }

    [Theory, MemberData(nameof(All))]
    public void Vmap_OfACase_IsThatOfItsSlices(string name)
    {
        ControlCase row = ControlCases.Get(name);
        VmapCheck.Slices(x => new Tensor(Joined(row)([.. x.Select(t => t.Node)])), [.. row.Shapes.Select(s => (s, DType.Float64))],
            (argument, example) => GraphFunction.Random(new Random(31 * argument + example), [row.Shapes[argument]], row.Low, row.High)[0], 7);
    }

    [Theory, MemberData(nameof(Reversible))]
    public void VmapOfGradient_OfACase_IsThatOfItsSlices(string name)
    {
        ControlCase row = ControlCases.Get(name);
        Tensor[][] examples = [.. Enumerable.Range(0, 3).Select(b => row.Draw(DType.Float32, seed: b))];
        Func<Tensor[], Tensor[]> gradient = Diff.Grad((Tensor[] p) => Loss(row.Function(p)));
        Tensor[] batch = [.. examples[0].Select((_, i) => Tensor.Stack(0, [.. examples.Select(e => e[i])]))];
        Tensor[] actual = Diff.Vmap(gradient)(batch);
        for (int b = 0; b < examples.Length; b++) ControlCase.Close(gradient(examples[b]), [.. actual.Select(g => g[b])], 2e-5);
    }

    [Theory, MemberData(nameof(Everywhere))]
    public void GruGradient_OnADevice_IsThatOfTheLoopInCSharp(string device)
    {
        ControlCase row = ControlCases.Get("gru");
        Tensor[] x = row.Draw(DType.Float32, Devices.Get(device));
        ControlCase.Close(
            Diff.Grad((Tensor[] p) => Loss(row.InCSharp(p)))(x), Jit.Compile(Diff.Grad((Tensor[] p) => Loss(row.Function(p)))).Invoke(x), 2e-5);
    }

    [Fact]
    public void While_Reversed_NamesTheAlternatives()
    {
        NotReversibleException e = Assert.Throws<NotReversibleException>(
            () => Diff.Grad((Tensor x) => Flow.While(y => y < 10, y => y * x, x))(Tensor.Scalar(2)));
        Assert.Contains("Flow.Scan", e.Message, StringComparison.Ordinal);
        Assert.Contains("Implicit.FixedPoint", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void While_OnWhichTheResultDoesNotDepend_MayBeReversed()
    {
        Tensor n = Diff.Grad((Tensor x) => x * Flow.While(y => y < 10, y => y * 2, x).StopGradient())(Tensor.Scalar(3));
        Assert.Equal(12f, n.Item<float>());
    }

    [Fact]
    public void Gradient_InsideABody_IsDifferentiableToo()
    {
        // Gradient descent on (w − a)² in a scan, differentiated by a: three steps of 0.25 leave 1 − 0.5³ of a.
        Tensor Descend(Tensor a) => Flow.ForLoop(3, (_, w) => w - 0.25 * Diff.Grad((Tensor v) => (v - a).Square())(w), Tensor.Scalar(0));
        (Tensor value, Tensor slope) = Diff.ValueAndGrad(Descend)(Tensor.Scalar(2));
        Assert.Equal(1.75f, value.Item<float>(), 1e-6);
        Assert.Equal(0.875f, slope.Item<float>(), 1e-6);
    }

    [Fact]
    public void Hessian_ThroughAScan_ByAllThreeWays()
    {
        ControlCase row = ControlCases.Get("products reversed");
        Tensor init = Tensor.From([0.3, -0.2, 0.9]);
        Tensor F(Tensor x) => Loss(row.Function([x.Reshape(4, 3), init]));
        Tensor at = row.Draw(DType.Float64)[0].Reshape(12);
        double[] forward = Diff.JacFwd(Diff.Grad(F))(at).ToArray<double>();
        ControlCase.Close(forward, Diff.JacRev(Diff.Grad(F))(at).ToArray<double>(), 1e-12);
        ControlCase.Close(forward, Diff.JacFwd(Diff.JacFwd(F))(at).ToArray<double>(), 1e-12);
        ControlCase.Close(Numerical.Hessian(F)(at).ToArray<double>(), forward, 1e-5);
    }

    [Fact]
    public void ValueAndGrad_OfAScan_RunsItOnceForwardsAndOnceBack()
    {
        Tensor xs = Tensor.From([0.5f, 0.25f, 2f]), w = Tensor.Scalar(0.5);
        (Tensor value, Tensor slope) = Diff.ValueAndGrad((Tensor p) => Flow.Fold((c, x) => (c * p + x).Tanh(), Tensor.Scalar(0), xs))(w);
        Node[] scans = [.. Walk.Topological(value.Node, slope.Node).Where(n => n.Op == Ops.Scan)];
        Assert.Equal(2, scans.Select(CallKey.Of).Distinct().Count());
    }

    [Fact]
    public void Gradient_OfAScan_KeepsNoConstantsAndNoCheapValues()
    {
        // tanh' needs the result alone, which the carry's stack has: one residual of T × n, not two, and no stack of w.
        Tensor w = Tensor.From([0.5f, 1, 2]);
        Tensor g = Diff.Grad((Tensor p) => Flow.Fold((c, x) => (c * p + x).Tanh(), Tensor.Zeros([3]), Tensor.Ones([7, 3])).Sum())(w);
        Node forward = Walk.Topological(g.Node).First(n => n.Op == Ops.Scan);
        ScanAttributes scan = forward.Get<ScanAttributes>();
        Assert.InRange(scan.Body.Outputs.Length, 3, 3);
    }

    [Fact]
    public void Jvp_OfALoopWhoseTangentComesLater_FindsIt()
    {
        // The tangent reaches the second carry in the second round only.
        (Tensor, Tensor) Shift((Tensor A, Tensor B) c, Tensor x) => (x * x, c.A * 2);
        Tensor F(Tensor x) => Flow.Fold(Shift, (Tensor.Scalar(1), Tensor.Scalar(1)), x).Item2;
        Tensor at = Tensor.From([1f, 3f, 5f]);
        Assert.Equal(12f, Diff.Jvp(F, at, Tensor.From([0f, 1f, 0f])).Tangent.Item<float>());
        Assert.Equal([0f, 12f, 0f], Diff.Grad(F)(at).ToArray<float>());
    }

    [Fact]
    public void NestedTransforms_OverAClosure_DoNotConfuseTangents()
    {
        // d/dx of x · d/dy (Σ over 3 rounds of x·y) at y = 1 is d/dx 3x² = 6x.
        Tensor Outer(Tensor x) => x * Diff.Grad((Tensor y) => Flow.ForLoop(3, (_, c) => c + x * y, Tensor.Scalar(0)))(Tensor.Scalar(1));
        Assert.Equal(12f, Diff.Grad((Tensor x) => Outer(x))(Tensor.Scalar(2)).Item<float>());
    }

    [Theory, MemberData(nameof(Policies))]
    public void Gradient_UnderAMemoryPolicy_IsTheSame(string policy, int length)
    {
        ScanMemory memory = Policy(policy);
        Tensor[] x = Gru(length);
        float[][] Gradient(ScanMemory m) => [.. Diff.Grad((Tensor[] p) => GruLoss(p, m))(x).Select(g => g.ToArray<float>())];
        float[][] all = Gradient(ScanMemory.SaveAll), some = Gradient(memory);

        // Bit for bit; the products that make the weights' gradients are added in another order.
        Assert.Equal(all[0], some[0]);
        Assert.Equal(all[3], some[3]);
        foreach (int weights in new[] { 1, 2 })
        {
            float scale = all[weights].Max(Math.Abs);
            for (int i = 0; i < all[weights].Length; i++) Assert.Equal(all[weights][i], some[weights][i], length * 1.2e-7f * scale);
        }
    }

    [Theory, MemberData(nameof(Policies))]
    public void ReversedScan_UnderAMemoryPolicy_HasTheSameGradient(string policy, int length)
    {
        Tensor x = Gru(length)[0][.., 0];
        Tensor Run(Tensor p, ScanMemory m) => Flow.Scan((Tensor c, Tensor s) => ((c * 0.9 + s).Sin() * s, c * s), x[0], p, reverse: true, memory: m)
            is var (carry, ys) ? carry.Sum() + (ys * ys).Sum() : p;
        Assert.Equal(Diff.Grad((Tensor p) => Run(p, ScanMemory.SaveAll))(x).ToArray<float>(),
            Diff.Grad((Tensor p) => Run(p, Policy(policy)))(x).ToArray<float>());
    }

    [Fact]
    public void SecondDerivative_UnderAMemoryPolicy_IsThatOfSaveAll()
    {
        Tensor x = Tensor.From([0.3, -0.5, 0.8, 0.1, 0.9, -0.2, 0.4]);
        Tensor Run(Tensor p, ScanMemory m) => Flow.Fold((c, s) => (c * s + p.Sum()).Sin(), Tensor.Scalar(0.5, DType.Float64), p, memory: m);
        double[] Hessian(ScanMemory m) => Diff.Hessian(p => Run(p, m))(x).ToArray<double>();
        ControlCase.Close(Hessian(ScanMemory.SaveAll), Hessian(ScanMemory.SquareRoot), 1e-13);
        ControlCase.Close(Numerical.Hessian(p => Run(p, ScanMemory.SaveAll))(x).ToArray<double>(), Hessian(ScanMemory.Logarithmic), 1e-5);
    }

    [Fact]
    public void GradientOfLongScan_WithSquareRootMemory_PlansATenth()
    {
        long all = PlannedBytes(ScanMemory.SaveAll), root = PlannedBytes(ScanMemory.SquareRoot), log = PlannedBytes(ScanMemory.Logarithmic);
        Assert.True(10 * root <= all, $"{root} of {all} bytes");
        Assert.True(10 * log <= all, $"{log} of {all} bytes");
    }

    public static TheoryData<string, int> Policies => new()
    {
        { "root", 4 }, { "root", 9 }, { "root", 11 }, { "log", 8 }, { "log", 13 }, { "3", 7 }, { "5", 5 }, { "1", 6 },
    };

    private static ScanMemory Policy(string policy) => policy switch
    {
        "root" => ScanMemory.SquareRoot,
        "log" => ScanMemory.Logarithmic,
        _ => ScanMemory.Every(policy[0] - '0'),
    };

    private static Tensor[] Gru(int length)
    {
        RandomKey[] keys = new RandomKey(3).Split(4);
        return [.. keys.Zip(new Shape[] { [length, 2, 3], [3, 12], [4, 12], [2, 4] }, (k, s) => k.Normal(s))];
    }

    private static Tensor GruLoss(Tensor[] p, ScanMemory memory) => Flow.Scan(
        (Tensor h, Tensor s) => ControlCases.Gru(h, s, p[1], p[2]) is var y ? (y, y.Sum()) : default, p[3], p[0], memory: memory)
        is var (carry, ys) ? (carry * carry).Sum() + ys.Sum() : carry;

    /// <summary>What the gradient of 1,000 steps of a GRU by its weights takes beside its arguments.</summary>
    private static long PlannedBytes(ScanMemory memory)
    {
        RandomKey[] keys = new RandomKey(3).Split(4);
        Tensor[] x = [.. keys.Zip(new Shape[] { [1000, 2, 3], [3, 24], [8, 24], [2, 8] }, (k, s) => k.Normal(s).Realize())];
        (Tensor w, Tensor u) = Diff.Grad((Tensor w, Tensor u) => Flow.Fold((h, s) => ControlCases.Gru(h, s, w, u), x[3], x[0], memory: memory).Sum())(x[1], x[2]);
        return Lowering.Plan(Capture.Of([w.Node, u.Node]).Key.ToPlanGraph()).ScratchBytes;
    }

    private static Func<Node[], Node> Joined(ControlCase row) => x => Make.Concat(0,
        [.. row.Function([.. x.Select(n => new Tensor(n))]).Select(t => Make.Reshape(t.Node, [(int)t.Size]))]);

    private static Tensor Loss(Tensor[] results) => results.Select((r, i) => (r * (0.5 + i) + (r * 2).Sin()).Sum()).Aggregate((a, b) => a + b);
}
