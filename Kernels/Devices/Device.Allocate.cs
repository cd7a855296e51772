namespace Cotangent.Kernels;

// Arrays of two and three dimensions.
public abstract partial class Device
{
    /// <summary>A two-dimensional array. Contents undefined.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TStride">One of <see cref="Stride2D"/>'s.</typeparam>
    public DeviceBuffer2D<T, TStride> Allocate2D<T, TStride>(LongIndex2D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride2D => new(this, extent, stride);

    /// <summary>A two-dimensional array, rows along X contiguous. Contents undefined.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public DeviceBuffer2D<T, Stride2D.DenseX> Allocate2DDenseX<T>(LongIndex2D extent)
        where T : unmanaged => new(this, extent, Stride2D.DenseX.FromExtent(extent));

    /// <summary>A two-dimensional array, rows along Y contiguous. Contents undefined.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public DeviceBuffer2D<T, Stride2D.DenseY> Allocate2DDenseY<T>(LongIndex2D extent)
        where T : unmanaged => new(this, extent, Stride2D.DenseY.FromExtent(extent));

    /// <summary>A three-dimensional array. Contents undefined.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <typeparam name="TStride">One of <see cref="Stride3D"/>'s.</typeparam>
    public DeviceBuffer3D<T, TStride> Allocate3D<T, TStride>(LongIndex3D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride3D => new(this, extent, stride);

    /// <summary>A three-dimensional array, rows along X contiguous. Contents undefined.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public DeviceBuffer3D<T, Stride3D.DenseXY> Allocate3DDenseXY<T>(LongIndex3D extent)
        where T : unmanaged => new(this, extent, Stride3D.DenseXY.FromExtent(extent));

    /// <summary>A three-dimensional array, rows along Z contiguous. Contents undefined.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public DeviceBuffer3D<T, Stride3D.DenseZY> Allocate3DDenseZY<T>(LongIndex3D extent)
        where T : unmanaged => new(this, extent, Stride3D.DenseZY.FromExtent(extent));
}
