using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Targets;

/// <summary>Vector loads and stores under a mask (all bits of an active lane set): inactive lanes touch no memory and load 0.</summary>
internal static unsafe class MaskedMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(nint address, Vector512<float> mask) =>
        Avx512F.IsSupported ? Avx512F.MaskLoad((float*)address, mask, Vector512<float>.Zero) : LoadEach((float*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector512<float> mask, Vector512<float> value)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore((float*)address, mask, value);
        else
            StoreEach((float*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load512(nint address, Vector512<int> mask) =>
        Avx512F.IsSupported ? Avx512F.MaskLoad((int*)address, mask, Vector512<int>.Zero) : LoadEach((int*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector512<int> mask, Vector512<int> value)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore((int*)address, mask, value);
        else
            StoreEach((int*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Load512(nint address, Vector512<uint> mask) =>
        Avx512F.IsSupported ? Avx512F.MaskLoad((uint*)address, mask, Vector512<uint>.Zero) : LoadEach((uint*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector512<uint> mask, Vector512<uint> value)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore((uint*)address, mask, value);
        else
            StoreEach((uint*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Load512(nint address, Vector512<double> mask) =>
        Avx512F.IsSupported ? Avx512F.MaskLoad((double*)address, mask, Vector512<double>.Zero) : LoadEach((double*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector512<double> mask, Vector512<double> value)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore((double*)address, mask, value);
        else
            StoreEach((double*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> Load512(nint address, Vector512<long> mask) =>
        Avx512F.IsSupported ? Avx512F.MaskLoad((long*)address, mask, Vector512<long>.Zero) : LoadEach((long*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector512<long> mask, Vector512<long> value)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore((long*)address, mask, value);
        else
            StoreEach((long*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Load512(nint address, Vector512<ulong> mask) =>
        Avx512F.IsSupported ? Avx512F.MaskLoad((ulong*)address, mask, Vector512<ulong>.Zero) : LoadEach((ulong*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector512<ulong> mask, Vector512<ulong> value)
    {
        if (Avx512F.IsSupported)
            Avx512F.MaskStore((ulong*)address, mask, value);
        else
            StoreEach((ulong*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load256(nint address, Vector256<float> mask) =>
        Avx.IsSupported ? Avx.MaskLoad((float*)address, mask) : LoadEach((float*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector256<float> mask, Vector256<float> value)
    {
        if (Avx.IsSupported)
            Avx.MaskStore((float*)address, mask, value);
        else
            StoreEach((float*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load256(nint address, Vector256<int> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((int*)address, mask) : LoadEach((int*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector256<int> mask, Vector256<int> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((int*)address, mask, value);
        else
            StoreEach((int*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Load256(nint address, Vector256<uint> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((uint*)address, mask) : LoadEach((uint*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector256<uint> mask, Vector256<uint> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((uint*)address, mask, value);
        else
            StoreEach((uint*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Load256(nint address, Vector256<double> mask) =>
        Avx.IsSupported ? Avx.MaskLoad((double*)address, mask) : LoadEach((double*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector256<double> mask, Vector256<double> value)
    {
        if (Avx.IsSupported)
            Avx.MaskStore((double*)address, mask, value);
        else
            StoreEach((double*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> Load256(nint address, Vector256<long> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((long*)address, mask) : LoadEach((long*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector256<long> mask, Vector256<long> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((long*)address, mask, value);
        else
            StoreEach((long*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<ulong> Load256(nint address, Vector256<ulong> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((ulong*)address, mask) : LoadEach((ulong*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector256<ulong> mask, Vector256<ulong> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((ulong*)address, mask, value);
        else
            StoreEach((ulong*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load128(nint address, Vector128<float> mask) =>
        Avx.IsSupported ? Avx.MaskLoad((float*)address, mask) : LoadEach((float*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector128<float> mask, Vector128<float> value)
    {
        if (Avx.IsSupported)
            Avx.MaskStore((float*)address, mask, value);
        else
            StoreEach((float*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load128(nint address, Vector128<int> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((int*)address, mask) : LoadEach((int*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector128<int> mask, Vector128<int> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((int*)address, mask, value);
        else
            StoreEach((int*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Load128(nint address, Vector128<uint> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((uint*)address, mask) : LoadEach((uint*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector128<uint> mask, Vector128<uint> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((uint*)address, mask, value);
        else
            StoreEach((uint*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<double> Load128(nint address, Vector128<double> mask) =>
        Avx.IsSupported ? Avx.MaskLoad((double*)address, mask) : LoadEach((double*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector128<double> mask, Vector128<double> value)
    {
        if (Avx.IsSupported)
            Avx.MaskStore((double*)address, mask, value);
        else
            StoreEach((double*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<long> Load128(nint address, Vector128<long> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((long*)address, mask) : LoadEach((long*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector128<long> mask, Vector128<long> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((long*)address, mask, value);
        else
            StoreEach((long*)address, mask, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ulong> Load128(nint address, Vector128<ulong> mask) =>
        Avx2.IsSupported ? Avx2.MaskLoad((ulong*)address, mask) : LoadEach((ulong*)address, mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(nint address, Vector128<ulong> mask, Vector128<ulong> value)
    {
        if (Avx2.IsSupported)
            Avx2.MaskStore((ulong*)address, mask, value);
        else
            StoreEach((ulong*)address, mask, value);
    }

    private static Vector512<T> LoadEach<T>(T* address, Vector512<T> mask) where T : unmanaged
    {
        Vector512<T> result = default;
        for (ulong lanes = Vector512.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            result = result.WithElement(lane, address[lane]);
        }

        return result;
    }

    private static void StoreEach<T>(T* address, Vector512<T> mask, Vector512<T> value) where T : unmanaged
    {
        for (ulong lanes = Vector512.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            address[lane] = value[lane];
        }
    }

    private static Vector256<T> LoadEach<T>(T* address, Vector256<T> mask) where T : unmanaged
    {
        Vector256<T> result = default;
        for (ulong lanes = Vector256.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            result = result.WithElement(lane, address[lane]);
        }

        return result;
    }

    private static void StoreEach<T>(T* address, Vector256<T> mask, Vector256<T> value) where T : unmanaged
    {
        for (ulong lanes = Vector256.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            address[lane] = value[lane];
        }
    }

    private static Vector128<T> LoadEach<T>(T* address, Vector128<T> mask) where T : unmanaged
    {
        Vector128<T> result = default;
        for (ulong lanes = Vector128.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            result = result.WithElement(lane, address[lane]);
        }

        return result;
    }

    private static void StoreEach<T>(T* address, Vector128<T> mask, Vector128<T> value) where T : unmanaged
    {
        for (ulong lanes = Vector128.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            address[lane] = value[lane];
        }
    }
}
