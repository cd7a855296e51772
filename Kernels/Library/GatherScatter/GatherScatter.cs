namespace Cotangent.Kernels.Library;

/// <summary>Moves elements by indices.</summary>
public static class GatherScatter
{
    /// <summary>output[i] = input[indices[i]]; an index outside the input gives <c>default</c>.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The elements.</param>
    /// <param name="indices">Which to take; may be empty.</param>
    /// <param name="output">One an index. Must not overlap the input.</param>
    /// <exception cref="ViewLengthException">The indices are not as many as the outputs, or more than 2³¹ − 1.</exception>
    public static void Gather<T>(Device device, ArrayView<T> input, ArrayView<int> indices, ArrayView<T> output)
        where T : unmanaged
    {
        const string function = "GatherScatter.Gather";
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Same(function, nameof(output), output.Length, nameof(indices), indices.Length);
        Lengths.Countable(function, nameof(indices), indices.Length);
        if (indices.Length > 0)
        {
            device.Load<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>>(GatherScatterKernels.Gather)(
                indices.IntLength, Lengths.OrEmpty(input, output), indices, output);
        }
    }

    /// <summary>output[indices[i]] = input[i]; an index outside the output drops its element, and elements that no index names stay.
    /// Indices must differ: of two elements for one place either may win.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The elements; may be empty.</param>
    /// <param name="indices">Where each goes.</param>
    /// <param name="output">Receives them. Must not overlap the input.</param>
    /// <exception cref="ViewLengthException">The indices are not as many as the inputs, or more than 2³¹ − 1.</exception>
    public static void Scatter<T>(Device device, ArrayView<T> input, ArrayView<int> indices, ArrayView<T> output)
        where T : unmanaged
    {
        const string function = "GatherScatter.Scatter";
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Same(function, nameof(indices), indices.Length, nameof(input), input.Length);
        Lengths.Countable(function, nameof(indices), indices.Length);
        if (indices.Length > 0)
        {
            device.Load<Index1D, ArrayView<T>, ArrayView<int>, ArrayView<T>>(GatherScatterKernels.Scatter)(
                indices.IntLength, input, indices, Lengths.OrEmpty(output, input));
        }
    }
}
