using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>XMath's and IntrinsicMath's plain operations: the same bits as in C#, and the values of Math.</summary>
public static class CorpusXMath
{
    private static readonly double[] s_points =
    [
        0, -0.0, 0.5, -0.5, 0.49999999999999994, 1, -1, 1.5, 2.5, -2.5, 3.14159, -7.25, 1e-300, -1e-310, 123456.789, 1e15 + 0.5, 1e300,
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.Epsilon, 4.4e-308, 6,
    ];

    private static void Run<T>(Device d, Action<Index1D, ArrayView<T>, ArrayView<T>> kernel, int width, Action<T, T[]> expected)
        where T : unmanaged, System.Numerics.INumber<T>
    {
        T[] x = [.. s_points.Select(T.CreateTruncating)];
        T[] actual = Launch(d), debug = Launch(Device.Debug);
        Assert.Equal(debug.Select(Text), actual.Select(Text));
        for (int i = 0; i < x.Length; i++)
        {
            T[] row = new T[width];
            expected(x[i], row);
            Assert.Equal(row.Select(Text), actual.AsSpan(i * width, width).ToArray().Select(Text));
        }

        T[] Launch(Device device)
        {
            DeviceBuffer<T> y = device.Allocate<T>(new T[x.Length * width]);
            device.Load(kernel)(x.Length, device.Allocate<T>(x), y);
            return y.ToArray();
        }
    }

    // Tells −0 from 0, and all NaNs are one.
    private static string Text<T>(T value)
        where T : System.Numerics.INumber<T> => value.ToString("R", null);

    private static void SingleRounding(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> r = y.SubView(i * 12, 12);
        float v = x[i];
        r[0] = XMath.Floor(v);
        r[1] = XMath.Ceiling(v);
        r[2] = XMath.Truncate(v);
        r[3] = XMath.RoundToEven(v);
        r[4] = XMath.RoundAwayFromZero(v);
        r[5] = XMath.Round(v);
        r[6] = XMath.Round(v, MidpointRounding.ToPositiveInfinity);
        r[7] = XMath.Round(v, 2);
        r[8] = XMath.Round(v, 3, MidpointRounding.AwayFromZero);
        r[9] = XMath.Round(v, i % 7, MidpointRounding.ToZero);
        r[10] = XMath.Rcp(v);
        r[11] = XMath.Sign(v);
    }

    [Feature]
    public static void XMathRoundingSingle(Device d) => Run<float>(d, SingleRounding, 12, (v, r) =>
    {
        int i = Array.FindIndex(s_points, p => Text((float)p) == Text(v));
        float[] expected =
        [
            MathF.Floor(v), MathF.Ceiling(v), MathF.Truncate(v), MathF.Round(v), MathF.Round(v, MidpointRounding.AwayFromZero),
            MathF.Round(v), MathF.Round(v, MidpointRounding.ToPositiveInfinity), MathF.Round(v, 2),
            MathF.Round(v, 3, MidpointRounding.AwayFromZero), MathF.Round(v, i % 7, MidpointRounding.ToZero), 1 / v,
            float.IsNaN(v) ? 0 : MathF.Sign(v),
        ];
        expected.CopyTo(r, 0);
    });

    private static void DoubleRounding(Index1D i, ArrayView<double> x, ArrayView<double> y)
    {
        ArrayView<double> r = y.SubView(i * 12, 12);
        double v = x[i];
        r[0] = XMath.Floor(v);
        r[1] = XMath.Ceiling(v);
        r[2] = XMath.Truncate(v);
        r[3] = XMath.RoundToEven(v);
        r[4] = XMath.RoundAwayFromZero(v);
        r[5] = XMath.Round(v);
        r[6] = XMath.Round(v, MidpointRounding.ToNegativeInfinity);
        r[7] = XMath.Round(v, 2);
        r[8] = XMath.Round(v, 3, MidpointRounding.AwayFromZero);
        r[9] = XMath.Round(v, i % 16, MidpointRounding.ToEven);
        r[10] = XMath.Sqrt(v);
        r[11] = XMath.Abs(v);
    }

    [Feature]
    public static void XMathRoundingDouble(Device d) => Run<double>(d, DoubleRounding, 12, (v, r) =>
    {
        int i = Array.FindIndex(s_points, p => Text(p) == Text(v));
        double[] expected =
        [
            Math.Floor(v), Math.Ceiling(v), Math.Truncate(v), Math.Round(v), Math.Round(v, MidpointRounding.AwayFromZero),
            Math.Round(v), Math.Round(v, MidpointRounding.ToNegativeInfinity), Math.Round(v, 2),
            Math.Round(v, 3, MidpointRounding.AwayFromZero), Math.Round(v, i % 16), Math.Sqrt(v), Math.Abs(v),
        ];
        expected.CopyTo(r, 0);
    });

    private static void Remainders(Index1D i, ArrayView<double> x, ArrayView<double> y)
    {
        ArrayView<double> r = y.SubView(i * 6, 6);
        r[0] = XMath.IEEERemainder(x[i], 1.0);
        r[1] = XMath.IEEERemainder(7.5, x[i]);
        r[2] = XMath.Rem(x[i], 3.0);
        r[3] = XMath.IEEERemainder((float)x[i], 0.75f);
        r[4] = XMath.Rem((float)x[i], -1.25f);
        r[5] = XMath.IEEERemainder(double.MaxValue, x[i]);
    }

    [Feature]
    public static void XMathRemainders(Device d) => Run<double>(d, Remainders, 6, (v, r) =>
    {
        double[] expected =
        [
            Math.IEEERemainder(v, 1), Math.IEEERemainder(7.5, v), v % 3, MathF.IEEERemainder((float)v, 0.75f), (float)v % -1.25f,
            Math.IEEERemainder(double.MaxValue, v),
        ];
        expected.CopyTo(r, 0);
    });

    private static void Elementary(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> r = y.SubView(i * 10, 10);
        float v = x[i];
        XMath.SinCos(v, out r[0], out r[1]);
        r[2] = XMath.DegToRad(v);
        r[3] = XMath.RadToDeg(v);
        r[4] = XMath.Min(v, 1.25f) + XMath.Max(v, 1.25f);
        r[5] = XMath.Clamp(v, -1f, 2f);
        r[6] = (XMath.IsNaN(v) ? 1 : 0) + (XMath.IsInfinity(v) ? 2 : 0) + (XMath.IsFinite(v) ? 4 : 0);
        r[7] = XMath.Sqrt(v) - XMath.Abs(v) + XMath.OneThird;
        r[8] = XMath.Log(v, 3f);
        r[9] = IntrinsicMath.CopySign(v, -1f) + IntrinsicMath.Abs(v);
    }

    [Feature]
    public static void XMathElementarySingle(Device d) => Run<float>(d, Elementary, 10, (v, r) =>
    {
        float[] expected =
        [
            XMath.Sin(v), XMath.Cos(v), v * (float)(Math.PI / 180), v * (float)(180 / Math.PI),
            MathF.Min(v, 1.25f) + MathF.Max(v, 1.25f), Math.Clamp(v, -1, 2),
            float.IsNaN(v) ? 1 : float.IsInfinity(v) ? 2 : 4, MathF.Sqrt(v) - MathF.Abs(v) + 1 / 3f,
            (float)(XMath.Log((double)v) / XMath.Log(3.0)), MathF.CopySign(v, -1) + MathF.Abs(v),
        ];
        expected.CopyTo(r, 0);
    });

    private static void Integers(Index1D i, ArrayView<long> y)
    {
        ArrayView<long> r = y.SubView(i * 32, 32);
        int v = (i - 3) * 715827883;
        long l = (i - 3) * 3074457345618258603;
        r[0] = XMath.Abs(v) + IntrinsicMath.Abs(l);
        r[1] = XMath.Abs((sbyte)v) + 1000 * XMath.Abs((short)v);
        r[2] = XMath.Min((byte)v, (byte)100) + 1000 * XMath.Max((ushort)v, (ushort)100) + 1000000 * IntrinsicMath.Min((sbyte)v, (sbyte)5);
        r[3] = XMath.Clamp(v, -7, 1000) + XMath.Clamp(l, -5, 1L << 40);
        r[4] = XMath.Clamp((uint)v, 10, 4000000000);
        r[5] = (long)XMath.Clamp((ulong)l, 10, 1ul << 63);
        r[6] = XMath.Clamp((short)v, (short)-5, (short)50) + 100 * XMath.Clamp((byte)v, (byte)3, (byte)9) + 10000 * IntrinsicMath.Max((short)v, (short)1);
        r[7] = XMath.PopCount(v) + 100 * XMath.PopCount(l) + 10000 * XMath.PopCount((uint)v) + 1000000 * XMath.PopCount((ulong)l);
        r[8] = XMath.LeadingZeroCount(v) + 100 * XMath.LeadingZeroCount(l) + 10000 * XMath.LeadingZeroCount((uint)v);
        r[9] = XMath.TrailingZeroCount(v) + 100 * XMath.TrailingZeroCount(l) + 10000 * XMath.TrailingZeroCount((ulong)l);
        r[10] = XMath.DivRoundUp(i + 5, 4) + 100 * XMath.DivRoundDown(i + 5, 4) + 10000 * XMath.DivRoundUp(l & 0xFFFF, 10L);
        IntrinsicMath.IntegerParts parts = XMath.Decompose(l);
        r[11] = parts.Lower;
        r[12] = parts.Upper;
        r[13] = XMath.ComposeLong(parts) + (long)IntrinsicMath.ComposeULong(IntrinsicMath.Decompose((ulong)l));
        r[14] = IntrinsicMath.Clamp((ushort)v, (ushort)8, (ushort)800) + 10000 * IntrinsicMath.Clamp((sbyte)v, (sbyte)-8, (sbyte)80);
    }

    [Feature]
    public static void XMathIntegers(Device d)
    {
        long[] y = Same.AsDebug<Index1D, long>(d, 7, 32, Integers);
        Assert.Equal([0, 0, 100000, 0, 10, 10], y.AsSpan(3 * 32, 6));
        Assert.Equal(32 + 6400 + 320000, y[3 * 32 + 8]);
        Assert.Equal(32 + 6400 + 640000, y[3 * 32 + 9]);
        Assert.Equal(2 + 200, y[3 * 32 + 10]);
    }
}
