namespace Cotangent.Kernels;

/// <summary>The host-side names that ILGPU users type most, over ours. docs/from-ilgpu.md compares the two.</summary>
public static class IlgpuCompatibility
{
    extension(Device device)
    {
        /// <summary>As <c>Device.Allocate</c>.</summary>
        public DeviceBuffer<T> Allocate1D<T>(long length)
            where T : unmanaged => device.Allocate<T>(length);

        /// <summary>As <c>Device.Allocate</c>, with these elements.</summary>
        public DeviceBuffer<T> Allocate1D<T>(T[] elements)
            where T : unmanaged => device.Allocate<T>(elements);

        /// <summary>A two-dimensional array with these elements, rows along X contiguous.</summary>
        public DeviceBuffer2D<T, Stride2D.DenseX> Allocate2DDenseX<T>(T[,] elements)
            where T : unmanaged
        {
            ArgumentNullException.ThrowIfNull(elements);
            DeviceBuffer2D<T, Stride2D.DenseX> buffer = device.Allocate2DDenseX<T>(ExtentOf(elements));
            buffer.CopyFrom(elements);
            return buffer;
        }

        /// <summary>A two-dimensional array with these elements, rows along Y contiguous.</summary>
        public DeviceBuffer2D<T, Stride2D.DenseY> Allocate2DDenseY<T>(T[,] elements)
            where T : unmanaged
        {
            ArgumentNullException.ThrowIfNull(elements);
            DeviceBuffer2D<T, Stride2D.DenseY> buffer = device.Allocate2DDenseY<T>(ExtentOf(elements));
            buffer.CopyFrom(elements);
            return buffer;
        }
    }

    extension<T>(DeviceBuffer<T> buffer)
        where T : unmanaged
    {
        /// <summary>The number of elements as an index.</summary>
        public LongIndex1D Extent => buffer.Length;

        /// <summary>The number of elements as a 32-bit index, to launch over.</summary>
        public Index1D IntExtent => buffer.View.IntExtent;

        /// <summary>As <c>CopyFrom</c>.</summary>
        public void CopyFromCPU(T[] source) => buffer.CopyFrom(source);

        /// <summary>As <c>CopyTo</c>.</summary>
        public void CopyToCPU(T[] target) => buffer.CopyTo(target);

        /// <summary>As <c>ToArray</c>.</summary>
        public T[] GetAsArray1D() => buffer.ToArray();

        /// <summary>As <c>ArrayView.Clear</c>.</summary>
        public void MemSetToZero() => buffer.View.Clear();
    }

    extension<T>(ArrayView<T> view)
        where T : unmanaged
    {
        /// <summary>As <c>CopyFrom</c>.</summary>
        public void CopyFromCPU(T[] source) => view.CopyFrom(source);

        /// <summary>As <c>CopyTo</c>.</summary>
        public void CopyToCPU(T[] target) => view.CopyTo(target);

        /// <summary>As <c>ToArray</c>.</summary>
        public T[] GetAsArray1D() => view.ToArray();

        /// <summary>As <c>Clear</c>.</summary>
        public void MemSetToZero() => view.Clear();
    }

    extension<T, TStride>(DeviceBuffer2D<T, TStride> buffer)
        where T : unmanaged
        where TStride : struct, IStride2D
    {
        /// <summary>The extent in 32 bits, to launch over.</summary>
        public Index2D IntExtent => buffer.View.IntExtent;

        /// <summary>As <c>CopyFrom</c>.</summary>
        public void CopyFromCPU(T[,] source) => buffer.CopyFrom(source);

        /// <summary>As <c>ToArray</c>.</summary>
        public T[,] GetAsArray2D() => buffer.ToArray();

        /// <summary>As <c>ArrayView.Clear</c>.</summary>
        public void MemSetToZero() => buffer.Elements.View.Clear();
    }

    extension<T, TStride>(DeviceBuffer3D<T, TStride> buffer)
        where T : unmanaged
        where TStride : struct, IStride3D
    {
        /// <summary>The extent in 32 bits, to launch over.</summary>
        public Index3D IntExtent => buffer.View.IntExtent;

        /// <summary>As <c>CopyFrom</c>.</summary>
        public void CopyFromCPU(T[,,] source) => buffer.CopyFrom(source);

        /// <summary>As <c>ToArray</c>.</summary>
        public T[,,] GetAsArray3D() => buffer.ToArray();

        /// <summary>As <c>ArrayView.Clear</c>.</summary>
        public void MemSetToZero() => buffer.Elements.View.Clear();
    }

    private static LongIndex2D ExtentOf<T>(T[,] elements) => new(elements.GetLongLength(0), elements.GetLongLength(1));
}
