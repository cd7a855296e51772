namespace Cotangent.Kernels.Library;

/// <summary>Stable sorts of many lines at once, an element a work item: runs of 32 by counting, then merges in which every element finds its place by
/// itself, as its own position in its run plus the number of elements of the other run before it.</summary>
/// <remarks>No shared memory and no barriers, and nothing depends on the number of items at work. An element is compared with 32, then with
/// log₂ n in each of log₂(n / 32) merges; a merge moves 8 bytes of a float and its index, and reads as much again in its searches.</remarks>
internal static class RowSortKernels
{
    /// <summary>Elements of the first runs.</summary>
    public const int Run = 32;

    /// <summary>Sorts runs of the lines along the middle axis of [A, n, C].</summary>
    /// <param name="i">An element, lines one after the other: [A, C, n].</param>
    /// <param name="x">The elements, [A, n, C].</param>
    /// <param name="keys">Receives them, [A, C, n].</param>
    /// <param name="indices">Receives the positions that they had in their lines: [A, n, C] where one run is the line, else [A, C, n].</param>
    /// <param name="length">n.</param>
    /// <param name="inner">C.</param>
    /// <param name="indexInner">C or 1: how indices are laid out.</param>
    public static void SortRuns<T, TOrder>(Index1D i, ArrayView<T> x, ArrayView<T> keys, ArrayView<int> indices, int length, int inner, int indexInner)
        where T : unmanaged
        where TOrder : struct, IRowOrder<T>
    {
        TOrder order = default;
        int line = i / length;
        int own = i % length;
        int first = own / Run * Run;
        int last = Math.Min(first + Run, length);
        int start = line / inner * (length * inner) + line % inner;
        T key = x[start + own * inner];
        int place = first;
        for (int k = first; k < last; k++)
        {
            T other = x[start + k * inner];
            bool isBefore = order.IsBefore(other, key) || (k < own && !order.IsBefore(key, other));
            place += isBefore ? 1 : 0;
        }

        keys[line * length + place] = key;
        indices[line / indexInner * (length * indexInner) + line % indexInner + place * indexInner] = own;
    }

    /// <summary>Merges pairs of runs.</summary>
    /// <param name="i">An element.</param>
    /// <param name="keys">The elements, [lines, n].</param>
    /// <param name="indices">Their positions, [lines, n].</param>
    /// <param name="keysOut">Receives the elements.</param>
    /// <param name="indicesOut">Receives the positions; [A, n, C] in the last merge.</param>
    /// <param name="length">n.</param>
    /// <param name="run">Elements of a run before.</param>
    /// <param name="indexInner">C in the last merge, else 1.</param>
    public static void Merge<T, TOrder>(
        Index1D i, ArrayView<T> keys, ArrayView<int> indices, ArrayView<T> keysOut, ArrayView<int> indicesOut, int length, int run, int indexInner)
        where T : unmanaged
        where TOrder : struct, IRowOrder<T>
    {
        TOrder order = default;
        int line = i / length;
        int own = i % length;
        int start = line * length;
        int first = own / run / 2 * run * 2;
        int middle = Math.Min(first + run, length);
        int end = Math.Min(middle + run, length);
        bool isLeft = own < middle;
        int low = isLeft ? middle : first;
        int high = isLeft ? end : middle;
        int begin = low;
        T key = keys[i];
        while (low < high)
        {
            // Of equals the left run's come first.
            int between = (low + high) / 2;
            T other = keys[start + between];
            bool isBefore = isLeft ? order.IsBefore(other, key) : !order.IsBefore(key, other);
            low = isBefore ? between + 1 : low;
            high = isBefore ? high : between;
        }

        int place = own - (isLeft ? 0 : middle - first) + low - begin;
        keysOut[start + place] = key;
        indicesOut[line / indexInner * (length * indexInner) + line % indexInner + place * indexInner] = indices[i];
    }
}
