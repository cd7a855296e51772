using Cotangent.Kernels;

namespace Cotangent.Tests.Engine;

/// <summary>What integers and Bool do at the edges of their ranges: the same on every device.</summary>
public class IntegerTests
{
    public static TheoryData<string> All => Devices.AllWithDebug;

    [Theory, MemberData(nameof(All))]
    public void Division_ByZero_IsZero(string device)
    {
        Tensor x = Tensor.From([7, -7, int.MinValue, 0], Devices.Get(device)), y = Tensor.From([0, 0, 0, 0], Devices.Get(device));
        Assert.Equal([0, 0, 0, 0], (x / y).ToArray<int>());
        Assert.Equal([0, 0, 0, 0], (x % y).ToArray<int>());
        Assert.Equal([0, 0, 0, 0], (x / 0).ToArray<int>());
    }

    [Theory, MemberData(nameof(All))]
    public void Division_TruncatesAndWraps(string device)
    {
        Tensor x = Tensor.From([7, -7, 7, -7, int.MinValue], Devices.Get(device)), y = Tensor.From([2, 2, -2, -2, -1], Devices.Get(device));
        Assert.Equal([3, -3, -3, 3, int.MinValue], (x / y).ToArray<int>());
        Assert.Equal([1, -1, 1, -1, 0], (x % y).ToArray<int>());
    }

    [Theory, MemberData(nameof(All))]
    public void Division_OfOtherIntegers_IsTheSame(string device)
    {
        Device on = Devices.Get(device);
        Assert.Equal([0u, uint.MaxValue, 0u], (Tensor.From([5u, uint.MaxValue, 3u], on) / Tensor.From([0u, 1u, 7u], on)).ToArray<uint>());
        Assert.Equal([0L, long.MinValue, -2L], (Tensor.From([5L, long.MinValue, 5L], on) / Tensor.From([0L, -1L, -2L], on)).ToArray<long>());
        Assert.Equal<byte>([0, 85, 1], (Tensor.From<byte>([5, 255, 3], on) / Tensor.From<byte>([0, 3, 2], on)).ToArray<byte>());
    }

    [Theory, MemberData(nameof(All))]
    public void Arithmetic_BeyondTheRange_Wraps(string device)
    {
        Device on = Devices.Get(device);
        Tensor most = Tensor.From([int.MaxValue, int.MinValue], on), bytes = Tensor.From<byte>([250, 3], on);
        Assert.Equal([int.MinValue, int.MinValue + 1], (most + 1).ToArray<int>());
        Assert.Equal([-2, 0], (most * 2).ToArray<int>());
        Assert.Equal([-int.MaxValue, int.MinValue], (-most).ToArray<int>());
        Assert.Equal<byte>([4, 13], (bytes + 10).ToArray<byte>());
        Assert.Equal<byte>([6, 253], (-bytes).ToArray<byte>());
        Assert.Equal<byte>([244, 252], (bytes - Tensor.From<byte>([6, 7], on)).ToArray<byte>());
        Assert.Equal([long.MinValue], (Tensor.From([long.MaxValue], on) + 1).ToArray<long>());
    }

    /// <summary>Bytes are computed in 32 bits: what reads the complement in the same kernel must not see the others.</summary>
    [Theory, MemberData(nameof(All))]
    public void Complement_OfBytesReadInTheSameKernel_HasEightBits(string device)
    {
        Tensor x = Tensor.From<byte>([225, 0, 255], Devices.Get(device));
        Assert.Equal<byte>([10, 85, 0], (~x / 3).ToArray<byte>());
        Assert.Equal([30, 255, 0], (~x).Cast(DType.Int32).ToArray<int>());
        Assert.Equal([true, false, true], (~x < 31).ToArray<bool>());
    }

    [Theory, MemberData(nameof(All))]
    public void Iota_OfMoreThan256Bytes_Wraps(string device)
    {
        Tensor x = Tensor.Arange(300, DType.UInt8, Devices.Get(device));
        int[] expected = [.. Enumerable.Range(0, 300).Select(i => i % 256)];
        Assert.Equal(expected, x.Cast(DType.Int32).ToArray<int>());
        Assert.Equal(expected, x.Realize().Cast(DType.Int32).ToArray<int>());
    }

    [Fact]
    public void Full_OfANumberOutsideBytes_IsWhatCastGives()
    {
        double[] numbers = [300, -3.5, double.NaN, double.PositiveInfinity, 7.9];
        byte[] cast = Tensor.From(numbers).Cast(DType.UInt8).ToArray<byte>();
        Assert.Equal<byte>([255, 0, 0, 255, 7], cast);
        Assert.Equal(cast, numbers.Select(x => Tensor.Full([], x, DType.UInt8).Item<byte>()));
    }

    [Theory, MemberData(nameof(All))]
    public void Shifts_WithinTheWidth_AreThoseOfCSharp(string device)
    {
        Device on = Devices.Get(device);
        Tensor x = Tensor.From([1, -8, int.MinValue], on);
        Assert.Equal([8, -64, 0], (x << 3).ToArray<int>());
        Assert.Equal([0, -1, int.MinValue >> 3], (x >> 3).ToArray<int>());
        Assert.Equal([0x1FFF_FFFFu], (Tensor.From([uint.MaxValue], on) >> 3).ToArray<uint>());
        Assert.Equal<byte>([0xF8, 8], (Tensor.From<byte>([255, 1], on) << 3).ToArray<byte>());
        Assert.Equal<byte>([31, 0], (Tensor.From<byte>([255, 1], on) >> 3).ToArray<byte>());
        Assert.Equal([1L << 40], (Tensor.From([1L], on) << 40).ToArray<long>());
    }

    [Theory, MemberData(nameof(All))]
    public void Shifts_BeyondTheWidth_LeaveNothingButTheSign(string device)
    {
        Device on = Devices.Get(device);
        Tensor x = Tensor.From([5, -5, 5, -5], on), n = Tensor.From([32, 99, -1, -1], on);
        Assert.Equal([0, 0, 0, 0], (x << n).ToArray<int>());
        Assert.Equal([0, -1, 0, -1], (x >> n).ToArray<int>());
        Assert.Equal([0u], (Tensor.From([uint.MaxValue], on) >> 32).ToArray<uint>());
        Assert.Equal<byte>([0], (Tensor.From<byte>([255], on) << 8).ToArray<byte>());
        Assert.Equal([0L], (Tensor.From([1L], on) << Tensor.From([1L << 32], on)).ToArray<long>());
    }

    [Theory, MemberData(nameof(All))]
    public void Casts_BetweenIntegers_WrapAndFromFloats_Saturate(string device)
    {
        Device on = Devices.Get(device);
        Assert.Equal<byte>([255, 44, 0], Tensor.From([-1, 300, 256], on).Cast(DType.UInt8).ToArray<byte>());
        Assert.Equal([uint.MaxValue], Tensor.From([-1], on).Cast(DType.UInt32).ToArray<uint>());
        Assert.Equal([int.MaxValue, int.MinValue, 0, -2], Tensor.From([1e20f, -1e20f, float.NaN, -2.9f], on).Cast(DType.Int32).ToArray<int>());
        Assert.Equal<byte>([255, 0, 0, 2], Tensor.From([1e20f, -1e20f, float.NaN, 2.9f], on).Cast(DType.UInt8).ToArray<byte>());
    }

    [Theory, MemberData(nameof(All))]
    public void Bool_MeetsNumbers_CountsAsZeroAndOne(string device)
    {
        Tensor b = Tensor.From([true, false], Devices.Get(device));
        Assert.Equal([4, 3], (b + 3).ToArray<int>());
        Assert.Equal([2.5f, 0], (b * 2.5).ToArray<float>());
        Assert.Equal<byte>([8, 7], (b + Tensor.From<byte>([7, 7], Devices.Get(device))).ToArray<byte>());
        Assert.Equal([1], b.Sum(keepDims: true).ToArray<int>());
    }

    [Fact]
    public void Bool_WithBool_HasLogicButNoArithmetic()
    {
        Tensor b = Tensor.From([true, false]);
        Assert.Equal([false, true], (b ^ Tensor.From([true, true])).ToArray<bool>());
        Assert.Equal(["add", "sub", "mul", "div", "rem"], new Func<Tensor>[] { () => b + b, () => b - b, () => b * b, () => b / b, () => b % b }
            .Select(f => Assert.Throws<DTypeMismatchException>(f).Message.Split(' ')[1].TrimEnd(':')));
    }
}
