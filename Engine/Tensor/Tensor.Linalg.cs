using Cotangent.Graph;

namespace Cotangent;

public sealed partial class Tensor
{
    /// <summary>The matrix product, NumPy's matmul: the last two axes are matrices, the axes before them broadcast; a
    /// vector on the left is a row, on the right a column, and its axis disappears from the result.</summary>
    /// <example><code>Tensor y = x.MatMul(w); // [batch, time, width] · [width, hidden] → [batch, time,
    /// hidden]</code></example>
    public Tensor MatMul(Tensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Tensor left = this, right = other;
        if (left.Rank == 0 || right.Rank == 0)
            throw new ShapeMismatchException($"matmul: shapes {left.Shape} and {right.Shape}: a scalar is no " +
                "matrix. Multiply with * instead.");

        bool row = left.Rank == 1, column = right.Rank == 1;
        int k = left.Shape[^1], otherK = column ? right.Shape[0] : right.Shape[^2];
        if (k != otherK)
        {
            throw new ShapeMismatchException($"matmul: shapes {left.Shape} and {right.Shape} do not fit: the left " +
                $"has {k} columns and the " +
                $"right {otherK} rows. Transpose or reshape one of them.");
        }

        if (row) left = left.Unsqueeze(0);
        if (column) right = right.Unsqueeze(1);
        Tensor result = MatrixProduct(left, right, CommonDType(left, right));
        if (column) result = result.Squeeze(-1);
        return row ? result.Squeeze(column ? -1 : -2) : result;
    }

    /// <summary>The sum of products over pairs of contracted axes, for each index of the paired batch axes and of the
    /// free axes. The result's axes are batch, then the left's free axes, then the right's.</summary>
    public static Tensor DotGeneral(
        Tensor left, Tensor right, Shape leftContract, Shape rightContract, Shape leftBatch = default, Shape rightBatch = default)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        DType type = CommonDType(left, right);
        return Of(Make.Dot(left.AsNode(type), right.AsNode(type), new DotAttributes(
            NormalizeAxes("dot", leftBatch.AsSpan(), left.Shape), NormalizeAxes("dot", rightBatch.AsSpan(), right.Shape),
            NormalizeAxes("dot", leftContract.AsSpan(), left.Shape), NormalizeAxes("dot", rightContract.AsSpan(), right.Shape),
            MatMulPrecision)));
    }

    private static Tensor MatrixProduct(Tensor left, Tensor right, DType type)
    {
        // Integer products have no GEMM: they are a broadcast product and a sum, which fuse into one loop.
        if (!type.IsFloat())
        {
            DType wide = type == DType.Bool ? DType.Int32 : type;
            return Of(Make.Sum((left.Cast(wide).Unsqueeze(-1) * right.Cast(wide).Unsqueeze(-3)).Node, [Math.Max(left.Rank, right.Rank) - 1]))
                .Cast(type);
        }

        Node l = left.AsNode(type), r = right.AsNode(type);
        Shape leftBatch = [.. l.Shape.Take(left.Rank - 2)], rightBatch = [.. r.Shape.Take(right.Rank - 2)];

        // One plain matrix on the right takes all rows of the left in one product; on the left likewise, its rows moved
        // into place after.
        if (rightBatch.Rank == 0) return Of(Make.Dot(l, r, new DotAttributes([], [], [left.Rank - 1], [0], MatMulPrecision)));
        if (leftBatch.Rank == 0)
        {
            int rank = right.Rank;
            Node product = Make.Dot(l, r, new DotAttributes([], [], [1], [rank - 2], MatMulPrecision));
            return Of(Make.Permute(product, [.. Enumerable.Range(1, rank - 2), 0, rank - 1]));
        }

        Shape batch = Broadcasting.Join("matmul", leftBatch, rightBatch);
        Shape axes = Shape.From(Enumerable.Range(0, batch.Rank));
        l = Broadcasting.To(l, [.. batch, .. l.Shape.Skip(leftBatch.Rank)]);
        r = Broadcasting.To(r, [.. batch, .. r.Shape.Skip(rightBatch.Rank)]);
        return Of(Make.Dot(l, r, new DotAttributes(axes, axes, [batch.Rank + 1], [batch.Rank], MatMulPrecision)));
    }
}
