using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Targets;

/// <summary>Vector functions that take several instructions and are rare in kernels. 32-bit integer division goes through double,
/// which holds every quotient's operands exactly, so that the truncated quotient is exact; a zero divisor gives an unspecified value.</summary>
internal static unsafe class VectorOps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Divide(Vector128<int> x, Vector128<int> y)
    {
        (Vector128<long> x0, Vector128<long> x1) = Vector128.Widen(x);
        (Vector128<long> y0, Vector128<long> y1) = Vector128.Widen(y);
        return Vector128.Narrow(Quotient(x0, y0), Quotient(x1, y1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Divide(Vector128<uint> x, Vector128<uint> y)
    {
        (Vector128<ulong> x0, Vector128<ulong> x1) = Vector128.Widen(x);
        (Vector128<ulong> y0, Vector128<ulong> y1) = Vector128.Widen(y);
        return Vector128.Narrow(Quotient(x0.AsInt64(), y0.AsInt64()), Quotient(x1.AsInt64(), y1.AsInt64())).AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Divide(Vector256<int> x, Vector256<int> y)
    {
        (Vector256<long> x0, Vector256<long> x1) = Vector256.Widen(x);
        (Vector256<long> y0, Vector256<long> y1) = Vector256.Widen(y);
        return Vector256.Narrow(Quotient(x0, y0), Quotient(x1, y1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Divide(Vector256<uint> x, Vector256<uint> y)
    {
        (Vector256<ulong> x0, Vector256<ulong> x1) = Vector256.Widen(x);
        (Vector256<ulong> y0, Vector256<ulong> y1) = Vector256.Widen(y);
        return Vector256.Narrow(Quotient(x0.AsInt64(), y0.AsInt64()), Quotient(x1.AsInt64(), y1.AsInt64())).AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Divide(Vector512<int> x, Vector512<int> y)
    {
        (Vector512<long> x0, Vector512<long> x1) = Vector512.Widen(x);
        (Vector512<long> y0, Vector512<long> y1) = Vector512.Widen(y);
        return Vector512.Narrow(Quotient(x0, y0), Quotient(x1, y1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Divide(Vector512<uint> x, Vector512<uint> y)
    {
        (Vector512<ulong> x0, Vector512<ulong> x1) = Vector512.Widen(x);
        (Vector512<ulong> y0, Vector512<ulong> y1) = Vector512.Widen(y);
        return Vector512.Narrow(Quotient(x0.AsInt64(), y0.AsInt64()), Quotient(x1.AsInt64(), y1.AsInt64())).AsUInt32();
    }

    public static Vector128<int> Remainder(Vector128<int> x, Vector128<int> y) => x - Divide(x, y) * y;

    public static Vector128<uint> Remainder(Vector128<uint> x, Vector128<uint> y) => x - Divide(x, y) * y;

    public static Vector256<int> Remainder(Vector256<int> x, Vector256<int> y) => x - Divide(x, y) * y;

    public static Vector256<uint> Remainder(Vector256<uint> x, Vector256<uint> y) => x - Divide(x, y) * y;

    public static Vector512<int> Remainder(Vector512<int> x, Vector512<int> y) => x - Divide(x, y) * y;

    public static Vector512<uint> Remainder(Vector512<uint> x, Vector512<uint> y) => x - Divide(x, y) * y;

    // Shifts by a vector of amounts; emitted only where the processor has them.

    public static Vector128<int> ShiftLeft(Vector128<int> x, Vector128<int> n) =>
        Avx2.ShiftLeftLogicalVariable(x, Amount(n));

    public static Vector128<uint> ShiftLeft(Vector128<uint> x, Vector128<int> n) =>
        Avx2.ShiftLeftLogicalVariable(x, Amount(n));

    public static Vector256<int> ShiftLeft(Vector256<int> x, Vector256<int> n) =>
        Avx2.ShiftLeftLogicalVariable(x, Amount(n));

    public static Vector256<uint> ShiftLeft(Vector256<uint> x, Vector256<int> n) =>
        Avx2.ShiftLeftLogicalVariable(x, Amount(n));

    public static Vector512<int> ShiftLeft(Vector512<int> x, Vector512<int> n) =>
        Avx512F.ShiftLeftLogicalVariable(x, Amount(n));

    public static Vector512<uint> ShiftLeft(Vector512<uint> x, Vector512<int> n) =>
        Avx512F.ShiftLeftLogicalVariable(x, Amount(n));

    public static Vector128<int> ShiftRight(Vector128<int> x, Vector128<int> n) =>
        Avx2.ShiftRightArithmeticVariable(x, Amount(n));

    public static Vector128<uint> ShiftRight(Vector128<uint> x, Vector128<int> n) =>
        Avx2.ShiftRightLogicalVariable(x, Amount(n));

    public static Vector256<int> ShiftRight(Vector256<int> x, Vector256<int> n) =>
        Avx2.ShiftRightArithmeticVariable(x, Amount(n));

    public static Vector256<uint> ShiftRight(Vector256<uint> x, Vector256<int> n) =>
        Avx2.ShiftRightLogicalVariable(x, Amount(n));

    public static Vector512<int> ShiftRight(Vector512<int> x, Vector512<int> n) =>
        Avx512F.ShiftRightArithmeticVariable(x, Amount(n));

    public static Vector512<uint> ShiftRight(Vector512<uint> x, Vector512<int> n) =>
        Avx512F.ShiftRightLogicalVariable(x, Amount(n));

    // Gathers of 4-byte elements by byte-scaled indices; emitted only where the processor has them.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Gather(nint address, Vector128<int> index) =>
        Avx2.GatherVector128((int*)address, index, 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Gather(nint address, Vector128<int> index, Vector128<int> mask) =>
        Avx2.GatherMaskVector128(Vector128<int>.Zero, (int*)address, index, mask, 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Gather(nint address, Vector256<int> index) =>
        Avx2.GatherVector256((int*)address, index, 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Gather(nint address, Vector256<int> index, Vector256<int> mask) =>
        Avx2.GatherMaskVector256(Vector256<int>.Zero, (int*)address, index, mask, 4);

    // WithUpper, and not Create(lower, upper), which leaves a slot on the stack.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Gather(nint address, Vector512<int> index) =>
        Gather(address, index.GetLower()).ToVector512Unsafe().WithUpper(Gather(address, index.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Gather(nint address, Vector512<int> index, Vector512<int> mask) =>
        Gather(address, index.GetLower(), mask.GetLower())
            .ToVector512Unsafe().WithUpper(Gather(address, index.GetUpper(), mask.GetUpper()));

    // A warp's lanes as a table in registers; emitted only where the processor has AVX-512.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Permute(Vector512<int> low, Vector512<int> high, Vector512<int> lane) =>
        Avx512F.PermuteVar16x32x2(low, lane, high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> Permute(Vector512<long> first, Vector512<long> second, Vector512<long> third, Vector512<long> fourth,
        Vector512<long> lane)
    {
        Vector512<long> low = Avx512F.PermuteVar8x64x2(first, lane, second);
        Vector512<long> high = Avx512F.PermuteVar8x64x2(third, lane, fourth);
        return Vector512.ConditionalSelect(Vector512.Equals(lane & Vector512.Create(16L), Vector512<long>.Zero), low, high);
    }

    /// <summary>result[i] = values[lanes[i]].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pick<T>(T* values, int* lanes, T* result, int count)
        where T : unmanaged
    {
        for (int i = 0; i < count; i++)
            result[i] = values[lanes[i]];
    }

    // Gathers by 64-bit indices, of 4- and 8-byte elements.

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> GatherWords(nint address, Vector256<long> lower, Vector256<long> upper) =>
        Avx2.GatherVector128((int*)address, lower, 4).ToVector256Unsafe().WithUpper(Avx2.GatherVector128((int*)address, upper, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> GatherWords(nint address, Vector256<long> lower, Vector256<long> upper, Vector256<int> mask) =>
        Avx2.GatherMaskVector128(Vector128<int>.Zero, (int*)address, lower, mask.GetLower(), 4)
            .ToVector256Unsafe().WithUpper(Avx2.GatherMaskVector128(Vector128<int>.Zero, (int*)address, upper, mask.GetUpper(), 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> GatherWords(nint address, Vector512<long> lower, Vector512<long> upper) =>
        GatherWords(address, lower.GetLower(), lower.GetUpper())
            .ToVector512Unsafe().WithUpper(GatherWords(address, upper.GetLower(), upper.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> GatherWords(nint address, Vector512<long> lower, Vector512<long> upper, Vector512<int> mask) =>
        GatherWords(address, lower.GetLower(), lower.GetUpper(), mask.GetLower())
            .ToVector512Unsafe().WithUpper(GatherWords(address, upper.GetLower(), upper.GetUpper(), mask.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> Gather(nint address, Vector256<long> index) =>
        Avx2.GatherVector256((long*)address, index, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<long> Gather(nint address, Vector256<long> index, Vector256<long> mask) =>
        Avx2.GatherMaskVector256(Vector256<long>.Zero, (long*)address, index, mask, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> Gather(nint address, Vector512<long> index) =>
        Gather(address, index.GetLower()).ToVector512Unsafe().WithUpper(Gather(address, index.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<long> Gather(nint address, Vector512<long> index, Vector512<long> mask) =>
        Gather(address, index.GetLower(), mask.GetLower())
            .ToVector512Unsafe().WithUpper(Gather(address, index.GetUpper(), mask.GetUpper()));

    private static Vector128<uint> Amount(Vector128<int> n) => (n & Vector128.Create(31)).AsUInt32();

    private static Vector256<uint> Amount(Vector256<int> n) => (n & Vector256.Create(31)).AsUInt32();

    private static Vector512<uint> Amount(Vector512<int> n) => (n & Vector512.Create(31)).AsUInt32();

    private static Vector128<long> Quotient(Vector128<long> x, Vector128<long> y) =>
        Vector128.ConvertToInt64(Vector128.ConvertToDouble(x) / Vector128.ConvertToDouble(y));

    private static Vector256<long> Quotient(Vector256<long> x, Vector256<long> y) =>
        Vector256.ConvertToInt64(Vector256.ConvertToDouble(x) / Vector256.ConvertToDouble(y));

    private static Vector512<long> Quotient(Vector512<long> x, Vector512<long> y) =>
        Vector512.ConvertToInt64(Vector512.ConvertToDouble(x) / Vector512.ConvertToDouble(y));
}
