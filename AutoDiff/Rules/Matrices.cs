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
        Make.Binary(Ops.LessEqual, Algebra.Number(Rows(x), offset, x.Shape), Make.Sub(Rows(x), Columns(x))), x, Algebra.Like(x, 0));

    /// <summary>The elements with column − row ≥ <paramref name="offset"/>; zeros elsewhere.</summary>
    public static Node Upper(Node x, int offset = 0) => Make.Where(
        Make.Binary(Ops.LessEqual, Algebra.Number(Rows(x), offset, x.Shape), Make.Sub(Columns(x), Rows(x))), x, Algebra.Like(x, 0));

    /// <summary>True on the diagonal.</summary>
    public static Node IsDiagonal(Node x) => Make.Binary(Ops.Equal, Rows(x), Columns(x));

    private static Node Rows(Node x) => Make.Iota(x.Shape, x.Shape.Rank - 2, DType.Int32);

    private static Node Columns(Node x) => Make.Iota(x.Shape, x.Shape.Rank - 1, DType.Int32);
}
