using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cotangent.Kernels;

/// <summary>What an atomic operation makes of the old element and its operand.</summary>
internal interface IAtomicUpdate<T>
{
    static abstract T Apply(T old, T value);
}

/// <summary>The atomic operations of the kernel language and of the CPU target, over any number: one processor instruction where
/// there is one, else a loop of compare-and-exchange on the bits.</summary>
internal static class AtomicUpdate
{
    public readonly struct Add<T> : IAtomicUpdate<T>
        where T : INumber<T>
    {
        public static T Apply(T old, T value) => old + value;
    }

    public readonly struct Min<T> : IAtomicUpdate<T>
        where T : INumber<T>
    {
        public static T Apply(T old, T value) => T.Min(old, value);
    }

    public readonly struct Max<T> : IAtomicUpdate<T>
        where T : INumber<T>
    {
        public static T Apply(T old, T value) => T.Max(old, value);
    }

    public readonly struct And<T> : IAtomicUpdate<T>
        where T : IBinaryInteger<T>
    {
        public static T Apply(T old, T value) => old & value;
    }

    public readonly struct Or<T> : IAtomicUpdate<T>
        where T : IBinaryInteger<T>
    {
        public static T Apply(T old, T value) => old | value;
    }

    public readonly struct Xor<T> : IAtomicUpdate<T>
        where T : IBinaryInteger<T>
    {
        public static T Apply(T old, T value) => old ^ value;
    }

    /// <summary>Replaces the element by a function of it; returns the old one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Apply<T, TUpdate>(ref T target, T value)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T>
    {
        if (typeof(TUpdate) == typeof(Add<int>) || typeof(TUpdate) == typeof(Add<uint>))
        {
            int x = Unsafe.BitCast<T, int>(value);
            return Unsafe.BitCast<int, T>(Interlocked.Add(ref Unsafe.As<T, int>(ref target), x) - x);
        }

        if (typeof(TUpdate) == typeof(Add<long>) || typeof(TUpdate) == typeof(Add<ulong>))
        {
            long x = Unsafe.BitCast<T, long>(value);
            return Unsafe.BitCast<long, T>(Interlocked.Add(ref Unsafe.As<T, long>(ref target), x) - x);
        }

        return ApplyByExchange<T, TUpdate>(ref target, value);
    }

    /// <summary>Replaces the element if it has the comparand's bits; returns the old one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T CompareExchange<T>(ref T target, T comparand, T value)
        where T : unmanaged => Unsafe.SizeOf<T>() == sizeof(int)
        ? Unsafe.BitCast<int, T>(Interlocked.CompareExchange(
            ref Unsafe.As<T, int>(ref target), Unsafe.BitCast<T, int>(value), Unsafe.BitCast<T, int>(comparand)))
        : Unsafe.BitCast<long, T>(Interlocked.CompareExchange(
            ref Unsafe.As<T, long>(ref target), Unsafe.BitCast<T, long>(value), Unsafe.BitCast<T, long>(comparand)));

    /// <summary>Replaces the element; returns the old one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exchange<T>(ref T target, T value)
        where T : unmanaged => Unsafe.SizeOf<T>() == sizeof(int)
        ? Unsafe.BitCast<int, T>(Interlocked.Exchange(ref Unsafe.As<T, int>(ref target), Unsafe.BitCast<T, int>(value)))
        : Unsafe.BitCast<long, T>(Interlocked.Exchange(ref Unsafe.As<T, long>(ref target), Unsafe.BitCast<T, long>(value)));

    /// <summary>True if two values have the same bits (as floats, a NaN equals itself).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool SameBits<T>(T x, T y)
        where T : unmanaged => Unsafe.SizeOf<T>() == sizeof(int)
        ? Unsafe.BitCast<T, int>(x) == Unsafe.BitCast<T, int>(y)
        : Unsafe.BitCast<T, long>(x) == Unsafe.BitCast<T, long>(y);

    private static T ApplyByExchange<T, TUpdate>(ref T target, T value)
        where T : unmanaged
        where TUpdate : IAtomicUpdate<T>
    {
        T old = Read(ref target);
        while (true)
        {
            T next = TUpdate.Apply(old, value);
            // A minimum that changes nothing need not be written: the line stays shared between the processors.
            if (SameBits(next, old))
                return old;
            T seen = CompareExchange(ref target, old, next);
            if (SameBits(seen, old))
                return old;
            old = seen;
        }
    }

    /// <summary>Reads an element that others may write, whole.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ref T target)
        where T : unmanaged => Unsafe.SizeOf<T>() == sizeof(int)
        ? Unsafe.BitCast<int, T>(Volatile.Read(ref Unsafe.As<T, int>(ref target)))
        : Unsafe.BitCast<long, T>(Volatile.Read(ref Unsafe.As<T, long>(ref target)));
}
