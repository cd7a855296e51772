using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Batches of matrices in derivative graphs: the last two axes.</summary>
internal static class Matrices
{
    /// <summary>The transpose of each matrix.</summary>
    public static Node Transpose(Node x)
    {
        int rank = x.Shape.Rank;
        return Algebra.Permute(x, [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]);
    }

    /// <summary>The products of the matrices of two batches.</summary>
    public static Node Multiply(Node left, Node right)
    {
        int rank = left.Shape.Rank;
        Shape batch = Shape.From(Enumerable.Range(0, rank - 2));
        return Make.Dot(left, right, new DotAttributes(batch, batch, [rank - 1], [rank - 2]));
    }

    /// <summary>The elements with row − column ≥ <paramref name="offset"/>; zeros elsewhere.</summary>
    public static Node Lower(Node x, int offset = 0) => Make.Where(
        Make.Binary(Ops.LessEqual, Algebra.Number(RowIndex(x), offset, x.Shape), Make.Sub(RowIndex(x), ColumnIndex(x))), x, Algebra.Like(x, 0));

    /// <summary>The elements with column − row ≥ <paramref name="offset"/>; zeros elsewhere.</summary>
    public static Node Upper(Node x, int offset = 0) => Make.Where(
        Make.Binary(Ops.LessEqual, Algebra.Number(RowIndex(x), offset, x.Shape), Make.Sub(ColumnIndex(x), RowIndex(x))), x, Algebra.Like(x, 0));

    /// <summary>True on the diagonal.</summary>
    public static Node IsDiagonal(Node x) => Make.Binary(Ops.Equal, RowIndex(x), ColumnIndex(x));

    /// <summary>True in the rows from a number on.</summary>
    public static Node IsFrom(Node x, int row) => Make.Binary(Ops.LessEqual, Algebra.Number(RowIndex(x), row, x.Shape), RowIndex(x));

    /// <summary>Matrices of so many rows and columns: cut, or completed by zeros.</summary>
    public static Node Resize(Node x, int rows, int columns)
    {
        Shape batch = [.. x.Shape.SkipLast(2)], none = Shape.From(x.Shape.Select(_ => 0)), ones = Shape.From(x.Shape.Select(_ => 1));
        Node cut = Make.Slice(x, none, [.. batch, Math.Min(rows, x.Shape[^2]), Math.Min(columns, x.Shape[^1])], ones);
        return Make.Pad(cut, none, [.. batch.Select(_ => 0), rows - cut.Shape[^2], columns - cut.Shape[^1]], none);
    }

    /// <summary>The rows of each matrix in the order of its permutation: row i is row permutation[i].</summary>
    public static Node Rows(Node x, Node permutation)
    {
        int rows = x.Shape[^2], columns = x.Shape[^1];
        Shape batch = [.. x.Shape.SkipLast(2)];
        int count = batch.Aggregate(1, (size, extent) => checked(size * extent)), all = checked(count * rows);

        // All matrices as one: the permutations are moved to where each one's rows begin.
        Node order = Make.Reshape(permutation, [count, rows]);
        Node first = Make.Mul(Make.Iota(order.Shape, 0, DType.Int32), Algebra.Like(order, rows));
        Node index = Make.Reshape(count == 1 ? order : Make.Add(order, first), [all]);
        return Make.Reshape(Make.Gather(Make.Reshape(x, [all, columns]), index, 0), x.Shape);
    }

    private static Node RowIndex(Node x) => Make.Iota(x.Shape, x.Shape.Rank - 2, DType.Int32);

    private static Node ColumnIndex(Node x) => Make.Iota(x.Shape, x.Shape.Rank - 1, DType.Int32);
}
