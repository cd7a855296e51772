using Cotangent.Graph;

namespace Cotangent;

// Axes may be negative: −1 is the last.
public sealed partial class Tensor
{
    /// <summary>The same elements, in row-major order, in another shape. One extent may be −1: it is what is
    /// left.</summary>
    public Tensor Reshape(params ReadOnlySpan<int> shape)
    {
        int open = shape.IndexOf(-1);
        int[] extents = shape.ToArray();
        if (extents.Any(n => n < -1) || extents.Count(n => n == -1) > 1)
            throw new ShapeMismatchException($"reshape: {Shape.Create(shape)} has a negative extent; only one may " +
                "be −1, and none less.");

        if (open >= 0)
        {
            long rest = extents.Where(n => n != -1).Aggregate(1L, (size, n) => size * n);
            if (rest == 0 || Size % rest != 0)
            {
                throw new ShapeMismatchException(
                    $"reshape: {Shape} has {Size} elements, which the other extents of {Shape.Create(shape)} do " +
                    "not divide.");
            }

            extents[open] = checked((int)(Size / rest));
        }

        return Of(Make.Reshape(Node, Shape.Create(extents)));
    }

    /// <summary>The same elements, in row-major order, in another shape.</summary>
    public Tensor Reshape(Shape shape) => Reshape(shape.AsSpan());

    /// <summary>Axis i of the result is axis <paramref name="axes"/>[i] of this.</summary>
    public Tensor Permute(params ReadOnlySpan<int> axes)
    {
        Shape order = NormalizeAxes("permute", axes, Shape);
        return order.Rank == Rank
            ? Of(Make.Permute(Node, order))
            : throw new AxisOutOfRangeException($"permute: {order} is not a permutation of the axes of {Shape}: " +
                "name each axis once.");
    }

    /// <summary>Swaps two axes, the last two if not told otherwise.</summary>
    public Tensor Transpose(int a = -2, int b = -1)
    {
        a = NormalizeAxis("transpose", a, Shape);
        b = NormalizeAxis("transpose", b, Shape);
        int[] axes = [.. Enumerable.Range(0, Rank)];
        (axes[a], axes[b]) = (axes[b], axes[a]);
        return Permute(axes);
    }

    /// <summary>The matrix transpose: the last two axes swapped. A vector or scalar stays as it is.</summary>
    public Tensor T => Rank < 2 ? this : Transpose();

    /// <summary>Repeats to a shape, by the broadcasting rules.</summary>
    public Tensor BroadcastTo(Shape shape)
    {
        CheckExtents("broadcast_to", shape);
        Shape joined = Broadcasting.Join("broadcast_to", Shape, shape);
        return joined == shape
            ? Of(Broadcasting.To(Node, shape))
            : throw new ShapeMismatchException($"broadcast_to: {Shape} does not broadcast to {shape}: only axes " +
                "of extent 1 repeat.");
    }

    /// <summary>Inserts an axis of extent 1 before <paramref name="axis"/> (−1: at the end).</summary>
    public Tensor Unsqueeze(int axis)
    {
        int at = axis < 0 ? axis + Rank + 1 : axis;
        return at >= 0 && at <= Rank
            ? Of(Make.Reshape(Node, [.. Shape.Take(at), 1, .. Shape.Skip(at)]))
            : throw new AxisOutOfRangeException($"unsqueeze: axis {axis} is outside 0 … {Rank} for {Shape}.");
    }

    /// <summary>Removes an axis of extent 1.</summary>
    public Tensor Squeeze(int axis)
    {
        int at = NormalizeAxis("squeeze", axis, Shape);
        return Shape[at] == 1
            ? Of(Make.Reshape(Node, [.. Shape.Take(at), .. Shape.Skip(at + 1)]))
            : throw new ShapeMismatchException($"squeeze: axis {axis} of {Shape} has extent {Shape[at]}; only " +
                "extent 1 can go. Index it instead.");
    }

    /// <summary>Reverses axes; all, if none are named.</summary>
    public Tensor Flip(params ReadOnlySpan<int> axes)
    {
        Shape which = axes.IsEmpty ? Shape.From(Enumerable.Range(0, Rank)) : NormalizeAxes("flip", axes, Shape);
        return Of(Make.Flip(Node, [.. which.Order()]));
    }

    /// <summary>Puts zeros (False) before and after the elements of each axis, one pair an axis.</summary>
    public Tensor Pad(params ReadOnlySpan<(int Before, int After)> padding)
    {
        if (padding.Length != Rank)
            throw new ShapeMismatchException($"pad: {padding.Length} pairs for the {Rank} axes of {Shape}. Give " +
                "one (before, after) an axis.");

        (int Before, int After)[] pairs = padding.ToArray();
        return Of(Make.Pad(
            Node, Shape.From(pairs.Select(p => p.Before)), Shape.From(pairs.Select(p => p.After)), Shape.From(pairs.Select(_ => 0))));
    }

    /// <summary>Joins tensors along an axis; their other extents agree. Dtypes promote.</summary>
    public static Tensor Concat(int axis, params IReadOnlyList<Tensor> parts)
    {
        DType type = CommonDType("concat", parts);
        return Of(Make.Concat(NormalizeAxis("concat", axis, parts[0].Shape), [.. parts.Select(p => p.AsNode(type))]));
    }

    /// <summary>Joins tensors of equal shape along a new axis.</summary>
    public static Tensor Stack(int axis, params IReadOnlyList<Tensor> parts)
    {
        DType type = CommonDType("stack", parts);
        foreach (Tensor part in parts)
        {
            if (part.Shape != parts[0].Shape)
                throw new ShapeMismatchException($"stack: shapes {parts[0].Shape} and {part.Shape} differ. Stack " +
                    "equal shapes, or use Concat.");
        }

        int at = axis < 0 ? axis + parts[0].Rank + 1 : axis;
        return Concat(at, [.. parts.Select(p => p.Cast(type).Unsqueeze(axis))]);
    }

    /// <summary>Cuts an axis into equal parts.</summary>
    public Tensor[] Split(int parts, int axis = 0)
    {
        int at = NormalizeAxis("split", axis, Shape);
        if (parts < 1 || Shape[at] % parts != 0)
            throw new ShapeMismatchException($"split: axis {axis} of {Shape} does not divide into {parts} equal " +
                "parts. Give the sizes instead.");

        return Split([.. Enumerable.Repeat(Shape[at] / parts, parts)], axis);
    }

    /// <summary>Cuts an axis into parts of the given sizes, which add up to its extent.</summary>
    public Tensor[] Split(ReadOnlySpan<int> sizes, int axis = 0)
    {
        int at = NormalizeAxis("split", axis, Shape), start = 0;
        int[] all = sizes.ToArray();
        if (all.Any(n => n < 0) || all.Sum(n => (long)n) != Shape[at])
            throw new ShapeMismatchException($"split: sizes {Shape.Create(sizes)} do not add up to {Shape[at]}, " +
                $"the extent of axis {axis} of {Shape}.");

        Tensor[] result = new Tensor[all.Length];
        for (int i = 0; i < all.Length; start += all[i++]) result[i] = SliceAxis(at, start, all[i], 1);
        return result;
    }

    /// <summary>Count elements of one axis, from start, at a positive step.</summary>
    internal Tensor SliceAxis(int axis, int start, int count, int step)
    {
        int[] starts = new int[Rank], extents = [.. Shape], steps = [.. Enumerable.Repeat(1, Rank)];
        (starts[axis], extents[axis], steps[axis]) = (count == 0 ? 0 : start, count, step);
        return Of(Make.Slice(Node, Shape.Create(starts), Shape.Create(extents), Shape.Create(steps)));
    }

    /// <summary>An axis that may be negative as one in 0 … rank − 1.</summary>
    internal static int NormalizeAxis(string op, int axis, Shape shape)
    {
        int at = axis < 0 ? axis + shape.Rank : axis;
        return at >= 0 && at < shape.Rank
            ? at
            : throw new AxisOutOfRangeException($"{op}: axis {axis} is outside the {shape.Rank} axes of {shape}.");
    }

    /// <summary>Axes that may be negative, each named once.</summary>
    internal static Shape NormalizeAxes(string op, ReadOnlySpan<int> axes, Shape shape)
    {
        int[] result = new int[axes.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            int at = NormalizeAxis(op, axes[i], shape);
            if (result.AsSpan(0, i).Contains(at))
                throw new AxisOutOfRangeException($"{op}: axes {Shape.Create(axes)} name axis {at} of {shape} twice.");
            result[i] = at;
        }

        return Shape.Create(result);
    }

    internal static DType CommonDType(string op, IReadOnlyList<Tensor> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0) throw new ShapeMismatchException($"{op}: there are no tensors to join.");
        return parts.Select(p => p.DType).Aggregate(DTypes.Promote);
    }
}
