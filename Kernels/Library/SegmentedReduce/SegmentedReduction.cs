namespace Cotangent.Kernels.Library;

/// <summary>Sums, minima, maxima and other reductions of segments.</summary>
public static class SegmentedReduction
{
    private const int LongSegment = 64;

    /// <summary>results[s] = the fold of input[offsets[s]] … input[offsets[s + 1] − 1], the identity for an empty segment. The order is fixed
    /// by the lengths: the same bits on every device.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TReduction">The operation, which must be associative and commute.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The elements; may be empty.</param>
    /// <param name="offsets">One more than there are segments, not decreasing, within 0 … the number of elements.</param>
    /// <param name="results">One a segment.</param>
    /// <exception cref="ViewLengthException">The offsets are not one more than the results, or a length is above 2³¹ − 1.</exception>
    public static void Reduce<T, TReduction>(Device device, ArrayView<T> input, ArrayView<int> offsets, ArrayView<T> results)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        const string function = "SegmentedReduction.Reduce";
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Countable(function, nameof(input), input.Length);
        Lengths.Countable(function, nameof(offsets), offsets.Length);
        if (offsets.Length != results.Length + 1)
            throw new ViewLengthException(function, nameof(offsets), offsets.Length, $"{results.Length + 1}, one more than 'results'");
        int segments = results.IntLength;
        if (segments == 0)
            return;
        ArrayView<T> elements = Lengths.OrEmpty(input, results);
        if (input.Length / segments >= LongSegment)
        {
            device.LoadGrouped<ArrayView<T>, ArrayView<int>, ArrayView<T>>(SegmentedReduceKernels.ByGroup<T, TReduction>)(
                (segments, SegmentedReduceKernels.Items), elements, offsets, results);
        }
        else
        {
            device.Load<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>>(SegmentedReduceKernels.ByItem<T, TReduction>)(
                segments, elements, offsets, results);
        }
    }
}
