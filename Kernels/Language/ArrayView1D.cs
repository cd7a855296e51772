namespace Cotangent.Kernels;

/// <summary>A one-dimensional view with a stride (ILGPU's <c>ArrayView1D</c>).</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
/// <typeparam name="TStride">One of <see cref="Stride1D"/>'s.</typeparam>
public readonly struct ArrayView1D<T, TStride>
    where T : unmanaged
    where TStride : struct, IStride1D
{
    /// <summary>From its parts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the extent needs more elements than there are.</exception>
    public ArrayView1D(ArrayView<T> baseView, LongIndex1D extent, TStride stride)
    {
        ViewCheck.Covers(baseView.Length, stride, extent);
        BaseView = baseView;
        Extent = extent;
        Stride = stride;
    }

    /// <summary>The view of nothing.</summary>
    public static ArrayView1D<T, TStride> Empty => default;

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize => ArrayView<T>.ElementSize;

    /// <summary>The elements behind this view, gaps included.</summary>
    public ArrayView<T> BaseView { get; }

    /// <summary>The number of indices.</summary>
    public LongIndex1D Extent { get; }

    /// <summary>The stride.</summary>
    public TStride Stride { get; }

    /// <summary>The extent in 32 bits.</summary>
    public Index1D IntExtent => Extent.ToIntIndex();

    /// <summary>Elements from the first to the last, gaps included.</summary>
    public long Length => Stride.ComputeBufferLength(Extent);

    /// <summary><see cref="Length"/> as an int.</summary>
    public int IntLength => (int)Length;

    /// <summary><see cref="Length"/> in bytes.</summary>
    public long LengthInBytes => Length * ElementSize;

    /// <summary>True if there are elements.</summary>
    public bool IsValid => BaseView.IsValid;

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[Index1D index] => ref BaseView[ComputeLinearIndex(index)];

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[LongIndex1D index] => ref BaseView[ComputeLinearIndex(index)];

    /// <summary>The view of nothing, with a stride.</summary>
    public static ArrayView1D<T, TStride> GetEmpty(TStride stride) => new(default, default, stride);

    /// <summary>The number of an index's element in <see cref="BaseView"/>.</summary>
    public int ComputeLinearIndex(Index1D index)
    {
        index = ViewCheck.Checked(BaseView, Stride, index, Extent);
        return Stride.ComputeElementIndex(index);
    }

    /// <summary>The number of an index's element in <see cref="BaseView"/>.</summary>
    public long ComputeLinearIndex(LongIndex1D index)
    {
        index = ViewCheck.Checked(BaseView, Stride, index, Extent);
        return Stride.ComputeElementIndex(index);
    }

    /// <summary>A part of this view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the part is not inside.</exception>
    public ArrayView1D<T, TStride> SubView(LongIndex1D index, LongIndex1D extent)
    {
        ViewCheck.Part(index, extent, Extent);
        return new(BaseView.SubView(Stride.ComputeElementIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);
    }

    /// <inheritdoc cref="SubView(LongIndex1D, LongIndex1D)"/>
    public ArrayView1D<T, TStride> SubView(Index1D index, Index1D extent) =>
        SubView(index.ToLongIndex(), extent.ToLongIndex());

    /// <summary>One element of this view.</summary>
    public VariableView<T> VariableView(Index1D index) => new(BaseView.SubView(ComputeLinearIndex(index), 1));

    /// <summary>One element of this view.</summary>
    public VariableView<T> VariableView(LongIndex1D index) => new(BaseView.SubView(ComputeLinearIndex(index), 1));

    /// <summary>The elements behind this view, gaps included.</summary>
    public ArrayView<T> AsContiguous() => BaseView;

    /// <summary>The same view where the stride is known to be 1.</summary>
    /// <exception cref="InvalidOperationException">On the host and Device.Debug: it is not 1.</exception>
    public ArrayView1D<T, Stride1D.Dense> AsDense()
    {
        ViewCheck.Stride(Stride.XStride, 1);
        return new(BaseView, Extent, default);
    }

    /// <summary>The same view with a stride that is a run-time value.</summary>
    public ArrayView1D<T, Stride1D.General> AsGeneral() => AsGeneral(Stride.AsGeneral());

    /// <summary>The same extent with another stride.</summary>
    public ArrayView1D<T, Stride1D.General> AsGeneral(Stride1D.General stride) => new(BaseView, Extent, stride);

    /// <summary>The same view with a stride that is a run-time value.</summary>
    public ArrayView1D<T, Stride1D.General> To1DView() => AsGeneral();

    /// <inheritdoc cref="ArrayView{T}.As2DView"/>
    public ArrayView2D<T, TOtherStride> As2DView<TOtherStride>(LongIndex2D extent, TOtherStride stride)
        where TOtherStride : struct, IStride2D => BaseView.As2DView(extent, stride);

    /// <inheritdoc cref="ArrayView{T}.As2DDenseXView"/>
    public ArrayView2D<T, Stride2D.DenseX> As2DDenseXView(LongIndex2D extent) => BaseView.As2DDenseXView(extent);

    /// <inheritdoc cref="ArrayView{T}.As2DDenseYView"/>
    public ArrayView2D<T, Stride2D.DenseY> As2DDenseYView(LongIndex2D extent) => BaseView.As2DDenseYView(extent);

    /// <inheritdoc cref="ArrayView{T}.As2DPitchedXView"/>
    public ArrayView2D<T, Stride2D.DenseX> As2DPitchedXView(LongIndex2D extent, int xAlignmentInBytes) =>
        BaseView.As2DPitchedXView(extent, xAlignmentInBytes);

    /// <inheritdoc cref="ArrayView{T}.As2DPitchedYView"/>
    public ArrayView2D<T, Stride2D.DenseY> As2DPitchedYView(LongIndex2D extent, int yAlignmentInBytes) =>
        BaseView.As2DPitchedYView(extent, yAlignmentInBytes);

    /// <inheritdoc cref="ArrayView{T}.As3DView"/>
    public ArrayView3D<T, TOtherStride> As3DView<TOtherStride>(LongIndex3D extent, TOtherStride stride)
        where TOtherStride : struct, IStride3D => BaseView.As3DView(extent, stride);

    /// <inheritdoc cref="ArrayView{T}.As3DDenseXYView"/>
    public ArrayView3D<T, Stride3D.DenseXY> As3DDenseXYView(LongIndex3D extent) => BaseView.As3DDenseXYView(extent);

    /// <inheritdoc cref="ArrayView{T}.As3DDenseZYView"/>
    public ArrayView3D<T, Stride3D.DenseZY> As3DDenseZYView(LongIndex3D extent) => BaseView.As3DDenseZYView(extent);

    /// <inheritdoc cref="ArrayView{T}.As3DPitchedXYView"/>
    public ArrayView3D<T, Stride3D.DenseXY> As3DPitchedXYView(LongIndex3D extent, int xyAlignmentInBytes) =>
        BaseView.As3DPitchedXYView(extent, xyAlignmentInBytes);

    /// <inheritdoc cref="ArrayView{T}.As3DPitchedZYView"/>
    public ArrayView3D<T, Stride3D.DenseZY> As3DPitchedZYView(LongIndex3D extent, int zyAlignmentInBytes) =>
        BaseView.As3DPitchedZYView(extent, zyAlignmentInBytes);
}
