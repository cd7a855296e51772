namespace Cotangent.Kernels.Library;

/// <summary>Sums, minima, maxima and other reductions.</summary>
public static class Reduction
{
    /// <summary>Folds all elements into one. The order is fixed by the length: the same bits on every device.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TReduction">The operation, which must be associative and commute: <see cref="AddFloat"/>, say.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The elements; may be empty.</param>
    /// <param name="result">Its first element receives the result, the identity for an empty input.</param>
    /// <exception cref="ViewLengthException"><paramref name="result"/> is empty.</exception>
    /// <example><code>Reduction.Reduce&lt;float, AddFloat&gt;(device, values, sum);</code></example>
    public static void Reduce<T, TReduction>(Device device, ArrayView<T> input, ArrayView<T> result)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        ArgumentNullException.ThrowIfNull(device);
        Lengths.AtLeast("Reduction.Reduce", nameof(result), result.Length, 1);
        Action<KernelConfig, ArrayView<T>, ArrayView<T>> tiles =
            device.LoadGrouped<ArrayView<T>, ArrayView<T>>(ReduceTiles.Run<T, TReduction>);
        int groups = Lengths.Tiles(input.Length, ReduceTiles.Tile);
        if (groups == 1)
        {
            tiles((1, ReduceTiles.Items), Lengths.OrEmpty(input, result), result);
            return;
        }

        using DeviceBuffer<T> partial = device.Allocate<T>(groups);
        tiles((groups, ReduceTiles.Items), input, partial);
        Reduce<T, TReduction>(device, partial, result);
    }

    /// <summary>Folds all elements into one and waits for it.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TReduction">The operation, which must be associative and commute.</typeparam>
    public static T Reduce<T, TReduction>(Device device, ArrayView<T> input)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        ArgumentNullException.ThrowIfNull(device);
        using DeviceBuffer<T> result = device.Allocate<T>(1);
        Reduce<T, TReduction>(device, input, result);
        return result.ToArray()[0];
    }
}
