using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>Cholesky's factorisation, in the upper triangle: A = Uᵀ·D⁻¹·U with D the diagonal of U, from which L = (D^−½·U)ᵀ. Rows of
/// U are contiguous, and a step needs one barrier. Source: Golub and Van Loan, Matrix Computations, 4th ed., 4.2.</summary>
internal static class CholeskyKernels
{
    /// <summary>Eliminates rows first … end − 1 among themselves, over all columns from first on: one group a matrix. What lies below
    /// the diagonal is neither used nor kept.</summary>
    /// <param name="u">n × n matrices, the rows from first on updated by those before.</param>
    /// <param name="n">Their order.</param>
    /// <param name="first">The first row.</param>
    /// <param name="end">The row after the last.</param>
    public static void Eliminate<T>(ArrayView<T> u, int n, int first, int end)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArrayView<T> own = u.SubView((long)Grid.IdxX * n * n, (long)n * n);
        for (int j = first; j < end - 1; j++)
        {
            Group.Barrier();
            T pivot = own[j * n + j];
            T inverse = pivot > T.Zero ? T.One / pivot : T.NaN;
            for (int k = j / Group.DimX * Group.DimX + Group.IdxX; k < n; k += Group.DimX)
            {
                T row = own[j * n + k];
                for (int i = j + 1; i < end; i++)
                    own[i * n + k] = T.FusedMultiplyAdd(-(own[j * n + i] * inverse), row, own[i * n + k]);
            }
        }
    }

    /// <summary>scaled[r, c] = −U[first + r, end + c] / D[first + r], without gaps: what the product with these rows of U subtracts from
    /// the rows that are left.</summary>
    public static void Scale<T>(Index3D at, ArrayView<T> u, ArrayView<T> scaled, int n, int first, int end)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArrayView<T> own = u.SubView((long)at.Z * n * n, (long)n * n);
        int row = first + at.Y;
        T pivot = own[row * n + row];
        T inverse = pivot > T.Zero ? T.One / pivot : T.NaN;
        scaled[((long)at.Z * (end - first) + at.Y) * (n - end) + at.X] = -(own[row * n + end + at.X] * inverse);
    }

    /// <summary>L from U: zeros above the diagonal; NaN below it and on it if a pivot was not positive.</summary>
    public static void Finish<T>(Index3D at, ArrayView<T> u, ArrayView<T> l, int n)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        ArrayView<T> own = u.SubView((long)at.Z * n * n, (long)n * n);
        int row = at.Y;
        int column = at.X;
        T result = T.Zero;
        if (row >= column)
        {
            // A pivot that is not positive makes all later ones NaN.
            T root = T.Sqrt(own[column * n + column]);
            result = row == column ? root : own[column * n + row] / root;
            result = own[n * n - 1] > T.Zero ? result : T.NaN;
        }

        l[((long)at.Z * n + row) * n + column] = result;
    }
}
