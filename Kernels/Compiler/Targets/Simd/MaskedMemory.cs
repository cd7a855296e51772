using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Targets;

/// <summary>Vector loads and stores under a mask (all bits of an active lane set) for processors without such instructions:
/// inactive lanes touch no memory and load 0.</summary>
internal static unsafe class MaskedMemory
{
    public static Vector512<T> Load512<T>(nint address, Vector512<T> mask) where T : unmanaged
    {
        Vector512<T> result = default;
        for (ulong lanes = Vector512.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            result = result.WithElement(lane, ((T*)address)[lane]);
        }

        return result;
    }

    public static void Store512<T>(nint address, Vector512<T> mask, Vector512<T> value) where T : unmanaged
    {
        for (ulong lanes = Vector512.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            ((T*)address)[lane] = value[lane];
        }
    }

    public static Vector256<T> Load256<T>(nint address, Vector256<T> mask) where T : unmanaged
    {
        Vector256<T> result = default;
        for (ulong lanes = Vector256.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            result = result.WithElement(lane, ((T*)address)[lane]);
        }

        return result;
    }

    public static void Store256<T>(nint address, Vector256<T> mask, Vector256<T> value) where T : unmanaged
    {
        for (ulong lanes = Vector256.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            ((T*)address)[lane] = value[lane];
        }
    }

    public static Vector128<T> Load128<T>(nint address, Vector128<T> mask) where T : unmanaged
    {
        Vector128<T> result = default;
        for (ulong lanes = Vector128.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            result = result.WithElement(lane, ((T*)address)[lane]);
        }

        return result;
    }

    public static void Store128<T>(nint address, Vector128<T> mask, Vector128<T> value) where T : unmanaged
    {
        for (ulong lanes = Vector128.ExtractMostSignificantBits(mask); lanes != 0; lanes &= lanes - 1)
        {
            int lane = (int)ulong.TrailingZeroCount(lanes);
            ((T*)address)[lane] = value[lane];
        }
    }
}
