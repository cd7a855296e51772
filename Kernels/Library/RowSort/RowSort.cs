namespace Cotangent.Kernels.Library;

/// <summary>The stable order of the elements of each line along the middle axis of [A, n, C].</summary>
internal sealed class RowSort<T, TOrder>
    where T : unmanaged
    where TOrder : struct, IRowOrder<T>
{
    private readonly int _lines;
    private readonly int _length;
    private readonly int _inner;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<int>, int, int, int> _sortRuns;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<int>, int, int, int> _merge;

    /// <summary>Compiles.</summary>
    /// <param name="device">Where the arrays will be.</param>
    /// <param name="outer">A.</param>
    /// <param name="length">n, at least 1.</param>
    /// <param name="inner">C.</param>
    public RowSort(Device device, int outer, int length, int inner)
    {
        (_lines, _length, _inner) = (outer * inner, length, inner);
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<int>, int, int, int> sortRuns = RowSortKernels.SortRuns<T, TOrder>;
        Action<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>, ArrayView<int>, int, int, int> merge = RowSortKernels.Merge<T, TOrder>;
        device.Prepare(sortRuns, merge);
        (_sortRuns, _merge) = (device.Load(sortRuns), device.Load(merge));
    }

    /// <summary>Elements of each scratch array.</summary>
    public long Scratch => (long)_lines * _length;

    /// <summary>Finds the order.</summary>
    /// <param name="x">The elements.</param>
    /// <param name="order">Receives, for each place of a line, the position of the element that belongs there.</param>
    /// <param name="keys">Scratch.</param>
    /// <param name="otherKeys">Scratch.</param>
    /// <param name="indices">Scratch.</param>
    /// <param name="otherIndices">Scratch.</param>
    /// <returns>The elements in that order, lines one after the other: one of the scratch arrays.</returns>
    public ArrayView<T> Run(
        ArrayView<T> x, ArrayView<int> order, ArrayView<T> keys, ArrayView<T> otherKeys, ArrayView<int> indices, ArrayView<int> otherIndices)
    {
        int items = _lines * _length;
        bool isOne = _length <= RowSortKernels.Run;
        _sortRuns(items, x, keys, isOne ? order : indices, _length, _inner, isOne ? _inner : 1);
        for (long run = RowSortKernels.Run; run < _length; run *= 2)
        {
            bool isLast = run * 2 >= _length;
            _merge(items, keys, indices, otherKeys, isLast ? order : otherIndices, _length, (int)run, isLast ? _inner : 1);
            (keys, otherKeys) = (otherKeys, keys);
            (indices, otherIndices) = (otherIndices, indices);
        }

        return keys;
    }
}
