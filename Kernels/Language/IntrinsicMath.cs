using System.Numerics;

namespace Cotangent.Kernels;

/// <summary>Plain operations on numbers, the same on every device and never throwing (ILGPU's <c>IntrinsicMath</c>).</summary>
public static class IntrinsicMath
{
    /// <summary>The absolute value.</summary>
    public static Half Abs(Half value) => Half.Abs(value);

    /// <summary>The absolute value.</summary>
    public static float Abs(float value) => MathF.Abs(value);

    /// <summary>The absolute value.</summary>
    public static double Abs(double value) => Math.Abs(value);

    /// <summary>The absolute value; the least number is its own.</summary>
    public static sbyte Abs(sbyte value) => (sbyte)(value < 0 ? -value : value);

    /// <summary>The absolute value; the least number is its own.</summary>
    public static short Abs(short value) => (short)(value < 0 ? -value : value);

    /// <summary>The absolute value; the least number is its own.</summary>
    public static int Abs(int value) => value < 0 ? -value : value;

    /// <summary>The absolute value; the least number is its own.</summary>
    public static long Abs(long value) => value < 0 ? -value : value;

    /// <summary><paramref name="x"/> with the sign of <paramref name="y"/>.</summary>
    public static float CopySign(float x, float y) => MathF.CopySign(x, y);

    /// <summary><paramref name="x"/> with the sign of <paramref name="y"/>.</summary>
    public static double CopySign(double x, double y) => Math.CopySign(x, y);

    /// <summary>The smaller one. NaN if one is NaN; −0 is below +0.</summary>
    public static float Min(float first, float second) => MathF.Min(first, second);

    /// <summary>The larger one. NaN if one is NaN; −0 is below +0.</summary>
    public static float Max(float first, float second) => MathF.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static float Clamp(float value, float min, float max) => Max(Min(value, max), min);

    /// <summary>The smaller one. NaN if one is NaN; −0 is below +0.</summary>
    public static double Min(double first, double second) => Math.Min(first, second);

    /// <summary>The larger one. NaN if one is NaN; −0 is below +0.</summary>
    public static double Max(double first, double second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static double Clamp(double value, double min, double max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static sbyte Min(sbyte first, sbyte second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static sbyte Max(sbyte first, sbyte second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static sbyte Clamp(sbyte value, sbyte min, sbyte max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static short Min(short first, short second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static short Max(short first, short second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static short Clamp(short value, short min, short max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static int Min(int first, int second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static int Max(int first, int second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static int Clamp(int value, int min, int max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static long Min(long first, long second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static long Max(long first, long second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static long Clamp(long value, long min, long max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static byte Min(byte first, byte second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static byte Max(byte first, byte second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static byte Clamp(byte value, byte min, byte max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static ushort Min(ushort first, ushort second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static ushort Max(ushort first, ushort second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static ushort Clamp(ushort value, ushort min, ushort max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static uint Min(uint first, uint second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static uint Max(uint first, uint second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static uint Clamp(uint value, uint min, uint max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static ulong Min(ulong first, ulong second) => Math.Min(first, second);

    /// <summary>The larger one.</summary>
    public static ulong Max(ulong first, ulong second) => Math.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static ulong Clamp(ulong value, ulong min, ulong max) => Max(Min(value, max), min);

    /// <summary>The number of ones.</summary>
    public static int PopCount(int value) => BitOperations.PopCount((uint)value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(int value) => BitOperations.LeadingZeroCount((uint)value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(int value) => BitOperations.TrailingZeroCount((uint)value);

    /// <summary>The number of ones.</summary>
    public static int PopCount(uint value) => BitOperations.PopCount(value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(uint value) => BitOperations.LeadingZeroCount(value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(uint value) => BitOperations.TrailingZeroCount(value);

    /// <summary>The number of ones.</summary>
    public static int PopCount(long value) => BitOperations.PopCount((ulong)value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(long value) => BitOperations.LeadingZeroCount((ulong)value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(long value) => BitOperations.TrailingZeroCount((ulong)value);

    /// <summary>The number of ones.</summary>
    public static int PopCount(ulong value) => BitOperations.PopCount(value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(ulong value) => BitOperations.LeadingZeroCount(value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(ulong value) => BitOperations.TrailingZeroCount(value);

    /// <summary>A quotient, rounded towards zero.</summary>
    public static int DivRoundDown(int numerator, int denominator) => numerator / denominator;

    /// <summary>A quotient of positive numbers, rounded up.</summary>
    public static int DivRoundUp(int numerator, int denominator) => (numerator + denominator - 1) / denominator;

    /// <summary>A quotient, rounded towards zero.</summary>
    public static long DivRoundDown(long numerator, long denominator) => numerator / denominator;

    /// <summary>A quotient of positive numbers, rounded up.</summary>
    public static long DivRoundUp(long numerator, long denominator) => (numerator + denominator - 1) / denominator;

    /// <summary>The halves of 64 bits.</summary>
    public static IntrinsicMath.IntegerParts Decompose(long value) => new((ulong)value);

    /// <summary>The halves of 64 bits.</summary>
    public static IntrinsicMath.IntegerParts Decompose(ulong value) => new(value);

    /// <summary>The inverse of <see cref="Decompose(long)"/>.</summary>
    public static long ComposeLong(IntrinsicMath.IntegerParts parts) => (long)parts.ToULong();

    /// <summary>The inverse of <see cref="Decompose(ulong)"/>.</summary>
    public static ulong ComposeULong(IntrinsicMath.IntegerParts parts) => parts.ToULong();

    /// <summary>The halves of a 64-bit integer.</summary>
    /// <param name="Lower">The low 32 bits.</param>
    /// <param name="Upper">The high 32 bits.</param>
    public readonly record struct IntegerParts(uint Lower, uint Upper)
    {
        /// <summary>From the whole.</summary>
        public IntegerParts(ulong value)
            : this((uint)value, (uint)(value >> 32))
        {
        }

        /// <summary>The whole.</summary>
        public ulong ToULong() => ((ulong)Upper << 32) | Lower;
    }
}
