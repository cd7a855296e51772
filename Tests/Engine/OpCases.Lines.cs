namespace Cotangent.Tests.Engine;

// Rows of ops on the lines along an axis: running values and orders.
public static partial class OpCases
{
    private static IEnumerable<OpCase> Cumulatives() =>
    [
        new("cumsum", x => x[0].CumSum(), s_any) { Linear = true, Ulps = 8 },
        new("cumsum axis 0 reversed", x => x[0].CumSum(0, reverse: true), s_any) { Linear = true, Ulps = 8 },
        new("cumsum middle", x => x[0].CumSum(1), new Arg([2, 5, 3])) { Linear = true, Ulps = 8 },
        new("cumsum in parts", x => x[0].CumSum(), new Arg([2, 1, 611])) { Differentiable = false, Ulps = 64 },
        new("cumsum in parts reversed", x => x[0].CumSum(1, reverse: true), new Arg([2, 530, 3])) { Differentiable = false, Ulps = 64 },
        new("cumsum int", x => x[0].CumSum(), s_ints) { Differentiable = false },
        new("cumsum bool", x => x[0].CumSum(0), s_bools) { Differentiable = false },
        new("cumsum empty", x => x[0].CumSum(0), new Arg([0, 3])) { Linear = true },
        new("cumprod", x => x[0].CumProd(), s_any) { Ulps = 8 },
        new("cumprod axis 0 reversed", x => x[0].CumProd(0, reverse: true), s_any) { Ulps = 8 },
        new("cumprod int", x => x[0].CumProd(), new Arg([2, 40], DType.Int32) { Low = -20, High = 20 }) { Differentiable = false },
        new("cummax", x => x[0].CumMax(), s_any with { Distinct = true }),
        new("cummax axis 0 reversed", x => x[0].CumMax(0, reverse: true), s_any with { Distinct = true }),
        new("cummin", x => x[0].CumMin(0), s_any with { Distinct = true }),
        new("cummin int", x => x[0].CumMin(), s_ints) { Differentiable = false },
        new("cummax in parts", x => x[0].CumMax(), new Arg([1, 700])) { Differentiable = false },
        new("logcumsumexp", x => x[0].LogCumSumExp(), new Arg([3, 5]) { Low = -20, High = 20 }) { Ulps = 16 },
        new("logcumsumexp reversed", x => x[0].LogCumSumExp(0, reverse: true), s_any) { Ulps = 16 },
        new("recurrence", x => x[0].LinearRecurrence(x[1]), s_any, s_any) { Ulps = 16 },
        new("recurrence reversed", x => x[0].LinearRecurrence(x[1], 0, reverse: true), new Arg([5, 1]), s_any with { Shape = [5, 3] }) { Ulps = 16 },
        new("recurrence in parts", x => x[0].LinearRecurrence(x[1]), new Arg([2, 600]) { Low = -1, High = 1 }, new Arg([2, 600])) { Differentiable = false, Ulps = 16 },
    ];

    private static IEnumerable<OpCase> Sorts() =>
    [
        new("argsort", x => x[0].ArgSort(), s_any with { Distinct = true }) { Differentiable = false },
        new("argsort descending", x => x[0].ArgSort(0, descending: true), s_any with { Distinct = true }) { Differentiable = false },
        new("argsort of equals", x => x[0].ArgSort(), new Arg([3, 40], DType.Int32) { Low = 0, High = 5 }) { Differentiable = false },
        new("argsort in runs", x => x[0].ArgSort(1, descending: true), new Arg([2, 100, 3], DType.Int32) { Low = -9, High = 9 }) { Differentiable = false },
        new("sort", x => x[0].Sort(), s_any with { Distinct = true }),
        new("sort axis 0 descending", x => x[0].Sort(0, descending: true), s_any with { Distinct = true }),
        new("sort long", x => x[0].Sort(0), new Arg([133, 2])) { Differentiable = false },
        new("sort bool", x => x[0].Sort(), s_bools) { Differentiable = false },
        new("topk", x => x[0].TopK(2).Values, s_any with { Distinct = true }),
        new("topk indices", x => x[0].TopK(2, 0, largest: false).Indices, s_any with { Distinct = true }) { Differentiable = false },
        new("quantile", x => x[0].Quantile(0.3), s_any with { Distinct = true }) { Ulps = 8 },
        new("median", x => x[0].Median(0, keepDims: true), new Arg([4, 3]) { Distinct = true }) { Ulps = 8 },
    ];
}
