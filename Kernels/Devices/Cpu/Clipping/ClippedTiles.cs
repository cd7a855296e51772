using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Cpu;

/// <summary>What happens to the tiles of a clipped sum: vectors of 512 bits, the last few elements in vectors of 128, which tiles of every
/// instruction set are made of. A tile, its predecessor and its sum do not overlap.</summary>
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

    /// <summary>sum += factor·previous; previous = tile; Σ tile².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Replace<T>(T* tile, T* previous, double factor, T* sum, int count)
        where T : unmanaged
    {
        T number = Narrow<T>(factor);
        Vector512<T> wide = Vector512.Create(number), even = default, odd = default;
        Vector128<T> narrow = Vector128.Create(number), rest = default;
        int i = 0, next = Vector512<T>.Count;
        for (; i + 2 * Vector512<T>.Count <= count; i += 2 * Vector512<T>.Count, next += 2 * Vector512<T>.Count)
        {
            Vector512<T> x = Vector512.Load(tile + i), y = Vector512.Load(tile + next);
            (Vector512.Load(sum + i) + wide * Vector512.Load(previous + i)).Store(sum + i);
            (Vector512.Load(sum + next) + wide * Vector512.Load(previous + next)).Store(sum + next);
            even += x * x;
            odd += y * y;
            x.Store(previous + i);
            y.Store(previous + next);
        }

        for (; i < count; i += Vector128<T>.Count)
        {
            Vector128<T> x = Vector128.Load(tile + i);
            (Vector128.Load(sum + i) + narrow * Vector128.Load(previous + i)).Store(sum + i);
            rest += x * x;
            x.Store(previous + i);
        }

        return Widen(Vector512.Sum(even + odd)) + Widen(Vector128.Sum(rest));
    }

    /// <summary>previous = tile; Σ tile². A sum errs by a few roundings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Replace<T>(T* tile, T* previous, int count)
        where T : unmanaged
    {
        Vector512<T> even = default, odd = default;
        Vector128<T> rest = default;
        int i = 0;
        for (; i + 2 * Vector512<T>.Count <= count; i += 2 * Vector512<T>.Count)
        {
            Vector512<T> x = Vector512.Load(tile + i), y = Vector512.Load(tile + i + Vector512<T>.Count);
            even += x * x;
            odd += y * y;
            x.Store(previous + i);
            y.Store(previous + i + Vector512<T>.Count);
        }

        for (; i < count; i += Vector128<T>.Count)
        {
            Vector128<T> x = Vector128.Load(tile + i);
            rest += x * x;
            x.Store(previous + i);
        }

        return Widen(Vector512.Sum(even + odd)) + Widen(Vector128.Sum(rest));
    }

    private static T Narrow<T>(double x)
        where T : unmanaged
    {
        if (typeof(T) == typeof(double)) return Unsafe.BitCast<double, T>(x);
        return Unsafe.BitCast<float, T>((float)x);
    }

    private static double Widen<T>(T x)
        where T : unmanaged => typeof(T) == typeof(double) ? Unsafe.BitCast<T, double>(x) : Unsafe.BitCast<T, float>(x);
}
