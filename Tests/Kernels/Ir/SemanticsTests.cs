using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Ir;

public class SemanticsTests
{
    private static ulong Evaluate(Opcode opcode, IrType type, params Constant[] x) =>
        Semantics.Evaluate(new Instruction(opcode, type, [.. x]), [.. x.Select(c => c.Bits)]);

    private static float Single(Opcode opcode, params Constant[] x) =>
        BitConverter.UInt32BitsToSingle((uint)Evaluate(opcode, ScalarType.Float32, x));

    private static int Int(Opcode opcode, params Constant[] x) => (int)Evaluate(opcode, ScalarType.Int32, x);

    [Fact]
    public void Integer_Overflow_Wraps()
    {
        Assert.Equal(int.MinValue, Int(Opcode.Add, Constant.Of(int.MaxValue), Constant.Of(1)));
        Assert.Equal(int.MinValue, Int(Opcode.Abs, Constant.Of(int.MinValue)));
        Assert.Equal(int.MinValue, Int(Opcode.Div, Constant.Of(int.MinValue), Constant.Of(-1)));
        Assert.Equal(0, Int(Opcode.Rem, Constant.Of(int.MinValue), Constant.Of(-1)));
        Assert.Equal(-7 % 3, Int(Opcode.Rem, Constant.Of(-7), Constant.Of(3)));
    }

    [Fact]
    public void Shift_Amount_IsTakenModuloTheWidth()
    {
        Assert.Equal(2, Int(Opcode.ShiftLeft, Constant.Of(1), Constant.Of(33)));
        Assert.Equal(-1, Int(Opcode.ShiftRight, Constant.Of(-2), Constant.Of(1)));
        Assert.Equal(1ul << 63, Evaluate(Opcode.ShiftLeft, ScalarType.UInt64, Constant.Of(1ul), Constant.Of(-1)));
    }

    [Fact]
    public void MulHigh_ExtremeValues_IsTheHighHalf()
    {
        Assert.Equal(ulong.MaxValue - 1,
            Evaluate(Opcode.MulHigh, ScalarType.UInt64, Constant.Of(ulong.MaxValue), Constant.Of(ulong.MaxValue)));
        Assert.Equal(-1, Int(Opcode.MulHigh, Constant.Of(int.MinValue), Constant.Of(2)));
        Assert.Equal((ulong)Math.BigMul(long.MinValue, 12345, out _),
            Evaluate(Opcode.MulHigh, ScalarType.Int64, Constant.Of(long.MinValue), Constant.Of(12345L)));
    }

    [Fact]
    public void MinMax_NaNAndSignedZero_FollowIeee2019()
    {
        Assert.True(float.IsNaN(Single(Opcode.Min, Constant.Of(float.NaN), Constant.Of(1f))));
        Assert.True(float.IsNegative(Single(Opcode.Min, Constant.Of(0f), Constant.Of(-0f))));
        Assert.False(float.IsNegative(Single(Opcode.Max, Constant.Of(-0f), Constant.Of(0f))));
    }

    [Fact]
    public void Round_Ties_GoToEven()
    {
        Assert.Equal(2f, Single(Opcode.Round, Constant.Of(2.5f)));
        Assert.Equal(-2f, Single(Opcode.Round, Constant.Of(-1.5f)));
        Assert.True(float.IsNegative(Single(Opcode.Round, Constant.Of(-0.3f))));
    }

    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.PositiveInfinity, int.MaxValue)]
    [InlineData(-3e9f, int.MinValue)]
    [InlineData(-1.9f, -1)]
    public void Convert_FloatToInt_TruncatesAndSaturates(float x, int expected) =>
        Assert.Equal(expected, Int(Opcode.Convert, Constant.Of(x)));

    [Fact]
    public void Convert_Unsigned64ToFloat_RoundsOnce()
    {
        // Through double this would round to 2^63 first and then stay there.
        Assert.Equal(BitConverter.UInt32BitsToSingle(0x5F000001),
            Single(Opcode.Convert, Constant.Of(0x8000008000000001ul)));
        Assert.Equal(BitConverter.UInt32BitsToSingle(0x5E800001),
            Single(Opcode.Convert, Constant.Of(0x4000004000000001L)));
    }

    [Fact]
    public void Convert_NarrowTypes_SaturateFromFloatAndWrapFromInteger()
    {
        Assert.Equal(255ul, Evaluate(Opcode.Convert, ScalarType.UInt8, Constant.Of(300f)));
        Assert.Equal(0x80ul, Evaluate(Opcode.Convert, ScalarType.Int8, Constant.Of(-300f)));
        Assert.Equal(44ul, Evaluate(Opcode.Convert, ScalarType.UInt8, Constant.Of(300)));
        Assert.Equal(0xFFFFFFFFul, Evaluate(Opcode.Convert, ScalarType.Int32, new Constant(ScalarType.Int8, 0xFF)));
    }

    [Fact]
    public void Convert_BFloat16_RoundsToNearestEven()
    {
        Assert.Equal(0x3F80ul, Evaluate(Opcode.Convert, ScalarType.BFloat16,
            Constant.Of(BitConverter.UInt32BitsToSingle(0x3F808000))));
        Assert.Equal(0x3F82ul, Evaluate(Opcode.Convert, ScalarType.BFloat16,
            Constant.Of(BitConverter.UInt32BitsToSingle(0x3F818000))));
        Assert.Equal(0x7F80ul, Evaluate(Opcode.Convert, ScalarType.BFloat16, Constant.Of(float.MaxValue)));
        Assert.True(float.IsNaN(Conversions.BFloat16ToSingle(Evaluate(Opcode.Convert, ScalarType.BFloat16,
            Constant.Of(float.NaN)))));
    }
}
