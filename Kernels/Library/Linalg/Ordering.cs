using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>The order of eigenvalues and singular values, and the signs of their vectors. Group-wide: all items come here.</summary>
internal static class Ordering
{
    /// <summary>The place of element i in ascending or descending order; equal ones keep theirs, NaN come last.</summary>
    public static int Place<T>(ArrayView<T> values, int i, int count, int isDescending)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T own = values[i];
        int before = 0;
        for (int k = Group.IdxX; k < count; k += Group.DimX)
        {
            T other = values[k];
            bool isBefore = isDescending != 0 ? other > own : other < own;
            bool isSame = other == own || (T.IsNaN(other) && T.IsNaN(own));
            before += isBefore || (!T.IsNaN(other) && T.IsNaN(own)) || (isSame && k < i) ? 1 : 0;
        }

        return GroupExtensions.AllReduce<int, AddInt32>(before);
    }

    /// <summary>1 or −1: the sign that makes the first of a vector's large elements positive, those of at least <paramref name="near"/> times
    /// the largest absolute value. Nearly equal elements are not told apart by their rounding.</summary>
    public static T Sign<T, TMax>(ArrayView<T> vector, int pitch, int length, T near)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMax : struct, IScanReduceOperation<T>
    {
        T largest = T.Zero;
        for (int k = Group.IdxX; k < length; k += Group.DimX)
        {
            T size = T.Abs(vector[k * pitch]);
            largest = size > largest ? size : largest;
        }

        largest = GroupExtensions.AllReduce<T, TMax>(largest);
        int first = length;
        for (int k = Group.IdxX; k < length; k += Group.DimX)
            first = k < first && T.Abs(vector[k * pitch]) >= near * largest ? k : first;
        first = GroupExtensions.AllReduce<int, MinInt32>(first);
        return first < length && vector[first * pitch] < T.Zero ? -T.One : T.One;
    }
}
