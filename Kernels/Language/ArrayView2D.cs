namespace Cotangent.Kernels;

/// <summary>A two-dimensional view (ILGPU's <c>ArrayView2D</c>).</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
/// <typeparam name="TStride">One of <see cref="Stride2D"/>'s.</typeparam>
public readonly struct ArrayView2D<T, TStride>
    where T : unmanaged
    where TStride : struct, IStride2D
{
    /// <summary>From its parts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the extent needs more elements than there are.</exception>
    public ArrayView2D(ArrayView<T> baseView, LongIndex2D extent, TStride stride)
    {
        ViewCheck.Covers(baseView.Length, stride, extent);
        BaseView = baseView;
        Extent = extent;
        Stride = stride;
    }

    /// <summary>The view of nothing.</summary>
    public static ArrayView2D<T, TStride> Empty => default;

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize => ArrayView<T>.ElementSize;

    /// <summary>The elements behind this view, gaps included.</summary>
    public ArrayView<T> BaseView { get; }

    /// <summary>The number of indices along each axis.</summary>
    public LongIndex2D Extent { get; }

    /// <summary>The strides.</summary>
    public TStride Stride { get; }

    /// <summary>The extent in 32 bits.</summary>
    public Index2D IntExtent => Extent.ToIntIndex();

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
    public ref T this[Index2D index] => ref BaseView[ComputeLinearIndex(index)];

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[LongIndex2D index] => ref BaseView[ComputeLinearIndex(index)];

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[int x, int y] => ref this[new Index2D(x, y)];

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[long x, long y] => ref this[new LongIndex2D(x, y)];

    /// <summary>The view of nothing, with strides.</summary>
    public static ArrayView2D<T, TStride> GetEmpty(TStride stride) => new(default, default, stride);

    /// <summary>The number of an index's element in <see cref="BaseView"/>.</summary>
    public int ComputeLinearIndex(Index2D index)
    {
        index = ViewCheck.Checked(BaseView, Stride, index, Extent);
        return Stride.ComputeElementIndex(index);
    }

    /// <summary>The number of an index's element in <see cref="BaseView"/>.</summary>
    public long ComputeLinearIndex(LongIndex2D index)
    {
        index = ViewCheck.Checked(BaseView, Stride, index, Extent);
        return Stride.ComputeElementIndex(index);
    }

    /// <summary>A part of this view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the part is not inside.</exception>
    public ArrayView2D<T, TStride> SubView(LongIndex2D index, LongIndex2D extent)
    {
        ViewCheck.Part(index, extent, Extent);
        return new(BaseView.SubView(Stride.ComputeElementIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);
    }

    /// <inheritdoc cref="SubView(LongIndex2D, LongIndex2D)"/>
    public ArrayView2D<T, TStride> SubView(Index2D index, Index2D extent) =>
        SubView(index.ToLongIndex(), extent.ToLongIndex());

    /// <summary>One element of this view.</summary>
    public VariableView<T> VariableView(Index2D index) => new(BaseView.SubView(ComputeLinearIndex(index), 1));

    /// <summary>One element of this view.</summary>
    public VariableView<T> VariableView(LongIndex2D index) => new(BaseView.SubView(ComputeLinearIndex(index), 1));

    /// <summary>The elements behind this view, gaps included.</summary>
    public ArrayView<T> AsContiguous() => BaseView;

    /// <summary>The same view where X is known to be contiguous.</summary>
    /// <exception cref="InvalidOperationException">On the host and Device.Debug: it is not.</exception>
    public ArrayView2D<T, Stride2D.DenseX> AsDenseX()
    {
        ViewCheck.Stride(Stride.XStride, 1);
        return new(BaseView, Extent, new(Stride.YStride));
    }

    /// <summary>The same view where Y is known to be contiguous.</summary>
    /// <exception cref="InvalidOperationException">On the host and Device.Debug: it is not.</exception>
    public ArrayView2D<T, Stride2D.DenseY> AsDenseY()
    {
        ViewCheck.Stride(Stride.YStride, 1);
        return new(BaseView, Extent, new(Stride.XStride));
    }

    /// <summary>The same view with strides that are run-time values.</summary>
    public ArrayView2D<T, Stride2D.General> AsGeneral() => AsGeneral(Stride.AsGeneral());

    /// <summary>The same extent with other strides.</summary>
    public ArrayView2D<T, Stride2D.General> AsGeneral(Stride2D.General stride) => new(BaseView, Extent, stride);

    /// <summary>The elements in the order of memory.</summary>
    /// <exception cref="InvalidOperationException">On the host and Device.Debug: there are gaps between them.</exception>
    public ArrayView1D<T, Stride1D.General> To1DView()
    {
        ViewCheck.Dense(Length, Extent.Size);
        return new(BaseView, Extent.Size, new(1));
    }

    /// <summary>The elements behind this view, as many as a stride reaches.</summary>
    public ArrayView1D<T, TOtherStride> As1DView<TOtherStride>(TOtherStride stride)
        where TOtherStride : struct, IStride1D =>
        new(BaseView, stride.XStride == 0 ? Length : (Length + stride.XStride - 1) / stride.XStride, stride);

    /// <inheritdoc cref="ArrayView{T}.As3DView"/>
    public ArrayView3D<T, TOtherStride> As3DView<TOtherStride>(LongIndex3D extent, TOtherStride stride)
        where TOtherStride : struct, IStride3D => BaseView.As3DView(extent, stride);
}
