namespace Cotangent.Kernels.Library;

/// <summary>Gather and scatter, one item an index.</summary>
/// <remarks>An index and an element read, an element written; elements of different items lie apart.</remarks>
internal static class GatherScatterKernels
{
    /// <summary>output[i] = input[indices[i]].</summary>
    public static void Gather<T>(Index1D i, ArrayView<T> input, ArrayView<int> indices, ArrayView<T> output)
        where T : unmanaged
    {
        int index = indices[i];
        T value = default;
        if (index >= 0 && index < input.Length)
            value = input[index];
        output[i] = value;
    }

    /// <summary>output[indices[i]] = input[i].</summary>
    public static void Scatter<T>(Index1D i, ArrayView<T> input, ArrayView<int> indices, ArrayView<T> output)
        where T : unmanaged
    {
        int index = indices[i];
        if (index >= 0 && index < output.Length)
            output[index] = input[i];
    }
}
