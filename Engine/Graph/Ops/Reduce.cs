namespace Cotangent.Graph;

// Reduced axes disappear from the shape; keepDims is a reshape on top.
internal static partial class Ops
{
    /// <summary>Sum over axes; 0 for no elements. Half types accumulate in float32, integers wrap.</summary>
    public static readonly Op Sum = Reduction("sum", 0, (s, x) => s + x);

    /// <summary>Largest element over axes; −∞ (or the smallest integer) for no elements. NaN wins.</summary>
    public static readonly Op ReduceMax = Reduction("reduce_max", double.NegativeInfinity, Math.Max);

    /// <summary>Smallest element over axes; +∞ (or the largest integer) for no elements. NaN wins.</summary>
    public static readonly Op ReduceMin = Reduction("reduce_min", double.PositiveInfinity, Math.Min);

    /// <summary>Int32 index of the first largest element along an axis (of the first NaN, if there is one).</summary>
    public static readonly Op ArgMax = ArgReduction("argmax", (x, best) => x > best || (double.IsNaN(x) && !double.IsNaN(best)));

    /// <summary>Int32 index of the first smallest element along an axis (of the first NaN, if there is one).</summary>
    public static readonly Op ArgMin = ArgReduction("argmin", (x, best) => x < best || (double.IsNaN(x) && !double.IsNaN(best)));

    private static Op Reduction(string name, double start, Func<double, double, double> combine) => new(name, OpKind.Reduce)
    {
        Infer = (x, a) =>
        {
            Shape axes = ((AxesAttributes)a!).Axes;
            CheckAxes(name, x[0], axes);
            return (Shape.From(x[0].Shape.Where((_, i) => !axes.Contains(i))), Require(x, name, t => t != DType.Bool, "a number"));
        },
        Whole = (n, x) =>
        {
            double[] result = new double[n.Shape.Size];
            Array.Fill(result, n.DType.IsFloat() || start == 0 ? start : Convert(n.DType, start));
            NDIndex.Reduce(n, n.Get<AxesAttributes>().Axes, (to, from) =>
            {
                double y = combine(result[to], x[0][from]);
                result[to] = n.DType.IsFloat() ? y : Integer(n, (long)y);
            });
            return result;
        },
    };

    private static Op ArgReduction(string name, Func<double, double, bool> better) => new(name, OpKind.Reduce)
    {
        Infer = (x, a) =>
        {
            int axis = ((AxisAttributes)a!).Axis;
            CheckAxes(name, x[0], [axis]);
            Require(x, name, t => t != DType.Bool, "a number");
            return x[0].Shape[axis] > 0
                ? (Shape.From(x[0].Shape.Where((_, i) => i != axis)), DType.Int32)
                : throw new ShapeMismatchException($"{name}: axis {axis} of {x[0].Shape} has no elements.");
        },
        Whole = (n, x) =>
        {
            int axis = n.Get<AxisAttributes>().Axis, extent = n.Inputs[0].Shape[axis];
            double[] best = new double[n.Shape.Size], result = new double[n.Shape.Size];
            int[] seen = new int[n.Shape.Size];
            NDIndex.Reduce(n, [axis], (to, from) =>
            {
                if (seen[to] == 0 || better(x[0][from], best[to])) (best[to], result[to]) = (x[0][from], seen[to]);
                seen[to]++;
            });
            return result;
        },
    };
}
