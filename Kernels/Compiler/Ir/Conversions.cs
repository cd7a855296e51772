using System.Numerics;

namespace Cotangent.Kernels.Ir;

/// <summary><see cref="Opcode.Convert"/> between all scalar types, and the bits of numbers.</summary>
internal static class Conversions
{
    /// <summary>The float of type T with these low bits.</summary>
    public static T FromBits<T>(ulong bits) where T : unmanaged => typeof(T) == typeof(float)
        ? (T)(object)BitConverter.UInt32BitsToSingle((uint)bits)
        : (T)(object)BitConverter.UInt64BitsToDouble(bits);

    /// <summary>The bits of a float or double, zero-extended.</summary>
    public static ulong ToBits<T>(T x) where T : unmanaged => x is float single
        ? BitConverter.SingleToUInt32Bits(single)
        : BitConverter.DoubleToUInt64Bits((double)(object)x);

    /// <summary>Converts bits of one type to bits of another.</summary>
    public static ulong Convert(ulong bits, ScalarType from, ScalarType to) => from switch
    {
        _ when from == to => bits,
        ScalarType.Float32 => FromFloat(FromBits<float>(bits), to),
        ScalarType.Float64 => FromFloat(FromBits<double>(bits), to),
        ScalarType.Float16 => FromFloat((float)BitConverter.UInt16BitsToHalf((ushort)bits), to),
        ScalarType.BFloat16 => FromFloat(BFloat16ToSingle(bits), to),
        ScalarType.Int8 => FromInteger((sbyte)bits, to),
        ScalarType.Int16 => FromInteger((short)bits, to),
        ScalarType.Int32 => FromInteger((int)bits, to),
        ScalarType.Int64 => FromInteger((long)bits, to),
        _ => FromInteger(bits, to),
    };

    /// <summary>A bfloat16 is the high half of a float.</summary>
    public static float BFloat16ToSingle(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>Rounds to the nearest bfloat16, ties to even; NaN stays NaN.</summary>
    public static ulong SingleToBFloat16(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsNaN(x) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    }

    private static ulong FromFloat<T>(T x, ScalarType to) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        to switch
    {
        ScalarType.Bool => x != T.Zero ? 1u : 0u,
        ScalarType.Int8 => (byte)sbyte.CreateSaturating(x),
        ScalarType.UInt8 => byte.CreateSaturating(x),
        ScalarType.Int16 => (ushort)short.CreateSaturating(x),
        ScalarType.UInt16 => ushort.CreateSaturating(x),
        ScalarType.Int32 => (uint)int.CreateSaturating(x),
        ScalarType.UInt32 => uint.CreateSaturating(x),
        ScalarType.Int64 => (ulong)long.CreateSaturating(x),
        ScalarType.UInt64 => ulong.CreateSaturating(x),
        ScalarType.Float64 => ToBits(double.CreateTruncating(x)),
        _ => FromSingle(float.CreateTruncating(x), to),
    };

    private static ulong FromInteger<T>(T x, ScalarType to) where T : unmanaged, IBinaryInteger<T> => to switch
    {
        ScalarType.Bool => x != T.Zero ? 1u : 0u,
        ScalarType.Float64 => ToBits(double.CreateTruncating(x)),
        ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 => FromSingle(float.CreateTruncating(x), to),
        _ => ulong.CreateTruncating(x) & (ulong.MaxValue >> (64 - 8 * to.Size())),
    };

    private static ulong FromSingle(float x, ScalarType to) => to switch
    {
        ScalarType.Float16 => BitConverter.HalfToUInt16Bits((Half)x),
        ScalarType.BFloat16 => SingleToBFloat16(x),
        _ => ToBits(x),
    };
}
