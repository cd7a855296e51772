using Cotangent.Graph;

namespace Cotangent;

/// <summary>A window along one axis: its elements, how far it moves, how far its elements are apart, and the padding.</summary>
internal readonly record struct WindowAxis(int Size, int Stride, int Dilation, int Low, int High)
{
    /// <summary>From the first to the last element of the window, both included.</summary>
    public int Span => (Size - 1) * Dilation + 1;

    /// <summary>Where windows may begin, whatever the stride, in an axis of this extent.</summary>
    public int Starts(int extent) => extent + Low + High - Span + 1;

    /// <summary>The number of windows in an axis of this extent.</summary>
    public int Positions(int extent) => (Starts(extent) - 1) / Stride + 1;
}

/// <summary>Sliding windows over the last axes of a tensor, as views, and the sum that undoes them.</summary>
internal static class Windows
{
    /// <summary>Checks the arguments of a convolution or pooling. An empty list means 1, and one number is for all axes.</summary>
    /// <param name="op">The function's name, for errors.</param>
    /// <param name="sizes">The extents of the window.</param>
    /// <param name="extents">Those of the axes along which it slides.</param>
    /// <param name="stride">How far it moves.</param>
    /// <param name="padding">Zeros around.</param>
    /// <param name="dilation">How far its elements are apart.</param>
    public static WindowAxis[] Of(
        string op, ReadOnlySpan<int> sizes, ReadOnlySpan<int> extents, ReadOnlySpan<int> stride, Padding? padding, ReadOnlySpan<int> dilation)
    {
        WindowAxis[] axes = new WindowAxis[sizes.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            int size = sizes[i];
            if (size < 1) throw new WindowException($"{op}: the window {Shape.Create(sizes)} has {size} elements along its axis {i}; give at least 1.");
            int step = At(op, "stride", stride, i, axes.Length), apart = At(op, "dilation", dilation, i, axes.Length);
            long span = (size - 1) * (long)apart + 1;
            if (span > int.MaxValue / 2) throw new WindowException($"{op}: {size} elements {apart} apart along window axis {i} span {span}.");
            (int before, int after) = (padding ?? Padding.Valid).At(op, i, axes.Length, extents[i], (int)span, step);
            axes[i] = new(size, step, apart, before, after);
        }

        return axes;
    }

    /// <summary>Throws unless a window fits its axes.</summary>
    public static void RequireRoom(string op, ReadOnlySpan<WindowAxis> axes, Shape extents)
    {
        for (int i = 0; i < axes.Length; i++)
        {
            WindowAxis a = axes[i];
            if (a.Starts(extents[i]) < 1)
            {
                throw new WindowException($"{op}: along window axis {i} the window spans {a.Span} ({a.Size} elements, {a.Dilation} apart), but the " +
                    $"input has {extents[i]} and padding ({a.Low}, {a.High}). Pad more, or take a smaller window.");
            }
        }
    }

    /// <summary>[…, x] → [w, …, p]: the elements of the window at each position, out[j, …, p] = x[…, p·stride + j·dilation − low]. Nothing is
    /// stored: the result reads its input.</summary>
    public static Node View(Node x, ReadOnlySpan<WindowAxis> axes)
    {
        int r = axes.Length, first = x.Shape.Rank - r;
        Node padded = Pad(x, axes);
        int[] sizes = new int[r], positions = [.. Enumerable.Repeat(0, r), .. x.Shape], steps = [.. Enumerable.Repeat(1, r + x.Shape.Rank)];
        for (int i = 0; i < r; i++) (sizes[i], positions[i], positions[r + first + i], steps[r + first + i]) =
            (axes[i].Size, axes[i].Size, axes[i].Positions(x.Shape[first + i]), axes[i].Stride);

        Node y = Make.Reshape(padded, [.. Enumerable.Repeat(1, r), .. padded.Shape]);
        y = Make.Expand(y, [.. sizes, .. padded.Shape]);
        for (int i = 0; i < r; i++)
        {
            if (axes[i].Size > 1) y = Make.Skew(y, r + first + i, i, axes[i].Dilation, 0, axes[i].Starts(x.Shape[first + i]));
        }

        return Make.Slice(y, Shape.From(positions.Select(_ => 0)), Shape.Create(positions), Shape.Create(steps));
    }

    /// <summary>The transpose of <see cref="View"/>, [w, …, p] → […, x]: each element is the sum over the windows that have it. The sum gathers:
    /// an element looks for its windows, none of which writes, so that its order is fixed.</summary>
    /// <param name="y">A value for each element of each window.</param>
    /// <param name="axes">The windows.</param>
    /// <param name="extents">The extents of the result's last axes.</param>
    public static Node Fold(Node y, ReadOnlySpan<WindowAxis> axes, Shape extents)
    {
        int r = axes.Length, rank = y.Shape.Rank, first = rank - r;
        int[] high = new int[rank], interior = new int[rank], start = new int[first], count = [.. y.Shape.Skip(r)];
        for (int i = 0; i < r; i++)
        {
            (interior[first + i], int p) = (axes[i].Stride - 1, y.Shape[first + i]);
            high[first + i] = axes[i].Starts(extents[i]) - ((p - 1) * axes[i].Stride + 1);
            (start[first - r + i], count[first - r + i]) = (axes[i].Low, extents[i]);
        }

        y = Make.Pad(y, Shape.From(high.Select(_ => 0)), Shape.Create(high), Shape.Create(interior));
        for (int i = 0; i < r; i++)
        {
            WindowAxis a = axes[i];
            if (a.Size > 1) y = Make.Skew(y, first + i, i, -a.Dilation, 0, a.Starts(extents[i]) + a.Span - 1);
        }

        y = Make.Sum(y, Shape.From(Enumerable.Range(0, r)));
        return Make.Slice(y, Shape.Create(start), Shape.Create(count), Shape.From(count.Select(_ => 1)));
    }

    /// <summary>Zeros around the last axes.</summary>
    public static Node Pad(Node x, ReadOnlySpan<WindowAxis> axes)
    {
        int[] low = new int[x.Shape.Rank], high = new int[low.Length];
        for (int i = 0; i < axes.Length; i++) (low[^(axes.Length - i)], high[^(axes.Length - i)]) = (axes[i].Low, axes[i].High);
        return Make.Pad(x, Shape.Create(low), Shape.Create(high), Shape.From(low.Select(_ => 0)));
    }

    private static int At(string op, string what, ReadOnlySpan<int> values, int axis, int axes)
    {
        if (values.Length > 1 && values.Length != axes)
        {
            throw new WindowException($"{op}: the {what} {Shape.Create(values)} has {values.Length} numbers for the {axes} axes of the window. Give " +
                "one an axis, or one for all.");
        }

        int value = values.Length == 0 ? 1 : values.Length == 1 ? values[0] : values[axis];
        return value >= 1 ? value
            : throw new WindowException($"{op}: the {what} of window axis {axis} is {value}; it must be at least 1.");
    }
}
