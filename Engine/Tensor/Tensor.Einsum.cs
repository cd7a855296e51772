using Cotangent.Graph;

namespace Cotangent;

public sealed partial class Tensor
{
    /// <summary>Sums of products in Einstein's notation: each letter names an axis; letters that the result does not name are summed over.</summary>
    /// <param name="spec">The letters of each operand, separated by commas, and after "->" those of the result. Without an arrow the result
    /// has the letters that occur once, in alphabetical order. A letter twice in one operand is its diagonal. "..." stands for the axes not
    /// named, which broadcast.</param>
    /// <param name="operands">One tensor or more; dtypes promote.</param>
    /// <remarks>Several operands are contracted in pairs, the pair first whose product grows least. A pair with common summed letters is a
    /// matrix product that reads its operands in place where their strides allow; other pairs are elementwise products.</remarks>
    /// <exception cref="EinsumException">The specification cannot be read, or does not fit the operands.</exception>
    /// <example><code>
    /// Tensor.Einsum("bij,bjk->bik", x, y);      // batched matrix product
    /// Tensor.Einsum("ii", a);                   // trace
    /// Tensor.Einsum("...i,ij,...j->...", x, a, x); // quadratic forms
    /// </code></example>
    public static Tensor Einsum(string spec, params IReadOnlyList<Tensor> operands)
    {
        ArgumentNullException.ThrowIfNull(spec);
        DType type = CommonDType("einsum", operands), wide = type == DType.Bool ? DType.Int32 : type;
        return Of(Make.Cast(Cotangent.Einsum.Apply(spec, [.. operands.Select(x => x.AsNode(wide))]), type));
    }

    /// <summary>The diagonal of two axes as a new last axis (NumPy's diagonal): the elements at i of <paramref name="axis1"/> and
    /// i + <paramref name="offset"/> of <paramref name="axis2"/>, for all i where both exist.</summary>
    /// <exception cref="AxisOutOfRangeException">The axes are one, or outside, or the offset is outside both.</exception>
    public Tensor Diagonal(int offset = 0, int axis1 = -2, int axis2 = -1)
    {
        Shape axes = NormalizeAxes("diagonal", [axis1, axis2], Shape);
        (int a, int b) = (axes[0], axes[1]);
        if (offset <= -Shape[a] || offset >= Shape[b])
        {
            throw new AxisOutOfRangeException($"diagonal: offset {offset} is outside axes {a} and {b} of {Shape}.");
        }

        Node y = Make.Diagonal(Node, a, b, offset);
        int at = b < a ? a - 1 : a;
        return Of(Make.Permute(y, [.. Enumerable.Range(0, y.Shape.Rank).Where(i => i != at), at]));
    }

    /// <summary>The sum of a diagonal of the last two axes.</summary>
    public Tensor Trace(int offset = 0) => Diagonal(offset).Sum(-1);

    /// <summary>One element for each index, along an axis: y[…, i, …] = x[…, indices[…, i, …], …] (NumPy's take_along_axis). The other axes
    /// broadcast. An index outside the axis gives NaN (floats) or 0.</summary>
    /// <param name="indices">Int32, of this tensor's rank.</param>
    /// <param name="axis">The axis.</param>
    /// <example><code>Tensor sorted = x.TakeAlongAxis(x.ArgSort(), -1);</code></example>
    public Tensor TakeAlongAxis(Tensor indices, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(indices);
        int at = NormalizeAxis("take_along_axis", axis, Shape);
        (Node x, Node i) = Along("take_along_axis", this, Node, indices, at);
        return Of(Make.TakeAlong(x, i, at));
    }

    /// <summary>This with each element of <paramref name="updates"/> added at its index along an axis: the transpose of
    /// <see cref="TakeAlongAxis"/>. The other axes broadcast. Equal indices add up, in their order; indices outside the axis add
    /// nothing.</summary>
    /// <param name="indices">Int32, of the shape of the updates.</param>
    /// <param name="updates">What is added.</param>
    /// <param name="axis">The axis.</param>
    public Tensor AddAlongAxis(Tensor indices, Tensor updates, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(updates);
        int at = NormalizeAxis("add_along_axis", axis, Shape);
        DType type = CommonDType(this, updates);
        Shape joint = Broadcasting.Join("add_along_axis", updates.Shape, indices.Shape);
        Node u = Broadcasting.To(updates.AsNode(type), joint), i = Broadcasting.To(Indexing.AsIndices("add_along_axis", indices), joint);
        return joint.Rank == Rank && joint.Where((n, k) => k != at && n != Shape[k]).Any() is false
            ? Of(Make.Add(AsNode(type), Make.AddAlong(u, i, at, Shape[at])))
            : throw new ShapeMismatchException($"add_along_axis: updates {updates.Shape} at indices {indices.Shape} do not have the axes of {Shape} " +
                $"besides axis {at}.");
    }

    /// <summary>Two operands whose shapes agree but for an axis.</summary>
    private static (Node X, Node Indices) Along(string op, Tensor x, Node node, Tensor indices, int axis)
    {
        if (indices.Rank != x.Rank)
        {
            throw new ShapeMismatchException($"{op}: indices {indices.Shape} do not have the {x.Rank} axes of {x.Shape}. Insert axes of extent 1.");
        }

        Shape joint = Broadcasting.Join(op, Replaced(x.Shape, axis, 1), Replaced(indices.Shape, axis, 1));
        return (Broadcasting.To(node, Replaced(joint, axis, x.Shape[axis])),
            Broadcasting.To(Indexing.AsIndices(op, indices), Replaced(joint, axis, indices.Shape[axis])));
    }

    private static Shape Replaced(Shape shape, int axis, int extent) => Shape.From(shape.Select((n, i) => i == axis ? extent : n));
}
