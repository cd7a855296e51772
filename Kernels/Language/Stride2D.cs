namespace Cotangent.Kernels;

/// <summary>How two-dimensional indices map to elements: the sum of coordinate times stride (ILGPU's <c>IStride2D</c>).</summary>
public interface IStride2D
{
    /// <summary>Elements between neighbours along X.</summary>
    int XStride { get; }

    /// <summary>Elements between neighbours along Y.</summary>
    int YStride { get; }
}

/// <summary>The strides of two-dimensional views, and what follows from them (ILGPU's <c>Stride2D</c>).</summary>
/// <remarks>With a 32-bit index the element's number is computed in 32 bits, as in ILGPU: views of more than 2³¹ − 1 elements take
/// a <see cref="LongIndex2D"/>. Device.Debug checks this.</remarks>
public static class Stride2D
{
    /// <summary>Rows along X are contiguous: element x + y · YStride.</summary>
    /// <param name="YStride">Elements from one row to the next: at least the extent of X.</param>
    public readonly record struct DenseX(int YStride) : IStride2D
    {
        /// <inheritdoc/>
        public int XStride => 1;

        /// <summary>The strides as an index.</summary>
        public Index2D StrideExtent => new(XStride, YStride);

        /// <summary>Without gaps between rows.</summary>
        public static DenseX FromExtent(Index2D extent) => new(extent.X);

        /// <summary>Without gaps between rows.</summary>
        /// <exception cref="OverflowException">On the host and Device.Debug: a stride needs more than 32 bits.</exception>
        public static DenseX FromExtent(LongIndex2D extent)
        {
            ViewCheck.Int32(extent.X);
            return new((int)extent.X);
        }
    }

    /// <summary>Rows along Y are contiguous, as in a C# array [x, y]: element x · XStride + y.</summary>
    /// <param name="XStride">Elements from one row to the next: at least the extent of Y.</param>
    public readonly record struct DenseY(int XStride) : IStride2D
    {
        /// <inheritdoc/>
        public int YStride => 1;

        /// <summary>The strides as an index.</summary>
        public Index2D StrideExtent => new(XStride, YStride);

        /// <summary>Without gaps between rows.</summary>
        public static DenseY FromExtent(Index2D extent) => new(extent.Y);

        /// <summary>Without gaps between rows.</summary>
        /// <exception cref="OverflowException">On the host and Device.Debug: a stride needs more than 32 bits.</exception>
        public static DenseY FromExtent(LongIndex2D extent)
        {
            ViewCheck.Int32(extent.Y);
            return new((int)extent.Y);
        }
    }

    /// <summary>Any strides.</summary>
    /// <param name="XStride">Elements between neighbours along X.</param>
    /// <param name="YStride">Elements between neighbours along Y.</param>
    public readonly record struct General(int XStride, int YStride) : IStride2D
    {
        /// <summary>The strides as an index.</summary>
        public Index2D StrideExtent => new(XStride, YStride);

        /// <summary>From the strides as an index.</summary>
        public General(Index2D strideExtent)
            : this(strideExtent.X, strideExtent.Y)
        {
        }
    }

    /// <summary>All indices mean the first element.</summary>
    public readonly record struct Infinite : IStride2D
    {
        /// <inheritdoc/>
        public int XStride => 0;

        /// <inheritdoc/>
        public int YStride => 0;

        /// <summary>The strides as an index.</summary>
        public Index2D StrideExtent => new(XStride, YStride);
    }

    /// <summary>The number of an index's element.</summary>
    public static int ComputeElementIndex<TStride>(this TStride stride, Index2D index)
        where TStride : struct, IStride2D => index.X * stride.XStride + index.Y * stride.YStride;

    /// <summary>The number of an index's element.</summary>
    /// <exception cref="IndexOutOfRangeException">On the host and Device.Debug: the index is outside the extent.</exception>
    public static int ComputeElementIndexChecked<TStride>(this TStride stride, Index2D index, Index2D extent)
        where TStride : struct, IStride2D
    {
        ViewCheck.Index(stride, index, extent);
        return stride.ComputeElementIndex(index);
    }

    /// <summary>The number of elements from the first to the last of an extent, gaps included.</summary>
    public static int ComputeBufferLength<TStride>(this TStride stride, Index2D extent)
        where TStride : struct, IStride2D =>
        extent.X == 0 || extent.Y == 0 ? 0 : stride.ComputeElementIndex(extent - Index2D.One) + 1;

    /// <summary>The number of an index's element.</summary>
    public static long ComputeElementIndex<TStride>(this TStride stride, LongIndex2D index)
        where TStride : struct, IStride2D => index.X * stride.XStride + index.Y * stride.YStride;

    /// <summary>The number of an index's element.</summary>
    /// <exception cref="IndexOutOfRangeException">On the host and Device.Debug: the index is outside the extent.</exception>
    public static long ComputeElementIndexChecked<TStride>(this TStride stride, LongIndex2D index, LongIndex2D extent)
        where TStride : struct, IStride2D
    {
        ViewCheck.Index(stride, index, extent);
        return stride.ComputeElementIndex(index);
    }

    /// <summary>The number of elements from the first to the last of an extent, gaps included.</summary>
    public static long ComputeBufferLength<TStride>(this TStride stride, LongIndex2D extent)
        where TStride : struct, IStride2D =>
        extent.X == 0 || extent.Y == 0 ? 0 : stride.ComputeElementIndex(extent - LongIndex2D.One) + 1;

    /// <summary>The same strides in general form.</summary>
    public static General AsGeneral<TStride>(this TStride stride)
        where TStride : struct, IStride2D => new(stride.XStride, stride.YStride);
}
