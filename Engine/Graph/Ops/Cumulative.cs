using Cotangent.Execution;

namespace Cotangent.Graph;

// Lines along one axis; the result has the shape of the operand. Half types are cast by Tensor, so that running values are not rounded.
internal static partial class Ops
{
    /// <summary>Running sums: yᵢ = x₀ + … + xᵢ. Integers wrap.</summary>
    public static readonly Op CumSum = Cumulative("cumsum", (y, _, x) => y + x, (y, x) => y + x);

    /// <summary>Running products: yᵢ = x₀ · … · xᵢ. Integers wrap.</summary>
    public static readonly Op CumProd = Cumulative("cumprod", (y, _, x) => y * x, (y, x) => y * x);

    /// <summary>The largest element so far; NaN from the first NaN on.</summary>
    public static readonly Op CumMax = Cumulative("cummax", (y, _, x) => Math.Max(y, x), Math.Max);

    /// <summary>The smallest element so far; NaN from the first NaN on.</summary>
    public static readonly Op CumMin = Cumulative("cummin", (y, _, x) => Math.Min(y, x), Math.Min);

    /// <summary>recurrence(a, x): h₀ = x₀, hᵢ = aᵢ·hᵢ₋₁ + xᵢ. Linear in x. Floats.</summary>
    public static readonly Op Recurrence = Cumulative("recurrence", (h, a, x) => a * h + x, null);

    /// <summary>The positions of a line's elements in their order (Int32), stable; NaN last, whether ascending or descending.</summary>
    public static readonly Op ArgSort = new("argsort", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            CheckAxes("argsort", x[0], [((SortAttributes)a!).Axis]);
            Require(x, "argsort", IsCounted, "Float32, Float64, Int32, UInt32 or Int64");
            return (x[0].Shape, DType.Int32);
        },
        Whole = NDIndex.ArgSort,
        Routine = ArgSortRoutines.Of,
    };

    private static Op Cumulative(string name, Func<double, double, double, double> step, Func<long, long, long>? integer) => new(name, OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            CheckAxes(name, x[0], [((CumulativeAttributes)a!).Axis]);
            Require(x, name, t => IsCounted(t) && (integer is not null || t.IsFloat()), integer is null ? "Float32 or Float64"
                : "Float32, Float64, Int32, UInt32 or Int64");
            return (SameShape(name, x), x[0].DType);
        },
        Whole = (n, x) => NDIndex.Cumulative(n, x[0], x[^1], n.DType.IsFloat() ? step : (y, _, e) => Integer(n, integer!((long)y, (long)e))),
        Routine = CumulativeRoutines.Of,
    };

    /// <summary>True for the dtypes that kernels of routines compute in.</summary>
    private static bool IsCounted(DType type) => type is DType.Float32 or DType.Float64 or DType.Int32 or DType.UInt32 or DType.Int64;
}
