using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Samples.Lm;

namespace Cotangent.Tests.AutoDiff.Custom;

/// <summary>Checkpoints: the derivatives of the function, what is computed again as the policy says, and less memory.</summary>
public class CheckpointTests
{
    private static readonly Tensor s_x = Tensor.From(new[] { 0.5, -1, 2 });
    private static readonly Tensor s_v = Tensor.From(new[] { 1.0, 0.25, -2 });
    private static readonly Tensor s_w = Tensor.From(new double[,] { { 1, 2, 0.3 }, { 0, -1, 0.4 }, { 0.5, -0.2, 0.1 } });

    public static TheoryData<string> Policies => ["none", "dots", "named", "none or named", "nested"];

    [Theory, MemberData(nameof(Policies))]
    public void Derivatives_AreThoseOfTheFunction(string policy)
    {
        Func<Tensor, Tensor> f = x => Region(policy)(Region(policy)(x) * x).Sum(), plain = x => Layer(Layer(x) * x).Sum();
        Near(plain(s_x), f(s_x));
        Near(Diff.Grad(plain)(s_x), Diff.Grad(f)(s_x));
        Near(Diff.Jvp(plain, s_x, s_v).Tangent, Diff.Jvp(f, s_x, s_v).Tangent);
        Near(Diff.Hessian(plain)(s_x), Diff.Hessian(f)(s_x));
        Near(Diff.Hessian(plain)(s_x), Diff.JacRev(Diff.Grad(f))(s_x));
        Near(Diff.Hessian(plain)(s_x), Diff.JacRev(Diff.JacFwd(f))(s_x));
        Near(Diff.Grad(x => Diff.Hvp(plain, x, s_v).Sum())(s_x), Diff.Grad(x => Diff.Hvp(f, x, s_v).Sum())(s_x));
        Tensor batch = Tensor.Stack(0, s_x, s_v);
        Near(Diff.Vmap(Diff.Grad(plain))(batch), Diff.Vmap(Diff.Grad(f))(batch));
        Near(Diff.Grad(b => Diff.Vmap(plain)(b).Sum())(batch), Jit.Compile(Diff.Grad(b => Diff.Vmap(f)(b).Sum())).Invoke(batch));
        Near(Diff.Hvp(plain, s_x, s_v), Jit.Compile((x, v) => Diff.Hvp(f, x, v)).Invoke(s_x, s_v));
    }

    [Fact]
    public void Captured_IsDifferentiatedToo_AndTreesAndSeveralArgumentsPass()
    {
        Func<Tensor, Tensor> f = w => Diff.Checkpoint(x => (w * x).Sin() * w.Exp())(w + 1).Sum(), plain = w => ((w * (w + 1)).Sin() * w.Exp()).Sum();
        Near(Diff.Grad(plain)(s_x), Diff.Grad(f)(s_x));
        Near(Diff.Hessian(plain)(s_x), Diff.Hessian(f)(s_x));
        (Tensor gx, Tensor gy) = Diff.Grad((x, y) => Diff.Checkpoint((a, b) => a.Sin() * b.Exp())(x, y).Sum())(s_x, s_v);
        Near(s_x.Cos() * s_v.Exp(), gx);
        Near(s_x.Sin() * s_v.Exp(), gy);
        Func<Tensor[], Dictionary<string, Tensor>> tree = Diff.Checkpoint((Tensor[] p) => new Dictionary<string, Tensor> { ["a"] = p[0].Sin() * p[1], ["b"] = p[1].Exp() });
        Tensor[] g = Diff.Grad((Tensor[] p) => tree(p) is var y ? (y["a"] * y["b"]).Sum() : p[0])([s_x, s_v]);
        Near(s_x.Cos() * s_v * s_v.Exp(), g[0]);
        Near(s_x.Sin() * (1 + s_v) * s_v.Exp(), g[1]);
    }

    [Fact]
    public void Random_InARegion_IsTheSameAgain()
    {
        RandomKey key = new(3);
        Func<Tensor, Tensor> dropped = x => (x * key.Bernoulli(0.5, x.Shape)).Sin() * x;
        Near(Diff.Grad(x => dropped(x).Sum())(s_x), Diff.Grad(x => Diff.Checkpoint(dropped)(x).Sum())(s_x));
    }

    // Forward: 3 layers of a product and a tanh. The gradients by x and the weights: 6 products. The last region's tanh is its result:
    // the backward pass computes the product and tanh before it again, and in turn for each region.
    [Theory]
    [InlineData("all", 9, 3)]
    [InlineData("none", 12, 6)]
    [InlineData("dots", 9, 6)]
    [InlineData("named", 9, 3)]
    public void Recomputed_IsWhatThePolicySays(string policy, int dots, int tanhs)
    {
        CheckpointPolicy kept = policy switch
        {
            "all" => CheckpointPolicy.All,
            "none" => CheckpointPolicy.None,
            "dots" => CheckpointPolicy.Dots,
            _ => CheckpointPolicy.Named("tanh"),
        };
        PlanGraph graph = Gradients(kept, 3, 8);
        List<Node> nodes = Walk.Topological(graph.Outputs);
        Assert.Equal(dots, nodes.Count(n => n.Op == Ops.Dot));
        Assert.Equal(tanhs, nodes.Count(n => n.Op == Ops.Tanh));
    }

    [Fact]
    public void Regions_RunInPhases_EachAfterItsCotangent()
    {
        PlanGraph graph = Gradients(CheckpointPolicy.None, 3, 8);
        List<Node> nodes = Walk.Topological(graph.Outputs);
        Assert.Equal([1, 2, 3], nodes.Select(n => n.Attributes).OfType<BarrierAttributes>().Select(b => b.Phase).Distinct().Order());
    }

    [Fact]
    public void PlannedBytes_DropToOneRegion()
    {
        // Each layer has five values as large as its argument; a region keeps one.
        long all = Scratch(DeepGradients(CheckpointPolicy.All)), none = Scratch(DeepGradients(CheckpointPolicy.None));
        Assert.True(none < 0.5 * all, $"planned {none} bytes with checkpoints, {all} without");
    }

    [Fact]
    public void Transformer_WithACheckpointALayer_PlansLessMemory_AndHasTheSameGradients()
    {
        TransformerSizes sizes = new(Layers: 6, Width: 64, Heads: 2, Context: 32);
        Transformer model = Transformer.Create(sizes, new RandomKey(1, Device.Cpu), Device.Cpu);
        Tensor windows = Tensor.Arange(8 * 33, DType.Int32, Device.Cpu).Reshape(8, 33) * 7 % 256;
        Transformer Gradients(CheckpointPolicy policy) => Diff.Grad((Transformer p) => p.Loss(windows, sizes.Heads, policy))(model);

        long all = Scratch(Plan(Trees.Flatten(Gradients(CheckpointPolicy.All))));
        long dots = Scratch(Plan(Trees.Flatten(Gradients(CheckpointPolicy.Dots))));
        long none = Scratch(Plan(Trees.Flatten(Gradients(CheckpointPolicy.None))));
        Assert.True(none < 0.5 * all, $"none plans {none} bytes, all {all}");
        Assert.True(none < dots && dots <= all, $"dots plans {dots} bytes, none {none}, all {all}");
        foreach ((Tensor expected, Tensor actual) in Trees.Flatten(Gradients(CheckpointPolicy.All)).Zip(Trees.Flatten(Gradients(CheckpointPolicy.None))))
        {
            float[] e = expected.ToArray<float>(), a = actual.ToArray<float>();
            float scale = e.Max(Math.Abs);
            for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], a[i], 1e-5f * scale);
        }
    }

    private static Tensor Layer(Tensor x) => (s_w.MatMul(x).Tanh().Named("tanh") * x).Sin() + x.Exp() * 0.1;

    private static Func<Tensor, Tensor> Region(string policy) => policy switch
    {
        "none" => Diff.Checkpoint(Layer),
        "dots" => Diff.Checkpoint(Layer, CheckpointPolicy.Dots),
        "named" => Diff.Checkpoint(Layer, CheckpointPolicy.Named("tanh")),
        "nested" => Diff.Checkpoint(x => Diff.Checkpoint(y => s_w.MatMul(y).Tanh() * y, CheckpointPolicy.Dots)(x).Sin() + x.Exp() * 0.1),
        _ => Diff.Checkpoint(Layer, CheckpointPolicy.None | CheckpointPolicy.Named("tanh")),
    };

    /// <summary>The loss and all gradients of layers of tanh(h·w)·v.</summary>
    private static PlanGraph Gradients(CheckpointPolicy policy, int layers, int width)
    {
        Tensor Input(string name, params int[] shape) => new(GraphFunction.Input(Shape.Create(shape), name, DType.Float32));
        Tensor[] p = [Input("x", 4, width), .. Enumerable.Range(0, layers).SelectMany(i => new[] { Input($"w{i}", width, width), Input($"v{i}", width) })];
        (Tensor loss, Tensor[] g) = Diff.ValueAndGrad((Tensor[] p) =>
        {
            Tensor h = p[0];
            for (int i = 0; i < layers; i++)
            {
                (Tensor w, Tensor v) = (p[1 + 2 * i], p[2 + 2 * i]);
                h = Diff.Checkpoint(x => x.MatMul(w).Tanh().Named("tanh") * v, policy)(h);
            }

            return h.Sum();
        })(p);
        return Graph([loss, .. g]);
    }

    private static ExecutionPlan DeepGradients(CheckpointPolicy policy)
    {
        Tensor[] p = [new(GraphFunction.Input([64, 256], "x", DType.Float32)),
            .. Enumerable.Range(0, 12).Select(i => new Tensor(GraphFunction.Input([3, 256, 256], $"w{i}", DType.Float32)))];
        return Plan(Diff.Grad((Tensor[] p) =>
        {
            Tensor x = p[0];
            foreach (Tensor w in p[1..]) x = Diff.Checkpoint(h => h + h.MatMul(w[0]).Sin().MatMul(w[1]).Gelu().MatMul(w[2]), policy)(x);
            return x.Square().Sum();
        })(p));
    }

    private static PlanGraph Graph(Tensor[] outputs) => Capture.Of([.. outputs.Select(t => t.Node)]).Key.ToPlanGraph();

    private static ExecutionPlan Plan(Tensor[] outputs)
    {
        ExecutionPlan plan = Lowering.Plan(Graph(outputs), (_, _) => null!);
        PlanChecker.Check(plan);
        return plan;
    }

    private static long Scratch(ExecutionPlan plan) => plan.ScratchBytes;

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] e = expected.ToArray<double>(), a = actual.ToArray<double>();
        double scale = 1 + e.Max(Math.Abs);
        for (int i = 0; i < e.Length; i++) Assert.Equal(e[i], a[i], 1e-12 * scale);
    }
}
