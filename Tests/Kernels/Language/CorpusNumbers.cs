using System.Numerics;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>The number types beyond int and float: half precision, native integers, vectors, small integers; checked arithmetic.</summary>
public static class CorpusNumbers
{
    private const int N = 37;

    public enum Level : short
    {
        Low = -5,
        High = 300,
    }

    private static float[] Floats(int n, float start = 0) => [.. Enumerable.Range(0, n).Select(i => start + i * 0.5f)];

    private static void Check(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel, Func<float, int, float> expected)
    {
        DeviceBuffer<float> x = d.Allocate<float>(Floats(N, -4));
        DeviceBuffer<float> y = d.Allocate<float>(new float[N]);
        d.Load(kernel)(N, x, y);
        Assert.Equal(Floats(N, -4).Select(expected), y.ToArray());
    }

    private static void Elements<T>(Device d, Action<Index1D, ArrayView<T>, ArrayView<T>> kernel, Func<int, T> input, Func<T, int, T> expected)
        where T : unmanaged
    {
        T[] a = [.. Enumerable.Range(0, N).Select(input)];
        DeviceBuffer<T> x = d.Allocate<T>(a);
        DeviceBuffer<T> y = d.Allocate<T>(new T[N]);
        d.Load(kernel)(N, x, y);
        Assert.Equal(a.Select(expected), y.ToArray());
    }

    private static Half HalfBody(Half v, int i)
    {
        Half one = Half.One;
        Half third = one / (Half)3f;
        Half sum = v * third + (Half)i;
        if (Half.IsNaN(sum) || sum == Half.MaxValue || sum < Half.MinValue)
            sum = Half.Zero;
        sum = Half.Max(sum, (Half)(-2)) - Half.Abs(v);
        short bits = BitConverter.HalfToInt16Bits(sum);
        return BitConverter.Int16BitsToHalf((short)(bits ^ 1)) + (Half)(float)(int)v + Half.Sqrt((Half)4f) + (v > one ? one : -one);
    }

    [Feature]
    public static void HalfNumbers(Device d) => Elements<Half>(d, (i, x, y) => y[i] = HalfBody(x[i], i),
        i => (Half)((i - 10) * 0.3f), HalfBody);

    private static void HalfLocals(Index1D i, ArrayView<Half> x, ArrayView<float> y, Half scale)
    {
        Span<Half> local = stackalloc Half[4];
        Half[] array = new Half[3];
        for (int k = 0; k < 4; k++)
            local[k] = x[i] * scale;
        local[i & 3] = (Half)(i / 3f);
        array[i % 3] = local[i & 3];
        y[i] = (float)local[i & 3] + (float)local[(i + 1) & 3] + (float)array[0];
    }

    [Feature]
    public static void HalfLocalsAndParameters(Device d)
    {
        Half[] input = [.. Enumerable.Range(0, N).Select(i => (Half)(i * 0.7f))];
        DeviceBuffer<Half> x = d.Allocate<Half>(input);
        DeviceBuffer<float> y = d.Allocate<float>(N);
        d.Load<Index1D, ArrayView<Half>, ArrayView<float>, Half>(HalfLocals)(N, x, y, (Half)0.1f);
        Assert.Equal(input.Select((v, i) =>
            (float)(Half)(i / 3f) + (float)(v * (Half)0.1f) + (i % 3 == 0 ? (float)(Half)(i / 3f) : 0)), y.ToArray());
    }

    private static BFloat16 BrainBody(BFloat16 v, int i)
    {
        BFloat16 w = v * (BFloat16)0.3f + (BFloat16)i;
        w -= v / (BFloat16)7f;
        if (w > v)
            w = -w;
        return BFloat16.FromBits((ushort)(w.Bits ^ 1));
    }

    [Feature]
    public static void BFloat16Numbers(Device d) => Elements<BFloat16>(d, (i, x, y) => y[i] = BrainBody(x[i], i),
        i => (BFloat16)((i - 10) * 0.3f), BrainBody);

    private static T Generic<T>(T v, int i)
        where T : IBinaryFloatingPointIeee754<T> =>
        T.Max(v, T.Zero) * T.CreateTruncating(i) + T.One / T.CreateChecked(4f) - (T.IsNegative(v) ? T.CreateSaturating(2.5) : T.Abs(v));

    [Feature]
    public static void GenericHalf(Device d) => Elements<Half>(d, (i, x, y) => y[i] = Generic(x[i], i), i => (Half)(i - 9.5f), Generic);

    [Feature]
    public static void GenericDouble(Device d) => Elements<double>(d, (i, x, y) => y[i] = Generic(x[i], i), i => i - 9.5, Generic);

    [Feature]
    public static void NativeIntegers(Device d) => Check(d, (i, x, y) =>
    {
        nint a = i;
        nuint b = (nuint)i.X * 3;
        nint c = (a << 33) / 7 - (nint)b;
        nint min = nint.Min(c, 100);
        y[i] = x[i] + (float)(c % 1000) + (int)min + (b > 50 ? 1 : 0) + nint.Size;
    }, (x, i) =>
    {
        long c = ((long)i << 33) / 7 - 3 * i;
        return x + (float)(c % 1000) + (int)long.Min(c, 100) + (3 * i > 50 ? 1 : 0) + 8;
    });

    private static float Vectors(float v, int i)
    {
        Vector3 a = new(v, 2, i);
        Vector3 b = a + Vector3.One * 2;
        b.Y -= 1;
        Vector4 c = new(b, 4);
        Vector4 e = Vector4.Min(c, new Vector4(3)) * c - Vector4.UnitW / 2;
        Vector2 f = Vector2.Lerp(new Vector2(v, 1), new Vector2(3, i), 0.5f);
        Vector3 g = Vector3.Cross(a, b);
        float sum = Vector3.Dot(a, b) + c[i & 3] + e.LengthSquared() + f.X * f.Y + g.Y + Vector3.Abs(a).X;
        c[1] = 7;
        return sum + c.Y + (a == b ? 1 : 0) + (a.Equals(a) ? 2 : 0) + Vector2.Distance(new(3, 4), Vector2.Zero) + (-f).X
            + Vector4.Clamp(c, Vector4.Zero, Vector4.One).Z + Vector3.Max(a, b).Z + Vector3.Reflect(a, Vector3.UnitX).X;
    }

    [Feature]
    public static void NumericsVectors(Device d) => Check(d, (i, x, y) => y[i] = Vectors(x[i], i), Vectors);

    private static void Particle(Index1D i, ArrayView<Vector4> p, Vector3 shift)
    {
        Vector4 v = p[i];
        v += new Vector4(shift, 0);
        p[i] = v * 2;
        p[i].W = Vector4.Dot(v, v);
    }

    [Feature]
    public static void NumericsVectorElements(Device d)
    {
        Vector4[] input = [.. Enumerable.Range(0, N).Select(i => new Vector4(i, 1, -i, 2))];
        DeviceBuffer<Vector4> p = d.Allocate<Vector4>(input);
        d.Load<Index1D, ArrayView<Vector4>, Vector3>(Particle)(N, p, new(1, 2, 3));
        Assert.Equal(input.Select(v =>
        {
            Vector4 w = v + new Vector4(1, 2, 3, 0);
            return new Vector4(2 * w.X, 2 * w.Y, 2 * w.Z, Vector4.Dot(w, w));
        }), p.ToArray());
    }

    private static int Smalls(int i)
    {
        char c = (char)('a' + i % 26);
        byte b = (byte)(200 + i);
        sbyte s = (sbyte)(100 + i);
        short h = (short)(32760 + i);
        ushort u = (ushort)(h + 40000);
        b += 20;
        s <<= 1;
        Level level = i % 2 == 0 ? Level.Low : Level.High;
        int sum = c + b + s + h + u + (int)level + (char.IsAsciiLetterUpper(c) ? 1 : 0);
        return sum + (level switch { Level.Low => 1000, Level.High => 2000, _ => 0 }) + sbyte.Abs((sbyte)-3) + byte.Max(b, 7);
    }

    private static void SmallIntegers(Index1D i, ArrayView<int> y, ArrayView<short> z, ArrayView<char> c)
    {
        y[i] = Smalls(i);
        z[i] += (short)(i * 1000);
        c[i]++;
    }

    [Feature]
    public static void SmallIntegerTypes(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(N);
        DeviceBuffer<short> z = d.Allocate<short>(new short[N]);
        DeviceBuffer<char> c = d.Allocate<char>("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"[..N].ToCharArray());
        d.Load<Index1D, ArrayView<int>, ArrayView<short>, ArrayView<char>>(SmallIntegers)(N, y, z, c);
        Assert.Equal(Enumerable.Range(0, N).Select(Smalls), y.ToArray());
        Assert.Equal(Enumerable.Range(0, N).Select(i => (short)(i * 1000)), z.ToArray());
        Assert.Equal(Enumerable.Range(0, N).Select(i => (char)('b' + i % 26)), c.ToArray());
    }

    private static float CheckedBody(float v, int i)
    {
        checked
        {
            int a = i * 1000 + 5;
            uint u = (uint)a - 5u;
            byte b = (byte)(i * 6);
            long l = (long)(v * 100) * a - b;
            short s = (short)(l % 1000);
            ulong big = (ulong)i * 5;
            return a + u + b + s + (int)big + (nint)i;
        }
    }

    [Feature]
    public static void CheckedArithmetic(Device d) => Check(d, (i, x, y) => y[i] = CheckedBody(x[i], i), CheckedBody);

    [Feature]
    public static void ArgumentChecks(Device d) => Check(d, (i, x, y) =>
    {
        ArgumentOutOfRangeException.ThrowIfNegative(i.X);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(i.X, 1000);
        float v = Math.Clamp(x[i], -2f, 3f);
        int k = Math.Clamp(i.X, 3, 9);
        long n = long.Clamp(i, 0, 5);
        y[i] = v + k + n + Math.Sign(x[i]) + MathF.Round(x[i], MidpointRounding.AwayFromZero);
    }, (x, i) => Math.Clamp(x, -2f, 3f) + Math.Clamp(i, 3, 9) + Math.Clamp(i, 0, 5) + Math.Sign(x)
        + MathF.Round(x, MidpointRounding.AwayFromZero));

    [Feature]
    public static void BitOperationsOfIntegers(Device d) => Check(d, (i, x, y) =>
    {
        uint u = (uint)i.X * 2654435761u;
        ulong w = (ulong)u * 0x9E3779B97F4A7C15ul;
        y[i] = BitOperations.PopCount(u) + BitOperations.LeadingZeroCount(w) * 100 + BitOperations.TrailingZeroCount(u)
            + BitOperations.Log2(w) + (BitOperations.RotateLeft(u, i) & 255) + (BitOperations.IsPow2(i.X) ? 1 : 0)
            + BitOperations.RoundUpToPowerOf2((uint)i.X) + Math.BigMul(i.X, 1 << 20) / (1 << 20);
    }, (_, i) =>
    {
        uint u = (uint)i * 2654435761u;
        ulong w = (ulong)u * 0x9E3779B97F4A7C15ul;
        return BitOperations.PopCount(u) + BitOperations.LeadingZeroCount(w) * 100 + BitOperations.TrailingZeroCount(u)
            + BitOperations.Log2(w) + (BitOperations.RotateLeft(u, i) & 255) + (BitOperations.IsPow2(i) ? 1 : 0)
            + BitOperations.RoundUpToPowerOf2((uint)i) + i;
    });

    private static void Interlocking(Index1D i, ArrayView<int> sums, ArrayView<ulong> wide)
    {
        Interlocked.Add(ref sums[0], i);
        int old = Interlocked.Increment(ref sums[1]) - 1;
        Interlocked.Decrement(ref sums[2]);
        Interlocked.Or(ref sums[3], 1 << (i & 15));
        if (Interlocked.CompareExchange(ref sums[4], 7, 0) == 0)
            Interlocked.Exchange(ref sums[5], 9);
        Interlocked.Add(ref wide[0], (ulong)old);
    }

    [Feature]
    public static void InterlockedMethods(Device d)
    {
        DeviceBuffer<int> sums = d.Allocate<int>(new int[6]);
        DeviceBuffer<ulong> wide = d.Allocate<ulong>(new ulong[1]);
        d.Load<Index1D, ArrayView<int>, ArrayView<ulong>>(Interlocking)(N, sums, wide);
        Assert.Equal([N * (N - 1) / 2, N, -N, 0xFFFF, 7, 9], sums.ToArray());
        Assert.Equal((ulong)(N * (N - 1) / 2), wide.ToArray()[0]);
    }

    [Feature]
    public static void Quaternions(Device d) => Check(d, (i, x, y) =>
    {
        Quaternion q = Quaternion.CreateFromAxisAngle(Vector3.UnitZ, 0) * Quaternion.Identity;
        Vector3 v = Vector3.Transform(Vector3.Create(x[i], 1, i), q);
        y[i] = v.X + v.Y * 10 + v.Z * 100;
    }, (x, i) => x + 10 + i * 100);
}
