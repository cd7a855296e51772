namespace Cotangent.Kernels;

/// <summary>A two-dimensional array in a device's memory (ILGPU's <c>MemoryBuffer2D</c>): a <see cref="DeviceBuffer{T}"/> seen through
/// strides.</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
/// <typeparam name="TStride">One of <see cref="Stride2D"/>'s.</typeparam>
public sealed class DeviceBuffer2D<T, TStride> : IDisposable
    where T : unmanaged
    where TStride : struct, IStride2D
{
    internal DeviceBuffer2D(Device device, LongIndex2D extent, TStride stride)
    {
        Elements = device.Allocate<T>(stride.ComputeBufferLength(extent));
        View = new(Elements.View, extent, stride);
    }

    /// <summary>The elements in the order of memory, gaps included.</summary>
    public DeviceBuffer<T> Elements { get; }

    /// <summary>All of it, to pass to kernels.</summary>
    public ArrayView2D<T, TStride> View { get; }

    /// <summary>The number of indices along each axis.</summary>
    public LongIndex2D Extent => View.Extent;

    /// <summary>The strides.</summary>
    public TStride Stride => View.Stride;

    /// <summary>A buffer is passed to kernels as its view.</summary>
    public static implicit operator ArrayView2D<T, TStride>(DeviceBuffer2D<T, TStride> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.View;
    }

    /// <summary>Host to device: element [x, y] to index (x, y). Gaps become 0.</summary>
    /// <exception cref="ArgumentException">The extents differ.</exception>
    public void CopyFrom(T[,] source)
    {
        ArgumentNullException.ThrowIfNull(source);
        LongIndex2D extent = new(source.GetLongLength(0), source.GetLongLength(1));
        if (extent != Extent)
            throw new ArgumentException($"The array is {extent} and the buffer {Extent}; they must be equal.", nameof(source));
        T[] elements = new T[Elements.Length];
        for (int x = 0; x < Extent.X; x++)
        {
            for (int y = 0; y < Extent.Y; y++)
                elements[Stride.ComputeElementIndex(new LongIndex2D(x, y))] = source[x, y];
        }

        Elements.CopyFrom(elements);
    }

    /// <summary>The elements, copied to the host: index (x, y) to element [x, y].</summary>
    public T[,] ToArray()
    {
        T[] elements = Elements.ToArray();
        T[,] result = new T[Extent.X, Extent.Y];
        for (int x = 0; x < Extent.X; x++)
        {
            for (int y = 0; y < Extent.Y; y++)
                result[x, y] = elements[Stride.ComputeElementIndex(new LongIndex2D(x, y))];
        }

        return result;
    }

    /// <summary>Gives the memory back now. Launches already issued still see it.</summary>
    public void Dispose() => Elements.Dispose();
}
