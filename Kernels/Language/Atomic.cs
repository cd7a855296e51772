using System.Runtime.CompilerServices;

namespace Cotangent.Kernels;

// The compiler replaces every method but MakeAtomic by one IR operation. The bodies run on Device.Debug.

/// <summary>Atomic operations on elements of views, in relaxed order (ILGPU's <c>Atomic</c>). Each returns the old value. Minimum and
/// maximum of floats are those of <c>MathF.Min</c> and <c>MathF.Max</c>: NaN if either is, −0 below +0.</summary>
public static class Atomic
{
    /// <summary>Adds to an element.</summary>
    public static int Add(ref int target, int value) =>
        AtomicUpdate.Apply<int, AtomicUpdate.Add<int>>(ref target, value);

    /// <summary>Adds to an element.</summary>
    public static uint Add(ref uint target, uint value) =>
        AtomicUpdate.Apply<uint, AtomicUpdate.Add<uint>>(ref target, value);

    /// <summary>Adds to an element.</summary>
    public static long Add(ref long target, long value) =>
        AtomicUpdate.Apply<long, AtomicUpdate.Add<long>>(ref target, value);

    /// <summary>Adds to an element.</summary>
    public static ulong Add(ref ulong target, ulong value) =>
        AtomicUpdate.Apply<ulong, AtomicUpdate.Add<ulong>>(ref target, value);

    /// <summary>Adds to an element. The order of additions, so the rounding, varies from run to run.</summary>
    public static float Add(ref float target, float value) =>
        AtomicUpdate.Apply<float, AtomicUpdate.Add<float>>(ref target, value);

    /// <summary>Adds to an element. The order of additions, so the rounding, varies from run to run.</summary>
    public static double Add(ref double target, double value) =>
        AtomicUpdate.Apply<double, AtomicUpdate.Add<double>>(ref target, value);

    /// <summary>Makes an element the smaller of it and a value.</summary>
    public static int Min(ref int target, int value) =>
        AtomicUpdate.Apply<int, AtomicUpdate.Min<int>>(ref target, value);

    /// <summary>Makes an element the smaller of it and a value.</summary>
    public static uint Min(ref uint target, uint value) =>
        AtomicUpdate.Apply<uint, AtomicUpdate.Min<uint>>(ref target, value);

    /// <summary>Makes an element the smaller of it and a value.</summary>
    public static long Min(ref long target, long value) =>
        AtomicUpdate.Apply<long, AtomicUpdate.Min<long>>(ref target, value);

    /// <summary>Makes an element the smaller of it and a value.</summary>
    public static ulong Min(ref ulong target, ulong value) =>
        AtomicUpdate.Apply<ulong, AtomicUpdate.Min<ulong>>(ref target, value);

    /// <summary>Makes an element the smaller of it and a value.</summary>
    public static float Min(ref float target, float value) =>
        AtomicUpdate.Apply<float, AtomicUpdate.Min<float>>(ref target, value);

    /// <summary>Makes an element the smaller of it and a value.</summary>
    public static double Min(ref double target, double value) =>
        AtomicUpdate.Apply<double, AtomicUpdate.Min<double>>(ref target, value);

    /// <summary>Makes an element the larger of it and a value.</summary>
    public static int Max(ref int target, int value) =>
        AtomicUpdate.Apply<int, AtomicUpdate.Max<int>>(ref target, value);

    /// <summary>Makes an element the larger of it and a value.</summary>
    public static uint Max(ref uint target, uint value) =>
        AtomicUpdate.Apply<uint, AtomicUpdate.Max<uint>>(ref target, value);

    /// <summary>Makes an element the larger of it and a value.</summary>
    public static long Max(ref long target, long value) =>
        AtomicUpdate.Apply<long, AtomicUpdate.Max<long>>(ref target, value);

    /// <summary>Makes an element the larger of it and a value.</summary>
    public static ulong Max(ref ulong target, ulong value) =>
        AtomicUpdate.Apply<ulong, AtomicUpdate.Max<ulong>>(ref target, value);

    /// <summary>Makes an element the larger of it and a value.</summary>
    public static float Max(ref float target, float value) =>
        AtomicUpdate.Apply<float, AtomicUpdate.Max<float>>(ref target, value);

    /// <summary>Makes an element the larger of it and a value.</summary>
    public static double Max(ref double target, double value) =>
        AtomicUpdate.Apply<double, AtomicUpdate.Max<double>>(ref target, value);

    /// <summary>Bitwise and with an element.</summary>
    public static int And(ref int target, int value) =>
        AtomicUpdate.Apply<int, AtomicUpdate.And<int>>(ref target, value);

    /// <summary>Bitwise and with an element.</summary>
    public static uint And(ref uint target, uint value) =>
        AtomicUpdate.Apply<uint, AtomicUpdate.And<uint>>(ref target, value);

    /// <summary>Bitwise and with an element.</summary>
    public static long And(ref long target, long value) =>
        AtomicUpdate.Apply<long, AtomicUpdate.And<long>>(ref target, value);

    /// <summary>Bitwise and with an element.</summary>
    public static ulong And(ref ulong target, ulong value) =>
        AtomicUpdate.Apply<ulong, AtomicUpdate.And<ulong>>(ref target, value);

    /// <summary>Bitwise or with an element.</summary>
    public static int Or(ref int target, int value) =>
        AtomicUpdate.Apply<int, AtomicUpdate.Or<int>>(ref target, value);

    /// <summary>Bitwise or with an element.</summary>
    public static uint Or(ref uint target, uint value) =>
        AtomicUpdate.Apply<uint, AtomicUpdate.Or<uint>>(ref target, value);

    /// <summary>Bitwise or with an element.</summary>
    public static long Or(ref long target, long value) =>
        AtomicUpdate.Apply<long, AtomicUpdate.Or<long>>(ref target, value);

    /// <summary>Bitwise or with an element.</summary>
    public static ulong Or(ref ulong target, ulong value) =>
        AtomicUpdate.Apply<ulong, AtomicUpdate.Or<ulong>>(ref target, value);

    /// <summary>Bitwise exclusive or with an element.</summary>
    public static int Xor(ref int target, int value) =>
        AtomicUpdate.Apply<int, AtomicUpdate.Xor<int>>(ref target, value);

    /// <summary>Bitwise exclusive or with an element.</summary>
    public static uint Xor(ref uint target, uint value) =>
        AtomicUpdate.Apply<uint, AtomicUpdate.Xor<uint>>(ref target, value);

    /// <summary>Bitwise exclusive or with an element.</summary>
    public static long Xor(ref long target, long value) =>
        AtomicUpdate.Apply<long, AtomicUpdate.Xor<long>>(ref target, value);

    /// <summary>Bitwise exclusive or with an element.</summary>
    public static ulong Xor(ref ulong target, ulong value) =>
        AtomicUpdate.Apply<ulong, AtomicUpdate.Xor<ulong>>(ref target, value);

    /// <summary>Replaces an element.</summary>
    public static int Exchange(ref int target, int value) => AtomicUpdate.Exchange(ref target, value);

    /// <summary>Replaces an element.</summary>
    public static uint Exchange(ref uint target, uint value) => AtomicUpdate.Exchange(ref target, value);

    /// <summary>Replaces an element.</summary>
    public static long Exchange(ref long target, long value) => AtomicUpdate.Exchange(ref target, value);

    /// <summary>Replaces an element.</summary>
    public static ulong Exchange(ref ulong target, ulong value) => AtomicUpdate.Exchange(ref target, value);

    /// <summary>Replaces an element.</summary>
    public static float Exchange(ref float target, float value) => AtomicUpdate.Exchange(ref target, value);

    /// <summary>Replaces an element.</summary>
    public static double Exchange(ref double target, double value) => AtomicUpdate.Exchange(ref target, value);

    /// <summary>Replaces an element if it equals <paramref name="compare"/>.</summary>
    public static int CompareExchange(ref int target, int compare, int value) =>
        AtomicUpdate.CompareExchange(ref target, compare, value);

    /// <summary>Replaces an element if it equals <paramref name="compare"/>.</summary>
    public static uint CompareExchange(ref uint target, uint compare, uint value) =>
        AtomicUpdate.CompareExchange(ref target, compare, value);

    /// <summary>Replaces an element if it equals <paramref name="compare"/>.</summary>
    public static long CompareExchange(ref long target, long compare, long value) =>
        AtomicUpdate.CompareExchange(ref target, compare, value);

    /// <summary>Replaces an element if it equals <paramref name="compare"/>.</summary>
    public static ulong CompareExchange(ref ulong target, ulong compare, ulong value) =>
        AtomicUpdate.CompareExchange(ref target, compare, value);

    /// <summary>Replaces an element if it has the bits of <paramref name="compare"/>.</summary>
    public static float CompareExchange(ref float target, float compare, float value) =>
        AtomicUpdate.CompareExchange(ref target, compare, value);

    /// <summary>Replaces an element if it has the bits of <paramref name="compare"/>.</summary>
    public static double CompareExchange(ref double target, double compare, double value) =>
        AtomicUpdate.CompareExchange(ref target, compare, value);

    /// <summary>Adds to an index.</summary>
    public static Index1D Add(ref Index1D target, Index1D value) => Add(ref Unsafe.As<Index1D, int>(ref target), value.X);

    /// <summary>Replaces an index.</summary>
    public static Index1D Exchange(ref Index1D target, Index1D value) =>
        Exchange(ref Unsafe.As<Index1D, int>(ref target), value.X);

    /// <summary>Replaces an index if it equals <paramref name="compare"/>.</summary>
    public static Index1D CompareExchange(ref Index1D target, Index1D compare, Index1D value) =>
        CompareExchange(ref Unsafe.As<Index1D, int>(ref target), compare.X, value.X);

    /// <summary>Any operation as an atomic one, by compare-and-exchange until no other write came between.</summary>
    /// <typeparam name="T">The type of the element.</typeparam>
    /// <typeparam name="TOperation">The operation.</typeparam>
    /// <typeparam name="TCompareExchangeOperation">How elements are compared and exchanged.</typeparam>
    /// <param name="target">The element.</param>
    /// <param name="value">The operand.</param>
    /// <param name="operation">Makes the new element of the old one and the operand.</param>
    /// <param name="compareExchangeOperation">Exchanges the element.</param>
    public static T MakeAtomic<T, TOperation, TCompareExchangeOperation>(ref T target, T value, TOperation operation,
        TCompareExchangeOperation compareExchangeOperation)
        where T : unmanaged
        where TOperation : IAtomicOperation<T>
        where TCompareExchangeOperation : ICompareExchangeOperation<T>
    {
        T current = target;
        T expected;
        do
        {
            expected = current;
            T next = operation.Operation(expected, value);
            current = compareExchangeOperation.CompareExchange(ref target, expected, next);
        }
        while (!compareExchangeOperation.IsSame(expected, current));
        return current;
    }
}
