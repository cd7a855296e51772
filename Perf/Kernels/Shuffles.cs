using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Perf.Kernels;

/// <summary>Shuffles that the hand-written versions share. Where the processor has no AVX-512 the runtime's portable ones.</summary>
internal static class Shuffles
{
    private static Vector512<int> EvenLanes => Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);

    private static Vector512<int> OddLanes => Vector512.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);

    private static Vector512<int> LowLanes => Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);

    private static Vector512<int> HighLanes => Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);

    /// <summary>The elements 0, 2, 4, … of two vectors.</summary>
    public static Vector512<float> Even(Vector512<float> a, Vector512<float> b) => Permute(a, EvenLanes, b);

    /// <summary>The elements 1, 3, 5, … of two vectors.</summary>
    public static Vector512<float> Odd(Vector512<float> a, Vector512<float> b) => Permute(a, OddLanes, b);

    /// <summary>a0 b0 a1 b1 … of the lower halves.</summary>
    public static Vector512<float> ZipLow(Vector512<float> a, Vector512<float> b) => Permute(a, LowLanes, b);

    /// <summary>a8 b8 a9 b9 … of the upper halves.</summary>
    public static Vector512<float> ZipHigh(Vector512<float> a, Vector512<float> b) => Permute(a, HighLanes, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Permute(Vector512<float> a, Vector512<int> index, Vector512<float> b) =>
        Avx512F.IsSupported ? Avx512F.PermuteVar16x32x2(a, index, b) : PermuteByElement(a, index, b);

    private static Vector512<float> PermuteByElement(Vector512<float> a, Vector512<int> index, Vector512<float> b)
    {
        Vector512<float> result = default;
        for (int i = 0; i < Vector512<float>.Count; i++)
            result = result.WithElement(i, index[i] < Vector512<float>.Count ? a[index[i]] : b[index[i] - Vector512<float>.Count]);
        return result;
    }
}
