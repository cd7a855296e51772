using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Samples.Lm;
using Cotangent.Tests.Engine;

namespace Cotangent.Tests.AutoDiff;

/// <summary>What derivatives cost, counted on the scheduled program over a corpus of functions: arithmetic, zeros, memory.</summary>
public class DerivativeCostTests
{
    private static readonly Dictionary<string, (Func<Tensor[], Tensor> F, Tensor[] Arguments)> s_models = new()
    {
        ["mlp"] = (p => (p[0].MatMul(p[1]).Tanh().MatMul(p[2]).Gelu().MatMul(p[3]) + p[4]).Square().Mean(),
            [Input(32, 20), Input(20, 30), Input(30, 40), Input(40, 5), Input(5)]),
        ["softmax"] = (p => p[0].Softmax(), [Input(40, 60)]),
        ["log softmax"] = (p => p[0].LogSoftmax(), [Input(40, 60)]),
        ["log sum exp"] = (p => p[0].LogSumExp(1), [Input(40, 60)]),
        ["cross entropy"] = (p => Nn.CrossEntropy(p[0], Tensor.Arange(40) % 60), [Input(40, 60)]),
        ["layer norm"] = (p => Nn.LayerNorm(p[0], p[1], p[2], 1e-5), [Input(40, 60), Input(60), Input(60)]),
        ["rms norm"] = (p => Nn.RmsNorm(p[0], p[1], 1e-5), [Input(40, 60), Input(60)]),
        ["attention"] = (p => Nn.Attention(p[0], p[1], p[2], causal: true), [Input(2, 40, 60), Input(2, 40, 60), Input(2, 40, 60)]),
        ["variance"] = (p => p[0].Variance(0), [Input(40, 60)]),
        ["gelu"] = (p => p[0].Gelu(), [Input(40, 60)]),
        ["silu"] = (p => p[0].Silu(), [Input(40, 60)]),
        ["max"] = (p => p[0].Max(1), [Input(40, 60)]),
        ["embedding"] = (p => p[0].Gather(Tensor.Arange(50) % 40).Tanh(), [Input(40, 60)]),
        ["residual"] = (p => Enumerable.Range(0, 6).Aggregate(p[0], (x, _) => x + (x.MatMul(p[1])).Sin()), [Input(16, 30), Input(30, 30)]),
    };

    public static TheoryData<string> Models => [.. s_models.Keys];

    public static TheoryData<string> OpRows => [.. OpCases.All.Where(c => c.Differentiable && c.Args.Any(a => a.DType.IsFloat())).Select(c => c.Name)];

    [Theory, MemberData(nameof(Models))]
    public void ValueAndGradient_OfAModel_CostAtMostFourTimesTheValue(string name) => CheckCost(s_models[name].F, s_models[name].Arguments);

    [Theory, MemberData(nameof(OpRows))]
    public void ValueAndGradient_OfAnOp_CostAtMostFourTimesTheValue(string name)
    {
        OpCase row = OpCases.Get(name);
        CheckCost(row.Apply, [.. row.Args.Select((a, i) => new Tensor(GraphFunction.Input(a.Shape, $"x{i}", a.DType)))], FactorOf(name));
    }

    [Fact]
    public void ValueAndGradient_OfTheTransformer_CostAtMostFourTimesTheValue()
    {
        TransformerSizes sizes = new(Layers: 2, Width: 64, Heads: 2, Context: 32);
        Transformer model = Transformer.Create(sizes, new RandomKey(1, Device.Cpu), Device.Cpu);
        Tensor windows = Tensor.Arange(4 * 33, DType.Int32, Device.Cpu).Reshape(4, 33) * 7 % 256;
        CheckCost(p => Trees.Rebuild(model, p).Loss(windows, sizes.Heads), Trees.Flatten(model));
    }

    [Theory, MemberData(nameof(Models))]
    public void Zeros_AreNeitherStoredNorComputedWith(string name)
    {
        (Func<Tensor[], Tensor> f, Tensor[] x) = s_models[name];
        int own = ZeroOps(Graph([f(x)]));
        (Tensor y, Tensor[] g) = Derivative(f, x);
        PlanGraph graph = Graph([y, .. g]);
        Assert.True(ZeroOps(graph) <= own, $"the gradient works with zeros: {string.Join(", ", Zeros(graph))}");
        ExecutionPlan plan = Plan(graph);
        Assert.DoesNotContain(plan.BufferOf.Keys, n => Canonical.ConstantOf(n) is 0 && !graph.Outputs.Select(Anchors.StorageOf).Contains(n));
    }

    [Fact]
    public void Zeros_OfBranchesThatDoNotMatter_LeaveNothing()
    {
        Tensor[] x = [Input(8, 8), Input(8, 8)];
        (Tensor y, Tensor[] g) = Derivative(p => Tensor.Concat(0, p[0].Sin(), p[1].StopGradient().Cos())[..8] * p[0].Floor(), x);
        PlanGraph graph = Graph([y, g[0]]);
        Assert.Empty(Zeros(graph));
        Assert.Equal(0, Algebra.Fill(g[1].Node));
    }

    [Fact]
    public void FrozenParameters_SaveNothingForBackward()
    {
        Tensor x = Input(64, 128), head = Input(128, 10);
        Tensor[] layers = [.. Enumerable.Range(0, 4).Select(_ => Input(128, 128))];
        Tensor Loss(Tensor[] w, Tensor h) => w.Aggregate(x, (y, p) => y.MatMul(p).Tanh()).MatMul(h).Square().Sum();

        CompiledFunction<Tensor[], Tensor, (Tensor[], Tensor)> all = Jit.Compile((Tensor[] w, Tensor h) => Diff.Grad(((Tensor[] W, Tensor H) p) => Loss(p.W, p.H))((w, h)));
        CompiledFunction<Tensor[], Tensor, Tensor> onlyHead = Jit.Compile((Tensor[] w, Tensor h) => Diff.Grad((Tensor p) => Loss(w, p))(h));
        Tensor[] values = [.. layers.Select(w => Tensor.Ones(w.Shape))];
        x = Tensor.Ones([64, 128]);
        MemoryReport full = all.Memory(values, Tensor.Ones(head.Shape)), frozen = onlyHead.Memory(values, Tensor.Ones(head.Shape));

        // Of the frozen layers the last result alone: the head's input. And the head's result, which the square needs.
        const long activation = 64 * 128 * 4, logits = 64 * 10 * 4;
        Assert.Equal(4 * activation + logits, full.SavedBytes);
        Assert.Equal(activation + logits, frozen.SavedBytes);
        Assert.True(frozen.ScratchBytes < full.ScratchBytes);

        // Trained in the middle: what comes before it saves only its input; what comes after, no inputs of products.
        CompiledFunction<Tensor[], Tensor, Tensor> middle = Jit.Compile(
            (Tensor[] w, Tensor h) => Diff.Grad((Tensor p) => Loss([w[0], w[1], p, w[3]], h))(w[2]));
        Assert.Equal(3 * activation + logits, middle.Memory(values, Tensor.Ones(head.Shape)).SavedBytes);
    }

    // The gradient of a pool asks for each element which windows hold it, and does what it does for each window that might: the count
    // has those that do not. A bound that is too high, but a bound.
    private static double FactorOf(string name) => name.Contains("_pool", StringComparison.Ordinal) ? 20 : 4;

    [Fact]
    public void Dump()
    {
        List<string> lines = [];
        void Row(string name, Func<Tensor[], Tensor> f, Tensor[] x)
        {
            try
            {
                Tensor value = f(x);
                double own = PlanCost.Of(Plan(Graph([value]))).Flops;
                (Tensor y, Tensor[] g) = Derivative(f, x);
                PlanGraph graph = Graph([y, .. g]);
                double both = PlanCost.Of(Plan(graph)).Flops;
                double size = x.Sum(t => (double)t.Size) + value.Size;
                string z = string.Join("; ", Zeros(graph));
                lines.Add($"{(both <= 4 * own + size ? "ok " : "BAD")} {name,-40} own {own} both {both} size {size} excess {both - 4 * own - size} ratio {both / own:F2} zeros {z}");
            }
            catch (Exception e) { lines.Add($"EXC {name} {e.GetType().Name} {e.Message.Split('\n')[0]}"); }
        }
        foreach ((string name, (Func<Tensor[], Tensor> f, Tensor[] x)) in s_models) Row("M " + name, f, x);
        foreach (string name in OpRows) { OpCase row = OpCases.Get(name); Row(name, row.Apply, [.. row.Args.Select((a, i) => new Tensor(GraphFunction.Input(a.Shape, $"x{i}", a.DType)))]); }
        File.WriteAllLines("/tmp/adclose.cost", lines);
    }

    private static void CheckCost(Func<Tensor[], Tensor> f, Tensor[] x, double factor = 4)
    {
        Tensor value = f(x);
        ExecutionPlan plan = Plan(Graph([value]));
        if (plan.Steps.Any(s => s is RoutineStep or UserKernelStep)) return; // what these do is not counted
        double own = PlanCost.Of(plan).Flops;
        (Tensor y, Tensor[] g) = Derivative(f, x);
        double both = PlanCost.Of(Plan(Graph([y, .. g]))).Flops;
        double size = x.Sum(t => (double)t.Size) + value.Size;

        // Reading an argument and writing a result count one each (Griewank and Walther 2008, theorem 4.2: ω ≤ 4 with accesses counted).
        // A few flops are no reason to store a value: rows of a dozen elements compute again what larger ones keep.
        const double nothing = 64;
        Assert.True(both <= factor * (own + size) + nothing, $"the function takes {own} flops, value and gradient {both}: {both / (own + size):F2} times with its size of {size}");
    }

    /// <summary>The value, and the cotangents of the floating arguments for a cotangent that is an input.</summary>
    private static (Tensor Value, Tensor[] Gradients) Derivative(Func<Tensor[], Tensor> f, Tensor[] x)
    {
        int[] floating = [.. Enumerable.Range(0, x.Length).Where(i => x[i].DType.IsFloat())];
        (Tensor y, Func<Tensor, Tensor[]> pullback) = Diff.Vjp((Tensor[] p) =>
        {
            Tensor[] all = [.. x];
            for (int i = 0; i < p.Length; i++) all[floating[i]] = p[i];
            return f(all);
        }, [.. floating.Select(i => x[i])]);
        return (y, pullback(new Tensor(GraphFunction.Input(y.Shape, "ct", y.DType))));
    }

    private static int ZeroOps(PlanGraph graph) => Zeros(graph).Count();

    private static IEnumerable<Node> Zeros(PlanGraph graph) => Walk.Topological(graph.Outputs).Where(n =>
        (n.Op == Ops.Add || n.Op == Ops.Sub || n.Op == Ops.Mul || n.Op == Ops.Neg || n.Op == Ops.Dot || n.Op == Ops.Sum)
        && n.Inputs.Any(i => Canonical.ConstantOf(i) is 0));

    private static PlanGraph Graph(Tensor[] outputs) => Capture.Of([.. outputs.Select(t => t.Node)]).Key.ToPlanGraph();

    private static ExecutionPlan Plan(PlanGraph graph) => Lowering.Plan(graph, (_, _) => null!);

    private static Tensor Input(params int[] shape) => new(GraphFunction.Input(Shape.Create(shape), "x", DType.Float32));
}
