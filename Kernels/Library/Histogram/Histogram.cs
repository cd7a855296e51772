namespace Cotangent.Kernels.Library;

/// <summary>Counts of values by bins.</summary>
public static class Histogram
{
    private const int MaxGroups = 256;
    private const int LeastPart = 16_384;

    /// <summary>counts[v] = how many elements are v. Elements outside the counts are left out.</summary>
    /// <exception cref="ViewLengthException">There are more than 2³¹ − 1 elements or counts.</exception>
    public static void Count(Device device, ArrayView<int> input, ArrayView<int> counts) =>
        Count<int, ValueBins>(device, input, default, counts);

    /// <summary>counts[b] = how many elements fall into bin b. Elements outside all bins are left out.</summary>
    /// <typeparam name="T">The type of the elements: a scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TBinning">Says where a value falls: <see cref="EvenBins"/>, say.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The elements; may be empty.</param>
    /// <param name="binning">Passed to the kernel.</param>
    /// <param name="counts">One a bin; what was there is replaced.</param>
    /// <exception cref="ViewLengthException">There are more than 2³¹ − 1 elements or counts.</exception>
    public static void Count<T, TBinning>(Device device, ArrayView<T> input, TBinning binning, ArrayView<int> counts)
        where T : unmanaged
        where TBinning : struct, IBinning<T>
    {
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Countable("Histogram.Count", nameof(input), input.Length);
        Lengths.Countable("Histogram.Count", nameof(counts), counts.Length);
        int bins = counts.IntLength;
        if (bins == 0)
            return;
        if (bins > HistogramKernels.MaxSharedBins || input.Length == 0)
        {
            device.Load<Index1D, ArrayView<int>>(HistogramKernels.Clear)(bins, counts);
            if (input.Length > 0)
            {
                device.Load<Index1D, ArrayView<T>, TBinning, ArrayView<int>>(HistogramKernels.CountGlobal)(
                    input.IntLength, input, binning, counts);
            }

            return;
        }

        int part = Math.Max(LeastPart, (int)((input.Length + MaxGroups - 1) / MaxGroups));
        int groups = Lengths.Tiles(input.Length, part);
        using DeviceBuffer<int> partial = device.Allocate<int>((long)groups * bins);
        device.LoadGrouped<ArrayView<T>, TBinning, ArrayView<int>, int, int>(HistogramKernels.CountShared)(
            (groups, HistogramKernels.Items), input, binning, partial, bins, part);
        device.Load<Index1D, ArrayView<int>, ArrayView<int>, int>(HistogramKernels.Merge)(bins, partial, counts, groups);
    }
}
