namespace Cotangent.Graph;

internal static partial class Ops
{
    /// <summary>gather(x, indices): slices of x along an axis, one an index; the axis is replaced by the axes of indices (Int32).
    /// An index outside the axis gives NaN (floats) or 0.</summary>
    public static readonly Op Gather = new("gather", OpKind.Indexing)
    {
        Infer = (x, a) =>
        {
            int axis = ((AxisAttributes)a!).Axis;
            CheckAxes("gather", x[0], [axis]);
            CheckIndices("gather", x[1]);
            return ([.. x[0].Shape.Take(axis), .. x[1].Shape, .. x[0].Shape.Skip(axis + 1)], x[0].DType);
        },
        Whole = NDIndex.Gather,
    };

    /// <summary>scatter_add(updates, indices): zeros, to which each slice of updates is added at its index along the axis: the transpose
    /// of gather. updates has the axes of indices in place of the result's axis. Indices outside the axis add nothing.
    /// Sums run in the order of the indices.</summary>
    public static readonly Op ScatterAdd = new("scatter_add", OpKind.Indexing)
    {
        Infer = (x, a) =>
        {
            (int axis, int extent) = (ScatterAttributes)a!;
            CheckIndices("scatter_add", x[1]);
            Shape updates = x[0].Shape, indices = x[1].Shape;
            return axis >= 0 && axis + indices.Rank <= updates.Rank && updates.Skip(axis).Take(indices.Rank).SequenceEqual(indices)
                ? ([.. updates.Take(axis), extent, .. updates.Skip(axis + indices.Rank)], Require([x[0]], "scatter_add", t => t != DType.Bool, "a number"))
                : throw new ShapeMismatchException(
                    $"scatter_add: updates {updates} do not have the axes of the indices {indices} at axis {axis}.");
        },
        Whole = NDIndex.ScatterAdd,
    };

    private static void CheckIndices(string op, Node indices)
    {
        if (indices.DType != DType.Int32) throw new DTypeMismatchException($"{op}: indices are {indices.DType}; they must be Int32. Cast them.");
    }
}
