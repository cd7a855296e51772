using Cotangent.Graph;

namespace Cotangent;

/// <summary>Index expressions as slices, flips, reshapes and gathers.</summary>
internal static class Indexing
{
    /// <summary>Integers as positions on an axis, which may be longer than their dtype counts: UInt8 as Int32.</summary>
    public static Tensor AsPositions(Tensor integers) => integers.DType == DType.UInt8 ? integers.Cast(DType.Int32) : integers;

    /// <summary>A tensor as the indices of a gather: Int32, or UInt8, which Int32 holds.</summary>
    public static Node AsIndices(string op, Tensor indices) => indices.DType switch
    {
        DType.Int32 or DType.UInt8 => AsPositions(indices).Node,
        DType.Bool => throw new DTypeMismatchException(
            $"{op}: a Bool mask would give a shape that depends on values. Use Tensor.Where, or multiply by the mask."),
        _ => throw new DTypeMismatchException($"{op}: indices are {indices.DType}; they must be Int32. Cast them."),
    };

    /// <summary>x[indices].</summary>
    public static Tensor Apply(Tensor x, ReadOnlySpan<TensorIndex> indices)
    {
        List<TensorIndex> parts = Complete(x.Shape, indices);
        List<(int Axis, Tensor Indices)> gathers = [];
        int axis = 0;
        foreach (TensorIndex part in parts)
        {
            switch (part.Kind)
            {
                case IndexKind.Element:
                    x = Pick(x, axis, part);
                    break;
                case IndexKind.Slice:
                    x = Cut(x, axis++, part);
                    break;
                case IndexKind.NewAxis:
                    x = x.Unsqueeze(axis++);
                    break;
                default:
                    gathers.Add((axis++, part.Tensor!));
                    break;
            }
        }

        return gathers.Count == 0 ? x : Gather(x, gathers, GatheredAxis(parts));
    }

    /// <summary>The parts with the ellipsis written out, one for each axis (and new axes).</summary>
    private static List<TensorIndex> Complete(Shape shape, ReadOnlySpan<TensorIndex> indices)
    {
        int named = 0, ellipses = 0;
        foreach (TensorIndex part in indices)
        {
            if (part.Kind == IndexKind.Ellipsis) ellipses++;
            else if (part.Kind != IndexKind.NewAxis) named++;
        }

        if (ellipses > 1)
            throw new AxisOutOfRangeException("index: more than one Ellipsis; which axes each stands for is " +
                "ambiguous.");
        if (named > shape.Rank)
            throw new AxisOutOfRangeException($"index: {named} indices for the {shape.Rank} axes of {shape}. " +
                "Leave some out, or add NewAxis.");

        List<TensorIndex> parts = [];
        IEnumerable<TensorIndex> rest = Enumerable.Repeat(TensorIndex.All, shape.Rank - named);
        foreach (TensorIndex part in indices)
        {
            if (part.Kind == IndexKind.Ellipsis) parts.AddRange(rest);
            else parts.Add(part);
        }

        if (ellipses == 0) parts.AddRange(rest);
        return parts;
    }

    private static Tensor Pick(Tensor x, int axis, TensorIndex part)
    {
        int extent = x.Shape[axis];
        long at = part.Locate(extent);
        if (at < 0 || at >= extent)
        {
            throw new AxisOutOfRangeException($"index: position {part.Start} is outside axis {axis} of {x.Shape}, " +
                $"which has {extent} elements. Use {-extent} … {extent - 1}.");
        }

        return x.SliceAxis(axis, (int)at, 1, 1).Squeeze(axis);
    }

    private static Tensor Cut(Tensor x, int axis, TensorIndex part)
    {
        long n = x.Shape[axis], step = part.Step;
        long low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
        long start = part.Start is { } s ? Math.Clamp(s < 0 ? s + n : s, low, high) : step > 0 ? 0 : n - 1;
        long stop = part.Stop is { } e ? Math.Clamp(e < 0 ? e + n : e, low, high) : step > 0 ? n : -1;
        int count = (int)Math.Max(0, step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step);

        // With one element or none the step does not matter, and may be too large for an Int32 product.
        int stride = count > 1 ? (int)Math.Abs(step) : 1;
        return step > 0
            ? x.SliceAxis(axis, (int)start, count, stride)
            : x.SliceAxis(axis, (int)(start - (long)Math.Max(count - 1, 0) * stride), count, stride).Flip(axis);
    }

    /// <summary>Where the axes of index tensors go: in place if all tensors and integers stand side by side, else to
    /// the front.</summary>
    private static int GatheredAxis(List<TensorIndex> parts)
    {
        List<int> advanced =
            [.. Enumerable.Range(0, parts.Count).Where(i => parts[i].Kind is IndexKind.Gather or IndexKind.Element)];
        bool together = advanced[^1] - advanced[0] == advanced.Count - 1;
        return together ? advanced[0] : 0;
    }

    private static Tensor Gather(Tensor x, List<(int Axis, Tensor Indices)> gathers, int target)
    {
        if (gathers.Count == 1)
        {
            (int axis, Tensor indices) = gathers[0];
            int[] order = [.. Enumerable.Range(0, x.Rank).Where(i => i != axis)];
            return x.Permute([.. order[..target], axis, .. order[target..]]).Gather(FromFront(indices, x.Shape[axis]), target);
        }

        // Several tensors: their axes become one axis of x, and their positions one position along it.
        int[] axes = [.. gathers.Select(g => g.Axis)];
        int[] others = [.. Enumerable.Range(0, x.Rank).Where(i => !axes.Contains(i))];
        Shape extents = Shape.From(axes.Select(i => x.Shape[i]));
        if (extents.Size > int.MaxValue)
            throw new ShapeMismatchException($"index: axes {extents} gathered together exceed Int32 positions.");

        Shape merged = [.. others[..target].Select(i => x.Shape[i]), (int)extents.Size, .. others[target..].Select(i => x.Shape[i])];
        long[] strides = extents.Strides();
        Tensor flat = 0, valid = new(Make.Number(DType.Bool, 1, []));
        for (int i = 0; i < axes.Length; i++)
        {
            Tensor position = FromFront(gathers[i].Indices, extents[i]);
            valid = valid & (position >= 0) & (position < extents[i]);
            flat = flat + position * (int)strides[i];
        }

        return x.Permute([.. others[..target], .. axes, .. others[target..]]).Reshape(merged)
            .Gather(Tensor.Where(valid, flat, -1), target);
    }

    private static Tensor FromFront(Tensor indices, int extent)
    {
        Tensor i = new(AsIndices("index", indices));
        return Tensor.Where(i < 0, i + extent, i);
    }
}
