namespace Cotangent.Kernels;

/// <summary>The reductions and scans of <see cref="GroupExtensions"/> as one work item does them for all, in the same order: for
/// processors behind OpenCL, whose compilers and groups suffer from barriers. Three of them here, whatever the size.</summary>
internal static class SerialCollectives
{
    private const int MostItems = 1024;
    private const int WarpSize = Warp.WarpSize;

    /// <summary>The reduction over the group, for all.</summary>
    public static T Reduce<T, TReduction>(T value)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        ArrayView<T> values = SharedMemory.Allocate<T>(MostItems);
        Gather(values, value);
        if (Group.IsFirstThread)
            ReduceByWarps<T, TReduction>(values, Group.Dimension.Size);
        Group.Barrier();
        return values[0];
    }

    /// <summary>The inclusive scan.</summary>
    public static T Scan<T, TScan>(T value)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        ArrayView<T> values = SharedMemory.Allocate<T>(MostItems);
        ArrayView<T> totals = SharedMemory.Allocate<T>(MostItems / WarpSize);
        Gather(values, value);
        if (Group.IsFirstThread)
            ScanByWarps<T, TScan>(values, totals, Group.Dimension.Size);
        Group.Barrier();
        return values[Group.LinearIndex];
    }

    private static void Gather<T>(ArrayView<T> values, T value)
        where T : unmanaged
    {
        // In a loop the last round's results are still being read.
        Group.Barrier();
        values[Group.LinearIndex] = value;
        Group.Barrier();
    }

    private static void ReduceByWarps<T, TReduction>(ArrayView<T> values, int items)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        TReduction operation = default;
        for (int step = WarpSize / 2; step > 0; step /= 2)
        {
            for (int i = 0; i + step < items; i++)
            {
                if ((i & (WarpSize - 1)) < step)
                    values[i] = operation.Apply(values[i], values[i + step]);
            }
        }

        for (int step = WarpSize / 2; step > 0; step /= 2)
        {
            for (int warp = 0; warp < step && (warp + step) * WarpSize < items; warp++)
                values[warp * WarpSize] = operation.Apply(values[warp * WarpSize], values[(warp + step) * WarpSize]);
        }
    }

    private static void ScanByWarps<T, TScan>(ArrayView<T> values, ArrayView<T> totals, int items)
        where T : unmanaged
        where TScan : struct, IScanReduceOperation<T>
    {
        TScan operation = default;
        int fullWarps = items / WarpSize;
        // Downwards: the operand before is then still the last step's.
        for (int step = 1; step < WarpSize; step *= 2)
        {
            for (int i = items - 1; i > 0; i--)
            {
                if ((i & (WarpSize - 1)) >= step)
                    values[i] = operation.Apply(values[i - step], values[i]);
            }
        }

        for (int warp = 0; warp < fullWarps; warp++)
            totals[warp] = values[warp * WarpSize + WarpSize - 1];
        for (int step = 1; step < WarpSize; step *= 2)
        {
            for (int warp = fullWarps - 1; warp >= step; warp--)
                totals[warp] = operation.Apply(totals[warp - step], totals[warp]);
        }

        for (int i = WarpSize; i < items; i++)
            values[i] = operation.Apply(totals[i / WarpSize - 1], values[i]);
    }
}
