using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Makers for derivative graphs that leave out what changes nothing: multiplication by one, arithmetic and moves of repeated
/// numbers, double negation, a reshape of a reshape, a transpose of a product. Every rewrite keeps all values, NaN and signed zero
/// included (a product's sums may run in another order).</summary>
internal static class Algebra
{
    /// <summary>A number repeated over the shape of a node, with its dtype and device.</summary>
    public static Node Like(Node node, double x) => Number(node, x, node.Shape);

    /// <summary>A number repeated over a shape, with the dtype and device of a node.</summary>
    public static Node Number(Node like, double x, Shape shape) =>
        Make.Fill(new Node(Ops.Number, [], Numbers.Of(like.DType, x), like.Device), shape);

    /// <summary>The number that a node repeats; null for other nodes.</summary>
    public static double? Fill(Node node)
    {
        while ((Under(node, Ops.Expand) ?? Under(node, Ops.Reshape) ?? Under(node, Ops.Permute)) is { } inner) node = inner;
        return node.Attributes is NumberAttributes number ? Numbers.ToDouble(number) : null;
    }

    /// <summary>x + y of two tangents; null is zero.</summary>
    public static Node? Sum(Node? x, Node? y) => x is null ? y : y is null ? x : Add(x, y);

    public static Node Add(Node x, Node y) =>
        Under(y, Ops.Neg) is { } negated ? Make.Sub(x, negated)
        : Under(x, Ops.Neg) is { } other ? Make.Sub(y, other)
        : Make.Add(x, y);

    public static Node Neg(Node x) =>
        Under(x, Ops.Neg) is { } negated ? negated
        : Fill(x) is { } number ? Number(x, -number, x.Shape)
        : Make.Neg(x);

    public static Node Mul(Node x, Node y) => (Fill(x), Fill(y)) switch
    {
        (1, _) => y,
        (_, 1) => x,
        ({ } a, { } b) when IsExact(x) => Number(x, a * b, x.Shape),
        _ => Make.Mul(x, y),
    };

    /// <summary>x·y, of which y may be 1 − s for a share s of 0, ½ or 1: then x − x·s, which is the same number and shares x·s with who has
    /// the share s.</summary>
    public static Node MulByShare(Node x, Node y) =>
        y.Op == Ops.Sub && y.Inputs is [var one, var share] && Fill(one) is 1 && IsShare(share) ? Make.Sub(x, Mul(x, share)) : Mul(x, y);

    public static Node Div(Node x, Node y) => (Fill(x), Fill(y)) switch
    {
        (_, 1) => x,
        ({ } a, { } b) when IsExact(x) => Number(x, a / b, x.Shape),
        _ => Make.Div(x, y),
    };

    /// <summary>x / y; by a number that is no extreme, x·(1/y), to the last place: a cotangent that windows spread is scaled once for each.</summary>
    public static Node DivByNumber(Node x, Node y) =>
        Fill(x) is null && IsExact(x) && Fill(y) is { } number && Math.Abs(number) is > 1e-30 and < 1e30 ? Mul(x, Like(y, 1 / number)) : Div(x, y);

    public static Node Reshape(Node x, Shape shape)
    {
        if (Fill(x) is { } number) return Number(x, number, shape);
        while (Under(x, Ops.Reshape) is { } inner) x = inner;
        return Make.Reshape(x, shape);
    }

    public static Node Permute(Node x, Shape axes) =>
        Fill(x) is { } number ? Number(x, number, Shape.From(axes.Select(i => x.Shape[i])))
        : Swapped(x, axes) ?? Make.Permute(x, axes);

    /// <summary>The transpose of an expand from a shape: the sum over the axes that were repeated.</summary>
    public static Node SumTo(Node x, Shape shape)
    {
        Shape axes = Shape.From(Enumerable.Range(0, x.Shape.Rank).Where(i => shape[i] != x.Shape[i]));
        return Reshape(WindowFold.Sum(x, axes) ?? Make.Sum(x, axes), shape);
    }

    /// <summary>The transpose of a sum over axes to a shape: the value repeated along them.</summary>
    public static Node Spread(Node x, Shape shape, Shape axes)
    {
        if (Fill(x) is { } number) return Number(x, number, shape);
        return Make.Expand(Reshape(x, Shape.From(shape.Select((n, i) => axes.Contains(i) ? 1 : n))), shape);
    }

    private static bool IsShare(Node s) => Fill(s) is 0 or 0.5 or 1
        || (s.Op == Ops.Where && s.Inputs is [_, var yes, var no] && IsShare(yes) && IsShare(no));

    /// <summary>True for the dtypes in which one operation in float64, then rounded, is the operation itself.</summary>
    private static bool IsExact(Node x) => x.DType is DType.Float32 or DType.Float64;

    /// <summary>The first input of a node of this op, null for other nodes. Inputs are read once: another thread may realise a node that
    /// is not traced, which takes op and inputs away.</summary>
    private static Node? Under(Node x, Op op) => x.Op == op && x.Inputs is [var input, ..] ? input : null;

    /// <summary>A permuted dot as the dot of the exchanged operands, if the permutation exchanges their free axes; else null.</summary>
    private static Node? Swapped(Node dot, Shape axes)
    {
        if (dot.Attributes is not DotAttributes d || dot.Inputs is not [var left, var right]) return null;
        int batch = d.LeftBatch.Rank, leftFree = left.Shape.Rank - batch - d.LeftContract.Rank;
        int rightFree = axes.Rank - batch - leftFree;
        IEnumerable<int> exchanged =
            [.. Enumerable.Range(0, batch), .. Enumerable.Range(batch + leftFree, rightFree), .. Enumerable.Range(batch, leftFree)];
        return axes.SequenceEqual(exchanged)
            ? Make.Dot(right, left, new DotAttributes(d.RightBatch, d.LeftBatch, d.RightContract, d.LeftContract, d.Precision))
            : null;
    }
}
