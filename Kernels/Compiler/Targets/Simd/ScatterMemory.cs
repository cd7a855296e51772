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

    /// <summary>The same for lanes whose mask is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreMasked<T>(nint target, int* indices, T* values, int* mask, int lanes)
        where T : unmanaged
    {
        T* elements = (T*)target;
        for (int first = 0; first < lanes; first += 4)
        {
            uint active = Vector128.Load(mask + first).ExtractMostSignificantBits();
            if (active == 0b1111)
            {
                elements[indices[first]] = values[first];
                elements[indices[first + 1]] = values[first + 1];
                elements[indices[first + 2]] = values[first + 2];
                elements[indices[first + 3]] = values[first + 3];
                continue;
            }

            for (; active != 0; active &= active - 1)
            {
                int i = first + (int)uint.TrailingZeroCount(active);
                elements[indices[i]] = values[i];
            }
        }
    }
}
