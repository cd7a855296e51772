using System.Runtime.CompilerServices;
using Cotangent.Graph;

namespace Cotangent;

public sealed partial class Tensor
{
    /// <summary>NumPy's indexing: an integer picks along an axis (negative or ^ from the end), a range or
    /// <see cref="TensorIndex.Slice"/> cuts it, <see cref="TensorIndex.NewAxis"/> inserts an axis, <see
    /// cref="TensorIndex.Ellipsis"/>
    /// stands for the axes not named (also implied at the end), an integer tensor gathers.</summary>
    /// <exception cref="AxisOutOfRangeException">An integer outside its axis, or more indices than axes.</exception>
    /// <example><code>
    /// x[0]; x[^1]; x[1..3, ..]; x[TensorIndex.Ellipsis, TensorIndex.Slice(step: -1)]; table[tokens];
    /// </code></example>
    [IndexerName("At")]
    public Tensor this[params ReadOnlySpan<TensorIndex> indices] => Indexing.Apply(this, indices);

    /// <summary>Slices of this along an axis, one an index (Int32): the axis is replaced by the axes of <paramref
    /// name="indices"/>. An index outside the axis gives NaN (floats) or 0.</summary>
    public Tensor Gather(Tensor indices, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(indices);
        return Of(Make.Gather(Node, Indexing.AsIndices("gather", indices), NormalizeAxis("gather", axis, Shape)));
    }

    /// <summary>This with each slice of <paramref name="updates"/> added at its index (Int32) along an axis; updates
    /// has the axes of indices in place of that axis. Equal indices add up, in their order; indices outside the axis
    /// add nothing.</summary>
    public Tensor ScatterAdd(Tensor indices, Tensor updates, int axis = 0)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(updates);
        int at = NormalizeAxis("scatter_add", axis, Shape);
        DType type = CommonDType(this, updates);
        Shape expected = [.. Shape.Take(at), .. indices.Shape, .. Shape.Skip(at + 1)];
        if (updates.Shape != expected)
        {
            throw new ShapeMismatchException($"scatter_add: updates {updates.Shape} into {Shape} at indices " +
                $"{indices.Shape} along axis {axis} " +
                $"must have the shape {expected}.");
        }

        Node sums = Make.ScatterAdd(updates.AsNode(type), Indexing.AsIndices("scatter_add", indices), at, Shape[at]);
        return Of(Make.Add(AsNode(type), sums));
    }

    /// <summary>A new last axis of the given depth: 1 at the position that each integer names, 0 elsewhere (everywhere
    /// for an integer outside 0 … depth − 1).</summary>
    public Tensor OneHot(int depth, DType dtype = DType.Float32)
    {
        if (!DType.IsInteger())
            throw new DTypeMismatchException($"one_hot: the dtype is {DType}; it must be an integer. Cast it first.");
        if (depth < 0) throw new ShapeMismatchException($"one_hot: the depth is {depth}; it must not be negative.");

        Tensor indices = Indexing.AsPositions(this);
        return indices.Unsqueeze(-1).Equal(Arange(depth, indices.DType)).Cast(dtype);
    }

    /// <summary>The triangle of the last two axes on and below diagonal <paramref name="diagonal"/>; zeros
    /// above.</summary>
    public Tensor Tril(int diagonal = 0) => Where(Triangle("tril", diagonal), this, ZerosLike(this));

    /// <summary>The triangle of the last two axes on and above diagonal <paramref name="diagonal"/>; zeros
    /// below.</summary>
    public Tensor Triu(int diagonal = 0) => Where(Triangle("triu", diagonal - 1), ZerosLike(this), this);

    private Tensor Triangle(string op, int diagonal)
    {
        if (Rank < 2) throw new ShapeMismatchException($"{op}: {Shape} has no matrix: it needs two axes.");
        Shape matrix = [Shape[^2], Shape[^1]];
        return Iota(matrix, 1) <= Iota(matrix, 0) + diagonal;
    }
}
