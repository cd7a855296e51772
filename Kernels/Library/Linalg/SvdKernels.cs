using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>The shape of matrices whose singular values are wanted.</summary>
/// <param name="Rows">Rows of A.</param>
/// <param name="Columns">Columns of A.</param>
internal readonly record struct SvdShape(int Rows, int Columns)
{
    /// <summary>Vectors that are made orthogonal: columns of a tall A, rows of a wide one.</summary>
    public int Count => Math.Min(Rows, Columns);

    /// <summary>Their length.</summary>
    public int Length => Math.Max(Rows, Columns);

    /// <summary>1 if they are columns.</summary>
    public int IsTall => Rows >= Columns ? 1 : 0;
}

/// <summary>What stands before and after the rotations of <see cref="JacobiKernels"/> in a singular value decomposition.</summary>
internal static class SvdKernels
{
    /// <summary>The vectors that are rotated, as rows, divided by the largest absolute element; and the identity. One group a matrix.</summary>
    public static void Begin<T, TMax>(ArrayView<T> a, ArrayView<T> w, ArrayView<T> v, ArrayView<T> scales, SvdShape shape)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        int size = shape.Rows * shape.Columns;
        ArrayView<T> matrix = a.SubView((long)Grid.IdxX * size, size);
        ArrayView<T> own = w.SubView((long)Grid.IdxX * size, size);
        ArrayView<T> rotations = v.SubView((long)Grid.IdxX * shape.Count * shape.Count, (long)shape.Count * shape.Count);
        T largest = T.Zero;
        for (int k = Group.IdxX; k < size; k += Group.DimX)
        {
            T x = T.Abs(matrix[k]);
            largest = x > largest || T.IsNaN(x) ? x : largest;
        }

        largest = GroupExtensions.AllReduce<T, TMax>(largest);
        T scale = largest == T.Zero ? T.One : largest;
        if (Group.IdxX == 0)
            scales[Grid.IdxX] = scale;
        int pitch = shape.IsTall != 0 ? 1 : shape.Columns;
        int step = shape.IsTall != 0 ? shape.Columns : 1;
        for (int r = 0; r < shape.Count; r++)
        {
            for (int k = Group.IdxX; k < shape.Length; k += Group.DimX)
                own[r * shape.Length + k] = matrix[r * pitch + k * step] / scale;
            for (int k = Group.IdxX; k < shape.Count; k += Group.DimX)
                rotations[r * shape.Count + k] = r == k ? T.One : T.Zero;
        }
    }

    /// <summary>The norm of a row: one group a row.</summary>
    public static void Norm<T, TAdd>(ArrayView<T> w, ArrayView<T> norms, SvdShape shape)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TAdd : struct, IScanReduceOperation<T>
    {
        ArrayView<T> row = w.SubView((long)Grid.IdxX * shape.Length, shape.Length);
        T squares = T.Zero;
        for (int k = Group.IdxX; k < shape.Length; k += Group.DimX)
            squares = T.FusedMultiplyAdd(row[k], row[k], squares);
        T norm = T.Sqrt(GroupExtensions.AllReduce<T, TAdd>(squares));
        if (Group.IdxX == 0)
            norms[Grid.IdxX] = norm;
    }

    /// <summary>Puts a row where its norm belongs in descending order: it becomes a column, whose direction is found by a QR factorisation
    /// of all of them, also where the norm is 0. One group a row.</summary>
    public static void Sort<T>(
        ArrayView<T> w, ArrayView<T> v, ArrayView<T> norms, ArrayView<T> scales,
        ArrayView<T> values, ArrayView<T> columns, ArrayView<T> rotations, SvdShape shape)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int count = shape.Count;
        int matrix = Grid.IdxX / count;
        ArrayView<T> all = norms.SubView((long)matrix * count, count);
        ArrayView<T> row = w.SubView((long)Grid.IdxX * shape.Length, shape.Length);
        int place = Ordering.Place(all, Grid.IdxX % count, count, 1);
        if (Group.IdxX == 0)
            values[(long)matrix * count + place] = all[Grid.IdxX % count] * scales[matrix];
        for (int k = Group.IdxX; k < shape.Length; k += Group.DimX)
            columns[((long)matrix * shape.Length + k) * count + place] = row[k];
        for (int k = Group.IdxX; k < count; k += Group.DimX)
            rotations[((long)matrix * count + place) * count + k] = v[(long)Grid.IdxX * count + k];
    }

    /// <summary>Column i of U and row i of Vᵀ with the sign of U's column chosen: one group for each i of each matrix.</summary>
    /// <param name="q">Length × Count a matrix: the directions of the vectors that were rotated.</param>
    /// <param name="rotations">Count × Count a matrix: their rotations.</param>
    /// <param name="u">Rows × Count a matrix.</param>
    /// <param name="vt">Count × Columns a matrix.</param>
    /// <param name="shape">The shape of A.</param>
    /// <param name="near">See <see cref="Ordering.Sign"/>.</param>
    public static void Finish<T, TMax>(
        ArrayView<T> q, ArrayView<T> rotations, ArrayView<T> u, ArrayView<T> vt, SvdShape shape, T near)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        int count = shape.Count;
        int matrix = Grid.IdxX / count;
        int i = Grid.IdxX % count;
        ArrayView<T> column = q.SubView((long)matrix * shape.Length * count, (long)shape.Length * count);
        ArrayView<T> row = rotations.SubView((long)Grid.IdxX * count, count);
        ArrayView<T> left = u.SubView((long)matrix * shape.Rows * count, (long)shape.Rows * count);
        ArrayView<T> right = vt.SubView((long)matrix * shape.Columns * count, (long)shape.Columns * count);
        T sign = shape.IsTall != 0
            ? Ordering.Sign<T, TMax>(column.SubView(i, (long)shape.Length * count - i), count, shape.Length, near)
            : Ordering.Sign<T, TMax>(row, 1, count, near);
        for (int k = Group.IdxX; k < shape.Length; k += Group.DimX)
        {
            T element = sign * column[k * count + i];
            if (shape.IsTall != 0)
                left[k * count + i] = element;
            else
                right[i * shape.Columns + k] = element;
        }

        for (int k = Group.IdxX; k < count; k += Group.DimX)
        {
            T element = sign * row[k];
            if (shape.IsTall != 0)
                right[i * shape.Columns + k] = element;
            else
                left[k * count + i] = element;
        }
    }
}
