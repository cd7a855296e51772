namespace Cotangent.Kernels.Library;

/// <summary>Histograms: each group counts into bins of its own in shared memory, then the groups' counts are added.</summary>
/// <remarks>A group of 256 items clears up to 4096 bins (16 KiB), takes a consecutive part of the input, neighbours loading neighbours, and
/// counts with shared atomics: no group waits for another. At most 256 groups, so that their counts stay small beside the input. n elements
/// read, n atomic additions in shared memory, groups × bins counts written and read. More bins than that are counted by atomics in global
/// memory. Counts are integers: the order of additions does not show.</remarks>
internal static class HistogramKernels
{
    /// <summary>Items of a group.</summary>
    public const int Items = 256;

    /// <summary>The most bins in shared memory.</summary>
    public const int MaxSharedBins = 4096;

    /// <summary>Counts of one group: partial[group · bins + bin].</summary>
    public static void CountShared<T, TBinning>(ArrayView<T> input, TBinning binning, ArrayView<int> partial, int bins, int part)
        where T : unmanaged
        where TBinning : struct, IBinning<T>
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(MaxSharedBins);
        for (int b = Group.IdxX; b < bins; b += Items)
            shared[b] = 0;
        Group.Barrier();

        long start = (long)Grid.IdxX * part;
        int length = (int)Math.Min(part, input.Length - start);
        ArrayView<T> own = input.SubView(start, length);
        for (int i = Group.IdxX; i < length; i += Items)
        {
            int bin = binning.Bin(own[i]);
            if (bin >= 0 && bin < bins)
                Atomic.Add(ref shared[bin], 1);
        }

        Group.Barrier();
        ArrayView<int> counts = partial.SubView((long)Grid.IdxX * bins, bins);
        for (int b = Group.IdxX; b < bins; b += Items)
            counts[b] = shared[b];
    }

    /// <summary>One item a bin adds the groups' counts.</summary>
    public static void Merge(Index1D bin, ArrayView<int> partial, ArrayView<int> counts, int groups)
    {
        int sum = 0;
        for (int g = 0; g < groups; g++)
            sum += partial[g * counts.IntLength + bin];
        counts[bin] = sum;
    }

    /// <summary>One item a bin.</summary>
    public static void Clear(Index1D bin, ArrayView<int> counts) => counts[bin] = 0;

    /// <summary>One item an element, atomics in global memory.</summary>
    public static void CountGlobal<T, TBinning>(Index1D i, ArrayView<T> input, TBinning binning, ArrayView<int> counts)
        where T : unmanaged
        where TBinning : struct, IBinning<T>
    {
        int bin = binning.Bin(input[i]);
        if (bin >= 0 && bin < counts.Length)
            Atomic.Add(ref counts[bin], 1);
    }
}
