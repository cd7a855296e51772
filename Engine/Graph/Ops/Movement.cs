namespace Cotangent.Graph;

internal static partial class Ops
{
    /// <summary>The same elements in row-major order under another shape of the same size.</summary>
    public static readonly Op Reshape = new("reshape", OpKind.Movement)
    {
        Infer = (x, a) => ((ShapeAttributes)a!).Shape is var shape && shape.Size == x[0].Shape.Size
            ? (shape, x[0].DType)
            : throw new ShapeMismatchException(
                $"reshape: {x[0].Shape} has {x[0].Shape.Size} elements and {((ShapeAttributes)a!).Shape} has {((ShapeAttributes)a).Shape.Size}."),
        Whole = (_, x) => x[0],
    };

    /// <summary>Axis i of the result is axis Axes[i] of the input.</summary>
    public static readonly Op Permute = new("permute", OpKind.Movement)
    {
        Infer = (x, a) =>
        {
            Shape axes = ((AxesAttributes)a!).Axes;
            return axes.Order().SequenceEqual(Enumerable.Range(0, x[0].Shape.Rank))
                ? (Shape.From(axes.Select(i => x[0].Shape[i])), x[0].DType)
                : throw new AxisOutOfRangeException($"permute: {axes} is not a permutation of the axes of {x[0].Shape}.");
        },
        Whole = (n, x) => NDIndex.Map(n, x[0], (at, from) =>
        {
            Shape axes = n.Get<AxesAttributes>().Axes;
            for (int i = 0; i < at.Length; i++) from[axes[i]] = at[i];
            return true;
        }),
    };

    /// <summary>Repeats axes of extent 1 to the result's extents; the rank stays.</summary>
    public static readonly Op Expand = new("expand", OpKind.Movement)
    {
        Infer = (x, a) =>
        {
            Shape from = x[0].Shape, to = ((ShapeAttributes)a!).Shape;
            return from.Rank == to.Rank && from.Zip(to).All(p => p.First == p.Second || p.First == 1)
                ? (to, x[0].DType)
                : throw new ShapeMismatchException($"expand: {from} does not expand to {to}: only axes of extent 1 repeat.");
        },
        Whole = (n, x) => NDIndex.Map(n, x[0], (at, from) =>
        {
            for (int i = 0; i < at.Length; i++) from[i] = n.Inputs[0].Shape[i] == 1 ? 0 : at[i];
            return true;
        }),
    };

    /// <summary>Every Step-th element from Start, Extent of them, along each axis.</summary>
    public static readonly Op Slice = new("slice", OpKind.Movement)
    {
        Infer = (x, a) =>
        {
            (Shape start, Shape extent, Shape step) = (SliceAttributes)a!;
            for (int i = 0; i < x[0].Shape.Rank; i++)
            {
                int last = start[i] + (extent[i] - 1) * step[i];
                if (start[i] < 0 || extent[i] < 0 || step[i] < 1 || (extent[i] > 0 && last >= x[0].Shape[i]))
                {
                    throw new AxisOutOfRangeException(
                        $"slice: start {start[i]}, extent {extent[i]}, step {step[i]} leave axis {i} of {x[0].Shape}.");
                }
            }

            return (extent, x[0].DType);
        },
        Whole = (n, x) => NDIndex.Map(n, x[0], (at, from) =>
        {
            (Shape start, _, Shape step) = n.Get<SliceAttributes>();
            for (int i = 0; i < at.Length; i++) from[i] = start[i] + at[i] * step[i];
            return true;
        }),
    };

    /// <summary>Puts zeros around and between the elements (False for Bool).</summary>
    public static readonly Op Pad = new("pad", OpKind.Movement)
    {
        Infer = (x, a) =>
        {
            (Shape low, Shape high, Shape interior) = (PadAttributes)a!;
            Shape from = x[0].Shape;
            if (low.Concat(high).Concat(interior).Any(p => p < 0))
            {
                throw new AxisOutOfRangeException($"pad: negative padding {low}, {high}, {interior} of {from}. Slice instead.");
            }

            return (Shape.From(from.Select((n, i) => low[i] + high[i] + n + Math.Max(0, n - 1) * interior[i])), x[0].DType);
        },
        Whole = (n, x) => NDIndex.Map(n, x[0], (at, from) =>
        {
            (Shape low, _, Shape interior) = n.Get<PadAttributes>();
            for (int i = 0; i < at.Length; i++)
            {
                int offset = at[i] - low[i];
                if (offset < 0 || offset % (interior[i] + 1) != 0) return false;
                from[i] = offset / (interior[i] + 1);
                if (from[i] >= n.Inputs[0].Shape[i]) return false;
            }

            return true;
        }),
    };

    /// <summary>Reverses the given axes.</summary>
    public static readonly Op Flip = new("flip", OpKind.Movement)
    {
        Infer = (x, a) => (x[0].Shape, CheckAxes("flip", x[0], ((AxesAttributes)a!).Axes).DType),
        Whole = (n, x) => NDIndex.Map(n, x[0], (at, from) =>
        {
            for (int i = 0; i < at.Length; i++) from[i] = n.Get<AxesAttributes>().Axes.Contains(i) ? n.Shape[i] - 1 - at[i] : at[i];
            return true;
        }),
    };

    /// <summary>Joins one or more inputs along an axis; the other extents agree.</summary>
    public static readonly Op Concat = new("concat", OpKind.Movement)
    {
        Infer = (x, a) =>
        {
            int axis = ((AxisAttributes)a!).Axis;
            Require(x, "concat", _ => true, "any");
            CheckAxes("concat", x[0], [axis]);
            foreach (Node other in x)
            {
                if (other.Shape.Rank != x[0].Shape.Rank || other.Shape.Where((n, i) => i != axis && n != x[0].Shape[i]).Any())
                {
                    throw new ShapeMismatchException($"concat: shapes {x[0].Shape} and {other.Shape} differ outside axis {axis}.");
                }
            }

            return (Shape.From(x[0].Shape.Select((n, i) => i == axis ? x.Sum(o => o.Shape[axis]) : n)), x[0].DType);
        },
        Whole = (n, x) => NDIndex.Concat(n, x),
    };

    /// <summary>Shifts an axis by a multiple of the position along another: out[…, i, …, j, …] = x[…, i + Offset + Step·j, …, j, …], 0 where
    /// that is outside. Of an input repeated along j it makes sliding windows, with one element along i a diagonal; its transpose is
    /// the skew by −Step.</summary>
    public static readonly Op Skew = new("skew", OpKind.Movement)
    {
        Infer = (x, a) =>
        {
            SkewAttributes skew = (SkewAttributes)a!;
            CheckAxes("skew", x[0], [skew.Axis, skew.Along]);
            return skew.Extent >= 0
                ? (Shape.From(x[0].Shape.Select((n, i) => i == skew.Axis ? skew.Extent : n)), x[0].DType)
                : throw new AxisOutOfRangeException($"skew: {skew.Extent} elements along axis {skew.Axis} of {x[0].Shape}.");
        },
        Whole = (n, x) => NDIndex.Map(n, x[0], (at, from) =>
        {
            SkewAttributes skew = n.Get<SkewAttributes>();
            at.CopyTo(from, 0);
            from[skew.Axis] += skew.Offset + skew.Step * at[skew.Along];
            return from[skew.Axis] >= 0 && from[skew.Axis] < n.Inputs[0].Shape[skew.Axis];
        }),
    };

    private static Node CheckAxes(string op, Node x, Shape axes)
    {
        foreach (int axis in axes)
        {
            if (axis < 0 || axis >= x.Shape.Rank) throw new AxisOutOfRangeException($"{op}: axis {axis} is outside the rank of {x.Shape}.");
        }

        return axes.Distinct().Count() == axes.Rank
            ? x
            : throw new AxisOutOfRangeException($"{op}: axes {axes} name one axis twice.");
    }
}
