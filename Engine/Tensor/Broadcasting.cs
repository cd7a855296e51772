using Cotangent.Graph;

namespace Cotangent;

/// <summary>How operands of different shapes and dtypes are brought together, NumPy's rules.</summary>
internal static class Broadcasting
{
    /// <summary>The shape that two shapes broadcast to: aligned at their last axes, an extent of 1 repeats.</summary>
    public static Shape Join(string op, Shape left, Shape right)
    {
        if (left == right) return left;
        int rank = Math.Max(left.Rank, right.Rank);
        int[] result = new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int l = i <= left.Rank ? left[^i] : 1, r = i <= right.Rank ? right[^i] : 1;
            if (l != r && l != 1 && r != 1) throw ShapeMismatchException.Broadcast(op, left, right, i);
            result[^i] = l == 1 ? r : l;
        }

        return Shape.Create(result);
    }

    /// <summary>A node repeated to a shape that it is known to broadcast to.</summary>
    public static Node To(Node x, Shape shape) =>
        x.Shape == shape ? x : Make.Expand(Make.Reshape(x, [.. Enumerable.Repeat(1, shape.Rank - x.Shape.Rank), .. x.Shape]), shape);

    /// <summary>Operands cast to their common dtype and repeated to their common shape.</summary>
    public static (Node Left, Node Right) Meet(string op, Tensor left, Tensor right, Func<DType, DType>? promote = null)
    {
        DType type = Tensor.CommonDType(left, right);
        if (promote is not null) type = promote(type);
        Shape shape = Join(op, left.Shape, right.Shape);
        return (To(left.AsNode(type), shape), To(right.AsNode(type), shape));
    }
}
