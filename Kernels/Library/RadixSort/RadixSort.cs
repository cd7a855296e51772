namespace Cotangent.Kernels.Library;

/// <summary>Stable sorts by keys.</summary>
public static class RadixSort
{
    /// <summary>Sorts keys.</summary>
    /// <typeparam name="T">The type of the keys.</typeparam>
    /// <typeparam name="TOrder">Their order: <see cref="AscendingInt32"/>, say.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The keys; may be empty.</param>
    /// <param name="output">As many. May be the input, but not overlap it in part.</param>
    /// <exception cref="ViewLengthException">The lengths differ, or are above 2³¹ − 1.</exception>
    /// <example><code>RadixSort.Keys&lt;float, AscendingFloat&gt;(device, values, values);</code></example>
    public static void Keys<T, TOrder>(Device device, ArrayView<T> input, ArrayView<T> output)
        where T : unmanaged
        where TOrder : struct, IRadixSortOperation<T>
    {
        const string function = "RadixSort.Keys";
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Same(function, nameof(output), output.Length, nameof(input), input.Length);
        Lengths.Countable(function, nameof(input), input.Length);
        if (input.Length == 0)
            return;
        using DeviceBuffer<T> sorted = device.Allocate<T>(input.Length);
        using RadixPass<T, NoPayload, TOrder> pass = new(device, input.IntLength);
        for (int shift = 0; shift < default(TOrder).NumBits; shift += RadixSortKernels.Bits)
        {
            pass.SortTiles(shift == 0 ? input : output, sorted, default, shift);
            pass.Scatter(sorted, output, default, shift);
        }
    }

    /// <summary>Sorts keys and moves a value with each. Of equal keys the order stays.</summary>
    /// <typeparam name="T">The type of the keys.</typeparam>
    /// <typeparam name="TValue">The type of the values: a scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TOrder">The keys' order: <see cref="AscendingInt32"/>, say.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="keys">The keys; may be empty.</param>
    /// <param name="values">One a key.</param>
    /// <param name="keysOut">Receives the keys. May be <paramref name="keys"/>, but not overlap it in part.</param>
    /// <param name="valuesOut">Receives the values. May be <paramref name="values"/>, but not overlap it in part.</param>
    /// <exception cref="ViewLengthException">The lengths differ, or are above 2³¹ − 1.</exception>
    public static void Pairs<T, TValue, TOrder>(Device device, ArrayView<T> keys, ArrayView<TValue> values,
        ArrayView<T> keysOut, ArrayView<TValue> valuesOut)
        where T : unmanaged
        where TValue : unmanaged
        where TOrder : struct, IRadixSortOperation<T>
    {
        const string function = "RadixSort.Pairs";
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Same(function, nameof(values), values.Length, nameof(keys), keys.Length);
        Lengths.Same(function, nameof(keysOut), keysOut.Length, nameof(keys), keys.Length);
        Lengths.Same(function, nameof(valuesOut), valuesOut.Length, nameof(keys), keys.Length);
        Lengths.Countable(function, nameof(keys), keys.Length);
        if (keys.Length == 0)
            return;
        using DeviceBuffer<T> sorted = device.Allocate<T>(keys.Length);
        using DeviceBuffer<TValue> moved = device.Allocate<TValue>(keys.Length);
        using RadixPass<T, ValuePayload<TValue>, TOrder> pass = new(device, keys.IntLength);
        for (int shift = 0; shift < default(TOrder).NumBits; shift += RadixSortKernels.Bits)
        {
            pass.SortTiles(shift == 0 ? keys : keysOut, sorted, new(shift == 0 ? values : valuesOut, moved), shift);
            pass.Scatter(sorted, keysOut, new(moved, valuesOut), shift);
        }
    }
}
