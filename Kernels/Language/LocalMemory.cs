namespace Cotangent.Kernels;

/// <summary>Memory of one work item (ILGPU's <c>LocalMemory</c>): small arrays, in registers where their indices are constants. Contents
/// are undefined at first, extents and strides compile-time constants.</summary>
public static class LocalMemory
{
    /// <summary>One variable of this work item alone.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    public static ref T Allocate<T>()
        where T : unmanaged => ref AllocateElements<T>(1)[0];

    /// <summary>An array of this work item alone.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="extent">The number of elements: a compile-time constant.</param>
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged => AllocateElements<T>(extent);

    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView1D<T, Stride1D.Dense> Allocate1D<T>(Index1D extent)
        where T : unmanaged => AllocateElements<T>(extent.X);

    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView1D<T, TStride> Allocate1D<T, TStride>(Index1D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride1D => new(AllocateElements<T>(stride.ComputeBufferLength(extent)), extent, stride);

    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView2D<T, TStride> Allocate2D<T, TStride>(Index2D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride2D => new(AllocateElements<T>(stride.ComputeBufferLength(extent)), extent, stride);

    /// <summary>An array of this work item alone, rows along X contiguous.</summary>
    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView2D<T, Stride2D.DenseX> Allocate2DDenseX<T>(in Index2D extent)
        where T : unmanaged => Allocate2D<T, Stride2D.DenseX>(extent, Stride2D.DenseX.FromExtent(extent));

    /// <summary>An array of this work item alone, rows along Y contiguous.</summary>
    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView2D<T, Stride2D.DenseY> Allocate2DDenseY<T>(in Index2D extent)
        where T : unmanaged => Allocate2D<T, Stride2D.DenseY>(extent, Stride2D.DenseY.FromExtent(extent));

    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView3D<T, TStride> Allocate3D<T, TStride>(Index3D extent, TStride stride)
        where T : unmanaged
        where TStride : struct, IStride3D => new(AllocateElements<T>(stride.ComputeBufferLength(extent)), extent, stride);

    /// <summary>An array of this work item alone, rows along X contiguous.</summary>
    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView3D<T, Stride3D.DenseXY> Allocate3DDenseXY<T>(in Index3D extent)
        where T : unmanaged => Allocate3D<T, Stride3D.DenseXY>(extent, Stride3D.DenseXY.FromExtent(extent));

    /// <summary>An array of this work item alone, rows along Z contiguous.</summary>
    /// <inheritdoc cref="Allocate{T}(int)"/>
    public static ArrayView3D<T, Stride3D.DenseZY> Allocate3DDenseZY<T>(in Index3D extent)
        where T : unmanaged => Allocate3D<T, Stride3D.DenseZY>(extent, Stride3D.DenseZY.FromExtent(extent));

    // What the compiler knows, and what runs on Device.Debug.
    private static ArrayView<T> AllocateElements<T>(int extent)
        where T : unmanaged => KernelContext.Current.AllocateLocal<T>(extent);
}
