using System.Globalization;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>A bfloat16 number: the high 16 bits of a float32, so its range with 8 bits of precision. Arithmetic is done in float32 and
/// rounded to nearest, ties to even, after each operation.</summary>
public readonly struct BFloat16 : IEquatable<BFloat16>, IComparable<BFloat16>, IFormattable
{
    private readonly ushort _bits;

    private BFloat16(ushort bits) => _bits = bits;

    /// <summary>The raw 16 bits.</summary>
    public ushort Bits => _bits;

    /// <summary>The number with these raw bits.</summary>
    public static BFloat16 FromBits(ushort bits) => new(bits);

    /// <summary>Rounds to nearest, ties to even; overflow gives an infinity.</summary>
    public static explicit operator BFloat16(float x) => new((ushort)Conversions.SingleToBFloat16(x));

    /// <summary>Rounds to float32, then to bfloat16.</summary>
    public static explicit operator BFloat16(double x) => (BFloat16)(float)x;

    /// <summary>Rounds to float32, then to bfloat16.</summary>
    public static explicit operator BFloat16(int x) => (BFloat16)(float)x;

    /// <summary>Exact.</summary>
    public static implicit operator float(BFloat16 x) => Conversions.BFloat16ToSingle(x._bits);

    /// <summary>The sum.</summary>
    public static BFloat16 operator +(BFloat16 left, BFloat16 right) => (BFloat16)((float)left + (float)right);

    /// <summary>The difference.</summary>
    public static BFloat16 operator -(BFloat16 left, BFloat16 right) => (BFloat16)((float)left - (float)right);

    /// <summary>The product.</summary>
    public static BFloat16 operator *(BFloat16 left, BFloat16 right) => (BFloat16)((float)left * (float)right);

    /// <summary>The quotient.</summary>
    public static BFloat16 operator /(BFloat16 left, BFloat16 right) => (BFloat16)((float)left / (float)right);

    /// <summary>The number with its sign changed.</summary>
    public static BFloat16 operator -(BFloat16 x) => (BFloat16)(-(float)x);

    /// <summary>By value: NaN equals nothing, and −0 equals +0.</summary>
    public static bool operator ==(BFloat16 left, BFloat16 right) => (float)left == (float)right;

    /// <summary>By value.</summary>
    public static bool operator !=(BFloat16 left, BFloat16 right) => (float)left != (float)right;

    /// <summary>By value.</summary>
    public static bool operator <(BFloat16 left, BFloat16 right) => (float)left < (float)right;

    /// <summary>By value.</summary>
    public static bool operator >(BFloat16 left, BFloat16 right) => (float)left > (float)right;

    /// <summary>By value.</summary>
    public static bool operator <=(BFloat16 left, BFloat16 right) => (float)left <= (float)right;

    /// <summary>By value.</summary>
    public static bool operator >=(BFloat16 left, BFloat16 right) => (float)left >= (float)right;

    /// <inheritdoc/>
    public bool Equals(BFloat16 other) => ((float)this).Equals(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ((float)this).GetHashCode();

    /// <inheritdoc/>
    public int CompareTo(BFloat16 other) => ((float)this).CompareTo(other);

    /// <inheritdoc/>
    public override string ToString() => ToString(null, CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) =>
        ((float)this).ToString(format, formatProvider);
}
