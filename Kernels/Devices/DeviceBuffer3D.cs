namespace Cotangent.Kernels;

/// <summary>A three-dimensional array in a device's memory (ILGPU's <c>MemoryBuffer3D</c>): a <see cref="DeviceBuffer{T}"/> seen through
/// strides.</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
/// <typeparam name="TStride">One of <see cref="Stride3D"/>'s.</typeparam>
public sealed class DeviceBuffer3D<T, TStride> : IDisposable
    where T : unmanaged
    where TStride : struct, IStride3D
{
    internal DeviceBuffer3D(Device device, LongIndex3D extent, TStride stride)
    {
        Elements = device.Allocate<T>(stride.ComputeBufferLength(extent));
        View = new(Elements.View, extent, stride);
    }

    /// <summary>The elements in the order of memory, gaps included.</summary>
    public DeviceBuffer<T> Elements { get; }

    /// <summary>All of it, to pass to kernels.</summary>
    public ArrayView3D<T, TStride> View { get; }

    /// <summary>The number of indices along each axis.</summary>
    public LongIndex3D Extent => View.Extent;

    /// <summary>The strides.</summary>
    public TStride Stride => View.Stride;

    /// <summary>A buffer is passed to kernels as its view.</summary>
    public static implicit operator ArrayView3D<T, TStride>(DeviceBuffer3D<T, TStride> buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return buffer.View;
    }

    /// <summary>Host to device: element [x, y, z] to index (x, y, z). Gaps become 0.</summary>
    /// <exception cref="ArgumentException">The extents differ.</exception>
    public void CopyFrom(T[,,] source)
    {
        ArgumentNullException.ThrowIfNull(source);
        LongIndex3D extent = new(source.GetLongLength(0), source.GetLongLength(1), source.GetLongLength(2));
        if (extent != Extent)
            throw new ArgumentException($"The array is {extent} and the buffer {Extent}; they must be equal.", nameof(source));
        T[] elements = new T[Elements.Length];
        for (int x = 0; x < Extent.X; x++)
        {
            for (int y = 0; y < Extent.Y; y++)
            {
                for (int z = 0; z < Extent.Z; z++)
                    elements[Stride.ComputeElementIndex(new LongIndex3D(x, y, z))] = source[x, y, z];
            }
        }

        Elements.CopyFrom(elements);
    }

    /// <summary>The elements, copied to the host: index (x, y, z) to element [x, y, z].</summary>
    public T[,,] ToArray()
    {
        T[] elements = Elements.ToArray();
        T[,,] result = new T[Extent.X, Extent.Y, Extent.Z];
        for (int x = 0; x < Extent.X; x++)
        {
            for (int y = 0; y < Extent.Y; y++)
            {
                for (int z = 0; z < Extent.Z; z++)
                    result[x, y, z] = elements[Stride.ComputeElementIndex(new LongIndex3D(x, y, z))];
            }
        }

        return result;
    }

    /// <summary>Gives the memory back now. Launches already issued still see it.</summary>
    public void Dispose() => Elements.Dispose();
}
