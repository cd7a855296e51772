namespace Cotangent.Kernels.Library;

/// <summary>Fills views with random numbers: functions of a key of two words and an element's position, with the same bits on every
/// device. The numbers of JAX's partitionable Threefry, and of the engine's <c>RandomKey</c>.</summary>
public static class RandomFill
{
    /// <summary>Uniform 32-bit words.</summary>
    /// <param name="device">Where the view is.</param>
    /// <param name="key0">The key's first word.</param>
    /// <param name="key1">The key's second word.</param>
    /// <param name="output">Receives the numbers; may be empty.</param>
    /// <exception cref="ViewLengthException">There are more than 2³¹ − 1 elements.</exception>
    public static void Bits(Device device, uint key0, uint key1, ArrayView<uint> output)
    {
        if (HasWork("RandomFill.Bits", device, output))
            device.Load<Index1D, ArrayView<uint>, uint, uint>(RandomKernels.Bits)(output.IntLength, output, key0, key1);
    }

    /// <summary>Uniform on [0, 1): multiples of 2⁻²³. See <see cref="Bits"/>.</summary>
    /// <exception cref="ViewLengthException">There are more than 2³¹ − 1 elements.</exception>
    public static void Uniform(Device device, uint key0, uint key1, ArrayView<float> output)
    {
        if (HasWork("RandomFill.Uniform", device, output))
            device.Load<Index1D, ArrayView<float>, uint, uint>(RandomKernels.Uniform)(output.IntLength, output, key0, key1);
    }

    /// <summary>The standard normal distribution. See <see cref="Bits"/>.</summary>
    /// <exception cref="ViewLengthException">There are more than 2³¹ − 1 elements.</exception>
    public static void Normal(Device device, uint key0, uint key1, ArrayView<float> output)
    {
        if (HasWork("RandomFill.Normal", device, output))
            device.Load<Index1D, ArrayView<float>, uint, uint>(RandomKernels.Normal)(output.IntLength, output, key0, key1);
    }

    private static bool HasWork<T>(string function, Device device, ArrayView<T> output)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Countable(function, nameof(output), output.Length);
        return output.Length > 0;
    }
}
