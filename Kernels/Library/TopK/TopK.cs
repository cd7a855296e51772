namespace Cotangent.Kernels.Library;

/// <summary>The first elements of an order, without sorting all.</summary>
public static class TopK
{
    /// <summary>The first k keys of an order and where they are, in that order; of equal keys the first ones, in the order of their
    /// positions.</summary>
    /// <typeparam name="T">The type of the keys.</typeparam>
    /// <typeparam name="TOrder">The order: <see cref="DescendingFloat"/> for the largest.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The keys.</param>
    /// <param name="keys">Receives the first ones: its length is k.</param>
    /// <param name="positions">Receives where they are in the input.</param>
    /// <exception cref="ViewLengthException">The input has fewer than k elements or more than 2³¹ − 1, or the positions are not k.</exception>
    public static void Find<T, TOrder>(Device device, ArrayView<T> input, ArrayView<T> keys, ArrayView<int> positions)
        where T : unmanaged
        where TOrder : struct, IRadixSortOperation<T>
    {
        const string function = "TopK.Find";
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Countable(function, nameof(input), input.Length);
        Lengths.AtLeast(function, nameof(input), input.Length, keys.Length);
        Lengths.Same(function, nameof(positions), positions.Length, nameof(keys), keys.Length);
        int k = keys.IntLength;
        if (k == 0)
            return;

        using DeviceBuffer<int> chosen = device.Allocate<int>(default(TOrder).NumBits / TopKKernels.Bits);
        using DeviceBuffer<int> wanted = device.Allocate<int>(1);
        using DeviceBuffer<int> counts = device.Allocate<int>(TopKKernels.Digits);
        device.Load<Index1D, ArrayView<int>, int>(TopKKernels.Begin)(1, wanted, k);
        for (int pass = 0; pass < chosen.Length; pass++)
        {
            Histogram.Count(device, input, new ChosenBins<T, TOrder>(chosen, pass), counts);
            device.Load<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, int>(TopKKernels.Choose)(1, counts, chosen, wanted, pass);
        }

        using DeviceBuffer<int> count = device.Allocate<int>(1);
        for (int comparison = -1; comparison <= 0; comparison++)
        {
            ChosenSelector<T, TOrder> selector = new(input, chosen, comparison);
            ChosenPayload<T> payload = new(input, keys, positions, wanted, -comparison);
            Compaction.Move(device, selector, payload, count, input.IntLength);
        }

        RadixSort.Pairs<T, int, TOrder>(device, keys, positions, keys, positions);
    }
}
