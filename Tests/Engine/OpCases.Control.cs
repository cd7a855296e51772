namespace Cotangent.Tests.Engine;

public static partial class OpCases
{
    private static IEnumerable<OpCase> Control() =>
    [
        new("scan", x => Flow.Scan((Tensor c, Tensor s) => (c * 0.5 + s, c.Tanh()), x[1], x[0]).Ys, new Arg([4, 3]), new Arg([3])) { Ulps = 16 },
        new("scan carry", x => Flow.Fold((c, s) => c * s, x[1], x[0], reverse: true), new Arg([4, 3]), new Arg([3])) { Ulps = 16 },
        new("while", x => Flow.While(c => c.Item2 < 4, c => (c.Item1 * x[1] + 0.5, c.Item2 + 1), (x[0], Tensor.Scalar(0, DType.Int32))).Item1,
            new Arg([3]), new Arg([3]) { Low = 0.25, High = 1 }) { Differentiable = false, Ulps = 16 },
        new("cond", x => Flow.Cond(x[0].Sum() > -100, y => y * x[1], y => y - x[1], x[0]), new Arg([3]), new Arg([3])) { Ulps = 4 },
    ];
}
