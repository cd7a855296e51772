using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Arrays inside structs, local arrays, spans, pointers and references.</summary>
public static unsafe class CorpusLocalMemory
{
    private const int N = 37;

    [InlineArray(5)]
    public struct Five<T>
        where T : unmanaged
    {
        private T _first;
    }

    public struct Buffer
    {
        public int Tag;
        public fixed float V[4];
        public fixed byte Small[3];
    }

    public struct Nested
    {
        public bool Flag;
        public Five<Pair> Pairs;
        public double Weight;
    }

    public struct Pair
    {
        public float X;
        public int Y;
    }

    [StructLayout(LayoutKind.Explicit)]
    public struct Union
    {
        [FieldOffset(0)]
        public float Number;
        [FieldOffset(0)]
        public int Bits;
        [FieldOffset(4)]
        public short Low;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    public struct Packed
    {
        public byte Tag;
        public float Value;
        public double Wide;
    }

    public readonly ref struct Cursor(ref float at, int step)
    {
        private readonly ref float _at = ref at;
        private readonly int _step = step;

        public void Add(float v) => _at += v * _step;
    }

    private static float[] Floats(int n, float start = 0) => [.. Enumerable.Range(0, n).Select(i => start + i * 0.5f)];

    private static void Check(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel, Func<float, int, float> expected)
    {
        DeviceBuffer<float> x = d.Allocate<float>(Floats(N, -4));
        DeviceBuffer<float> y = d.Allocate<float>(new float[N]);
        d.Load(kernel)(N, x, y);
        Assert.Equal(Floats(N, -4).Select(expected), y.ToArray());
    }

    [Feature]
    public static void InlineArrayConstantIndices(Device d) => Check(d, (i, x, y) =>
    {
        Five<float> a = default;
        a[0] = x[i];
        a[4] = 2;
        a[1] = a[0] + a[4];
        Five<float> b = a;
        b[0] = 100;
        y[i] = a[0] + a[1] * 10 + b[0] + b[3];
    }, (x, _) => x + (x + 2) * 10 + 100);

    [Feature]
    public static void InlineArrayRunTimeIndices(Device d) => Check(d, (i, x, y) =>
    {
        Five<float> a = default;
        for (int k = 0; k < 5; k++)
            a[k] = k * x[i];
        a[i % 5] += 1000;
        float sum = 0;
        for (int k = 0; k < 5; k++)
            sum += a[(k + i) % 5] * (k + 1);
        y[i] = sum;
    }, (x, i) =>
    {
        float sum = 0;
        for (int k = 0; k < 5; k++)
        {
            int at = (k + i) % 5;
            sum += (at * x + (at == i % 5 ? 1000 : 0)) * (k + 1);
        }

        return sum;
    });

    private static float SumOf(in Five<float> a)
    {
        float sum = 0;
        foreach (float v in a)
            sum += v;
        return sum;
    }

    private static Five<float> Filled(float start)
    {
        Five<float> a = default;
        Span<float> all = a;
        for (int k = 0; k < all.Length; k++)
            all[k] = start + k;
        return a;
    }

    [Feature]
    public static void InlineArrayReturnedAndPassed(Device d) => Check(d,
        (i, x, y) => y[i] = SumOf(Filled(x[i])) + Filled(i)[i % 5], (x, i) => 5 * x + 10 + i + i % 5);

    private static void Elements(Index1D i, ArrayView<Five<int>> a, ArrayView<int> sizes)
    {
        a[i][i % 5] = 7;
        a[i][2] += a[i][(i + 1) % 5] * 10;
        sizes[i] = sizeof(Five<int>) + Unsafe.SizeOf<Nested>();
    }

    [Feature]
    public static void InlineArrayElements(Device d)
    {
        Five<int>[] input = new Five<int>[N];
        for (int i = 0; i < N; i++)
        {
            for (int k = 0; k < 5; k++)
                input[i][k] = i + k;
        }

        DeviceBuffer<Five<int>> a = d.Allocate<Five<int>>(input);
        DeviceBuffer<int> sizes = d.Allocate<int>(N);
        d.Load<Index1D, ArrayView<Five<int>>, ArrayView<int>>(Elements)(N, a, sizes);
        Five<int>[] result = a.ToArray();
        for (int i = 0; i < N; i++)
        {
            Five<int> expected = input[i];
            expected[i % 5] = 7;
            expected[2] += expected[(i + 1) % 5] * 10;
            for (int k = 0; k < 5; k++)
                Assert.Equal(expected[k], result[i][k]);
        }

        Assert.All(sizes.ToArray(), s => Assert.Equal(20 + Unsafe.SizeOf<Nested>(), s));
    }

    private static void Parameter(Index1D i, Five<float> a, Buffer b, ArrayView<float> y) =>
        y[i] = a[i % 5] + b.V[i & 3] * 10 + b.Small[i % 3] * 100 + b.Tag;

    [Feature]
    public static void InlineArrayAndBufferParameters(Device d)
    {
        Five<float> a = default;
        Buffer b = new() { Tag = 1000 };
        for (int k = 0; k < 4; k++)
            (a[k + 1], b.V[k]) = (k + 0.5f, k);
        (b.Small[0], b.Small[1], b.Small[2]) = (1, 200, 255);
        DeviceBuffer<float> y = d.Allocate<float>(N);
        d.Load<Index1D, Five<float>, Buffer, ArrayView<float>>(Parameter)(N, a, b, y);
        Buffer copy = b;
        float[] first = [0, 0.5f, 1.5f, 2.5f, 3.5f];
        int[] small = [1, 200, 255];
        Assert.Equal(Enumerable.Range(0, N).Select(i => first[i % 5] + (i & 3) * 10 + small[i % 3] * 100 + 1000f), y.ToArray());
    }

    [Feature]
    public static void FixedBufferLocals(Device d) => Check(d, (i, x, y) =>
    {
        Buffer b = new() { Tag = i };
        for (int k = 0; k < 4; k++)
            b.V[k] = x[i] + k;
        b.Small[i % 3] = 200;
        b.Small[1]++;
        Buffer c = b;
        c.V[0] = -1;
        y[i] = b.V[i & 3] + c.V[0] + b.Small[0] + b.Small[1] + c.Small[2] + c.Tag;
    }, (x, i) => x + (i & 3) - 1 + 201 + i);

    [Feature]
    public static void NestedArraysOfStructs(Device d) => Check(d, (i, x, y) =>
    {
        Nested n = new() { Weight = 0.25, Flag = true };
        for (int k = 0; k < 5; k++)
        {
            n.Pairs[k].X = k + x[i];
            n.Pairs[k].Y = -k;
        }

        ref Pair p = ref n.Pairs[i % 5];
        p.Y += 100;
        Nested m = n;
        m.Pairs[0] = m.Pairs[i % 5];
        y[i] = (m.Flag ? 1 : 0) + m.Pairs[0].X + m.Pairs[0].Y + n.Pairs[4].Y + (float)m.Weight;
    }, (x, i) => 1 + (i % 5 + x) + (100 - i % 5) + (i % 5 == 4 ? 96 : -4) + 0.25f);

    private static float Total(float[] values)
    {
        float sum = 0;
        foreach (float v in values)
            sum += v;
        return sum + values.Length;
    }

    [Feature]
    public static void NewArrays(Device d) => Check(d, (i, x, y) =>
    {
        float[] a = new float[6];
        for (int k = 1; k < a.Length; k++)
            a[k] = a[k - 1] + x[i];
        int[] table = [3, 1, 4, 1, 5];
        a[i % 6] = 50;
        y[i] = Total(a) + table[i % 5] + table.Length;
    }, (x, i) =>
    {
        float[] a = new float[6];
        for (int k = 1; k < 6; k++)
            a[k] = a[k - 1] + x;
        a[i % 6] = 50;
        return a.Sum() + 6 + new[] { 3, 1, 4, 1, 5 }[i % 5] + 5;
    });

    [Feature]
    public static void NewArraysInLoopsAreNew(Device d) => Check(d, (i, x, y) =>
    {
        float sum = 0;
        for (int k = 0; k < i % 4; k++)
        {
            float[] a = new float[3];
            a[i % 3] += x[i];
            sum += a[0] + a[1] * 2 + a[2] * 3;
        }

        y[i] = sum;
    }, (x, i) => i % 4 * (x * (i % 3 + 1)));

    [Feature]
    public static void ArraysSwapped(Device d) => Check(d, (i, x, y) =>
    {
        float[] a = [1, 2, 3, 4];
        float[] b = new float[4];
        for (int k = 0; k < 3; k++)
        {
            for (int j = 0; j < 4; j++)
                b[j] = a[(j + 1) & 3] + x[i];
            (a, b) = (b, a);
        }

        y[i] = a[i & 3];
    }, (x, i) => 1 + ((i + 3) & 3) + x + x + x);

    [Feature]
    public static void ArrayOfStructs(Device d) => Check(d, (i, x, y) =>
    {
        Pair[] a = new Pair[3];
        a[i % 3] = new Pair { X = x[i], Y = i };
        a[1].Y++;
        y[i] = a[0].X + a[1].X + a[2].X + a[0].Y + a[1].Y + a[2].Y;
    }, (x, i) => x + i + 1);

    [Feature]
    public static void StackallocPointer(Device d) => Check(d, (i, x, y) =>
    {
        float* p = stackalloc float[4];
        int* q = stackalloc int[] { 10, 20, 30 };
        byte* bytes = stackalloc byte[8];
        for (int k = 0; k < 4; k++)
            p[k] = x[i] * k;
        *(p + (i & 3)) += 1;
        bytes[i & 7] = 255;
        y[i] = p[0] + p[1] + p[2] + p[3] + q[i % 3] + bytes[7] + bytes[i & 7];
    }, (x, i) => 6 * x + 1 + (i % 3 + 1) * 10 + ((i & 7) == 7 ? 255 : 0) + 255);

    [Feature]
    public static void StackallocSpan(Device d) => Check(d, (i, x, y) =>
    {
        Span<float> s = stackalloc float[8];
        s.Fill(1);
        s[i & 7] = x[i];
        Span<float> part = s.Slice(2, 4);
        part[0] *= 2;
        ReadOnlySpan<float> all = s;
        float sum = 0;
        foreach (float v in all)
            sum += v;
        Span<float> copy = stackalloc float[8];
        s[4..].CopyTo(copy);
        y[i] = sum + part.Length + copy[7] + copy[0] + s.Length;
    }, (x, i) =>
    {
        float[] s = [.. Enumerable.Repeat(1f, 8)];
        s[i & 7] = x;
        s[2] *= 2;
        return s.Sum() + 4 + 0 + s[4] + 8;
    });

    private static ReadOnlySpan<float> Weights => [0.5f, 0.25f, 0.125f, 1];

    [Feature]
    public static void SpanOverConstants(Device d) => Check(d, (i, x, y) =>
    {
        ReadOnlySpan<byte> bytes = [1, 2, 250];
        Span<int> three = [i, 5, 6];
        y[i] = Weights[i & 3] * x[i] + Weights[1] + bytes[i % 3] + Weights.Length + three[i % 3];
    }, (x, i) => new[] { 0.5f, 0.25f, 0.125f, 1 }[i & 3] * x + 0.25f + new[] { 1, 2, 250 }[i % 3] + 4 + new[] { i, 5, 6 }[i % 3]);

    [Feature]
    public static void PointersToLocals(Device d) => Check(d, (i, x, y) =>
    {
        float v = x[i];
        float* p = &v;
        *p += 1;
        p[0] *= 2;
        Pair pair = new() { X = v, Y = 3 };
        Pair* q = &pair;
        q->Y += i;
        int* words = (int*)q;
        words[1] += 1;
        int bits = *(int*)p;
        y[i] = v + pair.X + pair.Y + BitConverter.Int32BitsToSingle(bits);
    }, (x, i) => 3 * ((x + 1) * 2) + 4 + i);

    [Feature]
    public static void PointersToViews(Device d) => Check(d, (i, x, y) =>
    {
        fixed (float* p = &x[0])
        {
            float* end = p + 4;
            float sum = 0;
            for (float* at = p; at < end; at++)
                sum += *at;
            float* mine = &p[i];
            y[i] = sum + *mine + (end - p) + *(end - 1);
        }
    }, (x, _) => -4 - 3.5f - 3 - 2.5f + x + 4 - 2.5f);

    [Feature]
    public static void UnsafeMembers(Device d) => Check(d, (i, x, y) =>
    {
        Pair pair = new() { X = x[i], Y = 5 };
        ref float first = ref Unsafe.As<Pair, float>(ref pair);
        first += 1;
        ref int second = ref Unsafe.As<float, int>(ref Unsafe.Add(ref first, 1));
        second++;
        uint bits = Unsafe.BitCast<float, uint>(x[i]);
        long both = Unsafe.BitCast<Pair, long>(pair);
        Unsafe.SkipInit(out float unset);
        unset = 2;
        float again = Unsafe.ReadUnaligned<float>(ref Unsafe.As<uint, byte>(ref bits));
        ref float indirect = ref Unsafe.AsRef(in pair.X);
        y[i] = pair.X + pair.Y + again + unset + (both >> 32) + indirect;
    }, (x, _) => (x + 1) + 6 + x + 2 + 6 + (x + 1));

    [Feature]
    public static void UnsafeRunTimeOffsets(Device d) => Check(d, (i, x, y) =>
    {
        (float A, float B, float C, float D) t = (1, 2, 3, 4);
        ref float first = ref t.A;
        Unsafe.Add(ref first, i & 3) = x[i];
        float sum = 0;
        for (int k = 0; k < 4; k++)
            sum += Unsafe.Add(ref first, k) * (k + 1);
        y[i] = sum + t.C;
    }, (x, i) =>
    {
        float[] t = [1, 2, 3, 4];
        t[i & 3] = x;
        return t[0] + t[1] * 2 + t[2] * 3 + t[3] * 4 + t[2];
    });

    [Feature]
    public static void BytesOfNumbers(Device d) => Check(d, (i, x, y) =>
    {
        int number = 0x01020304 + i;
        byte* bytes = (byte*)&number;
        int sum = 0;
        for (int k = 0; k < 4; k++)
            sum += bytes[k] << k;
        bytes[i & 3] = 0;
        short half = ((short*)&number)[1];
        y[i] = sum + number % 1000 + half;
    }, (_, i) =>
    {
        int number = 0x01020304 + i;
        byte[] b = BitConverter.GetBytes(number);
        int sum = b[0] + b[1] * 2 + b[2] * 4 + b[3] * 8;
        b[i & 3] = 0;
        return sum + BitConverter.ToInt32(b) % 1000 + BitConverter.ToInt16(b, 2);
    });

    [Feature]
    public static void Unions(Device d) => Check(d, (i, x, y) =>
    {
        Union u = default;
        u.Number = x[i];
        u.Low = 7;
        u.Bits ^= int.MinValue;
        Union v = u;
        y[i] = v.Number + v.Low;
    }, (x, _) => -x + 7);

    private static void PackedFields(Index1D i, ArrayView<Packed> p)
    {
        p[i].Value += p[i].Tag;
        p[i].Wide *= 2;
        Packed copy = p[i];
        copy.Tag++;
        p[i] = copy;
    }

    [Feature]
    public static void PackedStructs(Device d)
    {
        Packed[] input = [.. Enumerable.Range(0, N).Select(i => new Packed { Tag = (byte)(3 * i), Value = i / 4f, Wide = -i / 8.0 })];
        DeviceBuffer<Packed> p = d.Allocate<Packed>(input);
        d.Load<Index1D, ArrayView<Packed>>(PackedFields)(N, p);
        Packed[] result = p.ToArray();
        for (int i = 0; i < N; i++)
        {
            Assert.Equal((byte)(3 * i + 1), result[i].Tag);
            Assert.Equal(i / 4f + 3 * i, result[i].Value);
            Assert.Equal(-i / 4.0, result[i].Wide);
        }
    }

    private static ref float Larger(ref float a, ref float b) => ref a > b ? ref a : ref b;

    [Feature]
    public static void RefStructsAndReturns(Device d) => Check(d, (i, x, y) =>
    {
        float sum = 1;
        new Cursor(ref sum, 3).Add(x[i]);
        Cursor direct = new(ref y[i], 2);
        y[i] = 0;
        direct.Add(sum);
        Five<float> five = default;
        Larger(ref five[1], ref five[i % 5]) = 4;
        y[i] += five[1] + five[i % 5];
    }, (x, i) => 2 * (1 + 3 * x) + (i % 5 == 1 ? 8 : 4));

    [Feature]
    public static void RefsThatMove(Device d) => Check(d, (i, x, y) =>
    {
        ref float at = ref x[0];
        float sum = 0;
        for (int k = 0; k < 5; k++)
        {
            sum += at;
            at = ref Unsafe.Add(ref at, 2);
        }

        Span<float> s = stackalloc float[4];
        ref float slot = ref s[0];
        for (int k = 0; k < 4; k++, slot = ref Unsafe.Add(ref slot, k < 4 ? 1 : 0))
            slot = k;
        y[i] = sum + s[i & 3];
    }, (_, i) => -4 - 3 - 2 - 1 + 0 + (i & 3));

    private static void Many(in Pair a, ref Pair b, out Pair c, ref readonly Pair e)
    {
        c = new Pair { X = a.X + e.X, Y = b.Y };
        b.Y += a.Y;
    }

    [Feature]
    public static void RefInOutStructs(Device d) => Check(d, (i, x, y) =>
    {
        Pair a = new() { X = x[i], Y = 2 };
        Pair b = a;
        Many(in a, ref b, out Pair c, in a);
        Many(a, ref c, out a, ref b);
        y[i] = a.X + a.Y + b.X + b.Y + c.X + c.Y;
    }, (x, _) => (x + x) + 2 + x + 4 + (x + x) + 4);
}
