using System.Numerics;

namespace Cotangent.Kernels.Passes;

/// <summary>The remainder of floats by long division of their significands: exact, as C#'s <c>%</c>.</summary>
internal static class FloatRemainder
{
    /// <summary>x − y·truncate(x / y), exactly, with the sign of x.</summary>
    public static float Remainder(float x, float y)
    {
        uint sign = BitConverter.SingleToUInt32Bits(x) & 0x80000000;
        uint a = BitConverter.SingleToUInt32Bits(x) & 0x7FFFFFFF;
        uint b = BitConverter.SingleToUInt32Bits(y) & 0x7FFFFFFF;
        if (a >= 0x7F800000 || b > 0x7F800000 || b == 0)
            return float.NaN;
        if (a < b)
            return x;

        // A subnormal's significand is shifted up to 24 bits, its exponent down to less than 1.
        int shift = a < 0x800000 ? BitOperations.LeadingZeroCount(a) - 8 : 0;
        int exponent = a < 0x800000 ? 1 - shift : (int)(a >> 23);
        uint rest = a < 0x800000 ? a << shift : (a & 0x7FFFFF) | 0x800000;
        shift = b < 0x800000 ? BitOperations.LeadingZeroCount(b) - 8 : 0;
        int last = b < 0x800000 ? 1 - shift : (int)(b >> 23);
        uint divisor = b < 0x800000 ? b << shift : (b & 0x7FFFFF) | 0x800000;
        for (; exponent > last; exponent--)
        {
            rest = rest >= divisor ? rest - divisor : rest;
            rest <<= 1;
        }

        rest = rest >= divisor ? rest - divisor : rest;
        if (rest == 0)
            return BitConverter.UInt32BitsToSingle(sign);
        shift = BitOperations.LeadingZeroCount(rest) - 8;
        rest <<= shift;
        exponent = last - shift;
        uint bits = exponent > 0 ? (rest & 0x7FFFFF) | ((uint)exponent << 23) : rest >> (1 - exponent);
        return BitConverter.UInt32BitsToSingle(sign | bits);
    }

    /// <summary>x − y·truncate(x / y), exactly, with the sign of x.</summary>
    public static double Remainder(double x, double y)
    {
        const ulong hidden = 1ul << 52;
        const ulong infinity = 0x7FFul << 52;
        ulong sign = BitConverter.DoubleToUInt64Bits(x) & (1ul << 63);
        ulong a = BitConverter.DoubleToUInt64Bits(x) & ~(1ul << 63);
        ulong b = BitConverter.DoubleToUInt64Bits(y) & ~(1ul << 63);
        if (a >= infinity || b > infinity || b == 0)
            return double.NaN;
        if (a < b)
            return x;
        int shift = a < hidden ? BitOperations.LeadingZeroCount(a) - 11 : 0;
        int exponent = a < hidden ? 1 - shift : (int)(a >> 52);
        ulong rest = a < hidden ? a << shift : (a & (hidden - 1)) | hidden;
        shift = b < hidden ? BitOperations.LeadingZeroCount(b) - 11 : 0;
        int last = b < hidden ? 1 - shift : (int)(b >> 52);
        ulong divisor = b < hidden ? b << shift : (b & (hidden - 1)) | hidden;
        for (; exponent > last; exponent--)
        {
            rest = rest >= divisor ? rest - divisor : rest;
            rest <<= 1;
        }

        rest = rest >= divisor ? rest - divisor : rest;
        if (rest == 0)
            return BitConverter.UInt64BitsToDouble(sign);
        shift = BitOperations.LeadingZeroCount(rest) - 11;
        rest <<= shift;
        exponent = last - shift;
        ulong bits = exponent > 0 ? (rest & (hidden - 1)) | ((ulong)exponent << 52) : rest >> (1 - exponent);
        return BitConverter.UInt64BitsToDouble(sign | bits);
    }
}
