namespace Cotangent.Kernels;

/// <summary>What views check on the host and on Device.Debug. The compiler knows the type (see Intrinsics): in compiled kernels Checked
/// is a check where the device asks for it, and the other calls mean nothing.</summary>
internal static class ViewCheck
{
    /// <summary>Throws unless each coordinate is inside the extent and the element's number, computed in 32 bits, is exact.</summary>
    public static void Index<TStride>(TStride stride, Index2D index, LongIndex2D extent)
        where TStride : struct, IStride2D => Int32(Element(stride, (LongIndex2D)index, extent));

    /// <inheritdoc cref="Index{TStride}(TStride, Index2D, LongIndex2D)"/>
    public static void Index<TStride>(TStride stride, Index3D index, LongIndex3D extent)
        where TStride : struct, IStride3D => Int32(Element(stride, (LongIndex3D)index, extent));

    /// <inheritdoc cref="Index{TStride}(TStride, Index2D, LongIndex2D)"/>
    public static void Index<TStride>(TStride stride, Index1D index, LongIndex1D extent)
        where TStride : struct, IStride1D => Int32(Element(stride, (LongIndex1D)index, extent));

    /// <summary>Throws unless each coordinate is inside the extent.</summary>
    public static void Index<TStride>(TStride stride, LongIndex1D index, LongIndex1D extent)
        where TStride : struct, IStride1D => Element(stride, index, extent);

    /// <inheritdoc cref="Index{TStride}(TStride, LongIndex1D, LongIndex1D)"/>
    public static void Index<TStride>(TStride stride, LongIndex2D index, LongIndex2D extent)
        where TStride : struct, IStride2D => Element(stride, index, extent);

    /// <inheritdoc cref="Index{TStride}(TStride, LongIndex1D, LongIndex1D)"/>
    public static void Index<TStride>(TStride stride, LongIndex3D index, LongIndex3D extent)
        where TStride : struct, IStride3D => Element(stride, index, extent);

    /// <summary>The index, where each coordinate is inside the extent and the element's number, computed in 32 bits, is exact. A
    /// compiled kernel checks it where the device is asked to.</summary>
    public static Index1D Checked<T, TStride>(ArrayView<T> view, TStride stride, Index1D index, LongIndex1D extent)
        where T : unmanaged
        where TStride : struct, IStride1D
    {
        LongIndex1D inside = Checked(view, stride, (LongIndex1D)index, extent);
        Int32(stride.ComputeElementIndex(inside));
        return index;
    }

    /// <inheritdoc cref="Checked{T, TStride}(ArrayView{T}, TStride, Index1D, LongIndex1D)"/>
    public static LongIndex1D Checked<T, TStride>(ArrayView<T> view, TStride stride, LongIndex1D index, LongIndex1D extent)
        where T : unmanaged
        where TStride : struct, IStride1D =>
        index.InBounds(extent) ? index : throw view.Fault(index, extent);

    /// <inheritdoc cref="Checked{T, TStride}(ArrayView{T}, TStride, Index1D, LongIndex1D)"/>
    public static Index2D Checked<T, TStride>(ArrayView<T> view, TStride stride, Index2D index, LongIndex2D extent)
        where T : unmanaged
        where TStride : struct, IStride2D
    {
        LongIndex2D inside = Checked(view, stride, (LongIndex2D)index, extent);
        Int32(stride.ComputeElementIndex(inside));
        return index;
    }

    /// <inheritdoc cref="Checked{T, TStride}(ArrayView{T}, TStride, Index1D, LongIndex1D)"/>
    public static LongIndex2D Checked<T, TStride>(ArrayView<T> view, TStride stride, LongIndex2D index, LongIndex2D extent)
        where T : unmanaged
        where TStride : struct, IStride2D =>
        index.InBounds(extent) ? index : throw view.Fault(index, extent);

    /// <inheritdoc cref="Checked{T, TStride}(ArrayView{T}, TStride, Index1D, LongIndex1D)"/>
    public static Index3D Checked<T, TStride>(ArrayView<T> view, TStride stride, Index3D index, LongIndex3D extent)
        where T : unmanaged
        where TStride : struct, IStride3D
    {
        LongIndex3D inside = Checked(view, stride, (LongIndex3D)index, extent);
        Int32(stride.ComputeElementIndex(inside));
        return index;
    }

    /// <inheritdoc cref="Checked{T, TStride}(ArrayView{T}, TStride, Index1D, LongIndex1D)"/>
    public static LongIndex3D Checked<T, TStride>(ArrayView<T> view, TStride stride, LongIndex3D index, LongIndex3D extent)
        where T : unmanaged
        where TStride : struct, IStride3D =>
        index.InBounds(extent) ? index : throw view.Fault(index, extent);

    /// <summary>Throws unless a part lies inside an extent.</summary>
    public static void Part(LongIndex1D index, LongIndex1D part, LongIndex1D extent) =>
        Require(part.X >= 0 && index.InBoundsInclusive(extent - part), index, part, extent);

    /// <inheritdoc cref="Part(LongIndex1D, LongIndex1D, LongIndex1D)"/>
    public static void Part(LongIndex2D index, LongIndex2D part, LongIndex2D extent) =>
        Require(part.InBoundsInclusive(part) && index.InBoundsInclusive(extent - part), index, part, extent);

    /// <inheritdoc cref="Part(LongIndex1D, LongIndex1D, LongIndex1D)"/>
    public static void Part(LongIndex3D index, LongIndex3D part, LongIndex3D extent) =>
        Require(part.InBoundsInclusive(part) && index.InBoundsInclusive(extent - part), index, part, extent);

    /// <summary>Throws unless a view of <paramref name="length"/> elements has all elements of the extent.</summary>
    public static void Covers<TStride>(long length, TStride stride, LongIndex1D extent)
        where TStride : struct, IStride1D => Covers(length, stride.ComputeBufferLength(extent), extent.X >= 0, extent);

    /// <inheritdoc cref="Covers{TStride}(long, TStride, LongIndex1D)"/>
    public static void Covers<TStride>(long length, TStride stride, LongIndex2D extent)
        where TStride : struct, IStride2D =>
        Covers(length, stride.ComputeBufferLength(extent), extent.InBoundsInclusive(extent), extent);

    /// <inheritdoc cref="Covers{TStride}(long, TStride, LongIndex1D)"/>
    public static void Covers<TStride>(long length, TStride stride, LongIndex3D extent)
        where TStride : struct, IStride3D =>
        Covers(length, stride.ComputeBufferLength(extent), extent.InBoundsInclusive(extent), extent);

    /// <summary>Throws unless two strides are the same, where a view is taken as one of a denser kind.</summary>
    public static void Stride(long actual, long dense)
    {
        if (actual != dense)
            throw new InvalidOperationException($"The view's stride is {actual} and would have to be {dense}: its elements are not dense.");
    }

    /// <summary>Throws unless a view has no gaps.</summary>
    public static void Dense(long length, long size)
    {
        if (length != size)
            throw new InvalidOperationException($"The view's {size} elements stand among {length}: they are not dense.");
    }

    /// <summary>Throws unless the value is an int.</summary>
    public static void Int32(long value)
    {
        if (value != (int)value)
            throw new OverflowException($"{value} does not fit 32 bits. Use a LongIndex.");
    }

    /// <summary>Throws unless a number of bytes is a positive multiple of an element's size.</summary>
    public static void Alignment(int bytes, int elementSize)
    {
        if (bytes < 1 || bytes % elementSize != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(bytes),
                $"An alignment of {bytes} bytes is not a positive multiple of the {elementSize} bytes of an element.");
        }
    }

    private static long Element<TStride>(TStride stride, LongIndex1D index, LongIndex1D extent)
        where TStride : struct, IStride1D =>
        index.InBounds(extent) ? stride.ComputeElementIndex(index) : throw Outside(index, extent);

    private static long Element<TStride>(TStride stride, LongIndex2D index, LongIndex2D extent)
        where TStride : struct, IStride2D =>
        index.InBounds(extent) ? stride.ComputeElementIndex(index) : throw Outside(index, extent);

    private static long Element<TStride>(TStride stride, LongIndex3D index, LongIndex3D extent)
        where TStride : struct, IStride3D =>
        index.InBounds(extent) ? stride.ComputeElementIndex(index) : throw Outside(index, extent);

    private static void Covers(long length, long needed, bool isExtent, IIndex extent)
    {
        if (!isExtent || needed > length)
        {
            throw new ArgumentOutOfRangeException(nameof(extent),
                $"The extent {extent} with its strides needs {needed} elements; the view has {length}.");
        }
    }

    private static void Require(bool inside, IIndex index, IIndex part, IIndex extent)
    {
        if (!inside)
            throw new ArgumentOutOfRangeException(nameof(index), $"{part} elements from {index} are not inside the view's {extent}.");
    }

    private static IndexOutOfRangeException Outside(IIndex index, IIndex extent) =>
        new($"Index {index} is outside the view's extent {extent}.");
}
