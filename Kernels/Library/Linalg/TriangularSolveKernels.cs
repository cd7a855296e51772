using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>A block of a triangular matrix and the order of substitution.</summary>
/// <param name="Order">Rows of the block.</param>
/// <param name="First">The row that is solved first: 0 for a lower triangle, Order − 1 for an upper one.</param>
/// <param name="Step">1 or −1: from one solved row to the next.</param>
/// <param name="IsUnit">1 if the diagonal counts as ones, and is not read.</param>
/// <param name="Batch">Elements from one triangle to the next.</param>
/// <param name="Row">Elements from one row to the next; exchanged with Column for the transpose.</param>
/// <param name="Column">Elements from one column to the next.</param>
internal readonly record struct Triangle(int Order, int First, int Step, int IsUnit, long Batch, int Row, int Column);

/// <summary>Solving with triangular matrices. Sources: Golub and Van Loan, Matrix Computations, 4th ed., 3.1.</summary>
internal static class TriangularSolveKernels
{
    /// <summary>Forward or back substitution: one item a column of the right sides, which are overwritten by the solution. n²
    /// operations a column of n elements; neighbours read and write side by side, the triangle's elements are the same for all.</summary>
    /// <param name="at">The column, and the matrix of the batch.</param>
    /// <param name="a">Begins at the block's first element.</param>
    /// <param name="x">Begins at the first element of the block's rows.</param>
    /// <param name="triangle">The block.</param>
    /// <param name="batch">Elements from one matrix of right sides to the next.</param>
    /// <param name="row">Elements from one row of right sides to the next.</param>
    public static void Substitute<T>(Index2D at, ArrayView<T> a, ArrayView<T> x, Triangle triangle, long batch, int row)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        long startA = at.Y * triangle.Batch;
        long startX = at.Y * batch;
        ArrayView<T> matrix = a.SubView(startA, a.Length - startA);
        ArrayView<T> own = x.SubView(startX, x.Length - startX);
        for (int i = 0; i < triangle.Order; i++)
        {
            int r = triangle.First + i * triangle.Step;
            T sum = own[r * row + at.X];
            for (int p = 0; p < i; p++)
            {
                int known = triangle.First + p * triangle.Step;
                sum = T.FusedMultiplyAdd(-matrix[r * triangle.Row + known * triangle.Column], own[known * row + at.X], sum);
            }

            if (triangle.IsUnit == 0)
                sum /= matrix[r * (triangle.Row + triangle.Column)];
            own[r * row + at.X] = sum;
        }
    }

    /// <summary>to[b, r, c] = −from[b, r, c], to without gaps: what a matrix product adds, so as to subtract.</summary>
    public static void Negate<T>(Index3D at, ArrayView<T> from, ArrayView<T> to, long batch, int row, int rows, int columns)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        to[((long)at.Z * rows + at.Y) * columns + at.X] = -from[at.Z * batch + at.Y * row + at.X];
}
