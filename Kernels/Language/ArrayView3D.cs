namespace Cotangent.Kernels;

/// <summary>A three-dimensional view (ILGPU's <c>ArrayView3D</c>).</summary>
/// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
/// <typeparam name="TStride">One of <see cref="Stride3D"/>'s.</typeparam>
public readonly struct ArrayView3D<T, TStride>
    where T : unmanaged
    where TStride : struct, IStride3D
{
    /// <summary>From its parts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the extent needs more elements than there are.</exception>
    public ArrayView3D(ArrayView<T> baseView, LongIndex3D extent, TStride stride)
    {
        ViewCheck.Covers(baseView.Length, stride, extent);
        BaseView = baseView;
        Extent = extent;
        Stride = stride;
    }

    /// <summary>The view of nothing.</summary>
    public static ArrayView3D<T, TStride> Empty => default;

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize => ArrayView<T>.ElementSize;

    /// <summary>The elements behind this view, gaps included.</summary>
    public ArrayView<T> BaseView { get; }

    /// <summary>The number of indices along each axis.</summary>
    public LongIndex3D Extent { get; }

    /// <summary>The strides.</summary>
    public TStride Stride { get; }

    /// <summary>The extent in 32 bits.</summary>
    public Index3D IntExtent => Extent.ToIntIndex();

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
    public ref T this[Index3D index] => ref BaseView[ComputeLinearIndex(index)];

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[LongIndex3D index] => ref BaseView[ComputeLinearIndex(index)];

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[int x, int y, int z] => ref this[new Index3D(x, y, z)];

    /// <summary>The element at an index.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside the extent.</exception>
    public ref T this[long x, long y, long z] => ref this[new LongIndex3D(x, y, z)];

    /// <summary>The view of nothing, with strides.</summary>
    public static ArrayView3D<T, TStride> GetEmpty(TStride stride) => new(default, default, stride);

    /// <summary>The number of an index's element in <see cref="BaseView"/>.</summary>
    public int ComputeLinearIndex(Index3D index)
    {
        index = ViewCheck.Checked(BaseView, Stride, index, Extent);
        return Stride.ComputeElementIndex(index);
    }

    /// <summary>The number of an index's element in <see cref="BaseView"/>.</summary>
    public long ComputeLinearIndex(LongIndex3D index)
    {
        index = ViewCheck.Checked(BaseView, Stride, index, Extent);
        return Stride.ComputeElementIndex(index);
    }

    /// <summary>A part of this view.</summary>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the part is not inside.</exception>
    public ArrayView3D<T, TStride> SubView(LongIndex3D index, LongIndex3D extent)
    {
        ViewCheck.Part(index, extent, Extent);
        return new(BaseView.SubView(Stride.ComputeElementIndex(index), Stride.ComputeBufferLength(extent)), extent, Stride);
    }

    /// <inheritdoc cref="SubView(LongIndex3D, LongIndex3D)"/>
    public ArrayView3D<T, TStride> SubView(Index3D index, Index3D extent) =>
        SubView(index.ToLongIndex(), extent.ToLongIndex());

    /// <summary>One element of this view.</summary>
    public VariableView<T> VariableView(Index3D index) => new(BaseView.SubView(ComputeLinearIndex(index), 1));

    /// <summary>One element of this view.</summary>
    public VariableView<T> VariableView(LongIndex3D index) => new(BaseView.SubView(ComputeLinearIndex(index), 1));

    /// <summary>The elements behind this view, gaps included.</summary>
    public ArrayView<T> AsContiguous() => BaseView;

    /// <summary>The same view where X is known to be contiguous.</summary>
    /// <exception cref="InvalidOperationException">On the host and Device.Debug: it is not.</exception>
    public ArrayView3D<T, Stride3D.DenseXY> AsDenseXY()
    {
        ViewCheck.Stride(Stride.XStride, 1);
        return new(BaseView, Extent, new(Stride.YStride, Stride.ZStride));
    }

    /// <summary>The same view where Z is known to be contiguous.</summary>
    /// <exception cref="InvalidOperationException">On the host and Device.Debug: it is not.</exception>
    public ArrayView3D<T, Stride3D.DenseZY> AsDenseZY()
    {
        ViewCheck.Stride(Stride.ZStride, 1);
        return new(BaseView, Extent, new(Stride.XStride, Stride.YStride));
    }

    /// <summary>The same view with strides that are run-time values.</summary>
    public ArrayView3D<T, Stride3D.General> AsGeneral() => AsGeneral(Stride.AsGeneral());

    /// <summary>The same extent with other strides.</summary>
    public ArrayView3D<T, Stride3D.General> AsGeneral(Stride3D.General stride) => new(BaseView, Extent, stride);

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
}
