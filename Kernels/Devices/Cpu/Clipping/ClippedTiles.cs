using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Cpu;

/// <summary>What happens to the tiles of a clipped sum outside of their products: vectors of 512 bits, the last few elements in vectors of 128, which tiles
/// of every instruction set are made of. A tile and its sum do not overlap.</summary>
internal static unsafe class ClippedTiles
{
    /// <summary>sum += factor·tile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<T>(T* tile, double factor, T* sum, int count)
        where T : unmanaged
    {
        T number = Narrow<T>(factor);
        Vector512<T> wide = Vector512.Create(number);
        int i = 0;
        for (; i + Vector512<T>.Count <= count; i += Vector512<T>.Count) (Vector512.Load(sum + i) + wide * Vector512.Load(tile + i)).Store(sum + i);
        Vector128<T> narrow = Vector128.Create(number);
        for (; i < count; i += Vector128<T>.Count) (Vector128.Load(sum + i) + narrow * Vector128.Load(tile + i)).Store(sum + i);
    }

    /// <summary>Σ of a tile's squares, of which the columns' sums are given. It errs by a few roundings.</summary>
    public static double Sum<T>(T* columns, int count)
        where T : unmanaged
    {
        Vector512<T> wide = default;
        Vector128<T> rest = default;
        int i = 0;
        for (; i + Vector512<T>.Count <= count; i += Vector512<T>.Count) wide += Vector512.Load(columns + i);
        for (; i < count; i += Vector128<T>.Count) rest += Vector128.Load(columns + i);
        return Widen(Vector512.Sum(wide)) + Widen(Vector128.Sum(rest));
    }

    /// <summary>A factor in the type of the tiles.</summary>
    public static T Narrow<T>(double x)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double)) return Unsafe.BitCast<double, T>(x);
        return Unsafe.BitCast<float, T>((float)x);
    }

    private static double Widen<T>(T x)
        where T : unmanaged => typeof(T) == typeof(double) ? Unsafe.BitCast<T, double>(x) : Unsafe.BitCast<T, float>(x);
}
