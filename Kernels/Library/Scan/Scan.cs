namespace Cotangent.Kernels.Library;

/// <summary>Prefix sums and other scans.</summary>
public static class Scan
{
    /// <summary>output[i] = op(input[0], …, input[i]). The order is fixed by the length: the same bits on every device.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScan">The operation, which must be associative but need not commute.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The elements; may be empty.</param>
    /// <param name="output">As many results. May be the input, but not overlap it in part.</param>
    /// <exception cref="ViewLengthException">The lengths differ.</exception>
    /// <example><code>Scan.Inclusive&lt;float, AddFloat&gt;(device, values, sums);</code></example>
    public static void Inclusive<T, TScan>(Device device, ArrayView<T> input, ArrayView<T> output)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T> => Run<T, TScan>("Scan.Inclusive", device, input, output, 1);

    /// <summary>output[i] = op(input[0], …, input[i − 1]); the identity for i = 0. See <see cref="Inclusive"/>.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TScan">The operation, which must be associative but need not commute.</typeparam>
    /// <exception cref="ViewLengthException">The lengths differ.</exception>
    public static void Exclusive<T, TScan>(Device device, ArrayView<T> input, ArrayView<T> output)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T> => Run<T, TScan>("Scan.Exclusive", device, input, output, 0);

    private static void Run<T, TScan>(string function, Device device, ArrayView<T> input, ArrayView<T> output, int isInclusive)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Same(function, nameof(output), output.Length, nameof(input), input.Length);
        if (input.Length == 0)
            return;

        Action<KernelConfig, ArrayView<T>, ArrayView<T>, int> inOneGroup =
            device.LoadGrouped<ArrayView<T>, ArrayView<T>, int>(ScanTiles.InOneGroup<T, TScan>);
        int tiles = Lengths.Tiles(input.Length, ScanTiles.Tile);
        if (tiles == 1)
        {
            inOneGroup((1, ScanTiles.Items), input, output, isInclusive);
            return;
        }

        using DeviceBuffer<T> totals = device.Allocate<T>(tiles);
        Action<ArrayView<T>, ArrayView<T>> findTotals =
            KnownReduction.Is<TScan>() ? ScanTiles.TotalsInAnyOrder<T, TScan> : ScanTiles.Totals<T, TScan>;
        device.LoadGrouped(findTotals)((tiles, ScanTiles.Items), input, totals);
        inOneGroup((1, ScanTiles.Items), totals, totals, 0);
        device.LoadGrouped<ArrayView<T>, ArrayView<T>, ArrayView<T>, int>(ScanTiles.Scan<T, TScan>)(
            (tiles, ScanTiles.Items), input, totals, output, isInclusive);
    }
}
