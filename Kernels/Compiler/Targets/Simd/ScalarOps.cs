using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Targets;

/// <summary>Scalar functions that emitted code calls where IL has no instruction with the IR's meaning. None of them traps.</summary>
internal static unsafe class ScalarOps
{
    public static int Divide(int x, int y) => y == 0 ? 0 : y == -1 ? -x : x / y;

    public static uint Divide(uint x, uint y) => y == 0 ? 0 : x / y;

    public static long Divide(long x, long y) => y == 0 ? 0 : y == -1 ? -x : x / y;

    public static ulong Divide(ulong x, ulong y) => y == 0 ? 0 : x / y;

    public static int Remainder(int x, int y) => y is 0 or -1 ? 0 : x % y;

    public static uint Remainder(uint x, uint y) => y == 0 ? 0 : x % y;

    public static long Remainder(long x, long y) => y is 0 or -1 ? 0 : x % y;

    public static ulong Remainder(ulong x, ulong y) => y == 0 ? 0 : x % y;

    public static int Abs(int x) => x < 0 ? -x : x;

    public static long Abs(long x) => x < 0 ? -x : x;

    public static uint Abs(uint x) => x;

    public static ulong Abs(ulong x) => x;

    public static float Abs(float x) => MathF.Abs(x);

    public static double Abs(double x) => Math.Abs(x);

    public static int MulHigh(int x, int y) => (int)(((long)x * y) >> 32);

    public static uint MulHigh(uint x, uint y) => (uint)(((ulong)x * y) >> 32);

    public static long MulHigh(long x, long y) => Math.BigMul(x, y, out _);

    public static ulong MulHigh(ulong x, ulong y) => Math.BigMul(x, y, out _);

    /// <summary>m·2^n, where the processor has AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scale(float m, float n) =>
        Avx512F.ScaleScalar(Vector128.CreateScalarUnsafe(m), Vector128.CreateScalarUnsafe(n)).ToScalar();

    public static int PopCount(int x) => BitOperations.PopCount((uint)x);

    public static uint PopCount(uint x) => (uint)BitOperations.PopCount(x);

    public static long PopCount(long x) => BitOperations.PopCount((ulong)x);

    public static ulong PopCount(ulong x) => (ulong)BitOperations.PopCount(x);

    public static int LeadingZeros(int x) => BitOperations.LeadingZeroCount((uint)x);

    public static uint LeadingZeros(uint x) => (uint)BitOperations.LeadingZeroCount(x);

    public static long LeadingZeros(long x) => BitOperations.LeadingZeroCount((ulong)x);

    public static ulong LeadingZeros(ulong x) => (ulong)BitOperations.LeadingZeroCount(x);

    public static int ToInt32(double x) => x >= int.MaxValue ? int.MaxValue : x <= int.MinValue ? int.MinValue : double.IsNaN(x) ? 0 : (int)x;

    public static uint ToUInt32(double x) => x >= uint.MaxValue ? uint.MaxValue : x > 0 ? (uint)x : 0;

    public static long ToInt64(double x) =>
        x >= long.MaxValue ? long.MaxValue : x <= long.MinValue ? long.MinValue : double.IsNaN(x) ? 0 : (long)x;

    public static ulong ToUInt64(double x) => x >= ulong.MaxValue ? ulong.MaxValue : x > 0 ? (ulong)x : 0;

    public static int ToInt16(double x) => (int)Math.Clamp(double.IsNaN(x) ? 0 : x, short.MinValue, short.MaxValue);

    public static int ToUInt16(double x) => (int)Math.Clamp(double.IsNaN(x) ? 0 : x, 0, ushort.MaxValue);

    public static int ToInt8(double x) => (int)Math.Clamp(double.IsNaN(x) ? 0 : x, sbyte.MinValue, sbyte.MaxValue);

    public static int ToUInt8(double x) => (int)Math.Clamp(double.IsNaN(x) ? 0 : x, 0, byte.MaxValue);

    public static float ToFloat32(long x) => x;

    public static float ToFloat32(ulong x) => x;

    public static double ToFloat64(ulong x) => x;

    public static float HalfToFloat(int bits) => (float)BitConverter.UInt16BitsToHalf((ushort)bits);

    public static int FloatToHalf(float x) => BitConverter.HalfToUInt16Bits((Half)x);

    public static int DoubleToHalf(double x) => BitConverter.HalfToUInt16Bits((Half)x);

    public static float BrainToFloat(int bits) => BitConverter.Int32BitsToSingle(bits << 16);

    /// <summary>Rounds to nearest even; a NaN stays a NaN.</summary>
    public static int FloatToBrain(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsNaN(x) ? (int)(bits >> 16) | 0x40 : (int)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    // One rounding: to odd at float precision, then to nearest even.
    public static int DoubleToBrain(double x)
    {
        float y = (float)x;
        if (double.IsFinite(x) && y != x)
        {
            uint bits = BitConverter.SingleToUInt32Bits(y);
            if (Math.Abs((double)y) > Math.Abs(x))
                bits--;
            y = BitConverter.UInt32BitsToSingle(bits | 1);
        }

        return FloatToBrain(y);
    }
}
