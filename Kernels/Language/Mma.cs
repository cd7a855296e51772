namespace Cotangent.Kernels;

/// <summary>Matrix products by a warp: sums + A·B with A and B in tf32, float16 or bfloat16 and sums in float32. On NVIDIA GPUs from
/// capability 8.0 on these are the tensor cores' <c>mma.sync</c>; elsewhere the lanes exchange their parts and multiply, which is right
/// and slow. Only in kernels loaded with LoadGrouped whose groups are whole warps, in control flow that all items of the group follow
/// together (CTG1092).</summary>
/// <remarks>The products are exact in float32. Without tensor cores a sum is the chain fma(a, b, sum) in order of the columns of A. The
/// tensor cores add in an order and with intermediate roundings of their own, which differ by generation: a result is within
/// 2⁻²²·(K + 1)·(|sum| + Σ|a·b|) of the exact one, K the columns of A. It is the same each time on one device.</remarks>
public static class Mma
{
    /// <summary>True where the tensor cores do it, at compile time.</summary>
    public static bool IsNative => false;

    /// <summary>sums + A·B, 16 × 8 and 8 × 8, in tf32: float32 of which the 13 lowest bits do not count. Round with
    /// <see cref="RoundToTf32"/> before; bits that are left are cut off on tensor cores and count elsewhere.</summary>
    public static MmaSums MultiplyAdd(MmaTf32A a, MmaTf32B b, MmaSums sums)
    {
        if (IsNative)
            return NativeTf32(a, b, sums);
        sums = ExchangeTf32(a.X, a.Y, b.X, sums);
        return ExchangeTf32(a.Z, a.W, b.Y, sums);
    }

    /// <summary>sums + A·B, 16 × 16 and 16 × 8, in float16.</summary>
    public static MmaSums MultiplyAddHalf(MmaPairsA a, MmaPairsB b, MmaSums sums)
    {
        if (IsNative)
            return NativeHalf(a, b, sums);
        sums = ExchangeHalf(a.X, a.Y, b.X, sums);
        return ExchangeHalf(a.Z, a.W, b.Y, sums);
    }

    /// <summary>sums + A·B, 16 × 16 and 16 × 8, in bfloat16.</summary>
    public static MmaSums MultiplyAddBFloat16(MmaPairsA a, MmaPairsB b, MmaSums sums)
    {
        if (IsNative)
            return NativeBFloat16(a, b, sums);
        sums = ExchangeBFloat16(a.X, a.Y, b.X, sums);
        return ExchangeBFloat16(a.Z, a.W, b.Y, sums);
    }

    /// <summary>Rounds to tf32, 8 bits of exponent and 11 of precision, to nearest, ties away from zero: <c>cvt.rna.tf32.f32</c>.</summary>
    public static float RoundToTf32(float x)
    {
        if (IsNative)
            return NativeRound(x);
        uint bits = Interop.FloatAsInt(x);
        bool isFinite = (bits & 0x7F800000) != 0x7F800000;
        return isFinite ? Interop.IntAsFloat((bits + 0x1000) & 0xFFFFE000) : x;
    }

    /// <summary>Two numbers as a fragment holds them, the first in the low half.</summary>
    public static uint Pack(Half first, Half second) => Bits(first) | Bits(second) << 16;

    /// <inheritdoc cref="Pack(Half, Half)"/>
    public static uint Pack(BFloat16 first, BFloat16 second) => Bits(first) | Bits(second) << 16;

    /// <summary>Four terms of each sum: row g of A and row g + 8, a column of A a lane.</summary>
    private static MmaSums ExchangeTf32(float top, float bottom, float b, MmaSums sums)
    {
        int row = Warp.LaneIdx & ~3, column = (Warp.LaneIdx & 3) * 8;
        for (int t = 0; t < 4; t++)
        {
            float left = Warp.Shuffle(b, column + t), right = Warp.Shuffle(b, column + 4 + t);
            sums = Add(Warp.Shuffle(top, row + t), Warp.Shuffle(bottom, row + t), left, right, sums);
        }

        return sums;
    }

    /// <summary>Eight terms of each sum, two a lane.</summary>
    private static MmaSums ExchangeHalf(uint top, uint bottom, uint b, MmaSums sums)
    {
        int row = Warp.LaneIdx & ~3, column = (Warp.LaneIdx & 3) * 8;
        for (int t = 0; t < 4; t++)
        {
            uint up = Warp.Shuffle(top, row + t), down = Warp.Shuffle(bottom, row + t);
            uint left = Warp.Shuffle(b, column + t), right = Warp.Shuffle(b, column + 4 + t);
            sums = Add(Half(up), Half(down), Half(left), Half(right), sums);
            sums = Add(Half(up >> 16), Half(down >> 16), Half(left >> 16), Half(right >> 16), sums);
        }

        return sums;
    }

    private static MmaSums ExchangeBFloat16(uint top, uint bottom, uint b, MmaSums sums)
    {
        int row = Warp.LaneIdx & ~3, column = (Warp.LaneIdx & 3) * 8;
        for (int t = 0; t < 4; t++)
        {
            uint up = Warp.Shuffle(top, row + t), down = Warp.Shuffle(bottom, row + t);
            uint left = Warp.Shuffle(b, column + t), right = Warp.Shuffle(b, column + 4 + t);
            sums = Add(High(up << 16), High(down << 16), High(left << 16), High(right << 16), sums);
            sums = Add(High(up), High(down), High(left), High(right), sums);
        }

        return sums;
    }

    private static MmaSums Add(float top, float bottom, float left, float right, MmaSums sums)
    {
        sums.X = MathF.FusedMultiplyAdd(top, left, sums.X);
        sums.Y = MathF.FusedMultiplyAdd(top, right, sums.Y);
        sums.Z = MathF.FusedMultiplyAdd(bottom, left, sums.Z);
        sums.W = MathF.FusedMultiplyAdd(bottom, right, sums.W);
        return sums;
    }

    /// <summary>The bfloat16 in the high half.</summary>
    private static float High(uint pair) => Interop.IntAsFloat(pair & 0xFFFF0000);

    // What the compiler knows. On Device.Debug the bodies of the first three run, and the rest never: IsNative is false there.

    /// <summary>The float16 in the low half.</summary>
    private static float Half(uint pair) => (float)BitConverter.UInt16BitsToHalf((ushort)pair);

    private static uint Bits(Half x) => BitConverter.HalfToUInt16Bits(x);

    private static uint Bits(BFloat16 x) => x.Bits;

    private static MmaSums NativeTf32(MmaTf32A a, MmaTf32B b, MmaSums sums) => throw NotHere(a, b, sums);

    private static MmaSums NativeHalf(MmaPairsA a, MmaPairsB b, MmaSums sums) => throw NotHere(a, b, sums);

    private static MmaSums NativeBFloat16(MmaPairsA a, MmaPairsB b, MmaSums sums) => throw NotHere(a, b, sums);

    private static float NativeRound(float x) => throw NotHere(x, x, x);

    private static NotSupportedException NotHere<TA, TB, TC>(TA a, TB b, TC sums) =>
        new($"{a}, {b} and {sums} go to tensor cores, which this device has not.");
}
