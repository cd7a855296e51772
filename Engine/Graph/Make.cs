namespace Cotangent.Graph;

/// <summary>Makes nodes. Elementwise makers want equal shapes; Tensor's operators broadcast before they call these. Makers return an
/// input unchanged where the op would do nothing.</summary>
internal static class Make
{
    /// <summary>A number repeated over a shape.</summary>
    public static Node Number(DType type, double x, Shape shape) => Fill(new Node(Ops.Number, [], Numbers.Of(type, x)), shape);

    /// <summary>Zeros like another node.</summary>
    public static Node Zeros(Node like) => Number(like.DType, 0, like.Shape);

    /// <summary>A rank-0 node repeated over a shape.</summary>
    public static Node Fill(Node scalar, Shape shape) =>
        Expand(Reshape(scalar, Shape.From(Enumerable.Repeat(1, shape.Rank))), shape);

    public static Node Input(Shape shape, DType type, Kernels.Device device, string name, bool isAnywhere = false) =>
        new(Ops.Input, [], new InputAttributes(shape, type, name, isAnywhere), device);

    public static Node Iota(Shape shape, int axis, DType type) => new(Ops.Iota, [], new IotaAttributes(shape, axis, type));

    public static Node Unary(Op op, Node x) => new(op, [x]);

    public static Node Binary(Op op, Node x, Node y) => new(op, [x, y]);

    public static Node Add(Node x, Node y) => Binary(Ops.Add, x, y);

    public static Node Sub(Node x, Node y) => Binary(Ops.Sub, x, y);

    public static Node Mul(Node x, Node y) => Binary(Ops.Mul, x, y);

    public static Node Div(Node x, Node y) => Binary(Ops.Div, x, y);

    public static Node Neg(Node x) => Unary(Ops.Neg, x);

    /// <summary>x times a C# number.</summary>
    public static Node Scale(Node x, double factor) => Mul(x, Number(x.DType, factor, x.Shape));

    public static Node Where(Node condition, Node x, Node y) => new(Ops.Where, [condition, x, y]);

    public static Node Cast(Node x, DType type) => x.DType == type ? x : new(Ops.Cast, [x], new DTypeAttributes(type));

    public static Node Reshape(Node x, Shape shape) => x.Shape == shape ? x : new(Ops.Reshape, [x], new ShapeAttributes(shape));

    public static Node Expand(Node x, Shape shape) => x.Shape == shape ? x : new(Ops.Expand, [x], new ShapeAttributes(shape));

    public static Node Permute(Node x, Shape axes) =>
        axes.SequenceEqual(Enumerable.Range(0, axes.Rank)) ? x : new(Ops.Permute, [x], new AxesAttributes(axes));

    public static Node Flip(Node x, Shape axes) => axes.Rank == 0 ? x : new(Ops.Flip, [x], new AxesAttributes(axes));

    public static Node Slice(Node x, Shape start, Shape extent, Shape step) =>
        extent == x.Shape && start.All(s => s == 0) && step.All(s => s == 1)
            ? x
            : new(Ops.Slice, [x], new SliceAttributes(start, extent, step));

    public static Node Pad(Node x, Shape low, Shape high, Shape interior) =>
        low.Concat(high).Concat(interior).All(p => p == 0) ? x : new(Ops.Pad, [x], new PadAttributes(low, high, interior));

    /// <summary>Element i along one axis becomes element i + offset + step·j at position j of another axis; see <see cref="Ops.Skew"/>.</summary>
    public static Node Skew(Node x, int axis, int along, int step, int offset, int extent) =>
        step == 0 && offset == 0 && extent == x.Shape[axis] ? x : new(Ops.Skew, [x], new SkewAttributes(axis, along, step, offset, extent));

    /// <summary>The diagonal of two axes, in place of the first: element i is that at i of the first and i + offset of the second.</summary>
    public static Node Diagonal(Node x, int first, int second, int offset)
    {
        int start = Math.Max(0, -offset), count = Math.Max(0, Math.Min(x.Shape[first] - start, x.Shape[second] - Math.Max(0, offset)));
        Shape zeros = Shape.From(x.Shape.Select(_ => 0)), ones = Shape.From(x.Shape.Select(_ => 1));
        Node rows = Slice(x, Shape.From(zeros.Select((z, i) => i == first ? start : z)),
            Shape.From(x.Shape.Select((n, i) => i == first ? count : n)), ones);
        Node line = count == 0
            ? Slice(rows, zeros, Shape.From(rows.Shape.Select((n, i) => i == second ? 0 : n)), ones)
            : Skew(rows, second, first, 1, Math.Max(0, offset), 1);
        return Reshape(line, Shape.From(rows.Shape.Where((_, i) => i != second)));
    }

    public static Node Concat(int axis, params IReadOnlyList<Node> parts) =>
        parts.Count == 1 ? parts[0] : new(Ops.Concat, [.. parts], new AxisAttributes(axis));

    /// <summary>Sum, ReduceMax or ReduceMin; the axes disappear.</summary>
    public static Node Reduce(Op op, Node x, Shape axes) => axes.Rank == 0 ? x : new(op, [x], new AxesAttributes([.. axes.Order()]));

    /// <summary>As <see cref="Reduce"/>, the axes staying with extent 1.</summary>
    public static Node ReduceKeep(Op op, Node x, Shape axes) =>
        Reshape(Reduce(op, x, axes), Shape.From(x.Shape.Select((n, i) => axes.Contains(i) ? 1 : n)));

    public static Node Sum(Node x, Shape axes) => Reduce(Ops.Sum, x, axes);

    public static Node Dot(Node left, Node right, DotAttributes axes) => new(Ops.Dot, [left, right], axes);

    public static Node Gather(Node x, Node indices, int axis) => new(Ops.Gather, [x, indices], new AxisAttributes(axis));

    public static Node ScatterAdd(Node updates, Node indices, int axis, int extent) =>
        new(Ops.ScatterAdd, [updates, indices], new ScatterAttributes(axis, extent));

    public static Node TakeAlong(Node x, Node indices, int axis) => new(Ops.TakeAlong, [x, indices], new AxisAttributes(axis));

    public static Node AddAlong(Node updates, Node indices, int axis, int extent) =>
        new(Ops.AddAlong, [updates, indices], new ScatterAttributes(axis, extent));
}
