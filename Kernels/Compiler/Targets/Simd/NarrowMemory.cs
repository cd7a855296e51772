using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Targets;

/// <summary>Loads of 1- and 2-byte elements into 32-bit lanes, extended by their type, and stores of the lanes' low bytes. The loads
/// are emitted only where the processor has the instruction.</summary>
internal static unsafe class NarrowMemory
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadInt8x512(nint address) => Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadUInt8x512(nint address) => Avx512F.ConvertToVector512Int32(Vector128.Load((byte*)address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadInt16x512(nint address) => Avx512F.ConvertToVector512Int32(Vector256.Load((short*)address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadUInt16x512(nint address) => Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)address));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadInt8x256(nint address) => Avx2.ConvertToVector256Int32((sbyte*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadUInt8x256(nint address) => Avx2.ConvertToVector256Int32((byte*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadInt16x256(nint address) => Avx2.ConvertToVector256Int32((short*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadUInt16x256(nint address) => Avx2.ConvertToVector256Int32((ushort*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadInt8x128(nint address) => Sse41.ConvertToVector128Int32((sbyte*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadUInt8x128(nint address) => Sse41.ConvertToVector128Int32((byte*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadInt16x128(nint address) => Sse41.ConvertToVector128Int32((short*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadUInt16x128(nint address) => Sse41.ConvertToVector128Int32((ushort*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(nint address, Vector512<int> x) => Vector256.Narrow(x.GetLower(), x.GetUpper()).Store((short*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(nint address, Vector256<int> x) => Vector128.Narrow(x.GetLower(), x.GetUpper()).Store((short*)address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store16(nint address, Vector128<int> x) =>
        Unsafe.WriteUnaligned((void*)address, Vector128.Narrow(x, x).AsUInt64().ToScalar());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(nint address, Vector512<int> x)
    {
        Vector256<short> halves = Vector256.Narrow(x.GetLower(), x.GetUpper());
        Vector128.Narrow(halves.GetLower(), halves.GetUpper()).Store((sbyte*)address);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(nint address, Vector256<int> x)
    {
        Vector128<short> halves = Vector128.Narrow(x.GetLower(), x.GetUpper());
        Unsafe.WriteUnaligned((void*)address, Vector128.Narrow(halves, halves).AsUInt64().ToScalar());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store8(nint address, Vector128<int> x)
    {
        Vector128<short> halves = Vector128.Narrow(x, x);
        Unsafe.WriteUnaligned((void*)address, Vector128.Narrow(halves, halves).AsUInt32().ToScalar());
    }
}
