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
        while (node.Op == Ops.Expand || node.Op == Ops.Reshape || node.Op == Ops.Permute) node = node.Inputs[0];
        return node.Op == Ops.Number ? Numbers.ToDouble(node.Get<NumberAttributes>()) : null;
    }

    /// <summary>x + y of two tangents; null is zero.</summary>
    public static Node? Sum(Node? x, Node? y) => x is null ? y : y is null ? x : Add(x, y);

    public static Node Add(Node x, Node y) =>
        y.Op == Ops.Neg ? Make.Sub(x, y.Inputs[0]) : x.Op == Ops.Neg ? Make.Sub(y, x.Inputs[0]) : Make.Add(x, y);

    public static Node Neg(Node x) =>
        x.Op == Ops.Neg ? x.Inputs[0]
        : Fill(x) is { } number ? Number(x, -number, x.Shape)
        : Make.Neg(x);

    public static Node Mul(Node x, Node y) => (Fill(x), Fill(y)) switch
    {
        (1, _) => y,
        (_, 1) => x,
        ({ } a, { } b) when IsExact(x) => Number(x, a * b, x.Shape),
        _ => Make.Mul(x, y),
    };

    public static Node Div(Node x, Node y) => (Fill(x), Fill(y)) switch
    {
        (_, 1) => x,
        ({ } a, { } b) when IsExact(x) => Number(x, a / b, x.Shape),
        _ => Make.Div(x, y),
    };

    public static Node Reshape(Node x, Shape shape)
    {
        if (Fill(x) is { } number) return Number(x, number, shape);
        while (x.Op == Ops.Reshape) x = x.Inputs[0];
        return Make.Reshape(x, shape);
    }

    public static Node Permute(Node x, Shape axes) =>
        Fill(x) is { } number ? Number(x, number, Shape.From(axes.Select(i => x.Shape[i])))
        : x.Op == Ops.Dot && SwapsOperands(x, axes) ? Swap(x)
        : Make.Permute(x, axes);

    /// <summary>The transpose of an expand from a shape: the sum over the axes that were repeated.</summary>
    public static Node SumTo(Node x, Shape shape)
    {
        Shape axes = Shape.From(Enumerable.Range(0, x.Shape.Rank).Where(i => shape[i] != x.Shape[i]));
        return Reshape(Make.Sum(x, axes), shape);
    }

    /// <summary>The transpose of a sum over axes to a shape: the value repeated along them.</summary>
    public static Node Spread(Node x, Shape shape, Shape axes)
    {
        if (Fill(x) is { } number) return Number(x, number, shape);
        return Make.Expand(Reshape(x, Shape.From(shape.Select((n, i) => axes.Contains(i) ? 1 : n))), shape);
    }

    /// <summary>True for the dtypes in which one operation in float64, then rounded, is the operation itself.</summary>
    private static bool IsExact(Node x) => x.DType is DType.Float32 or DType.Float64;

    /// <summary>True if a permutation of a dot's axes exchanges the left's free axes with the right's.</summary>
    private static bool SwapsOperands(Node dot, Shape axes)
    {
        int batch = dot.Get<DotAttributes>().LeftBatch.Rank;
        int left = dot.Inputs[0].Shape.Rank - batch - dot.Get<DotAttributes>().LeftContract.Rank;
        int right = axes.Rank - batch - left;
        return axes.SequenceEqual(
            [.. Enumerable.Range(0, batch), .. Enumerable.Range(batch + left, right), .. Enumerable.Range(batch, left)]);
    }

    private static Node Swap(Node dot)
    {
        DotAttributes d = dot.Get<DotAttributes>();
        return Make.Dot(dot.Inputs[1], dot.Inputs[0], new DotAttributes(d.RightBatch, d.LeftBatch, d.RightContract, d.LeftContract));
    }
}
