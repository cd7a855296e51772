using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Targets;

/// <summary>Reductions over an array in the IR's fixed tree: item i takes item i + s for s = half the next power of two, …, 1.
/// Items past the group hold the identity. The array is overwritten.</summary>
internal static unsafe class GroupTree
{
    public static T Add<T>(T* items, int count) where T : unmanaged, INumber<T> => Reduce<T, Sum<T>>(items, count);

    public static T Min<T>(T* items, int count) where T : unmanaged, INumber<T> => Reduce<T, Least<T>>(items, count);

    public static T Max<T>(T* items, int count) where T : unmanaged, INumber<T> => Reduce<T, Greatest<T>>(items, count);

    private interface IOperation<T>
    {
        static abstract T Apply(T x, T y);

        static abstract Vector128<T> Apply(Vector128<T> x, Vector128<T> y);

        static abstract Vector512<T> Apply(Vector512<T> x, Vector512<T> y);
    }

    // Called from emitted code, which is fully optimised at once: so is this.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Reduce<T, TOperation>(T* items, int count)
        where T : unmanaged, INumber<T>
        where TOperation : IOperation<T>
    {
        for (int half = (int)(BitOperations.RoundUpToPowerOf2((uint)count) / 2); half > 0; half /= 2)
        {
            int pairs = Math.Min(half, count - half);
            int i = 0;
            for (; Vector512.IsHardwareAccelerated && i <= pairs - Vector512<T>.Count; i += Vector512<T>.Count)
                TOperation.Apply(Vector512.Load(items + i), Vector512.Load(items + i + half)).Store(items + i);
            for (; i <= pairs - Vector128<T>.Count; i += Vector128<T>.Count)
                TOperation.Apply(Vector128.Load(items + i), Vector128.Load(items + i + half)).Store(items + i);
            for (; i < pairs; i++)
                items[i] = TOperation.Apply(items[i], items[i + half]);
        }

        return items[0];
    }

    private readonly struct Sum<T> : IOperation<T> where T : unmanaged, INumber<T>
    {
        public static T Apply(T x, T y) => x + y;

        public static Vector128<T> Apply(Vector128<T> x, Vector128<T> y) => x + y;

        public static Vector512<T> Apply(Vector512<T> x, Vector512<T> y) => x + y;
    }

    private readonly struct Least<T> : IOperation<T> where T : unmanaged, INumber<T>
    {
        public static T Apply(T x, T y) => T.Min(x, y);

        public static Vector128<T> Apply(Vector128<T> x, Vector128<T> y) => Vector128.Min(x, y);

        public static Vector512<T> Apply(Vector512<T> x, Vector512<T> y) => Vector512.Min(x, y);
    }

    private readonly struct Greatest<T> : IOperation<T> where T : unmanaged, INumber<T>
    {
        public static T Apply(T x, T y) => T.Max(x, y);

        public static Vector128<T> Apply(Vector128<T> x, Vector128<T> y) => Vector128.Max(x, y);

        public static Vector512<T> Apply(Vector512<T> x, Vector512<T> y) => Vector512.Max(x, y);
    }
}
