using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Targets;

/// <summary>Stores of lanes to places of their own, in lane order: of two lanes for one place the later wins. Indices, values and mask lie
/// in memory, where a scalar store finds its operands sooner than in lanes of registers.</summary>
internal static unsafe class ScatterMemory
{
    /// <summary>target[indices[i]] = values[i]. The number of lanes is a multiple of 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store<T>(nint target, int* indices, T* values, int lanes)
        where T : unmanaged
    {
        T* elements = (T*)target;
        for (int i = 0; i < lanes; i += 4)
        {
            elements[indices[i]] = values[i];
            elements[indices[i + 1]] = values[i + 1];
            elements[indices[i + 2]] = values[i + 2];
            elements[indices[i + 3]] = values[i + 3];
        }
    }

    /// <summary>The same for lanes whose mask is set (all bits of it). Without branches on single lanes, which no one could
    /// predict: the others store to a place of ours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreMasked<T>(nint target, int* indices, T* values, int* mask, int lanes)
        where T : unmanaged
    {
        T nowhere;
        for (int i = 0; i < lanes; i += 4)
        {
            if (Vector128.EqualsAll(Vector128.Load(mask + i), Vector128<int>.Zero))
                continue;
            *Place<T>(target, indices[i], mask[i], &nowhere) = values[i];
            *Place<T>(target, indices[i + 1], mask[i + 1], &nowhere) = values[i + 1];
            *Place<T>(target, indices[i + 2], mask[i + 2], &nowhere) = values[i + 2];
            *Place<T>(target, indices[i + 3], mask[i + 3], &nowhere) = values[i + 3];
        }
    }

    /// <summary>An element's place if the mask is −1, else nowhere if it is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T* Place<T>(nint target, int index, int mask, T* nowhere)
        where T : unmanaged => (T*)((nint)nowhere ^ (((nint)nowhere ^ (target + (nint)index * sizeof(T))) & mask));
}
