namespace Cotangent.Kernels;

// The same elements seen in one, two or three dimensions.
public readonly unsafe partial struct ArrayView<T>
{
    /// <summary>Neighbours are adjacent.</summary>
    public Stride1D.Dense Stride => default;

    /// <summary>All elements.</summary>
    public static implicit operator ArrayView1D<T, Stride1D.Dense>(ArrayView<T> view) => new(view, view.Extent, default);

    /// <summary>The elements of a dense view.</summary>
    public static implicit operator ArrayView<T>(ArrayView1D<T, Stride1D.Dense> view) => view.BaseView;

    /// <summary>With a stride.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the extent needs more elements than there are.</exception>
    public ArrayView1D<T, TStride> As1DView<TStride>(LongIndex1D extent, TStride stride)
        where TStride : struct, IStride1D => new(this, extent, stride);

    /// <summary>In two dimensions.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView2D<T, TStride> As2DView<TStride>(LongIndex2D extent, TStride stride)
        where TStride : struct, IStride2D => new(this, extent, stride);

    /// <summary>In two dimensions, rows along X contiguous.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView2D<T, Stride2D.DenseX> As2DDenseXView(LongIndex2D extent) =>
        new(this, extent, Stride2D.DenseX.FromExtent(extent));

    /// <summary>In two dimensions, rows along Y contiguous.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView2D<T, Stride2D.DenseY> As2DDenseYView(LongIndex2D extent) =>
        new(this, extent, Stride2D.DenseY.FromExtent(extent));

    /// <summary>In two dimensions, rows along X contiguous and each beginning at a multiple of some bytes.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView2D<T, Stride2D.DenseX> As2DPitchedXView(LongIndex2D extent, int xAlignmentInBytes) =>
        new(this, extent, new Stride2D.DenseX(Pitch(extent.X, xAlignmentInBytes)));

    /// <summary>In two dimensions, rows along Y contiguous and each beginning at a multiple of some bytes.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView2D<T, Stride2D.DenseY> As2DPitchedYView(LongIndex2D extent, int yAlignmentInBytes) =>
        new(this, extent, new Stride2D.DenseY(Pitch(extent.Y, yAlignmentInBytes)));

    /// <summary>In three dimensions.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView3D<T, TStride> As3DView<TStride>(LongIndex3D extent, TStride stride)
        where TStride : struct, IStride3D => new(this, extent, stride);

    /// <summary>In three dimensions, rows along X contiguous.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView3D<T, Stride3D.DenseXY> As3DDenseXYView(LongIndex3D extent) =>
        new(this, extent, Stride3D.DenseXY.FromExtent(extent));

    /// <summary>In three dimensions, rows along Z contiguous.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView3D<T, Stride3D.DenseZY> As3DDenseZYView(LongIndex3D extent) =>
        new(this, extent, Stride3D.DenseZY.FromExtent(extent));

    /// <summary>In three dimensions, rows along X contiguous and each beginning at a multiple of some bytes.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView3D<T, Stride3D.DenseXY> As3DPitchedXYView(LongIndex3D extent, int xyAlignmentInBytes) =>
        new(this, extent, Stride3D.DenseXY.FromExtent(new LongIndex3D(Pitch(extent.X, xyAlignmentInBytes), extent.Y, extent.Z)));

    /// <summary>In three dimensions, rows along Z contiguous and each beginning at a multiple of some bytes.</summary>
    /// <inheritdoc cref="As1DView"/>
    public ArrayView3D<T, Stride3D.DenseZY> As3DPitchedZYView(LongIndex3D extent, int zyAlignmentInBytes) =>
        new(this, extent, Stride3D.DenseZY.FromExtent(new LongIndex3D(extent.X, extent.Y, Pitch(extent.Z, zyAlignmentInBytes))));

    /// <summary>Elements from one row to the next, if each begins at a multiple of some bytes.</summary>
    private static int Pitch(long row, int alignmentInBytes)
    {
        ViewCheck.Alignment(alignmentInBytes, ElementSize);
        int step = alignmentInBytes / ElementSize;
        long pitch = (row + step - 1) / step * step;
        ViewCheck.Int32(pitch);
        return (int)pitch;
    }
}
