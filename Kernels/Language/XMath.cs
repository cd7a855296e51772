namespace Cotangent.Kernels;

/// <summary>Mathematical functions with the same bits on every device (ILGPU's <c>XMath</c>). They are ordinary kernel
/// code: only IEEE additions, multiplications, divisions, square roots, fused multiply-adds, integer operations and
/// selects, so that each target that has those gives the same result, within 2 ulp of the exact value.</summary>
/// <remarks>
/// <para>NaN, infinities and signed zeros are as in <see cref="Math"/> and <see cref="MathF"/>.</para>
/// <para>The polynomials are minimax fits (Remez exchange on the relative error of the function). Single-precision
/// functions that programs spend time in stay in single precision; the others compute in double precision and round
/// once.</para>
/// </remarks>
public static partial class XMath
{
    // log(2) in two parts: the product of the high part with an exponent is exact.
    private const double Ln2High = 0.6931471803691238;
    private const double Ln2Low = 1.9082149292705877e-10;
    private const float Ln2HighF = 0.693145751953125f;
    private const float Ln2LowF = 1.428606765330187e-06f;

    // Adding 1.5·2^52 (1.5·2^23) rounds to an integer, which then stands in the low bits.
    private const double IntegerShift = 6755399441055744.0;
    private const float IntegerShiftF = 12582912f;

    /// <summary>1/√x: +∞ at +0, −∞ at −0, NaN below 0.</summary>
    public static float Rsqrt(float x) => 1.0f / MathF.Sqrt(x);

    /// <summary>1/√x: +∞ at +0, −∞ at −0, NaN below 0.</summary>
    public static double Rsqrt(double x) => 1.0 / Math.Sqrt(x);

    private static float Fma(float x, float y, float z) => MathF.FusedMultiplyAdd(x, y, z);

    private static double Fma(double x, double y, double z) => Math.FusedMultiplyAdd(x, y, z);

    /// <summary>2^n for a normal result.</summary>
    private static double PowerOfTwo(int n) => BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);

    /// <summary>2^(n + bias) of a number rounded by adding IntegerShift + 1023 + bias: its low bits are the
    /// exponent.</summary>
    private static double ShiftedPower(double shifted) =>
        BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(shifted) << 52);

    /// <summary>2^(n + bias) of a number rounded by adding IntegerShiftF + 127 + bias.</summary>
    private static float ShiftedPower(float shifted) =>
        BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(shifted) << 23);

    /// <summary>A non-negative number with the sign of another.</summary>
    private static double WithSign(double magnitude, double sign) => BitConverter.Int64BitsToDouble(
        BitConverter.DoubleToInt64Bits(magnitude) | (BitConverter.DoubleToInt64Bits(sign) & long.MinValue));

    private static float WithSign(float magnitude, float sign) => BitConverter.Int32BitsToSingle(
        BitConverter.SingleToInt32Bits(magnitude) | (BitConverter.SingleToInt32Bits(sign) & int.MinValue));

    /// <summary>What x + y lost to rounding.</summary>
    private static double SumError(double x, double y)
    {
        double sum = x + y;
        double second = sum - x;
        return (x - (sum - second)) + (y - second);
    }
}
