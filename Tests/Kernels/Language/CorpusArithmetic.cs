using System.Numerics;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Numbers: types, conversions, operators, bit operations. The expected values come from running the same method here.</summary>
public static class CorpusArithmetic
{
    private static readonly double[] s_numbers =
    [
        0, -0.0, 1, -1, 0.5, 2.5, -2.5, 3.7, -3.7, 100, 127.9, -128.5, 255, 256, 300.7, 65535, 70000, 1e6, 2147483647, 2147483648,
        -2147483649, 4294967295, 4294967296, 1e10, -1e10, 9.3e18, 1.9e19, -1e19, 1e-40, 1e300, double.NaN, double.PositiveInfinity,
    ];

    private static readonly long[] s_integers =
    [
        0, 1, -1, 2, 7, -7, 31, 32, 33, 63, 64, 100, -100, 127, 128, -128, 255, 256, 32767, 32768, 65535, 65536, 1234567,
        -1234567, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 40, -(1L << 40), long.MaxValue, long.MinValue, 0x123456789ABCDEF,
    ];

    private delegate TOut Function<TIn, TOut>(TIn x);

    /// <summary>Runs a kernel on the device and, as plain C#, on Device.Debug; both must agree bit for bit.</summary>
    private static void Same<TIn, TOut>(Device d, TIn[] input, Action<Index1D, ArrayView<TIn>, ArrayView<TOut>> kernel, int perItem = 1)
        where TIn : unmanaged
        where TOut : unmanaged
    {
        TOut[] Run(Device device)
        {
            DeviceBuffer<TIn> x = device.Allocate<TIn>(input);
            DeviceBuffer<TOut> y = device.Allocate<TOut>(new TOut[input.Length * perItem]);
            device.Load(kernel)(input.Length, x, y);
            return y.ToArray();
        }

        Assert.Equal(Run(Device.Debug), Run(d));
    }

    private static void Conversions(Index1D i, ArrayView<double> x, ArrayView<long> y)
    {
        double v = x[i];
        int o = i * 8;
        y[o] = (int)v;
        y[o + 1] = (uint)v;
        y[o + 2] = (long)v;
        y[o + 3] = (long)(ulong)v;
        y[o + 4] = (int)(float)v;
        y[o + 5] = (long)(float)v;
        y[o + 6] = BitConverter.SingleToInt32Bits((float)v);
        y[o + 7] = (uint)(float)v;
    }

    [Feature]
    public static void FloatToInteger(Device d) => Same<double, long>(d, s_numbers, Conversions, 8);

    private static void ToFloat(Index1D i, ArrayView<long> x, ArrayView<double> y)
    {
        long v = x[i];
        int o = i * 7;
        y[o] = v;
        y[o + 1] = (ulong)v;
        y[o + 2] = (float)v;
        y[o + 3] = (float)(uint)v;
        y[o + 4] = (float)(int)v;
        y[o + 5] = (uint)v;
        y[o + 6] = (byte)v;
    }

    [Feature]
    public static void IntegerToFloat(Device d) => Same<long, double>(d, s_integers, ToFloat, 7);

    private static void Narrow(Index1D i, ArrayView<long> x, ArrayView<long> y)
    {
        long v = x[i];
        int o = i * 9;
        y[o] = (sbyte)v;
        y[o + 1] = (byte)v;
        y[o + 2] = (short)v;
        y[o + 3] = (ushort)v;
        y[o + 4] = (int)v;
        y[o + 5] = (uint)v;
        y[o + 6] = (long)(uint)(int)v;
        y[o + 7] = (long)(ulong)(int)v;
        y[o + 8] = (char)v;
    }

    [Feature]
    public static void IntegerToInteger(Device d) => Same<long, long>(d, s_integers, Narrow, 9);

    private static void Signed(Index1D i, ArrayView<long> x, ArrayView<long> y)
    {
        int a = (int)x[i];
        int b = (int)x[(i + 5) % x.IntLength] | 1;
        int o = i * 12;
        y[o] = a + b;
        y[o + 1] = a - b;
        y[o + 2] = a * b;
        y[o + 3] = b == -1 ? 0 : a / b;
        y[o + 4] = b == -1 ? 0 : a % b;
        y[o + 5] = a & b;
        y[o + 6] = a | b;
        y[o + 7] = a ^ b;
        y[o + 8] = ~a;
        y[o + 9] = -a;
        y[o + 10] = a << (b & 63);
        y[o + 11] = a >> b;
    }

    [Feature]
    public static void SignedArithmetic(Device d) => Same<long, long>(d, s_integers, Signed, 12);

    private static void Unsigned(Index1D i, ArrayView<long> x, ArrayView<ulong> y)
    {
        uint a = (uint)x[i];
        uint b = (uint)x[(i + 5) % x.IntLength] | 1;
        ulong c = (ulong)x[i];
        ulong e = (ulong)x[(i + 7) % x.IntLength] | 1;
        int o = i * 14;
        y[o] = a + b;
        y[o + 1] = a - b;
        y[o + 2] = a * b;
        y[o + 3] = a / b;
        y[o + 4] = a % b;
        y[o + 5] = a >> (int)b;
        y[o + 6] = a << 3;
        y[o + 7] = a < b ? 1u : 0u;
        y[o + 8] = a >= b ? 1u : 0u;
        y[o + 9] = c / e;
        y[o + 10] = c % e;
        y[o + 11] = c >> (int)(e & 63);
        y[o + 12] = c > e ? 1ul : 0ul;
        y[o + 13] = c * e + a;
    }

    [Feature]
    public static void UnsignedArithmetic(Device d) => Same<long, ulong>(d, s_integers, Unsigned, 14);

    private static void Long(Index1D i, ArrayView<long> x, ArrayView<long> y)
    {
        long a = x[i];
        long b = x[(i + 3) % x.IntLength] | 1;
        int o = i * 9;
        y[o] = a + b;
        y[o + 1] = a * b;
        y[o + 2] = b == -1 ? 0 : a / b;
        y[o + 3] = b == -1 ? 0 : a % b;
        y[o + 4] = a >> (int)b;
        y[o + 5] = a >>> (int)b;
        y[o + 6] = a << 5;
        y[o + 7] = -a ^ b;
        y[o + 8] = a < b ? 1 : a == b ? 2 : 3;
    }

    [Feature]
    public static void LongArithmetic(Device d) => Same<long, long>(d, s_integers, Long, 9);

    private static void Floats(Index1D i, ArrayView<double> x, ArrayView<float> y)
    {
        float a = (float)x[i];
        float b = (float)x[(i + 3) % x.IntLength];
        int o = i * 8;
        y[o] = a + b;
        y[o + 1] = a - b;
        y[o + 2] = a * b;
        y[o + 3] = a / b;
        y[o + 4] = -a;
        y[o + 5] = a < b ? a : b;
        y[o + 6] = a > b == b > a ? 1 : 0;
        y[o + 7] = (float)((double)a * b);
    }

    [Feature]
    public static void FloatArithmetic(Device d) => Same<double, float>(d, s_numbers, Floats, 8);

    private static void Doubles(Index1D i, ArrayView<double> x, ArrayView<double> y)
    {
        double a = x[i];
        double b = x[(i + 3) % x.IntLength];
        int o = i * 4;
        y[o] = a + b;
        y[o + 1] = a * b - a;
        y[o + 2] = a / b;
        y[o + 3] = a <= b ? 1 : 0;
    }

    [Feature]
    public static void DoubleArithmetic(Device d) => Same<double, double>(d, s_numbers, Doubles, 4);

    private static void Bytes(Index1D i, ArrayView<byte> x, ArrayView<sbyte> y)
    {
        byte b = x[i];
        b += 3;
        b <<= 1;
        y[i] = (sbyte)(b - 5);
        y[i]++;
    }

    [Feature]
    public static void ByteStorage(Device d) => Same<byte, sbyte>(d, [.. Enumerable.Range(0, 256).Select(i => (byte)i)], Bytes);

    private static void Shorts(Index1D i, ArrayView<short> x, ArrayView<ushort> y)
    {
        short s = x[i];
        s = (short)(s * 3);
        ushort u = (ushort)s;
        u >>= 1;
        y[i] = u;
    }

    [Feature]
    public static void ShortStorage(Device d) =>
        Same<short, ushort>(d, [.. Enumerable.Range(-300, 600).Select(i => (short)(i * 109))], Shorts);

    private static void Bools(Index1D i, ArrayView<bool> x, ArrayView<bool> y)
    {
        bool a = x[i];
        bool b = i % 2 == 0;
        bool c = a & b | !a ^ b;
        int n = (a ? 1 : 0) + (c ? 2 : 0);
        y[i] = n == 1 || (c && n > 2) || a == b;
    }

    [Feature]
    public static void BoolStorage(Device d) => Same<bool, bool>(d, [true, false, true, true, false, false, false, true], Bools);

    private static void Bits(Index1D i, ArrayView<long> x, ArrayView<long> y)
    {
        uint u = (uint)x[i];
        ulong w = (ulong)x[i];
        int o = i * 14;
        y[o] = BitOperations.PopCount(u);
        y[o + 1] = BitOperations.PopCount(w);
        y[o + 2] = BitOperations.LeadingZeroCount(u);
        y[o + 3] = BitOperations.LeadingZeroCount(w);
        y[o + 4] = BitOperations.TrailingZeroCount(u);
        y[o + 5] = BitOperations.TrailingZeroCount(w);
        y[o + 6] = BitOperations.RotateLeft(u, 7);
        y[o + 7] = (long)BitOperations.RotateRight(w, 13);
        y[o + 8] = BitConverter.SingleToInt32Bits(BitConverter.UInt32BitsToSingle(u & 0x7F7FFFFF));
        y[o + 9] = BitConverter.DoubleToInt64Bits(BitConverter.Int64BitsToDouble(x[i] & 0x7FEFFFFFFFFFFFFF));
        y[o + 10] = BitOperations.RotateLeft(u, i);
        y[o + 11] = int.PopCount((int)u);
        y[o + 12] = long.LeadingZeroCount(x[i]);
        y[o + 13] = BitOperations.Log2(u | 1);
    }

    [Feature]
    public static void BitTricks(Device d) => Same<long, long>(d, s_integers, Bits, 14);

    private static void Rounding(Index1D i, ArrayView<double> x, ArrayView<double> y)
    {
        double v = x[i];
        float f = (float)v;
        int o = i * 20;
        y[o] = Math.Floor(v);
        y[o + 1] = Math.Ceiling(v);
        y[o + 2] = Math.Truncate(v);
        y[o + 3] = Math.Round(v);
        y[o + 4] = MathF.Floor(f) + MathF.Round(f);
        y[o + 5] = Math.Abs(v);
        y[o + 6] = MathF.Sqrt(MathF.Abs(f));
        y[o + 7] = Math.Min(v, 1.5);
        y[o + 8] = MathF.Max(f, -0f);
        y[o + 9] = Math.Clamp(f, -2f, 2f);
        y[o + 10] = Math.CopySign(3, v);
        y[o + 11] = Math.FusedMultiplyAdd(v, 0.1, 1);
        y[o + 12] = MathF.FusedMultiplyAdd(f, 0.1f, 1);
        y[o + 13] = float.IsNaN(f) ? 1 : double.IsInfinity(v) ? 2 : float.IsFinite(f) ? 3 : 4;
        y[o + 14] = double.IsNegative(v) ? -1 : 1;
        y[o + 15] = double.IsNaN(v) ? 0 : Math.Sign(v);
        y[o + 16] = Math.Max((int)v, 3) + Math.Min((long)v, 5L) + Math.Clamp((int)v, -9, 9);
        y[o + 17] = float.Max(f, 2) + float.Abs(f);
        y[o + 18] = MathF.MaxMagnitude(f, 2);
        y[o + 19] = double.MinNumber(v, 1);
    }

    [Feature]
    public static void MathPrimitives(Device d) => Same<double, double>(d, s_numbers, Rounding, 20);

    private static void Compound(Index1D i, ArrayView<long> x, ArrayView<int> y)
    {
        y[i] += (int)x[i];
        y[i] *= 3;
        y[i]--;
        y[i] ^= ++y[i];
        int k = y[i]++;
        y[i] -= k / 2;
    }

    [Feature]
    public static void CompoundAssignment(Device d) => Same<long, int>(d, s_integers, Compound);
}
