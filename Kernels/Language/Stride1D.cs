namespace Cotangent.Kernels;

/// <summary>How one-dimensional indices map to elements: the sum of coordinate times stride (ILGPU's <c>IStride1D</c>).</summary>
public interface IStride1D
{
    /// <summary>Elements between neighbours along X.</summary>
    int XStride { get; }
}

/// <summary>The strides of one-dimensional views, and what follows from them (ILGPU's <c>Stride1D</c>).</summary>
/// <remarks>With a 32-bit index the element's number is computed in 32 bits, as in ILGPU: views of more than 2³¹ − 1 elements take
/// a <see cref="LongIndex1D"/>. Device.Debug checks this.</remarks>
public static class Stride1D
{
    /// <summary>Neighbours are adjacent.</summary>
    public readonly record struct Dense : IStride1D
    {
        /// <inheritdoc/>
        public int XStride => 1;

        /// <summary>The strides as an index.</summary>
        public Index1D StrideExtent => new(XStride);
    }

    /// <summary>Any strides.</summary>
    /// <param name="XStride">Elements between neighbours along X.</param>
    public readonly record struct General(int XStride) : IStride1D
    {
        /// <summary>The strides as an index.</summary>
        public Index1D StrideExtent => new(XStride);

        /// <summary>From the strides as an index.</summary>
        public General(Index1D strideExtent)
            : this(strideExtent.X)
        {
        }
    }

    /// <summary>All indices mean the first element.</summary>
    public readonly record struct Infinite : IStride1D
    {
        /// <inheritdoc/>
        public int XStride => 0;

        /// <summary>The strides as an index.</summary>
        public Index1D StrideExtent => new(XStride);
    }

    /// <summary>The number of an index's element.</summary>
    public static int ComputeElementIndex<TStride>(this TStride stride, Index1D index)
        where TStride : struct, IStride1D => index.X * stride.XStride;

    /// <summary>The number of an index's element.</summary>
    /// <exception cref="IndexOutOfRangeException">On the host and Device.Debug: the index is outside the extent.</exception>
    public static int ComputeElementIndexChecked<TStride>(this TStride stride, Index1D index, Index1D extent)
        where TStride : struct, IStride1D
    {
        ViewCheck.Index(stride, index, extent);
        return stride.ComputeElementIndex(index);
    }

    /// <summary>The number of elements from the first to the last of an extent, gaps included.</summary>
    public static int ComputeBufferLength<TStride>(this TStride stride, Index1D extent)
        where TStride : struct, IStride1D =>
        extent.X == 0 ? 0 : stride.ComputeElementIndex(extent - Index1D.One) + 1;

    /// <summary>The number of an index's element.</summary>
    public static long ComputeElementIndex<TStride>(this TStride stride, LongIndex1D index)
        where TStride : struct, IStride1D => index.X * stride.XStride;

    /// <summary>The number of an index's element.</summary>
    /// <exception cref="IndexOutOfRangeException">On the host and Device.Debug: the index is outside the extent.</exception>
    public static long ComputeElementIndexChecked<TStride>(this TStride stride, LongIndex1D index, LongIndex1D extent)
        where TStride : struct, IStride1D
    {
        ViewCheck.Index(stride, index, extent);
        return stride.ComputeElementIndex(index);
    }

    /// <summary>The number of elements from the first to the last of an extent, gaps included.</summary>
    public static long ComputeBufferLength<TStride>(this TStride stride, LongIndex1D extent)
        where TStride : struct, IStride1D =>
        extent.X == 0 ? 0 : stride.ComputeElementIndex(extent - LongIndex1D.One) + 1;

    /// <summary>The same strides in general form.</summary>
    public static General AsGeneral<TStride>(this TStride stride)
        where TStride : struct, IStride1D => new(stride.XStride);
}
