using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Programs that a compiler gets silently wrong if it takes a shortcut: arrays that change places, views that are one memory,
/// numbers that wrap around between lanes, accesses to parts of structs, orders of effects.</summary>
public static partial class CorpusPitfalls
{
    private static readonly float s_number = 1.5f;
    private static readonly Pair s_pair = new() { X = 2.5f, Y = -7 };

    public struct Pair
    {
        public float X;
        public int Y;
    }

    public struct Triple
    {
        public float X;
        public float Y;
        public float Z;
    }

    public struct Quad
    {
        public int A;
        public float B;
        public uint C;
        public int D;
    }

    [InlineArray(4)]
    public struct Four
    {
        private int _first;
    }

    public struct Box
    {
        public byte Tag;
        public Four Values;
        public double Weight;
    }

    /// <summary>Runs the same on the debug device and on this one; returns what this one gave.</summary>
    private static T[] Same<T>(Device d, Func<Device, T[]> run)
        where T : unmanaged
    {
        T[] actual = run(d);
        T[] expected = run(Device.Debug);
        Assert.Equal(MemoryMarshal.AsBytes<T>(expected).ToArray(), MemoryMarshal.AsBytes<T>(actual).ToArray());
        return actual;
    }

    // Arrays and references that change places.

    private static void PingPong(Index1D i, ArrayView<int> y)
    {
        int[] a = [1, 2, 3, 4];
        int[] b = new int[4];
        for (int k = 0; k < i.X % 5; k++)
        {
            for (int j = 0; j < 4; j++)
                b[j] = (a[(j + 1) % 4] * 3) + k;
            (a, b) = (b, a);
        }

        y[i] = a[i.X % 4] + (1000 * b[0]);
    }

    [Feature]
    public static void ArraysThatChangePlacesInALoop(Device d) => Language.Same.AsDebug<Index1D, int>(d, 53, 1, PingPong);

    private static void SwapsSome(Index1D i, ArrayView<int> y)
    {
        int[] a = [1, 2, 3, 4];
        int[] b = [5, 6, 7, 8];
        if (i.X % 3 == 0)
            (a, b) = (b, a);
        a[i.X % 4] = 100;
        b[(i.X + 1) % 4] = 200;
        int sum = 0;
        for (int k = 0; k < 4; k++)
            sum = (sum * 7) + a[k] - (3 * b[k]);
        y[i] = sum;
    }

    [Feature]
    public static void ArraysThatSomeLanesSwap(Device d) => Language.Same.AsDebug<Index1D, int>(d, 53, 1, SwapsSome);

    private static void SwapsReferences(Index1D i, ArrayView<int> y)
    {
        ref int p = ref y[3 * i.X];
        ref int q = ref y[(3 * i.X) + 1];
        if (i.X % 2 == 0)
        {
            ref int t = ref p;
            p = ref q;
            q = ref t;
        }

        p = 1 + i.X;
        q = 2 * p;
        p += 5;
        y[(3 * i.X) + 2] = y[3 * i.X] - q;
    }

    [Feature]
    public static void ReferencesThatSomeLanesSwap(Device d) => Language.Same.AsDebug<Index1D, int>(d, 53, 3, SwapsReferences);

    private static int Hash(int n)
    {
        Span<int> s = stackalloc int[8];
        s[n & 7] += n + 1;
        int[] t = new int[40];
        t[n % 40]++;
        int sum = 0;
        for (int j = 0; j < 8; j++)
            sum = (sum * 3) + s[j] + t[j];
        return sum;
    }

    private static void FreshArrays(Index1D i, ArrayView<int> y)
    {
        int sum = 0;
        for (int k = 0; k < 4; k++)
            sum = (sum * 5) + Hash(i.X + k);
        y[i] = sum;
    }

    [Feature]
    public static void ArraysOfACalleeBeginAsZerosInEachCall(Device d) => Language.Same.AsDebug<Index1D, int>(d, 37, 1, FreshArrays);

    // Structs are copied.

    private static int Changed(Box box, int at)
    {
        box.Values[at] = -9;
        box.Weight *= 2;
        box.Tag++;
        return box.Values[0] + (10 * box.Values[1]) + (100 * box.Values[2]) + (1000 * box.Values[3]) + (int)box.Weight + box.Tag;
    }

    private static void Copies(Index1D i, ArrayView<int> y)
    {
        Box box = default;
        for (int k = 0; k < 4; k++)
            box.Values[k] = k + i.X;
        box.Weight = 0.5 * i.X;
        box.Tag = (byte)(250 + i.X);
        int changed = Changed(box, i.X % 4);
        Box[] boxes = new Box[2];
        boxes[0] = box;
        Box copy = boxes[i.X % 2];
        copy.Values[i.X % 4] = 77;
        boxes[1] = copy;
        copy.Values[0] = 1;
        int sum = changed;
        for (int k = 0; k < 8; k++)
            sum = (sum * 3) + boxes[k / 4].Values[k % 4] + copy.Values[k % 4] + box.Values[k % 4];
        y[i] = sum + boxes[0].Tag + (int)boxes[1].Weight;
    }

    [Feature]
    public static void StructsWithArraysAreCopied(Device d) => Language.Same.AsDebug<Index1D, int>(d, 37, 1, Copies);

    private static void Bytes(Index1D i, ArrayView<int> y)
    {
        int[] words = [0x01020304, 0x05060708, 0x090A0B0C, i.X];
        ref byte first = ref Unsafe.As<int, byte>(ref words[1]);
        int sum = Unsafe.Add(ref first, -1) + (256 * Unsafe.Add(ref first, -3));
        ref byte some = ref Unsafe.Add(ref first, i.X % 8);
        Unsafe.Add(ref some, -2) += (byte)(i.X + 200);
        sum += Unsafe.Add(ref some, -4);
        ref short half = ref Unsafe.As<byte, short>(ref Unsafe.Add(ref first, i.X % 4 * 2));
        half -= 3;
        for (int k = 0; k < 4; k++)
            sum = (sum * 31) + words[k];
        y[i] = sum;
    }

    [Feature]
    public static void BytesBehindAndBeforeAReference(Device d) => Language.Same.AsDebug<Index1D, int>(d, 37, 1, Bytes);

    private static void Statics(Index1D i, ArrayView<int> y)
    {
        y[4 * i.X] = Unsafe.As<float, int>(ref Unsafe.AsRef(in s_number)) + i.X;
        y[(4 * i.X) + 1] = Unsafe.As<Pair, int>(ref Unsafe.AsRef(in s_pair));
        y[(4 * i.X) + 2] = (int)s_pair.X + s_pair.Y;
        y[(4 * i.X) + 3] = Unsafe.BitCast<Pair, long>(s_pair) > 0 ? 1 : -1;
    }

    [Feature]
    public static void ReadOnlyFieldsSeenAsOtherTypes(Device d) => Language.Same.AsDebug<Index1D, int>(d, 5, 4, Statics);

    // Finally.

    private static int Guarded(ref int log, int n)
    {
        for (int k = 0; k < 6; k++)
        {
            try
            {
                try
                {
                    if (k == n)
                        continue;
                    if (k == n + 2)
                        return (log * 10) + k;
                    if (k > 4)
                        break;
                    log = (log * 3) + 1;
                }
                finally
                {
                    log += 5;
                    for (int j = 0; j < k; j++)
                    {
                        if (j == 2)
                            break;
                        log ^= j + 1;
                    }
                }

                log += 100;
            }
            finally
            {
                log *= 2;
            }
        }

        return log;
    }

    private static void Finally(Index1D i, ArrayView<int> y)
    {
        int log = i.X;
        y[2 * i.X] = Guarded(ref log, (i.X % 9) - 2);
        y[(2 * i.X) + 1] = log;
    }

    [Feature]
    public static void FinallyOnEveryWayOut(Device d) => Language.Same.AsDebug<Index1D, int>(d, 40, 2, Finally);

    // Numbers.

    private static void Wraps(Index1D i, ArrayView<long> y)
    {
        int k = i.X + (int.MaxValue - 20);
        uint u = (uint)i.X + (uint.MaxValue - 20);
        y[6 * i.X] = k;
        y[(6 * i.X) + 1] = ((long)k * 2) + 1;
        y[(6 * i.X) + 2] = (long)k > 0 ? 1 : -1;
        y[(6 * i.X) + 3] = u;
        y[(6 * i.X) + 4] = k > 0 ? 3 : 4;
        y[(6 * i.X) + 5] = (long)(k * 3) - (int)u;
    }

    [Feature]
    public static void NumbersThatWrapAroundBetweenLanes(Device d) => Language.Same.AsDebug<Index1D, long>(d, 70, 6, Wraps);

    private static readonly float[] s_special = [0f, -0f, 1f, -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-40f, 3f];

    private static void Selects(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        int n = x.IntLength;
        float a = x[i.X / n], b = x[i.X % n];
        ArrayView<float> r = y.SubView(i.X * 20, 20);
        r[0] = a < b ? a : b;
        r[1] = a <= b ? a : b;
        r[2] = a > b ? a : b;
        r[3] = a >= b ? a : b;
        r[4] = a < b ? b : a;
        r[5] = a <= b ? b : a;
        r[6] = a > b ? b : a;
        r[7] = a >= b ? b : a;
        r[8] = !(a < b) ? a : b;
        r[9] = !(a > b) ? b : a;
        r[10] = MathF.Min(a, b);
        r[11] = MathF.Max(a, b);
        r[12] = MathF.Max(a, 0f);
        r[13] = MathF.Min(0f, a);
        r[14] = a > 0f ? a : 0f;
        r[15] = a < 0f ? 0f : a;
        r[16] = 0f < a ? a : 0f;
        r[17] = a < 0f ? -a : a;
        r[18] = MathF.Max(-0f, MathF.Min(a, 1f));
        r[19] = a == b ? a : b;
    }

    [Feature]
    public static void SelectsOfSpecialNumbers(Device d)
    {
        int n = s_special.Length * s_special.Length;
        float[][] results = [.. new[] { d, Device.Debug }.Select(device =>
        {
            DeviceBuffer<float> x = device.Allocate<float>(s_special), y = device.Allocate<float>(n * 20);
            device.Load<Index1D, ArrayView<float>, ArrayView<float>>(Selects)(n, x, y);
            return y.ToArray();
        })];
        Assert.Equal(results[1].Select(Bits), results[0].Select(Bits));
    }

    private static uint Bits(float v) => float.IsNaN(v) ? uint.MaxValue : BitConverter.SingleToUInt32Bits(v);

    private static void SelectsDouble(Index1D i, ArrayView<double> x, ArrayView<double> y)
    {
        int n = x.IntLength;
        double a = x[i.X / n], b = x[i.X % n];
        ArrayView<double> r = y.SubView(i.X * 8, 8);
        r[0] = a < b ? a : b;
        r[1] = a <= b ? b : a;
        r[2] = a > b ? a : b;
        r[3] = a >= b ? b : a;
        r[4] = Math.Min(a, b);
        r[5] = Math.Max(a, b);
        r[6] = a > 0.0 ? a : 0.0;
        r[7] = a < 0.0 ? 0.0 : a;
    }

    [Feature]
    public static void SelectsOfSpecialDoubles(Device d)
    {
        int n = s_special.Length * s_special.Length;
        ulong[][] results = [.. new[] { d, Device.Debug }.Select(device =>
        {
            DeviceBuffer<double> x = device.Allocate<double>([.. s_special.Select(v => (double)v)]), y = device.Allocate<double>(n * 8);
            device.Load<Index1D, ArrayView<double>, ArrayView<double>>(SelectsDouble)(n, x, y);
            return y.ToArray().Select(v => double.IsNaN(v) ? ulong.MaxValue : BitConverter.DoubleToUInt64Bits(v)).ToArray();
        })];
        Assert.Equal(results[1], results[0]);
    }
}
