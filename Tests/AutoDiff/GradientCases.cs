using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>One row: an op applied so that its derivative can be checked, with shapes and a domain clear of kinks and poles.</summary>
internal sealed record GradientCase(string Name, Op Op, Func<Node[], Node> Function, Shape[] Shapes, double Low = -1, double High = 1)
{
    public override string ToString() => Name;
}

/// <summary>The gradient rows of the op set: at least one for each op with a derivative.</summary>
internal static class GradientCases
{
    private static readonly Shape s_shape = [2, 3];

    public static IReadOnlyList<GradientCase> All { get; } =
    [
        Unary(Ops.Neg), Unary(Ops.Sqrt, 0.5, 2), Unary(Ops.Exp), Unary(Ops.Expm1), Unary(Ops.Log, 0.5, 2), Unary(Ops.Log1p, -0.5, 2),
        Unary(Ops.Sin), Unary(Ops.Cos), Unary(Ops.Tan), Unary(Ops.Atan, -2, 2), Unary(Ops.Tanh, -2, 2), Unary(Ops.Erf, -2, 2),
        Unary(Ops.Abs, 0.1, 1), Unary(Ops.Abs, -1, -0.1),
        Binary(Ops.Add), Binary(Ops.Sub), Binary(Ops.Mul), Binary(Ops.Div, 0.5, 2), Binary(Ops.Pow, 0.5, 2),
        Binary(Ops.Max), Binary(Ops.Min),
        new("rem", Ops.Rem, x => Make.Binary(Ops.Rem, Make.Add(x[0], Number(x[0], 3.5)), x[1]), [s_shape, s_shape], 0.9, 1.1),
        Same(Ops.Mul), Same(Ops.Max), Same(Ops.Sub),
        .. new double[] { 0, 1, 2, 3, -1.5 }.Select(p => new GradientCase(
            $"pow by {p}", Ops.Pow, x => Make.Binary(Ops.Pow, x[0], Number(x[0], p)), [s_shape], 0.5, 2)),
        new("where", Ops.Where, x => Make.Where(Checkers(x[0].Shape), x[0], x[1]), [s_shape, s_shape]),
        new("where with a constant", Ops.Where, x => Make.Where(Checkers(x[0].Shape), Number(x[0], 2), x[0]), [s_shape]),
        new("cast", Ops.Cast, x => Make.Cast(Make.Cast(x[0], DType.Float64), DType.Float64), [s_shape]),

        new("reshape", Ops.Reshape, x => Make.Reshape(x[0], [3, 2]), [s_shape]),
        new("permute", Ops.Permute, x => Make.Permute(x[0], [2, 0, 1]), [[2, 3, 4]]),
        new("expand", Ops.Expand, x => Make.Expand(x[0], [4, 3, 2]), [[1, 3, 1]]),
        new("slice", Ops.Slice, x => Make.Slice(x[0], [1, 0], [2, 3], [2, 1]), [[5, 4]]),
        new("slice of the end", Ops.Slice, x => Make.Slice(x[0], [3], [2], [3]), [[8]]),
        new("empty slice", Ops.Slice, x => Make.Concat(0, Make.Slice(x[0], [2], [0], [1]), x[0]), [[3]]),
        new("pad", Ops.Pad, x => Make.Pad(x[0], [1, 0], [0, 2], [2, 0]), [s_shape]),
        new("flip", Ops.Flip, x => Make.Flip(x[0], [0, 2]), [[2, 3, 2]]),
        new("skew of windows", Ops.Skew, x => Make.Skew(Make.Expand(x[0], [2, 3, 7]), 2, 1, 2, 0, 3), [[2, 1, 7]]),
        new("skew outside", Ops.Skew, x => Make.Skew(x[0], 1, 0, -1, 1, 5), [[3, 4]]),
        new("concat", Ops.Concat, x => Make.Concat(1, x[0], x[1], x[0]), [[2, 3], [2, 1]]),
        new("concat with a constant", Ops.Concat, x => Make.Concat(0, Number(x[0], 1), x[0]), [s_shape]),

        new("sum", Ops.Sum, x => Make.Sum(x[0], [0, 2]), [[2, 3, 2]]),
        new("sum of all", Ops.Sum, x => Make.Sum(x[0], [0, 1]), [s_shape]),
        new("reduce_max", Ops.ReduceMax, x => Make.Reduce(Ops.ReduceMax, x[0], [1]), [s_shape]),
        new("reduce_min", Ops.ReduceMin, x => Make.Reduce(Ops.ReduceMin, x[0], [0, 1]), [s_shape]),

        Dot("matmul", [2, 3], [3, 4], new([], [], [1], [0])),
        Dot("matmul, right transposed", [2, 3], [4, 3], new([], [], [1], [1])),
        Dot("matmul, left transposed", [3, 2], [3, 4], new([], [], [0], [0])),
        Dot("batched matmul", [2, 2, 3], [2, 3, 2], new([0], [0], [2], [1])),
        Dot("batch inside", [3, 2, 2], [4, 2, 3], new([1], [1], [0], [2])),
        Dot("two contractions crossed", [2, 3, 4], [4, 2, 3], new([], [], [0, 2], [1, 0])),
        Dot("two batches crossed", [2, 3, 2], [3, 2, 4], new([0, 1], [1, 0], [], [])),
        Dot("inner product", [3], [3], new([], [], [0], [0])),
        Dot("outer product", [2], [3], new([], [], [], [])),
        new("gram matrix", Ops.Dot, x => Make.Dot(x[0], x[0], new([], [], [0], [0])), [[3, 2]]),

        new("gather", Ops.Gather, x => Make.Gather(x[0], Indices([5], 4), 0), [[4, 2]]),
        new("gather of two axes", Ops.Gather, x => Make.Gather(x[0], Indices([2, 3], 3), 1), [[2, 3, 2]]),
        new("scatter_add", Ops.ScatterAdd, x => Make.ScatterAdd(x[0], Indices([5], 4), 0, 4), [[5, 2]]),
        new("take_along", Ops.TakeAlong, x => Make.TakeAlong(x[0], Indices([2, 5, 2], 3), 1), [[2, 3, 2]]),
        new("take_along rows", Ops.TakeAlong, x => Make.TakeAlong(x[0], Indices([4, 2], 4), 0), [[4, 2]]),
        new("add_along", Ops.AddAlong, x => Make.AddAlong(x[0], Indices([2, 5, 2], 3), 1, 3), [[2, 5, 2]]),
        new("add_along outside", Ops.AddAlong, x => Make.AddAlong(x[0], Indices([3, 4], 9), 1, 5), [[3, 4]]),
        Cumulative("cumsum", Ops.CumSum), Cumulative("cumprod", Ops.CumProd), Cumulative("cummax", Ops.CumMax), Cumulative("cummin", Ops.CumMin),
        new("recurrence", Ops.Recurrence, x => new Node(Ops.Recurrence, [x[0], x[1]], new CumulativeAttributes(1, false)), [[2, 4], [2, 4]]),
        new("recurrence reversed", Ops.Recurrence, x => new Node(Ops.Recurrence, [x[0], x[1]], new CumulativeAttributes(0, true)), [[4, 2], [4, 2]]),
        new("recurrence of its own factors", Ops.Recurrence, x => new Node(Ops.Recurrence, [x[0], x[0]], new CumulativeAttributes(0, false)), [[4]]),
        new("kernel with a jvp", Ops.UserKernel, x => UserKernelDerivativeTests.Square(new Tensor(x[0])).Node, [s_shape]),
        new("kernel of two outputs", Ops.UserKernel, x => UserKernelDerivativeTests.Polar(new(x[0]), new(x[1]), new(x[2]))[1].Node,
            [s_shape, s_shape, []], 0.5, 2),
        new("linear kernel", Ops.UserKernel, x => UserKernelDerivativeTests.Difference(new(x[0]), new(Number(x[0], 1.5))).Node, [s_shape]),
        new("implicit root", Ops.HostCall, x => ImplicitRoot(new(x[0]), new(x[1])).Node, [[3], [3]], 0.5, 1.5),
        new("linear solve", Ops.HostCall, x => Implicit.Solve(
            v => new Tensor(x[0]).MatMul(v) + 4 * v, new Tensor(x[1]), LinearSolver.Lu).Node, [[3, 3], [3]]),
        new("custom jvp", Ops.Custom, x => Custom.CustomDerivativeTests.Cube(new Tensor(x[0])).Node, [s_shape]),
        new("custom vjp", Ops.CustomTangent, x => Custom.CustomDerivativeTests.Sine(new Tensor(x[0])).Node, [s_shape]),
        new("custom vjp of two", Ops.CustomTangent, x => Custom.CustomDerivativeTests.SumAndProduct(new(new(x[0]), new(x[1]))) is var p
            ? (p.X.Sin() * p.Y).Node : x[0], [s_shape, s_shape]),
        new("custom linear", Ops.Custom, x => Custom.CustomDerivativeTests.Weighted(new(x[0]), new(x[1])).Node, [s_shape, s_shape]),
        new("named", Ops.Named, x => new Tensor(x[0]).Named("x").Sin().Node, [s_shape]),
        new("barrier", Ops.Barrier, x => Make.Unary(Ops.Sin, new Node(Ops.Barrier, [x[0], x[1]])), [s_shape, s_shape]),
        new("scatter_add outside", Ops.ScatterAdd, x => Make.ScatterAdd(x[0], Indices([2, 3], 9), 1, 4), [[2, 2, 3, 2]]),
        .. CrossEntropyCases.All, .. LinearAlgebraCases.All,
        new("gram_norms", Ops.GramNorms, x => new Node(Ops.GramNorms, [.. x], new GramNormsAttributes()), [[2, 3, 2], [2, 3, 4]]),
        new("gram_norms lengths", Ops.GramNorms, x => new Node(Ops.GramNorms, [.. x], new GramNormsAttributes().At(1)), [[2, 3, 2], [2, 3, 4]]),
        new("gram_norms of itself", Ops.GramNorms, x => new Node(Ops.GramNorms, [x[0], x[0]], new GramNormsAttributes()), [[2, 3, 2]]),
        .. AttentionCases.All,
        .. ControlDerivativeTests.Rows,
    ];

    /// <summary>The x with x + ½·mean(x)·x² = a·b, by Newton steps on the diagonal until they are small.</summary>
    private static Tensor ImplicitRoot(Tensor a, Tensor b)
    {
        static Tensor Residual(Tensor x, (Tensor A, Tensor B) p) => x + 0.5 * x.Mean() * x * x - p.A * p.B;
        return Implicit.Root<Tensor, (Tensor A, Tensor B)>(Residual, (x, p) =>
        {
            for (int i = 0; i < 200 && Residual(x, p).Abs().Max().Item<double>() > 1e-15; i++)
                x = (x - Residual(x, p) / (1 + 1.2 * x.Mean() * x)).Realize();
            return x;
        })(Tensor.OnesLike(a), (a, b));
    }

    /// <summary>Indices 0, 3, 6, … modulo a number: repeated and out of order.</summary>
    public static Node Indices(Shape shape, int modulo)
    {
        Node i = Make.Iota([(int)shape.Size], 0, DType.Int32);
        Node three = Make.Number(DType.Int32, 3, i.Shape), m = Make.Number(DType.Int32, modulo, i.Shape);
        return Make.Reshape(Make.Binary(Ops.Rem, Make.Mul(i, three), m), shape);
    }

    public static Node Checkers(Shape shape)
    {
        Node i = Make.Iota([(int)shape.Size], 0, DType.Int32);
        Node odd = Make.Binary(Ops.Rem, i, Make.Number(DType.Int32, 2, i.Shape));
        return Make.Reshape(Make.Cast(odd, DType.Bool), shape);
    }

    private static Node Number(Node like, double x) => Make.Number(like.DType, x, like.Shape);

    private static GradientCase Unary(Op op, double low = -1, double high = 1) =>
        new($"{op} on [{low}, {high}]", op, x => Make.Unary(op, x[0]), [s_shape], low, high);

    private static GradientCase Binary(Op op, double low = -1, double high = 1) =>
        new(op.Name, op, x => Make.Binary(op, x[0], x[1]), [s_shape, s_shape], low, high);

    private static GradientCase Same(Op op) => new($"{op}(x, x)", op, x => Make.Binary(op, x[0], x[0]), [s_shape]);

    private static GradientCase Cumulative(string name, Op op) => new(
        $"{name}, both ways", op,
        x => new Node(op, [new Node(op, [x[0]], new CumulativeAttributes(1, true))], new CumulativeAttributes(0, false)), [[3, 4]]);

    private static GradientCase Dot(string name, Shape left, Shape right, DotAttributes axes) =>
        new(name, Ops.Dot, x => Make.Dot(x[0], x[1], axes), [left, right]);
}
