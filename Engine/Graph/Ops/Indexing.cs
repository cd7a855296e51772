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

    /// <summary>take_along(x, indices): one element of x for each index, along an axis: out[…, i, …] = x[…, indices[…, i, …], …] (NumPy's
    /// take_along_axis). Shapes agree but for the axis. An index outside the axis gives NaN (floats) or 0.</summary>
    public static readonly Op TakeAlong = new("take_along", OpKind.Indexing)
    {
        Infer = (x, a) =>
        {
            CheckAlong("take_along", x[0], x[1], ((AxisAttributes)a!).Axis);
            return (x[1].Shape, x[0].DType);
        },
        Whole = NDIndex.TakeAlong,
    };

    /// <summary>add_along(updates, indices): zeros, to which each element of updates is added at its index along the axis: the transpose of
    /// take_along. Indices outside the axis add nothing. Sums run in the order of the updates.</summary>
    public static readonly Op AddAlong = new("add_along", OpKind.Indexing)
    {
        Infer = (x, a) =>
        {
            (int axis, int extent) = (ScatterAttributes)a!;
            CheckAlong("add_along", x[0], x[1], axis);
            return x[0].Shape == x[1].Shape
                ? (Shape.From(x[0].Shape.Select((n, i) => i == axis ? extent : n)), Require([x[0]], "add_along", t => t != DType.Bool, "a number"))
                : throw new ShapeMismatchException($"add_along: {x[0].Shape} updates at {x[1].Shape} indices: there must be one each.");
        },
        Whole = NDIndex.AddAlong,
    };

    private static void CheckAlong(string op, Node x, Node indices, int axis)
    {
        CheckAxes(op, x, [axis]);
        CheckIndices(op, indices);
        if (indices.Shape.Rank != x.Shape.Rank || indices.Shape.Where((n, i) => i != axis && n != x.Shape[i]).Any())
        {
            throw new ShapeMismatchException($"{op}: indices {indices.Shape} differ from {x.Shape} outside axis {axis}.");
        }
    }

    private static void CheckIndices(string op, Node indices)
    {
        if (indices.DType != DType.Int32) throw new DTypeMismatchException($"{op}: indices are {indices.DType}; they must be Int32. Cast them.");
    }
}
