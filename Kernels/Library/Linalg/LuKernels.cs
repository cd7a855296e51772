using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>A panel of a factorisation: columns First … First + Width − 1 of Rows × Columns matrices, from row First on.</summary>
internal readonly record struct Panel(int Rows, int Columns, int First, int Width);

/// <summary>LU factorisation with partial pivoting, P·A = L·U, a panel of columns at a time. Source: Golub and Van Loan, Matrix
/// Computations, 4th ed., 3.4.</summary>
internal static class LuKernels
{
    /// <summary>Factors a panel: one group a matrix. The pivot of a column is its first element of largest absolute value; a column of zeros
    /// (or with NaN) keeps its own.</summary>
    /// <param name="a">The matrices; the panel receives its multipliers and its part of U.</param>
    /// <param name="columns">Width × (Rows − First) elements a matrix: receives the panel, transposed and negated.</param>
    /// <param name="pivots">min(Rows, Columns) a matrix: the row that each row was exchanged with.</param>
    /// <param name="panel">Which columns.</param>
    /// <remarks>The panel is worked on transposed, where its columns are contiguous.</remarks>
    public static void Factor<T, TMax>(ArrayView<T> a, ArrayView<T> columns, ArrayView<int> pivots, Panel panel)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        int height = panel.Rows - panel.First;
        long size = (long)panel.Rows * panel.Columns;
        ArrayView<T> matrix = a.SubView(Grid.IdxX * size, size);
        ArrayView<T> own = columns.SubView((long)Grid.IdxX * height * panel.Width, (long)height * panel.Width);
        ArrayView<int> exchanged = pivots.SubView(
            (long)Grid.IdxX * Math.Min(panel.Rows, panel.Columns), Math.Min(panel.Rows, panel.Columns));
        int corner = panel.First * panel.Columns + panel.First;
        for (int c = 0; c < panel.Width; c++)
        {
            for (int i = Group.IdxX; i < height; i += Group.DimX)
                own[c * height + i] = matrix[corner + i * panel.Columns + c];
        }

        for (int c = 0; c < panel.Width; c++)
        {
            Group.Barrier();
            int pivot = FindPivot<T, TMax>(own, c * height, c, height);
            if (Group.IdxX == 0)
                exchanged[panel.First + c] = panel.First + pivot;
            Group.Barrier();
            for (int q = Group.IdxX; q < panel.Width; q += Group.DimX)
            {
                T upper = own[q * height + c];
                own[q * height + c] = own[q * height + pivot];
                own[q * height + pivot] = upper;
            }

            Group.Barrier();
            T divisor = own[c * height + c];
            for (int i = c / Group.DimX * Group.DimX + Group.IdxX; i < height; i += Group.DimX)
            {
                if (i > c)
                {
                    T multiplier = own[c * height + i];
                    multiplier = divisor == T.Zero ? multiplier : multiplier / divisor;
                    own[c * height + i] = multiplier;
                    for (int q = c + 1; q < panel.Width; q++)
                        own[q * height + i] = T.FusedMultiplyAdd(-own[q * height + c], multiplier, own[q * height + i]);
                }
            }
        }

        Group.Barrier();
        for (int c = 0; c < panel.Width; c++)
        {
            for (int i = Group.IdxX; i < height; i += Group.DimX)
            {
                T element = own[c * height + i];
                matrix[corner + i * panel.Columns + c] = element;
                own[c * height + i] = -element;
            }
        }
    }

    /// <summary>Exchanges rows as a panel did, in the other columns: one item a column.</summary>
    public static void Exchange<T>(Index2D at, ArrayView<T> a, ArrayView<int> pivots, Panel panel)
        where T : unmanaged
    {
        long size = (long)panel.Rows * panel.Columns;
        ArrayView<T> matrix = a.SubView(at.Y * size, size);
        int start = at.Y * Math.Min(panel.Rows, panel.Columns);
        int column = at.X < panel.First ? at.X : at.X + panel.Width;
        for (int r = panel.First; r < panel.First + panel.Width; r++)
        {
            int pivot = pivots[start + r];
            T upper = matrix[r * panel.Columns + column];
            matrix[r * panel.Columns + column] = matrix[pivot * panel.Columns + column];
            matrix[pivot * panel.Columns + column] = upper;
        }
    }

    /// <summary>The exchanges one after the other as a permutation: row i of P·A is row permutation[i] of A. One item a matrix.</summary>
    public static void Permute(Index1D matrix, ArrayView<int> pivots, ArrayView<int> permutation, int rows, int count)
    {
        long start = (long)matrix.X * rows;
        for (int i = 0; i < rows; i++)
            permutation[start + i] = i;
        for (int i = 0; i < count; i++)
        {
            int pivot = pivots[(long)matrix.X * count + i];
            int own = permutation[start + i];
            permutation[start + i] = permutation[start + pivot];
            permutation[start + pivot] = own;
        }
    }

    /// <summary>Rows in the order of a permutation: row i of the result is row permutation[i], or the other way round.</summary>
    /// <param name="at">Column, row, matrix.</param>
    /// <param name="from">Matrices.</param>
    /// <param name="to">As many.</param>
    /// <param name="permutation">One for each.</param>
    /// <param name="rows">Their rows.</param>
    /// <param name="columns">Their columns.</param>
    /// <param name="isInverse">1 for the other way round.</param>
    public static void PermuteRows<T>(
        Index3D at, ArrayView<T> from, ArrayView<T> to, ArrayView<int> permutation, int rows, int columns, int isInverse)
        where T : unmanaged
    {
        long size = (long)rows * columns;
        ArrayView<T> source = from.SubView(at.Z * size, size);
        ArrayView<T> target = to.SubView(at.Z * size, size);
        int other = permutation[(long)at.Z * rows + at.Y];
        int read = isInverse == 0 ? other : at.Y;
        int write = isInverse == 0 ? at.Y : other;
        target[write * columns + at.X] = source[read * columns + at.X];
    }

    /// <summary>The first place of the largest absolute value from <paramref name="c"/> on; all items come here.</summary>
    private static int FindPivot<T, TMax>(ArrayView<T> columns, int column, int c, int height)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        int from = c / Group.DimX * Group.DimX + Group.IdxX;
        T largest = T.Zero;
        for (int i = from; i < height; i += Group.DimX)
        {
            T size = T.Abs(columns[column + i]);
            largest = i >= c && size > largest ? size : largest;
        }

        largest = GroupExtensions.AllReduce<T, TMax>(largest);
        int first = height;
        for (int i = from; i < height; i += Group.DimX)
            first = i >= c && i < first && T.Abs(columns[column + i]) == largest ? i : first;
        first = GroupExtensions.AllReduce<int, MinInt32>(first);
        return first < height ? first : c;
    }
}
