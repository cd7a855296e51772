namespace Cotangent.Graph;

/// <summary>Numbers as raw bits of a dtype.</summary>
internal static class Numbers
{
    /// <summary>A number node's attributes, the number converted as Cast does.</summary>
    public static NumberAttributes Of(DType type, double x) => new(type, type switch
    {
        DType.Bool => x != 0 ? 1u : 0u,
        DType.Float16 => BitConverter.HalfToUInt16Bits((Half)x),
        DType.BFloat16 => BFloat16Bits.FromSingle((float)x),
        DType.Float32 => BitConverter.SingleToUInt32Bits((float)x),
        DType.Float64 => BitConverter.DoubleToUInt64Bits(x),
        DType.UInt8 => (byte)Math.Clamp(double.IsNaN(x) ? 0 : x, byte.MinValue, byte.MaxValue),
        DType.Int32 => (uint)(int)x,
        DType.UInt32 => (uint)x,
        _ => (ulong)(long)x,
    });

    /// <summary>An integer, exactly, for dtypes that hold it.</summary>
    public static NumberAttributes Of(DType type, long x) => type switch
    {
        DType.Int64 => new(type, (ulong)x),
        DType.UInt32 => new(type, (uint)x),
        DType.Int32 => new(type, (uint)(int)x),
        DType.UInt8 => new(type, (byte)x),
        _ => Of(type, (double)x),
    };

    public static double ToDouble(NumberAttributes n) => n.DType switch
    {
        DType.Float16 => (double)BitConverter.UInt16BitsToHalf((ushort)n.Bits),
        DType.BFloat16 => BFloat16Bits.ToSingle((ushort)n.Bits),
        DType.Float32 => BitConverter.UInt32BitsToSingle((uint)n.Bits),
        DType.Float64 => BitConverter.UInt64BitsToDouble(n.Bits),
        DType.Int32 => (int)n.Bits,
        DType.Int64 => (long)n.Bits,
        _ => n.Bits,
    };
}

/// <summary>bfloat16 as its 16 bits: the high half of a float32, rounded to nearest even.</summary>
internal static class BFloat16Bits
{
    public static ushort FromSingle(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return float.IsNaN(x) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    public static float ToSingle(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float Round(float x) => ToSingle(FromSingle(x));
}
