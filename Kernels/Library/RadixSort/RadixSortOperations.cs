namespace Cotangent.Kernels.Library;

// ILGPU.Algorithms.RadixSortOperations, name for name. A descending order is the ascending one of the complement, so it is stable too.

/// <summary>Ascending <c>int</c> keys.</summary>
public readonly struct AscendingInt32 : IRadixSortOperation<int>
{
    /// <inheritdoc/>
    public int NumBits => 32;

    /// <inheritdoc/>
    public int DefaultValue => int.MaxValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(int value, int shift, int bitMask) => (int)(((uint)value ^ 0x8000_0000u) >> shift) & bitMask;
}

/// <summary>Descending <c>int</c> keys.</summary>
public readonly struct DescendingInt32 : IRadixSortOperation<int>
{
    /// <inheritdoc/>
    public int NumBits => 32;

    /// <inheritdoc/>
    public int DefaultValue => int.MinValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(int value, int shift, int bitMask) => (int)((~((uint)value ^ 0x8000_0000u)) >> shift) & bitMask;
}

/// <summary>Ascending <c>uint</c> keys.</summary>
public readonly struct AscendingUInt32 : IRadixSortOperation<uint>
{
    /// <inheritdoc/>
    public int NumBits => 32;

    /// <inheritdoc/>
    public uint DefaultValue => uint.MaxValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(uint value, int shift, int bitMask) => (int)(value >> shift) & bitMask;
}

/// <summary>Descending <c>uint</c> keys.</summary>
public readonly struct DescendingUInt32 : IRadixSortOperation<uint>
{
    /// <inheritdoc/>
    public int NumBits => 32;

    /// <inheritdoc/>
    public uint DefaultValue => uint.MinValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(uint value, int shift, int bitMask) => (int)(~value >> shift) & bitMask;
}

/// <summary>Ascending <c>long</c> keys.</summary>
public readonly struct AscendingInt64 : IRadixSortOperation<long>
{
    /// <inheritdoc/>
    public int NumBits => 64;

    /// <inheritdoc/>
    public long DefaultValue => long.MaxValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(long value, int shift, int bitMask) => (int)(((ulong)value ^ 0x8000_0000_0000_0000ul) >> shift) & bitMask;
}

/// <summary>Descending <c>long</c> keys.</summary>
public readonly struct DescendingInt64 : IRadixSortOperation<long>
{
    /// <inheritdoc/>
    public int NumBits => 64;

    /// <inheritdoc/>
    public long DefaultValue => long.MinValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(long value, int shift, int bitMask) => (int)((~((ulong)value ^ 0x8000_0000_0000_0000ul)) >> shift) & bitMask;
}

/// <summary>Ascending <c>ulong</c> keys.</summary>
public readonly struct AscendingUInt64 : IRadixSortOperation<ulong>
{
    /// <inheritdoc/>
    public int NumBits => 64;

    /// <inheritdoc/>
    public ulong DefaultValue => ulong.MaxValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(ulong value, int shift, int bitMask) => (int)(value >> shift) & bitMask;
}

/// <summary>Descending <c>ulong</c> keys.</summary>
public readonly struct DescendingUInt64 : IRadixSortOperation<ulong>
{
    /// <inheritdoc/>
    public int NumBits => 64;

    /// <inheritdoc/>
    public ulong DefaultValue => ulong.MinValue;

    /// <inheritdoc/>
    public int ExtractRadixBits(ulong value, int shift, int bitMask) => (int)(~value >> shift) & bitMask;
}

/// <summary>Ascending <c>float</c> keys. The order of IEEE 754's totalOrder: −0 before +0, NaNs by their bits at the ends.</summary>
public readonly struct AscendingFloat : IRadixSortOperation<float>
{
    /// <inheritdoc/>
    public int NumBits => 32;

    /// <inheritdoc/>
    public float DefaultValue => BitConverter.Int32BitsToSingle(0x7FFF_FFFF);

    /// <inheritdoc/>
    public int ExtractRadixBits(float value, int shift, int bitMask) => (int)(RadixBits.Of(value) >> shift) & bitMask;
}

/// <summary>Descending <c>float</c> keys. The reverse of IEEE 754's totalOrder.</summary>
public readonly struct DescendingFloat : IRadixSortOperation<float>
{
    /// <inheritdoc/>
    public int NumBits => 32;

    /// <inheritdoc/>
    public float DefaultValue => BitConverter.Int32BitsToSingle(-1);

    /// <inheritdoc/>
    public int ExtractRadixBits(float value, int shift, int bitMask) => (int)(~RadixBits.Of(value) >> shift) & bitMask;
}

/// <summary>Ascending <c>double</c> keys. The order of IEEE 754's totalOrder: −0 before +0, NaNs by their bits at the ends.</summary>
public readonly struct AscendingDouble : IRadixSortOperation<double>
{
    /// <inheritdoc/>
    public int NumBits => 64;

    /// <inheritdoc/>
    public double DefaultValue => BitConverter.Int64BitsToDouble(0x7FFF_FFFF_FFFF_FFFF);

    /// <inheritdoc/>
    public int ExtractRadixBits(double value, int shift, int bitMask) => (int)(RadixBits.Of(value) >> shift) & bitMask;
}

/// <summary>Descending <c>double</c> keys. The reverse of IEEE 754's totalOrder.</summary>
public readonly struct DescendingDouble : IRadixSortOperation<double>
{
    /// <inheritdoc/>
    public int NumBits => 64;

    /// <inheritdoc/>
    public double DefaultValue => BitConverter.Int64BitsToDouble(-1);

    /// <inheritdoc/>
    public int ExtractRadixBits(double value, int shift, int bitMask) => (int)(~RadixBits.Of(value) >> shift) & bitMask;
}

/// <summary>Floats as unsigned numbers of the same order.</summary>
internal static class RadixBits
{
    /// <summary>Flips the sign of positive numbers and all bits of negative ones.</summary>
    public static uint Of(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return (uint)(bits ^ ((bits >> 31) | int.MinValue));
    }

    /// <inheritdoc cref="Of(float)"/>
    public static ulong Of(double value)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        return (ulong)(bits ^ ((bits >> 63) | long.MinValue));
    }
}
