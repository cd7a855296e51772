namespace Cotangent.Kernels;

/// <summary>An array in a device's memory. Given back when neither it nor a view of it is in use any more; Dispose does it sooner.</summary>
/// <typeparam name="T">The element type: a scalar or a struct of scalars.</typeparam>
public sealed class DeviceBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly MemoryOwner _owner;

    internal DeviceBuffer(Device device, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Device = device;
        Length = length;
        DeviceMemory memory = device.AllocateMemory(checked(length * ElementSize));
        _owner = new MemoryOwner(memory);
        View = new ArrayView<T>(_owner, 0, length);
    }

    /// <summary>Where the memory is.</summary>
    public Device Device { get; }

    /// <summary>The number of elements.</summary>
    public long Length { get; }

    /// <summary>All of it, to pass to kernels.</summary>
    public ArrayView<T> View { get; }

    private static unsafe int ElementSize => sizeof(T);

    /// <summary>A buffer is passed to kernels as its view.</summary>
    public static implicit operator ArrayView<T>(DeviceBuffer<T> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.View;
    }

    /// <summary>Host to device: exactly <see cref="Length"/> elements.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void CopyFrom(ReadOnlySpan<T> source)
    {
        RequireLength(source.Length, nameof(source));
        View.CopyFrom(source);
    }

    /// <summary>Device to host: exactly <see cref="Length"/> elements. Waits for launches issued before.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void CopyTo(Span<T> destination)
    {
        RequireLength(destination.Length, nameof(destination));
        View.CopyTo(destination);
    }

    /// <summary>The elements, copied to the host.</summary>
    public T[] ToArray()
    {
        T[] result = new T[Length];
        CopyTo(result);
        return result;
    }

    /// <summary>Gives the memory back now. Launches already issued still see it.</summary>
    public void Dispose() => _owner.Dispose();

    private void RequireLength(int length, string parameter)
    {
        if (length != Length)
        {
            throw new ArgumentException(
                $"The span has {length} elements and the buffer {Length}; they must be equal. Slice the span or allocate another buffer.",
                parameter);
        }
    }
}
