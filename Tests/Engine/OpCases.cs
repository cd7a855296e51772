using static Cotangent.TensorIndex;

namespace Cotangent.Tests.Engine;

/// <summary>The conformance table: a row or more for each op and each composite.</summary>
public static partial class OpCases
{
    private static readonly Arg s_any = new([3, 5]);
    private static readonly Arg s_positive = new([3, 5]) { Low = 0.2, High = 3 };
    private static readonly Arg s_smooth = new([3, 5]) { Gap = 0.05 };
    private static readonly Arg s_ints = new([3, 5], DType.Int32) { Low = -20, High = 20 };
    private static readonly Arg s_key = new([2], DType.UInt32) { Low = 0, High = uint.MaxValue };
    private static readonly Arg s_bools = new([3, 5], DType.Bool);

    /// <summary>All rows.</summary>
    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. Unary(), .. Binary(), .. Logic(), .. Movement(), .. IndexCases(), .. Reductions(), .. Products(), .. Composites(), .. RandomNumbers(),
        .. LinearAlgebra(), .. Windows(), .. Along(), .. Einsums(), .. Cumulatives(), .. Sorts(), .. Control(), .. CrossEntropies(), .. GramNorms(),
    ];

    /// <summary>The names, as theory data.</summary>
    public static TheoryData<string> Names => [.. All.Select(c => c.Name)];

    /// <summary>The rows that gradient checks use, as theory data.</summary>
    public static TheoryData<string> DifferentiableNames => [.. All.Where(c => c.Differentiable).Select(c => c.Name)];

    /// <summary>The row of a name.</summary>
    public static OpCase Get(string name) => All.Single(c => c.Name == name);

    private static IEnumerable<OpCase> Unary() =>
    [
        new("neg", x => -x[0], s_any) { Linear = true },
        new("neg int", x => -x[0], s_ints) { Differentiable = false },
        new("abs", x => x[0].Abs(), s_smooth),
        new("abs int", x => x[0].Abs(), s_ints) { Differentiable = false },
        new("sign", x => x[0].Sign(), s_smooth),
        new("sign int", x => x[0].Sign(), s_ints) { Differentiable = false },
        new("sqrt", x => x[0].Sqrt(), s_positive),
        new("rsqrt", x => x[0].Rsqrt(), s_positive),
        new("floor", x => x[0].Floor(), s_smooth),
        new("ceil", x => x[0].Ceil(), s_smooth),
        new("truncate", x => x[0].Truncate(), s_smooth),
        new("round", x => (x[0] + 0.5).Round(), s_smooth),
        new("exp", x => x[0].Exp(), s_any),
        new("expm1", x => x[0].Expm1(), s_any),
        new("log", x => x[0].Log(), s_positive),
        new("log1p", x => x[0].Log1p(), s_positive),
        new("sin", x => x[0].Sin(), s_any),
        new("cos", x => x[0].Cos(), s_any),
        new("tan", x => x[0].Tan(), new Arg([3, 5]) { Low = -1.2, High = 1.2 }),
        new("atan", x => x[0].Atan(), s_any),
        new("tanh", x => x[0].Tanh(), s_any),
        new("erf", x => x[0].Erf(), s_any),
        new("square", x => x[0].Square(), s_any),
        new("pow 3", x => x[0].Pow(3), s_any),
        new("pow 2.5", x => x[0].Pow(2.5), s_positive) { Ulps = 8 },
        new("sigmoid", x => x[0].Sigmoid(), s_any),
        new("relu", x => x[0].Relu(), s_smooth),
        new("silu", x => x[0].Silu(), s_any),
        new("gelu", x => x[0].Gelu(), s_any) { Ulps = 8 },
        new("gelu tanh", x => x[0].Gelu(approximate: true), s_any) { Ulps = 8 },
        new("clamp", x => x[0].Clamp(-1, 1), s_smooth),
        new("stop_gradient", x => x[0] * x[0].StopGradient(), s_any) { Differentiable = false },
        new("cast to int", x => (x[0] * 10).Cast(DType.Int32), s_smooth) { Differentiable = false },
        new("cast to bool", x => x[0].Cast(DType.Bool), s_ints) { Differentiable = false },
        new("cast int to float", x => x[0].Cast(DType.Float32), s_ints) { Differentiable = false },
        new("cast int to uint8", x => x[0].Cast(DType.UInt8), s_ints) { Differentiable = false },
        new("is_nan", x => (x[0].Sqrt()).IsNaN(), s_smooth) { Differentiable = false },
        new("is_finite", x => (1 / x[0].Floor()).IsFinite(), s_smooth) { Differentiable = false },
    ];

    private static IEnumerable<OpCase> Binary() =>
    [
        new("add", x => x[0] + x[1], s_any, s_any) { Linear = false },
        new("add broadcast", x => x[0] + x[1], new Arg([3, 1]), new Arg([5])),
        new("add int", x => x[0] + x[1], s_ints, s_ints) { Differentiable = false },
        new("add uint8 wraps", x => x[0] + x[1], new([7], DType.UInt8) { Low = 100, High = 255 }, new([7], DType.UInt8) { Low = 100, High = 255 })
            { Differentiable = false },
        new("sub", x => x[0] - x[1], s_any, s_any),
        new("mul", x => x[0] * x[1], s_any, s_any) { Linear = true },
        new("mul scalar", x => 2.5 * x[0], s_any) { Linear = true },
        new("mul int", x => x[0] * x[1], s_ints, s_ints) { Differentiable = false },
        new("div", x => x[0] / x[1], s_any, s_positive) { Linear = true },
        new("div int", x => x[0] / x[1], s_ints, new Arg([3, 5], DType.Int32) { Low = 1, High = 7 }) { Differentiable = false },
        new("rem", x => x[0] % x[1], s_any, new Arg([3, 5]) { Low = 3, High = 4 }),
        new("rem int", x => x[0] % x[1], s_ints, new Arg([3, 5], DType.Int32) { Low = 1, High = 7 }) { Differentiable = false },
        new("max", x => Tensor.Maximum(x[0], x[1]), s_any, s_any),
        new("min", x => Tensor.Minimum(x[0], x[1]), s_any, s_any),
        new("max int", x => Tensor.Maximum(x[0], x[1]), s_ints, s_ints) { Differentiable = false },
        new("pow", x => x[0].Pow(x[1]), s_positive, s_any) { Ulps = 16 },
        new("promote int and float", x => x[0] + x[1], s_ints, s_any),
    ];

    private static IEnumerable<OpCase> Logic() =>
    [
        new("and", x => x[0] & x[1], s_bools, s_bools) { Differentiable = false },
        new("or", x => x[0] | x[1], s_bools, s_bools) { Differentiable = false },
        new("xor", x => x[0] ^ x[1], s_bools, s_bools) { Differentiable = false },
        new("not", x => !x[0], s_bools) { Differentiable = false },
        new("and int", x => x[0] & x[1], s_ints, s_ints) { Differentiable = false },
        new("xor int", x => x[0] ^ x[1], s_ints, s_ints) { Differentiable = false },
        new("shift left", x => x[0] << x[1], s_ints, s_ints) { Differentiable = false },
        new("shift right", x => x[0] >> x[1], s_ints, new Arg([3, 5], DType.Int32) { Low = -1, High = 33 }) { Differentiable = false },
        new("div int by zero", x => x[0] / x[1] + x[0] % x[1], s_ints, new Arg([3, 5], DType.Int32) { Low = -1, High = 1 }) { Differentiable = false },
        new("not int", x => ~x[0], s_ints) { Differentiable = false },
        new("equal", x => x[0].Equal(x[1]), new([20], DType.Int32) { Low = 0, High = 3 }, new([20], DType.Int32) { Low = 0, High = 3 }) { Differentiable = false },
        new("not_equal", x => x[0].NotEqual(x[1]), new([20], DType.Int32) { Low = 0, High = 3 }, new([20], DType.Int32) { Low = 0, High = 3 }) { Differentiable = false },
        new("equal bool", x => x[0].Equal(x[1]), s_bools, s_bools) { Differentiable = false },
        new("less", x => x[0] < x[1], s_any, s_any) { Differentiable = false },
        new("less_equal", x => x[0] <= x[1], s_ints, s_ints) { Differentiable = false },
        new("greater", x => x[0] > 0.5, s_smooth) { Differentiable = false },
        new("where", x => Tensor.Where(x[0], x[1], x[2]), s_bools, s_any, s_any),
        new("where broadcast", x => Tensor.Where(x[0] > 0, x[1], 1), s_smooth, new Arg([5])),
    ];

    private static IEnumerable<OpCase> Movement() =>
    [
        new("reshape", x => x[0].Reshape(5, -1), s_any) { Linear = true },
        new("permute", x => x[0].Permute(2, 0, 1), new Arg([2, 3, 4])) { Linear = true },
        new("transpose", x => x[0].T, s_any) { Linear = true },
        new("expand", x => x[0].BroadcastTo([4, 3, 5]), new Arg([3, 1])) { Linear = true },
        new("slice", x => x[0][1.., Slice(0, 5, 2)], s_any) { Linear = true },
        new("slice reversed", x => x[0][Slice(step: -2), 3], new Arg([7, 5])) { Linear = true },
        new("slice empty", x => x[0][2..2], s_any) { Linear = true },
        new("pad", x => x[0].Pad((1, 2), (0, 3)), s_any) { Linear = true },
        new("flip", x => x[0].Flip(1), s_any) { Linear = true },
        new("concat", x => Tensor.Concat(1, x[0], x[1]), s_any, new Arg([3, 2])),
        new("stack", x => Tensor.Stack(-1, x[0], x[1]), s_any, s_any),
        new("split", x => x[0].Split([1, 4], 1)[1], s_any) { Linear = true },
        new("tril", x => x[0].Tril(1), new Arg([4, 4])) { Linear = true },
        new("triu", x => x[0].Triu(), new Arg([4, 5])) { Linear = true },
        new("iota", x => x[0] * Tensor.Iota([3, 5], 1), s_any) { Linear = true },
        new("eye", x => x[0] + Tensor.Eye(4), new Arg([4, 4])),
    ];

    private static IEnumerable<OpCase> IndexCases() =>
    [
        new("gather", x => x[0].Gather(x[1]), new Arg([6, 3]), new Arg([2, 4], DType.Int32) { Low = 0, High = 5 }) { Linear = true },
        new("gather axis 1", x => x[0].Gather(x[1], 1), new Arg([3, 6, 2]), new Arg([4], DType.Int32) { Low = 0, High = 5 }) { Linear = true },
        new("index tensors", x => x[0][x[1], .., x[2]], new Arg([4, 3, 5]), new Arg([2, 1], DType.Int32) { Low = -4, High = 3 },
            new Arg([6], DType.Int32) { Low = -5, High = 4 }) { Linear = true },
        new("scatter_add", x => x[0].ScatterAdd(x[2], x[1]), new Arg([5, 3]), new Arg([2, 4, 3]), new Arg([2, 4], DType.Int32) { Low = -1, High = 5 }),
        new("scatter_add axis 1", x => x[0].ScatterAdd(x[2], x[1], 1), new Arg([2, 5]), new Arg([2, 7]), new Arg([7], DType.Int32) { Low = 0, High = 4 }),
        new("one_hot", x => x[0].OneHot(6), new Arg([7], DType.Int32) { Low = -1, High = 6 }) { Differentiable = false },
    ];

    private static IEnumerable<OpCase> Reductions() =>
    [
        new("sum", x => x[0].Sum(), s_any) { Linear = true, Ulps = 8 },
        new("sum axis", x => x[0].Sum(0), s_any) { Linear = true },
        new("sum axes kept", x => x[0].Sum([0, 2], keepDims: true), new Arg([2, 3, 4])) { Linear = true, Ulps = 8 },
        new("sum long", x => x[0].Sum(-1), new Arg([2, 4099])) { Linear = true, Ulps = 256 },
        new("sum int", x => x[0].Sum(1), s_ints) { Differentiable = false },
        new("sum bool", x => x[0].Sum(), s_bools) { Differentiable = false },
        new("sum empty", x => x[0].Sum(0), new Arg([0, 3])) { Linear = true },
        new("mean", x => x[0].Mean(1), s_any) { Linear = true, Ulps = 8 },
        new("variance", x => x[0].Variance(-1, correction: 1), s_any) { Ulps = 16 },
        new("reduce_max", x => x[0].Max(1), s_any with { Distinct = true }),
        new("reduce_max all", x => x[0].Max(), s_any with { Distinct = true }),
        new("reduce_min", x => x[0].Min(0, keepDims: true), s_any with { Distinct = true }),
        new("reduce_max int", x => x[0].Max(0), s_ints) { Differentiable = false },
        new("any", x => (x[0] > 1.5).Any(1), s_any) { Differentiable = false },
        new("all", x => (x[0] > -1.5).All(1), s_any) { Differentiable = false },
        new("argmax", x => x[0].ArgMax(1), s_any with { Distinct = true }) { Differentiable = false },
        new("argmin", x => x[0].ArgMin(0), s_any with { Distinct = true }) { Differentiable = false },
        new("argmax all", x => x[0].ArgMax(), s_any with { Distinct = true }) { Differentiable = false },
        new("logsumexp", x => x[0].LogSumExp(1), new Arg([3, 5]) { Low = -20, High = 20 }) { Ulps = 16 },
        new("softmax", x => x[0].Softmax(), s_any) { Ulps = 16 },
        new("softmax axis 0", x => x[0].Softmax(0), s_any) { Ulps = 16 },
        new("log_softmax", x => x[0].LogSoftmax(), s_any) { Ulps = 16 },
    ];

    private static IEnumerable<OpCase> Products() =>
    [
        new("matmul", x => x[0].MatMul(x[1]), new Arg([4, 7]), new Arg([7, 5])) { Linear = true, Ulps = 32 },
        new("matmul vector", x => x[0].MatMul(x[1]), new Arg([4, 7]), new Arg([7])) { Linear = true, Ulps = 32 },
        new("matmul row", x => x[0].MatMul(x[1]), new Arg([7]), new Arg([2, 7, 3])) { Linear = true, Ulps = 32 },
        new("matmul inner", x => x[0].MatMul(x[1]), new Arg([7]), new Arg([7])) { Linear = true, Ulps = 32 },
        new("matmul batch", x => x[0].MatMul(x[1]), new Arg([2, 3, 4, 5]), new Arg([2, 3, 5, 6])) { Linear = true, Ulps = 32 },
        new("matmul batch broadcast", x => x[0].MatMul(x[1]), new Arg([2, 1, 4, 5]), new Arg([3, 5, 6])) { Linear = true, Ulps = 32 },
        new("matmul shared right", x => x[0].MatMul(x[1]), new Arg([2, 3, 5]), new Arg([5, 4])) { Linear = true, Ulps = 32 },
        new("matmul shared left", x => x[0].MatMul(x[1]), new Arg([4, 5]), new Arg([2, 3, 5, 6])) { Linear = true, Ulps = 32 },
        new("matmul transposed", x => x[0].MatMul(x[1].T), new Arg([4, 7]), new Arg([5, 7])) { Linear = true, Ulps = 32 },
        new("matmul int", x => x[0].MatMul(x[1]), new Arg([2, 3], DType.Int32) { Low = -5, High = 5 }, new Arg([3, 4], DType.Int32) { Low = -5, High = 5 })
            { Differentiable = false },
        new("matmul nothing", x => x[0].MatMul(x[1]), new Arg([3, 0]), new Arg([0, 2])) { Linear = true },
        new("dot_general", x => Tensor.DotGeneral(x[0], x[1], [0], [2], [1], [0]), new Arg([5, 2, 3]), new Arg([2, 4, 5])) { Linear = true, Ulps = 32 },
    ];

    private static Tensor Joined((Tensor Normed, Tensor Sum) norm) => Tensor.Concat(0, norm.Normed, norm.Sum);

    private static IEnumerable<OpCase> Composites() =>
    [
        new("layer_norm", x => Nn.LayerNorm(x[0], x[1], x[2]), new Arg([4, 9]), new Arg([9]), new Arg([9])) { Ulps = 32 },
        new("rms_norm", x => Nn.RmsNorm(x[0], x[1]), new Arg([4, 9]), new Arg([9])) { Ulps = 32 },
        new("add_layer_norm", x => Joined(Nn.AddLayerNorm(x[0], x[1], x[2], x[3])), new Arg([4, 9]), new Arg([4, 9]), new Arg([9]), new Arg([9])) { Ulps = 32 },
        new("add_rms_norm", x => Joined(Nn.AddRmsNorm(x[0], x[1], x[2])), new Arg([4, 9]), new Arg([4, 9]), new Arg([9])) { Ulps = 32 },
        new("rotary", x => Nn.Rotary(x[0], new RotaryTable(9, 8, device: x[0].Device), offset: 2), new Arg([2, 3, 5, 8])) { Linear = true, Ulps = 8 },
        new("rotary interleaved", x => Nn.Rotary(x[0], new RotaryTable(9, 8, device: x[0].Device), interleaved: true, timeAxis: 1), new Arg([2, 5, 3, 8])) { Linear = true, Ulps = 8 },
        new("swiglu", x => Nn.SwiGlu(x[0], x[1]), s_any, s_any) { Ulps = 8 },
        new("geglu", x => Nn.GeGlu(x[0], x[1]), s_any, s_any) { Ulps = 8 },
        new("softmax temperature", x => Nn.Softmax(x[0], 0.7), s_any) { Ulps = 16 },
        new("softmax temperatures", x => Nn.Softmax(x[0], x[1]), s_any, new Arg([3, 1]) { Low = 0.5, High = 2 }) { Ulps = 16 },
        new("embedding", x => Nn.Embedding(x[1], x[0]), new Arg([6, 3]), new Arg([2, 4], DType.Int32) { Low = 0, High = 5 }) { Linear = true },
        new("attention", x => Nn.Attention(x[0], x[1], x[2]), new Arg([2, 3, 4]), new Arg([2, 5, 4]), new Arg([2, 5, 6])) { Ulps = 64 },
        new("attention causal", x => Nn.Attention(x[0], x[1], x[2], causal: true), new Arg([2, 4, 3]), new Arg([2, 4, 3]), new Arg([2, 4, 3])) { Ulps = 64 },
        new("kernel", x => Tensor.Kernel(UserKernels.SampleKernels.Scale, 15, [x[0].Cast(DType.Float32)], [3, 5], numbers: [2f, 0.5f]), new Arg([5, 3]))
            { Differentiable = false },
        new("cross_entropy", x => Nn.CrossEntropy(x[0], x[1]), new Arg([3, 4, 6]), new Arg([3, 4], DType.Int32) { Low = 0, High = 5 }) { Ulps = 16 },
    ];

    private static IEnumerable<OpCase> RandomNumbers() =>
    [
        new("random bits", x => new RandomKey(x[0]).Bits([3, 70]), s_key) { Differentiable = false },
        new("uniform", x => new RandomKey(x[0]).Uniform([3, 70]), s_key) { Differentiable = false, Ulps = 0 },
        new("normal", x => new RandomKey(x[0]).Normal([3, 70]), s_key) { Differentiable = false, Ulps = 8 },
        new("bernoulli", x => new RandomKey(x[0]).Bernoulli(0.3, [3, 70]), s_key) { Differentiable = false },
        new("fold", x => new RandomKey(x[0]).Fold(7).Value, s_key) { Differentiable = false },
    ];
}
