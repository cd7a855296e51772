using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>QR factorisation by Householder reflections, A = Q·R. Source: Golub and Van Loan, Matrix Computations, 4th ed., 5.1
/// and 5.2.</summary>
internal static class QrKernels
{
    /// <summary>Reduces each matrix to its triangle: one group a matrix.</summary>
    /// <param name="a">rows × columns matrices; receive R, and below the diagonal the reflections' vectors, whose first element 1 is not
    /// stored.</param>
    /// <param name="factors">min(rows, columns) a matrix: the τ of H = I − τ·v·vᵀ; 0 where nothing is reflected.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    /// <remarks>A column is divided by its largest element before its norm is taken, so that squares neither overflow nor vanish.</remarks>
    public static void Factor<T, TAdd, TMax>(ArrayView<T> a, ArrayView<T> factors, int rows, int columns)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        int count = Math.Min(rows, columns);
        ArrayView<T> own = a.SubView((long)Grid.IdxX * rows * columns, (long)rows * columns);
        for (int j = 0; j < count; j++)
        {
            Group.Barrier();
            T head = own[j * columns + j];
            T largest = T.Zero;
            for (int i = j + 1 + Group.IdxX; i < rows; i += Group.DimX)
            {
                T size = T.Abs(own[i * columns + j]);
                largest = size > largest || T.IsNaN(size) ? size : largest;
            }

            largest = GroupExtensions.AllReduce<T, TMax>(largest);
            T scale = T.Abs(head) > largest ? T.Abs(head) : largest;
            scale = scale == T.Zero ? T.One : scale;
            T sum = T.Zero;
            for (int i = j + 1 + Group.IdxX; i < rows; i += Group.DimX)
            {
                T x = own[i * columns + j] / scale;
                sum = T.FusedMultiplyAdd(x, x, sum);
            }

            // A column that is zero below the diagonal stays as it is: τ is 0.
            sum = GroupExtensions.AllReduce<T, TAdd>(sum);
            T alpha = head / scale;
            T norm = T.Sqrt(T.FusedMultiplyAdd(alpha, alpha, sum));
            T beta = alpha > T.Zero ? -norm : norm;
            T tau = largest == T.Zero ? T.Zero : (beta - alpha) / beta;
            T first = largest == T.Zero ? T.One : (alpha - beta) * scale;
            for (int i = j + 1 + Group.IdxX; i < rows; i += Group.DimX)
                own[i * columns + j] /= first;
            Group.Barrier();
            if (Group.IdxX == 0)
            {
                own[j * columns + j] = largest == T.Zero ? head : beta * scale;
                factors[(long)Grid.IdxX * count + j] = tau;
            }

            for (int c = (j + 1) / Group.DimX * Group.DimX + Group.IdxX; c < columns; c += Group.DimX)
            {
                if (c > j)
                    Reflect(own, columns, j, tau, own, columns, rows, c);
            }
        }
    }

    /// <summary>The first columns of Q: one item a column, which is a column of the identity, reflected.</summary>
    /// <param name="at">The column and the matrix.</param>
    /// <param name="a">The reduced matrices.</param>
    /// <param name="factors">The reflections' factors.</param>
    /// <param name="q">rows × min(rows, columns) a matrix.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    public static void FormQ<T>(Index2D at, ArrayView<T> a, ArrayView<T> factors, ArrayView<T> q, int rows, int columns)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int count = Math.Min(rows, columns);
        ArrayView<T> reflections = a.SubView((long)at.Y * rows * columns, (long)rows * columns);
        ArrayView<T> own = q.SubView((long)at.Y * rows * count, (long)rows * count);
        for (int i = 0; i < rows; i++)
            own[i * count + at.X] = i == at.X ? T.One : T.Zero;
        for (int j = count - 1; j >= 0; j--)
            Reflect(reflections, columns, j, factors[(long)at.Y * count + j], own, count, rows, at.X);

        // R's diagonal is made non-negative.
        T sign = reflections[at.X * (columns + 1)] < T.Zero ? -T.One : T.One;
        for (int i = 0; i < rows; i++)
            own[i * count + at.X] *= sign;
    }

    /// <summary>R, with a diagonal that is not negative: one item an element.</summary>
    /// <param name="at">Column, row, matrix.</param>
    /// <param name="a">The reduced matrices.</param>
    /// <param name="r">min(rows, columns) × columns a matrix.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    public static void FormR<T>(Index3D at, ArrayView<T> a, ArrayView<T> r, int rows, int columns)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int count = Math.Min(rows, columns);
        ArrayView<T> reduced = a.SubView((long)at.Z * rows * columns, (long)rows * columns);
        T value = T.Zero;
        if (at.X >= at.Y)
        {
            value = reduced[at.Y * columns + at.X];
            value = reduced[at.Y * (columns + 1)] < T.Zero ? -value : value;
        }

        r[((long)at.Z * count + at.Y) * columns + at.X] = value;
    }

    /// <summary>Column c of x reflected: x − τ·v·(vᵀ·x), v in column j of the reflections from row j on.</summary>
    private static void Reflect<T>(ArrayView<T> reflections, int pitch, int j, T tau, ArrayView<T> x, int columns, int rows, int c)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T sum = x[j * columns + c];
        for (int i = j + 1; i < rows; i++)
            sum = T.FusedMultiplyAdd(reflections[i * pitch + j], x[i * columns + c], sum);
        sum *= tau;
        x[j * columns + c] -= sum;
        for (int i = j + 1; i < rows; i++)
            x[i * columns + c] = T.FusedMultiplyAdd(-reflections[i * pitch + j], sum, x[i * columns + c]);
    }
}
