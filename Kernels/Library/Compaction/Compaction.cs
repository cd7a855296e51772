namespace Cotangent.Kernels.Library;

/// <summary>Moves the elements that are kept together, in their order.</summary>
public static class Compaction
{
    /// <summary>Keeps the elements that a predicate accepts.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TPredicate">Says which to keep.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">The elements; may be empty.</param>
    /// <param name="predicate">Passed to the kernel.</param>
    /// <param name="output">Begins with the kept elements afterwards; the rest is not touched. Must not overlap the input.</param>
    /// <param name="count">Its first element receives their number.</param>
    /// <exception cref="ViewLengthException"><paramref name="output"/> is shorter than <paramref name="input"/>, or there is no count.</exception>
    public static void Where<T, TPredicate>(
        Device device, ArrayView<T> input, TPredicate predicate, ArrayView<T> output, ArrayView<int> count)
        where T : unmanaged
        where TPredicate : struct, IPredicate<T> =>
        Run("Compaction.Where", device, input, new PredicateSelector<T, TPredicate>(input, predicate), output, count);

    /// <summary>Keeps the elements whose flag is not 0. See <see cref="Where"/>.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <exception cref="ViewLengthException"><paramref name="output"/> is shorter than <paramref name="input"/>, the flags are not as
    /// many as the elements, or there is no count.</exception>
    public static void Flagged<T>(
        Device device, ArrayView<T> input, ArrayView<byte> flags, ArrayView<T> output, ArrayView<int> count)
        where T : unmanaged
    {
        Lengths.Same("Compaction.Flagged", nameof(flags), flags.Length, nameof(input), input.Length);
        Run("Compaction.Flagged", device, input, new FlagSelector(flags), output, count);
    }

    /// <summary>Moves what belongs to the positions that a selector chooses; there is at least one position.</summary>
    internal static void Move<TSelector, TPayload>(
        Device device, TSelector selector, TPayload payload, ArrayView<int> count, int length)
        where TSelector : struct, ISelector
        where TPayload : struct, IPayload
    {
        int tiles = Lengths.Tiles(length, CompactionKernels.Tile);
        using DeviceBuffer<int> before = device.Allocate<int>(tiles);
        device.LoadGrouped<TSelector, ArrayView<int>, int>(CompactionKernels.Count)(
            (tiles, CompactionKernels.Items), selector, before, length);
        Scan.Exclusive<int, AddInt32>(device, before, before);
        device.LoadGrouped<TSelector, TPayload, ArrayView<int>, ArrayView<int>, int>(CompactionKernels.Move)(
            (tiles, CompactionKernels.Items), selector, payload, before, count, length);
    }

    private static void Run<T, TSelector>(
        string function, Device device, ArrayView<T> input, TSelector selector, ArrayView<T> output, ArrayView<int> count)
        where T : unmanaged
        where TSelector : struct, ISelector
    {
        ArgumentNullException.ThrowIfNull(device);
        Lengths.Countable(function, nameof(input), input.Length);
        Lengths.AtLeast(function, nameof(output), output.Length, input.Length);
        Lengths.AtLeast(function, nameof(count), count.Length, 1);
        if (input.Length == 0)
            device.Load<Index1D, ArrayView<int>>(CompactionKernels.SetZero)(1, count);
        else
            Move(device, selector, new ValuePayload<T>(input, output), count, input.IntLength);
    }
}
