using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>One-sided Jacobi (Hestenes): rotations of pairs of rows until all rows are orthogonal. Their norms are then the singular
/// values, and their directions the singular vectors of one side; the rotations, accumulated, are those of the other. Sources: Golub
/// and Van Loan, Matrix Computations, 4th ed., 8.6.3; Demmel and Veselić, Jacobi's method is more accurate than QR (1992).</summary>
internal static class JacobiKernels
{
    /// <summary>Sweeps over all pairs of rows, at most; 6 to 10 are usual.</summary>
    public const int Sweeps = 40;

    /// <summary>Rotates rows until they are orthogonal: one group a matrix, an item the elements DimX apart. Rows stay where they are; only
    /// the sums are exchanged between items.</summary>
    /// <param name="w">rows × length a matrix.</param>
    /// <param name="v">rows × rows a matrix, rotated alike: the rotations, if it was the identity. Empty if they are not wanted.</param>
    /// <param name="rows">Rows of each matrix.</param>
    /// <param name="length">Their length.</param>
    /// <param name="accumulated">The length of the rows of v; 0 if they are not wanted.</param>
    /// <param name="tolerance">The cosine of two rows that count as orthogonal.</param>
    public static void Orthogonalise<T, TAdd>(ArrayView<T> w, ArrayView<T> v, int rows, int length, int accumulated, T tolerance)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
    {
        ArrayView<T> own = w.SubView((long)Grid.IdxX * rows * length, (long)rows * length);
        ArrayView<T> rotations = v.SubView((long)Grid.IdxX * rows * accumulated, (long)rows * accumulated);
        int rotated = 1;
        for (int sweep = 0; sweep < Sweeps && rotated != 0; sweep++)
        {
            rotated = 0;
            for (int p = 0; p < rows - 1; p++)
            {
                for (int q = p + 1; q < rows; q++)
                {
                    T first = T.Zero;
                    T second = T.Zero;
                    T product = T.Zero;
                    for (int k = Group.IdxX; k < length; k += Group.DimX)
                    {
                        T x = own[p * length + k];
                        T y = own[q * length + k];
                        first = T.FusedMultiplyAdd(x, x, first);
                        second = T.FusedMultiplyAdd(y, y, second);
                        product = T.FusedMultiplyAdd(x, y, product);
                    }

                    first = GroupExtensions.AllReduce<T, TAdd>(first);
                    second = GroupExtensions.AllReduce<T, TAdd>(second);
                    product = GroupExtensions.AllReduce<T, TAdd>(product);
                    if (T.Abs(product) > tolerance * (T.Sqrt(first) * T.Sqrt(second)))
                    {
                        T zeta = (second - first) / (product + product);
                        T size = T.Abs(zeta) + T.Sqrt(T.FusedMultiplyAdd(zeta, zeta, T.One));
                        T tangent = zeta < T.Zero ? -(T.One / size) : T.One / size;
                        T cosine = T.One / T.Sqrt(T.FusedMultiplyAdd(tangent, tangent, T.One));
                        Rotate(own, p * length, q * length, length, cosine, cosine * tangent);
                        Rotate(rotations, p * accumulated, q * accumulated, accumulated, cosine, cosine * tangent);
                        rotated = 1;
                    }
                }
            }
        }
    }

    private static void Rotate<T>(ArrayView<T> rows, int p, int q, int length, T cosine, T sine)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int k = Group.IdxX; k < length; k += Group.DimX)
        {
            T x = rows[p + k];
            T y = rows[q + k];
            rows[p + k] = T.FusedMultiplyAdd(cosine, x, -(sine * y));
            rows[q + k] = T.FusedMultiplyAdd(sine, x, cosine * y);
        }
    }
}
