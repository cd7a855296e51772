namespace Cotangent.Kernels;

/// <summary>How three-dimensional indices map to elements: the sum of coordinate times stride (ILGPU's <c>IStride3D</c>).</summary>
public interface IStride3D
{
    /// <summary>Elements between neighbours along X.</summary>
    int XStride { get; }

    /// <summary>Elements between neighbours along Y.</summary>
    int YStride { get; }

    /// <summary>Elements between neighbours along Z.</summary>
    int ZStride { get; }
}

/// <summary>The strides of three-dimensional views, and what follows from them (ILGPU's <c>Stride3D</c>).</summary>
/// <remarks>With a 32-bit index the element's number is computed in 32 bits, as in ILGPU: views of more than 2³¹ − 1 elements take
/// a <see cref="LongIndex3D"/>. Device.Debug checks this.</remarks>
public static class Stride3D
{
    /// <summary>Rows along X are contiguous, then Y, then Z: element x + y · YStride + z · ZStride.</summary>
    /// <param name="YStride">Elements from one row to the next.</param>
    /// <param name="ZStride">Elements from one plane to the next.</param>
    public readonly record struct DenseXY(int YStride, int ZStride) : IStride3D
    {
        /// <inheritdoc/>
        public int XStride => 1;

        /// <summary>The strides as an index.</summary>
        public Index3D StrideExtent => new(XStride, YStride, ZStride);

        /// <summary>Without gaps.</summary>
        public static DenseXY FromExtent(Index3D extent) => new(extent.X, extent.X * extent.Y);

        /// <summary>Without gaps.</summary>
        /// <exception cref="OverflowException">On the host and Device.Debug: a stride needs more than 32 bits.</exception>
        public static DenseXY FromExtent(LongIndex3D extent)
        {
            ViewCheck.Int32(extent.X);
            ViewCheck.Int32(extent.X * extent.Y);
            return new((int)extent.X, (int)(extent.X * extent.Y));
        }
    }

    /// <summary>Rows along Z are contiguous, then Y, then X, as in a C# array [x, y, z]: element x · XStride + y · YStride + z.</summary>
    /// <param name="XStride">Elements from one plane to the next.</param>
    /// <param name="YStride">Elements from one row to the next.</param>
    public readonly record struct DenseZY(int XStride, int YStride) : IStride3D
    {
        /// <inheritdoc/>
        public int ZStride => 1;

        /// <summary>The strides as an index.</summary>
        public Index3D StrideExtent => new(XStride, YStride, ZStride);

        /// <summary>Without gaps.</summary>
        public static DenseZY FromExtent(Index3D extent) => new(extent.Z * extent.Y, extent.Z);

        /// <summary>Without gaps.</summary>
        /// <exception cref="OverflowException">On the host and Device.Debug: a stride needs more than 32 bits.</exception>
        public static DenseZY FromExtent(LongIndex3D extent)
        {
            ViewCheck.Int32(extent.Z * extent.Y);
            ViewCheck.Int32(extent.Z);
            return new((int)(extent.Z * extent.Y), (int)extent.Z);
        }
    }

    /// <summary>Any strides.</summary>
    /// <param name="XStride">Elements between neighbours along X.</param>
    /// <param name="YStride">Elements between neighbours along Y.</param>
    /// <param name="ZStride">Elements between neighbours along Z.</param>
    public readonly record struct General(int XStride, int YStride, int ZStride) : IStride3D
    {
        /// <summary>The strides as an index.</summary>
        public Index3D StrideExtent => new(XStride, YStride, ZStride);

        /// <summary>From the strides as an index.</summary>
        public General(Index3D strideExtent)
            : this(strideExtent.X, strideExtent.Y, strideExtent.Z)
        {
        }
    }

    /// <summary>All indices mean the first element.</summary>
    public readonly record struct Infinite : IStride3D
    {
        /// <inheritdoc/>
        public int XStride => 0;

        /// <inheritdoc/>
        public int YStride => 0;

        /// <inheritdoc/>
        public int ZStride => 0;

        /// <summary>The strides as an index.</summary>
        public Index3D StrideExtent => new(XStride, YStride, ZStride);
    }

    /// <summary>The number of an index's element.</summary>
    public static int ComputeElementIndex<TStride>(this TStride stride, Index3D index)
        where TStride : struct, IStride3D => index.X * stride.XStride + index.Y * stride.YStride + index.Z * stride.ZStride;

    /// <summary>The number of an index's element.</summary>
    /// <exception cref="IndexOutOfRangeException">On the host and Device.Debug: the index is outside the extent.</exception>
    public static int ComputeElementIndexChecked<TStride>(this TStride stride, Index3D index, Index3D extent)
        where TStride : struct, IStride3D
    {
        ViewCheck.Index(stride, index, extent);
        return stride.ComputeElementIndex(index);
    }

    /// <summary>The number of elements from the first to the last of an extent, gaps included.</summary>
    public static int ComputeBufferLength<TStride>(this TStride stride, Index3D extent)
        where TStride : struct, IStride3D =>
        extent.X == 0 || extent.Y == 0 || extent.Z == 0 ? 0 : stride.ComputeElementIndex(extent - Index3D.One) + 1;

    /// <summary>The number of an index's element.</summary>
    public static long ComputeElementIndex<TStride>(this TStride stride, LongIndex3D index)
        where TStride : struct, IStride3D => index.X * stride.XStride + index.Y * stride.YStride + index.Z * stride.ZStride;

    /// <summary>The number of an index's element.</summary>
    /// <exception cref="IndexOutOfRangeException">On the host and Device.Debug: the index is outside the extent.</exception>
    public static long ComputeElementIndexChecked<TStride>(this TStride stride, LongIndex3D index, LongIndex3D extent)
        where TStride : struct, IStride3D
    {
        ViewCheck.Index(stride, index, extent);
        return stride.ComputeElementIndex(index);
    }

    /// <summary>The number of elements from the first to the last of an extent, gaps included.</summary>
    public static long ComputeBufferLength<TStride>(this TStride stride, LongIndex3D extent)
        where TStride : struct, IStride3D =>
        extent.X == 0 || extent.Y == 0 || extent.Z == 0 ? 0 : stride.ComputeElementIndex(extent - LongIndex3D.One) + 1;

    /// <summary>The same strides in general form.</summary>
    public static General AsGeneral<TStride>(this TStride stride)
        where TStride : struct, IStride3D => new(stride.XStride, stride.YStride, stride.ZStride);
}
