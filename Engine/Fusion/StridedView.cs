using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>A node as a view of stored elements: the element at an index is Base's element Offset + Σ index·stride (in
/// Base's row-major order).</summary>
internal sealed record StridedView(Node Base, long Offset, long[] Strides)
{
    /// <summary>Looks through movement ops down to a node that is computed or given. Where an op is no view (a pad, a
    /// reshape that mixes strides) that op's result is the base, to be stored.</summary>
    /// <param name="n">The node.</param>
    /// <param name="isStored">True for movement ops that are stored as they are.</param>
    public static StridedView Of(Node n, Func<Node, bool> isStored)
    {
        Stack<Node> chain = new();
        Node source = n;
        while (source.Op.Kind == OpKind.Movement && source.Inputs.Length == 1 && !isStored(source))
        {
            chain.Push(source);
            source = source.Inputs[0];
        }

        StridedView view = Contiguous(source);
        foreach (Node move in chain) view = Through(view, move) ?? Contiguous(move);
        return view;
    }

    public static StridedView Contiguous(Node n) => new(n, 0, n.Shape.Strides());

    private static StridedView? Through(StridedView view, Node move)
    {
        Shape from = move.Inputs[0].Shape;
        long[] s = view.Strides;
        if (move.Op == Ops.Permute) return view with { Strides =
            [.. move.Get<AxesAttributes>().Axes.Select(i => s[i])] };
        if (move.Op == Ops.Expand) return view with { Strides = [.. s.Select((x, i) => from[i] == 1 ? 0 : x)] };
        if (move.Op == Ops.Slice)
        {
            (Shape start, _, Shape step) = move.Get<SliceAttributes>();
            return new(view.Base, view.Offset + s.Select((x, i) => start[i] * x).Sum(),
                [.. s.Select((x, i) => step[i] * x)]);
        }

        if (move.Op == Ops.Skew && move.Get<SkewAttributes>() is var skew && skew.IsInside(from))
        {
            long[] strides = [.. s];
            strides[skew.Along] += skew.Step * s[skew.Axis];
            return new(view.Base, view.Offset + skew.Offset * s[skew.Axis], strides);
        }

        return move.Op == Ops.Reshape && Reshape(s, from, move.Shape) is { } reshaped ? view with { Strides = reshaped }
            : null;
    }

    /// <summary>The strides after a reshape, or null if the elements of a merged axis are not evenly apart.</summary>
    private static long[]? Reshape(long[] strides, Shape from, Shape to)
    {
        // Runs of evenly spaced axes, innermost first; each must be a product of whole axes of the result.
        long[] result = new long[to.Rank];
        int j = to.Rank - 1;
        int i = from.Rank - 1;
        while (i >= 0)
        {
            if (from[i] == 1)
            {
                i--;
                continue;
            }

            long run = from[i], stride = strides[i];
            for (i--; i >= 0 && (from[i] == 1 || strides[i] == run * stride); i--) run *= from[i];
            for (; j >= 0 && (run > 1 || to[j] == 1); j--)
            {
                if (run % to[j] != 0) return null;
                result[j] = stride;
                stride *= to[j];
                run /= to[j];
            }

            if (run != 1) return null;
        }

        return result;
    }
}
