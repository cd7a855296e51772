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
        ["linear cross-entropy"] = (p => CrossEntropy.Linear(p[0], p[1], Tensor.Arange(40) % 60), [Input(40, 30), Input(60, 30)]),
        ["linear cross-entropy, logits kept"] = (p => CrossEntropy.Linear(p[0], p[1], Tensor.Arange(400) % 60), [Input(400, 30), Input(60, 30)]),
        ["linear cross-entropy of rows"] = (p => CrossEntropy.Linear(p[0], p[1], Tensor.Arange(400) % 60,
            new CrossEntropyOptions { Reduction = LossReduction.None }), [Input(400, 30), Input(60, 30)]),
        ["variance"] = (p => p[0].Variance(0), [Input(40, 60)]),
        ["gelu"] = (p => p[0].Gelu(), [Input(40, 60)]),
        ["silu"] = (p => p[0].Silu(), [Input(40, 60)]),
        ["max"] = (p => p[0].Max(1), [Input(40, 60)]),
        ["embedding"] = (p => p[0].Gather(Tensor.Arange(50) % 40).Tanh(), [Input(40, 60)]),
        ["max pool"] = (p => p[0].MaxPool([3, 3], stride: [2, 2]), [Input(2, 33, 34)]),
        ["max pool, padded"] = (p => p[0].MaxPool([3, 3], stride: [2, 2], padding: 1), [Input(2, 33, 34)]),
        ["average pool"] = (p => p[0].AvgPool([3, 3], stride: [2, 2], padding: 1), [Input(2, 33, 34)]),
        ["convolution"] = (p => Tensor.Conv(p[0], p[1], stride: [2], padding: 1), [Input(2, 4, 17, 18), Input(8, 4, 3, 3)]),
        ["clamp"] = (p => p[0].Clamp(-1, 1), [Input(40, 60)]),
        ["sort"] = (p => p[0].Sort(), [Input(40, 60)]),
        ["scan"] = (p => Flow.Scan((Tensor h, Tensor x) => (h.MatMul(p[1]) + x).Tanh() is var y ? (y, y.Square()) : default, p[2], p[0]).Ys,
            [Input(20, 4, 30), Input(30, 30), Input(4, 30)]),
        ["choice"] = (p => Flow.Cond(p[0].Sum() > 0, (Tensor x) => x.MatMul(p[1]).Exp(), x => x.MatMul(p[1]).Sin(), p[0]), [Input(20, 30), Input(30, 30)]),
        ["cholesky"] = (p => Linalg.Cholesky(p[0]), [Input(40, 40)]),
        ["lu"] = (p => Linalg.LuFactor(p[0]).Packed, [Input(40, 40)]),
        ["qr"] = (p => Linalg.Qr(p[0]) is var (q, r) ? Tensor.Concat(0, q, r) : p[0], [Input(60, 40)]),
        ["eigh"] = (p => Linalg.Eigh(p[0]) is var (values, vectors) ? Tensor.Concat(0, values.Unsqueeze(0), vectors) : p[0], [Input(40, 40)]),
        ["svd"] = (p => Linalg.Svd(p[0]) is var (u, s, vt) ? Tensor.Concat(0, u, s.Unsqueeze(0), vt) : p[0], [Input(60, 40)]),
        ["solve"] = (p => Linalg.Solve(p[0], p[1]), [Input(40, 40), Input(40, 10)]),
        ["determinant"] = (p => Linalg.Det(p[0]), [Input(40, 40)]),
        ["log determinant"] = (p => Linalg.SlogDet(p[0]).LogAbs, [Input(40, 40)]),
        ["residual"] = (p => Enumerable.Range(0, 6).Aggregate(p[0], (x, _) => x + (x.MatMul(p[1])).Sin()), [Input(16, 30), Input(30, 30)]),
    };

    /// <summary>What takes more, how much, and why.</summary>
    private static readonly Dictionary<string, (double Factor, string Why)> s_exceptions = new()
    {
        ["rms_norm"] = (5.3, "of rows of nine elements no scale is worth storing: each element computes it again; the model of longer rows is below 4"),
        ["max_pool overlapping"] = (4.9, "around 5 × 6 elements the padding is as large; with it the search for the first of equals makes its choices again"),
        ["model max pool"] = (6.6, "a window of three on a stride of two: each element looks at two taps an axis, and to look is a choice and an addition"),
        ["model max pool, padded"] = (4.4, "the search for the first of equals chooses between element and padding again"),
        ["gram_norms"] = (4.6, GramIsHalf), ["gram_norms by tiles"] = (4.6, GramIsHalf), ["gram_norms of many positions"] = (4.4, GramIsHalf),
        ["lu"] = (6.2, LuIsMatrices), ["lu of a tall matrix"] = (6.5, LuIsMatrices), ["lu of a wide batch"] = (6.8, LuIsMatrices),
        ["model lu"] = (10.2, LuIsMatrices),
        ["model cholesky"] = (11.8, "n³/3, its derivative two triangular solves of n right sides, n³ each, and a product, 2n³: Giles 2008, as elsewhere"),
        ["model qr"] = (4.5, "the skew part and the triangle of its derivative are halves of whole products"),
    };

    private const string GramIsHalf = "halves of two symmetric products, of which the derivative needs the whole, and two products more";

    private const string LuIsMatrices =
        "2n³/3, its derivative two triangular solves of n right sides, n³ each, and two products, 2n³ each, of which triangles are kept";

    private static IEnumerable<string> DifferentiableRows =>
        OpCases.All.Where(c => c.Differentiable && c.Args.Any(a => a.DType.IsFloat())).Select(c => c.Name);

    public static TheoryData<string> Models => [.. s_models.Keys];

    public static TheoryData<string> OpRows => [.. DifferentiableRows];

    [Theory, MemberData(nameof(Models))]
    public void ValueAndGradient_OfAModel_CostAtMostFourTimesTheValue(string name) => CheckCost($"model {name}", s_models[name].F, s_models[name].Arguments);

    /// <summary>Without those of linear cross-entropy: one routine gives value and gradient, which of them is known when it runs, and it counts
    /// nothing (2·N·V·D for the value, 6·N·V·D more for both gradients: the suite cce measures it).</summary>
    public static TheoryData<string> CountedRows => [.. DifferentiableRows.Where(name => !name.StartsWith("cross_entropy ", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(CountedRows))]
    public void ValueAndGradient_OfAnOp_CostAtMostFourTimesTheValue(string name)
    {
        OpCase row = OpCases.Get(name);
        CheckCost(name, row.Apply, Inputs(row));
    }

    [Fact]
    public void ValueAndGradient_OfTheTransformer_CostAtMostFourTimesTheValue()
    {
        TransformerSizes sizes = new(Layers: 2, Width: 64, Heads: 2, Context: 32);
        Transformer model = Transformer.Create(sizes, new RandomKey(1, Device.Cpu), Device.Cpu);
        Tensor windows = Tensor.Arange(4 * 33, DType.Int32, Device.Cpu).Reshape(4, 33) * 7 % 256;
        CheckCost("transformer", p => Trees.Rebuild(model, p).Loss(windows, sizes.Heads), Trees.Flatten(model));
    }

    [Theory, MemberData(nameof(Models))]
    public void Zeros_OfAModel_AreNeitherStoredNorComputedWith(string name) => CheckZeros(s_models[name].F, s_models[name].Arguments);

    [Theory, MemberData(nameof(OpRows))]
    public void Zeros_OfAnOp_AreNeitherStoredNorComputedWith(string name) => CheckZeros(OpCases.Get(name).Apply, Inputs(OpCases.Get(name)));

    private static void CheckZeros(Func<Tensor[], Tensor> f, Tensor[] x)
    {
        // In what the rules wrote, before anything is simplified: no arithmetic with zeros. (Where and Concat choose them.)
        Tensor value = f(x);
        HashSet<string> own = [.. Zeros([value.Node]).Select(n => n.Op.Name)];
        (Tensor y, Tensor[] g) = Derivative(f, x);
        Node[] outputs = [y.Node, .. g.Select(t => t.Node)];
        Assert.DoesNotContain(Zeros(outputs), n => !own.Contains(n.Op.Name));

        // In the program: none of full size in memory, but for a result that is zero, what a loop begins to add to, and the function's own.
        PlanGraph graph = Capture.Of(outputs).Key.ToPlanGraph();
        Assert.Empty(Zeros(graph.Outputs));
        ExecutionPlan plan = Plan(graph);
        HashSet<Node> needed = [.. graph.Outputs.Concat(Walk.Values(graph.Outputs).Where(n => n.Op == Ops.Scan)
            .SelectMany(n => n.Inputs.Take(n.Get<ScanAttributes>().Carries))).Select(Anchors.StorageOf)];
        int before = StoredZeros(Plan(Graph([value]))).Count();
        Assert.True(StoredZeros(plan).Count(n => !needed.Contains(n)) <= before, PlanReport.Of(plan));
    }

    /// <summary>Products of matrices: what fused ops state is what they do.</summary>
    [Theory]
    [InlineData(400, true, true, 3)]
    [InlineData(400, true, false, 2)]
    [InlineData(400, false, true, 2)]
    [InlineData(400, false, false, 1)]
    [InlineData(100, true, true, 4)] // too few rows to keep their logits: they are made twice
    public void LinearCrossEntropy_StatesItsProducts(int rows, bool ofE, bool ofC, int products)
    {
        const int classes = 600, width = 4096;
        Tensor[] x = [Input(rows, width), Input(classes, width)];
        Tensor Loss(Tensor e, Tensor c) => CrossEntropy.Linear(ofE ? e : e.StopGradient(), ofC ? c : c.StopGradient(), Tensor.Arange(rows) % classes);
        (Tensor y, Tensor[] g) = ofE || ofC ? Derivative(p => Loss(p[0], p[1]), x) : (Loss(x[0], x[1]), []);
        double product = 2.0 * rows * classes * width;
        Assert.InRange(FlopsOf(Graph([y, .. g])) / product, products, products + .1);
    }

    [Fact]
    public void FusedAttention_StatesItsProductsOverVisibleCells()
    {
        Tensor[] x = [.. Enumerable.Range(0, 3).Select(_ => Input(2, 100, 1024))];
        (Tensor y, Tensor[] g) = Derivative(p => Nn.Attention(p[0], p[1], p[2], new AttentionOptions { Causal = true, Fused = true }), x);
        double product = 2.0 * 2 * (100 * 101 / 2) * 1024;
        Assert.InRange(FlopsOf(Graph([y])) / product, 2, 2.1);
        Assert.InRange(FlopsOf(Graph([y, .. g])) / product, 7, 7.2);
        CheckCost("fused attention", p => Nn.Attention(p[0], p[1], p[2], new AttentionOptions { Causal = true, Fused = true }), x);
    }

    [Fact]
    public void Zeros_OfBranchesThatDoNotMatter_LeaveNothing()
    {
        Tensor[] x = [Input(8, 8), Input(8, 8)];
        (Tensor y, Tensor[] g) = Derivative(p => Tensor.Concat(0, p[0].Sin(), p[1].StopGradient().Cos())[..8] * p[0].Floor(), x);
        PlanGraph graph = Graph([y, g[0]]);
        Assert.Empty(Zeros(graph.Outputs));
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

        // Of the frozen layers the last result alone: the head's input. And the head's result, which the square needs, where the square's
        // derivative is not made while the product is.
        const long activation = 64 * 128 * 4, logits = 64 * 10 * 4;
        Assert.InRange(full.SavedBytes, 4 * activation, 4 * activation + logits);
        Assert.InRange(frozen.SavedBytes, activation, activation + logits);
        Assert.True(frozen.ScratchBytes < full.ScratchBytes);

        // Trained in the middle: what comes before it saves only its input; what comes after, no inputs of products.
        CompiledFunction<Tensor[], Tensor, Tensor> middle = Jit.Compile(
            (Tensor[] w, Tensor h) => Diff.Grad((Tensor p) => Loss([w[0], w[1], p, w[3]], h))(w[2]));
        Assert.InRange(middle.Memory(values, Tensor.Ones(head.Shape)).SavedBytes, 3 * activation, 3 * activation + logits);
    }

    /// <summary>flops(value and gradient) ≤ 4·flops(value) + size: Griewank and Walther 2008, theorem 4.2. The size is that of the
    /// arguments and the result, each element once: what is read and written, by the gradient's program a second time.</summary>
    private static void CheckCost(string name, Func<Tensor[], Tensor> f, Tensor[] x)
    {
        Tensor value = f(x);
        double own = FlopsOf(Graph([value]));
        (Tensor y, Tensor[] g) = Derivative(f, x);
        double both = FlopsOf(Graph([y, .. g])), size = x.Sum(t => (double)t.Size) + value.Size;
        string measured = $"{name}: the function takes {own} flops, value and gradient {both}: {(both - size) / own:F2} times, without its size of {size}";
        bool isException = s_exceptions.TryGetValue(name, out (double Factor, string Why) exception);
        Assert.True(both <= (isException ? exception.Factor : 4) * own + size, measured);
        Assert.True(!isException || both > 4 * own + size, $"{measured}: it is no exception any more");
    }

    private static double FlopsOf(PlanGraph graph)
    {
        ExecutionPlan plan = Plan(graph);
        Assert.DoesNotContain(plan.Steps, s => s is UserKernelStep); // what these do is not counted
        return PlanCost.Of(plan).Flops;
    }

    private static Tensor[] Inputs(OpCase row) => [.. row.Args.Select((a, i) => new Tensor(GraphFunction.Input(a.Shape, $"x{i}", a.DType)))];

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

    private static IEnumerable<Node> StoredZeros(ExecutionPlan plan) =>
        plan.BufferOf.Keys.Where(n => n.Shape.Size > 1 && Canonical.ConstantOf(n) is 0);

    /// <summary>Arithmetic of which an operand is the number 0, in loops and choices too.</summary>
    private static IEnumerable<Node> Zeros(IEnumerable<Node> outputs) => Walk.Values(outputs).SelectMany(n =>
        n.Attributes is ControlAttributes control ? control.Bodies.SelectMany(b => Zeros(b.Outputs))
        : (n.Op == Ops.Add || n.Op == Ops.Sub || n.Op == Ops.Mul || n.Op == Ops.Neg || n.Op == Ops.Dot || n.Op == Ops.Sum)
            && n.Shape.Size > 0 && n.DType.IsFloat() && n.Inputs.Any(i => Algebra.Fill(i) is 0) ? [n]
        : (IEnumerable<Node>)[]);

    private static PlanGraph Graph(Tensor[] outputs) => Capture.Of([.. outputs.Select(t => t.Node)]).Key.ToPlanGraph();

    private static ExecutionPlan Plan(PlanGraph graph) => Lowering.Plan(graph, (_, _) => null!);

    private static Tensor Input(params int[] shape) => new(GraphFunction.Input(Shape.Create(shape), "x", DType.Float32));
}
