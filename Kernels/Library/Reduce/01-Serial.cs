namespace Cotangent.Kernels.Library;

/// <summary>Reduction, first version: one item folds everything.</summary>
/// <remarks>n elements read, n − 1 operations in a chain: each waits for the one before. One lane of one core works. What the other versions
/// are checked against.</remarks>
internal static class ReduceSerial
{
    /// <summary>One group of one item.</summary>
    public static void Run<T, TReduction>(ArrayView<T> input, ArrayView<T> result)
        where T : unmanaged
        where TReduction : struct, IScanReduceOperation<T>
    {
        TReduction operation = default;
        T value = operation.Identity;
        for (long i = 0; i < input.Length; i++)
            value = operation.Apply(value, input[i]);
        result[0] = value;
    }
}
