namespace Cotangent.Kernels;

// Integers: as in IntrinsicMath. Comparisons of floats too.
public static partial class XMath
{
    /// <summary>The absolute value; the least number is its own.</summary>
    public static sbyte Abs(sbyte value) => IntrinsicMath.Abs(value);

    /// <summary>The absolute value; the least number is its own.</summary>
    public static short Abs(short value) => IntrinsicMath.Abs(value);

    /// <summary>The absolute value; the least number is its own.</summary>
    public static int Abs(int value) => IntrinsicMath.Abs(value);

    /// <summary>The absolute value; the least number is its own.</summary>
    public static long Abs(long value) => IntrinsicMath.Abs(value);

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
    public static sbyte Min(sbyte first, sbyte second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static sbyte Max(sbyte first, sbyte second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static sbyte Clamp(sbyte value, sbyte min, sbyte max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static short Min(short first, short second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static short Max(short first, short second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static short Clamp(short value, short min, short max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static int Min(int first, int second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static int Max(int first, int second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static int Clamp(int value, int min, int max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static long Min(long first, long second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static long Max(long first, long second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static long Clamp(long value, long min, long max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static byte Min(byte first, byte second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static byte Max(byte first, byte second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static byte Clamp(byte value, byte min, byte max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static ushort Min(ushort first, ushort second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static ushort Max(ushort first, ushort second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static ushort Clamp(ushort value, ushort min, ushort max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static uint Min(uint first, uint second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static uint Max(uint first, uint second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static uint Clamp(uint value, uint min, uint max) => Max(Min(value, max), min);

    /// <summary>The smaller one.</summary>
    public static ulong Min(ulong first, ulong second) => IntrinsicMath.Min(first, second);

    /// <summary>The larger one.</summary>
    public static ulong Max(ulong first, ulong second) => IntrinsicMath.Max(first, second);

    /// <summary>A value brought between two bounds; <paramref name="min"/> where they are in the wrong order.</summary>
    public static ulong Clamp(ulong value, ulong min, ulong max) => Max(Min(value, max), min);

    /// <summary>The number of ones.</summary>
    public static int PopCount(int value) => IntrinsicMath.PopCount(value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(int value) => IntrinsicMath.LeadingZeroCount(value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(int value) => IntrinsicMath.TrailingZeroCount(value);

    /// <summary>The number of ones.</summary>
    public static int PopCount(uint value) => IntrinsicMath.PopCount(value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(uint value) => IntrinsicMath.LeadingZeroCount(value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(uint value) => IntrinsicMath.TrailingZeroCount(value);

    /// <summary>The number of ones.</summary>
    public static int PopCount(long value) => IntrinsicMath.PopCount(value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(long value) => IntrinsicMath.LeadingZeroCount(value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(long value) => IntrinsicMath.TrailingZeroCount(value);

    /// <summary>The number of ones.</summary>
    public static int PopCount(ulong value) => IntrinsicMath.PopCount(value);

    /// <summary>The number of zeros above the highest one; all bits for 0.</summary>
    public static int LeadingZeroCount(ulong value) => IntrinsicMath.LeadingZeroCount(value);

    /// <summary>The number of zeros below the lowest one; all bits for 0.</summary>
    public static int TrailingZeroCount(ulong value) => IntrinsicMath.TrailingZeroCount(value);

    /// <summary>A quotient, rounded towards zero.</summary>
    public static int DivRoundDown(int numerator, int denominator) => IntrinsicMath.DivRoundDown(numerator, denominator);

    /// <summary>A quotient of positive numbers, rounded up.</summary>
    public static int DivRoundUp(int numerator, int denominator) => IntrinsicMath.DivRoundUp(numerator, denominator);

    /// <summary>A quotient, rounded towards zero.</summary>
    public static long DivRoundDown(long numerator, long denominator) => IntrinsicMath.DivRoundDown(numerator, denominator);

    /// <summary>A quotient of positive numbers, rounded up.</summary>
    public static long DivRoundUp(long numerator, long denominator) => IntrinsicMath.DivRoundUp(numerator, denominator);

    /// <summary>The halves of 64 bits.</summary>
    public static IntrinsicMath.IntegerParts Decompose(long value) => IntrinsicMath.Decompose(value);

    /// <summary>The halves of 64 bits.</summary>
    public static IntrinsicMath.IntegerParts Decompose(ulong value) => IntrinsicMath.Decompose(value);

    /// <summary>The inverse of <see cref="Decompose(long)"/>.</summary>
    public static long ComposeLong(IntrinsicMath.IntegerParts parts) => IntrinsicMath.ComposeLong(parts);

    /// <summary>The inverse of <see cref="Decompose(ulong)"/>.</summary>
    public static ulong ComposeULong(IntrinsicMath.IntegerParts parts) => IntrinsicMath.ComposeULong(parts);
}
