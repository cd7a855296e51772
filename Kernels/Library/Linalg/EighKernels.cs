using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>Eigenvalues and eigenvectors of symmetric matrices. A + c·I with c above the norm of A is positive definite and well
/// conditioned: its singular vectors, by one-sided Jacobi, are the eigenvectors of A. The eigenvalues are their Rayleigh quotients
/// with A itself, so that the shift costs them no digits.</summary>
internal static class EighKernels
{
    /// <summary>w = A + c·I, c = 1.25 times the least of A's Frobenius norm and largest absolute row sum, 1 for a matrix of zeros. One
    /// group a matrix.</summary>
    public static void Shift<T, TAdd, TMax>(ArrayView<T> a, ArrayView<T> w, int n, T margin)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        ArrayView<T> matrix = a.SubView((long)Grid.IdxX * n * n, (long)n * n);
        ArrayView<T> own = w.SubView((long)Grid.IdxX * n * n, (long)n * n);
        T largest = T.Zero;
        for (int c = Group.IdxX; c < n; c += Group.DimX)
        {
            // Columns are rows: the matrix is symmetric.
            T sum = T.Zero;
            for (int r = 0; r < n; r++)
                sum += T.Abs(matrix[r * n + c]);
            largest = sum > largest || T.IsNaN(sum) ? sum : largest;
        }

        largest = GroupExtensions.AllReduce<T, TMax>(largest);
        T unit = largest == T.Zero ? T.One : T.One / largest;
        T squares = T.Zero;
        for (int k = Group.IdxX; k < n * n; k += Group.DimX)
        {
            T x = matrix[k] * unit;
            squares = T.FusedMultiplyAdd(x, x, squares);
        }

        T norm = T.Sqrt(GroupExtensions.AllReduce<T, TAdd>(squares));
        T shift = margin * (norm < T.One ? norm : T.One);
        shift = largest == T.Zero ? T.One : shift;
        for (int r = 0; r < n; r++)
        {
            for (int c = Group.IdxX; c < n; c += Group.DimX)
                own[r * n + c] = matrix[r * n + c] * unit + (r == c ? shift : T.Zero);
        }
    }

    /// <summary>Normalises a row of w and writes its Rayleigh quotient: one group a row.</summary>
    public static void Rayleigh<T, TAdd>(ArrayView<T> a, ArrayView<T> w, ArrayView<T> quotients, int n)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
    {
        ArrayView<T> matrix = a.SubView((long)(Grid.IdxX / n) * n * n, (long)n * n);
        ArrayView<T> row = w.SubView((long)Grid.IdxX * n, n);
        T squares = T.Zero;
        for (int k = Group.IdxX; k < n; k += Group.DimX)
            squares = T.FusedMultiplyAdd(row[k], row[k], squares);
        T norm = T.Sqrt(GroupExtensions.AllReduce<T, TAdd>(squares));
        for (int k = Group.IdxX; k < n; k += Group.DimX)
            row[k] /= norm;
        Group.Barrier();
        T quotient = T.Zero;
        for (int k = Group.IdxX; k < n; k += Group.DimX)
        {
            T product = T.Zero;
            for (int r = 0; r < n; r++)
                product = T.FusedMultiplyAdd(matrix[r * n + k], row[r], product);
            quotient = T.FusedMultiplyAdd(product, row[k], quotient);
        }

        quotient = GroupExtensions.AllReduce<T, TAdd>(quotient);
        if (Group.IdxX == 0)
            quotients[Grid.IdxX] = quotient;
    }

    /// <summary>A row of w becomes the column of its eigenvalue's place in ascending order, its sign chosen: one group a row.</summary>
    public static void Place<T, TMax>(ArrayView<T> w, ArrayView<T> quotients, ArrayView<T> values, ArrayView<T> vectors, int n, T near)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        int matrix = Grid.IdxX / n;
        ArrayView<T> row = w.SubView((long)Grid.IdxX * n, n);
        ArrayView<T> all = quotients.SubView((long)matrix * n, n);
        int place = Ordering.Place(all, Grid.IdxX % n, n, 0);
        T sign = Ordering.Sign<T, TMax>(row, 1, n, near);
        if (Group.IdxX == 0)
            values[(long)matrix * n + place] = all[Grid.IdxX % n];
        for (int k = Group.IdxX; k < n; k += Group.DimX)
            vectors[((long)matrix * n + k) * n + place] = sign * row[k];
    }
}
