using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Cpu;

/// <summary>Copies a strip of a matrix into the order in which a tile reads it: for each k the strip's lanes (rows of A, columns of B)
/// side by side. All strides meet their end here; the tiles see one layout.</summary>
internal static unsafe class Packing
{
    /// <summary>Elements of k handled together when lanes are gathered: one cache line of floats.</summary>
    private const int DepthBlock = 16;

    /// <summary>Rows that a copy of rows asks for before it needs them: each may lie on a page of its own.</summary>
    private const int FetchedRows = 8;

    /// <summary>destination[k·width + lane] = source[lane·laneStride + k·depthStride]; lanes from <paramref name="lanes"/> up to
    /// <paramref name="width"/> are zeros, so that a full tile may compute on them.</summary>
    public static void Panel<T>(
        T* source, nint laneStride, nint depthStride, int lanes, int width, int depth, T* destination)
        where T : unmanaged
    {
        if (laneStride == 1)
            CopyRows(source, depthStride, lanes, width, depth, destination);
        else if (depthStride == 1 && (Sse2.IsSupported || AdvSimd.Arm64.IsSupported))
            Transpose(source, laneStride, lanes, width, depth, destination);
        else
            Gather(source, laneStride, depthStride, lanes, width, depth, destination);

        if (lanes < width)
            ClearLanes(lanes, width, depth, destination);
    }

    /// <summary>Panels that <see cref="Panels"/> packs together.</summary>
    public const int Strips = 4;

    /// <summary><see cref="Panel"/> for <see cref="Strips"/> full panels of so many contiguous lanes that lie side by side in the source, one
    /// after the other in the destination. A panel of few lanes alone would read parts of cache lines, and each row's page once more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panels<T>(T* source, nint depthStride, int width, int depth, T* destination)
        where T : unmanaged
    {
        int bytes = width * sizeof(T);
        nint step = (nint)depth * bytes, ahead = FetchedRows * depthStride;
        byte* to = (byte*)destination;
        for (int k = 0; k < depth; k++, source += depthStride, to += bytes)
        {
            for (int line = 0; line < Strips * bytes && Sse.IsSupported; line += 64)
                Sse.Prefetch0((byte*)(source + ahead) + line);
            for (int strip = 0; strip < Strips; strip++)
                CopyRow((byte*)(source + strip * width), to + strip * step, bytes);
        }
    }

    private static void ClearLanes<T>(int lanes, int width, int depth, T* destination)
        where T : unmanaged
    {
        for (int k = 0; k < depth; k++, destination += width)
            new Span<T>(destination + lanes, width - lanes).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRows<T>(T* source, nint depthStride, int lanes, int width, int depth, T* destination)
        where T : unmanaged
    {
        int bytes = lanes * sizeof(T);
        nint ahead = FetchedRows * depthStride;
        for (int k = 0; k < depth; k++, source += depthStride, destination += width)
        {
            for (int line = 0; line < bytes && Sse.IsSupported; line += 64)
                Sse.Prefetch0((byte*)(source + ahead) + line);
            CopyRow((byte*)source, (byte*)destination, bytes);
        }
    }

    /// <summary>A short copy, 4 bytes at the least, in whole vectors: cheaper than a call at a panel's 24 to 192 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRow(byte* source, byte* destination, int bytes)
    {
        int i = 0;
        for (; i + 64 <= bytes; i += 64)
            Vector512.Load(source + i).Store(destination + i);

        if (i + 32 <= bytes)
        {
            Vector256.Load(source + i).Store(destination + i);
            i += 32;
        }

        if (i + 16 <= bytes)
        {
            Vector128.Load(source + i).Store(destination + i);
            i += 16;
        }

        for (; i < bytes; i += 4)
            Unsafe.WriteUnaligned(destination + i, Unsafe.ReadUnaligned<uint>(source + i));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gather<T>(
        T* source, nint laneStride, nint depthStride, int lanes, int width, int depth, T* destination)
        where T : unmanaged
    {
        for (int k = 0; k < depth; k++, source += depthStride, destination += width)
        {
            for (int lane = 0; lane < lanes; lane++)
                destination[lane] = source[lane * laneStride];
        }
    }

    /// <summary>Lanes that are contiguous along k, in square blocks of 8 floats a side, or of 16 bytes. Blocks of <see cref="DepthBlock"/> along k
    /// read every cache line once, even where a power-of-two stride puts all lanes into one cache set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose<T>(T* source, nint laneStride, int lanes, int width, int depth, T* destination)
        where T : unmanaged
    {
        int side = sizeof(T) == 4 && Avx.IsSupported ? 8 : 16 / sizeof(T);
        int wholeLanes = lanes - lanes % side;
        for (int start = 0; start < depth; start += DepthBlock)
        {
            int end = Math.Min(depth, start + DepthBlock);
            int wholeEnd = end - (end - start) % side;
            for (int lane = 0; lane < wholeLanes; lane += side)
            {
                T* from = source + lane * laneStride;
                T* to = destination + lane;
                for (int k = start; k < wholeEnd; k += side)
                    TransposeSquare(from + k, laneStride, to + (nint)k * width, width);
                Gather(from + wholeEnd, laneStride, 1, side, width, end - wholeEnd, to + (nint)wholeEnd * width);
            }

            if (wholeLanes < lanes)
            {
                Gather(source + wholeLanes * laneStride + start, laneStride, 1, lanes - wholeLanes, width, end - start,
                    destination + (nint)start * width + wholeLanes);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeSquare<T>(T* source, nint sourceStride, T* destination, nint destinationStride)
        where T : unmanaged
    {
        if (sizeof(T) == 4 && Avx.IsSupported)
        {
            TransposeEight((float*)source, sourceStride, (float*)destination, destinationStride);
            return;
        }

        if (sizeof(T) == 8)
        {
            Vector128<double> x0 = Vector128.Load((double*)source);
            Vector128<double> x1 = Vector128.Load((double*)(source + sourceStride));
            ZipLow(x0, x1).Store((double*)destination);
            ZipHigh(x0, x1).Store((double*)(destination + destinationStride));
            return;
        }

        Vector128<float> r0 = Vector128.Load((float*)source);
        Vector128<float> r1 = Vector128.Load((float*)(source + sourceStride));
        Vector128<float> r2 = Vector128.Load((float*)(source + 2 * sourceStride));
        Vector128<float> r3 = Vector128.Load((float*)(source + 3 * sourceStride));
        Vector128<double> low01 = ZipLow(r0, r1).AsDouble();
        Vector128<double> low23 = ZipLow(r2, r3).AsDouble();
        Vector128<double> high01 = ZipHigh(r0, r1).AsDouble();
        Vector128<double> high23 = ZipHigh(r2, r3).AsDouble();
        ZipLow(low01, low23).Store((double*)destination);
        ZipHigh(low01, low23).Store((double*)(destination + destinationStride));
        ZipLow(high01, high23).Store((double*)(destination + 2 * destinationStride));
        ZipHigh(high01, high23).Store((double*)(destination + 3 * destinationStride));
    }

    /// <summary>A square of 8 by 8 floats: pairs of rows, pairs of pairs, then the halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeEight(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        (Vector256<double> a0, Vector256<double> a1, Vector256<double> a2, Vector256<double> a3) = TransposeFour(source, sourceStride);
        (Vector256<double> b0, Vector256<double> b1, Vector256<double> b2, Vector256<double> b3) =
            TransposeFour(source + 4 * sourceStride, sourceStride);
        float* lower = destination + 4 * destinationStride;
        StoreHalves(a0, b0, destination, lower);
        StoreHalves(a1, b1, destination + destinationStride, lower + destinationStride);
        StoreHalves(a2, b2, destination + 2 * destinationStride, lower + 2 * destinationStride);
        StoreHalves(a3, b3, destination + 3 * destinationStride, lower + 3 * destinationStride);
    }

    /// <summary>Four rows of 8 floats: result i holds column i in its lower half and column 4 + i in its upper half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<double> X0, Vector256<double> X1, Vector256<double> X2, Vector256<double> X3) TransposeFour(
        float* source, nint stride)
    {
        Vector256<float> r0 = Vector256.Load(source), r1 = Vector256.Load(source + stride);
        Vector256<float> r2 = Vector256.Load(source + 2 * stride), r3 = Vector256.Load(source + 3 * stride);
        Vector256<double> low01 = Avx.UnpackLow(r0, r1).AsDouble(), low23 = Avx.UnpackLow(r2, r3).AsDouble();
        Vector256<double> high01 = Avx.UnpackHigh(r0, r1).AsDouble(), high23 = Avx.UnpackHigh(r2, r3).AsDouble();
        return (Avx.UnpackLow(low01, low23), Avx.UnpackHigh(low01, low23), Avx.UnpackLow(high01, high23),
            Avx.UnpackHigh(high01, high23));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(Vector256<double> a, Vector256<double> b, float* low, float* high)
    {
        Avx.Permute2x128(a, b, 0x20).Store((double*)low);
        Avx.Permute2x128(a, b, 0x31).Store((double*)high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> ZipLow(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> ZipHigh(Vector128<double> a, Vector128<double> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
