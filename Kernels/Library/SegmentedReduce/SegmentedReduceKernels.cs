namespace Cotangent.Kernels.Library;

/// <summary>Reductions of segments: one item a short segment, one group a long one.</summary>
/// <remarks>n elements and m + 1 offsets read, m results written, n operations. An item's segment is a chain at addresses of its own; a
/// group of 128 items loads neighbours and meets once. A few long segments among many short ones leave most items idle.</remarks>
internal static class SegmentedReduceKernels
{
    /// <summary>Items of a group.</summary>
    public const int Items = 128;

    /// <summary>One item a segment.</summary>
    public static void ByItem<T, TReduction>(Index1D segment, ArrayView<T> input, ArrayView<int> offsets, ArrayView<T> results)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        TReduction operation = default;
        T value = operation.Identity;
        int end = offsets[segment + 1];
        for (int i = offsets[segment]; i < end; i++)
            value = operation.Apply(value, input[i]);
        results[segment] = value;
    }

    /// <summary>One group a segment.</summary>
    public static void ByGroup<T, TReduction>(ArrayView<T> input, ArrayView<int> offsets, ArrayView<T> results)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        TReduction operation = default;
        T value = operation.Identity;
        int end = offsets[Grid.IdxX + 1];
        for (int i = offsets[Grid.IdxX] + Group.IdxX; i < end; i += Items)
            value = operation.Apply(value, input[i]);
        value = GroupExtensions.AllReduce<T, TReduction>(value);
        if (Group.IdxX == 0)
            results[Grid.IdxX] = value;
    }
}
