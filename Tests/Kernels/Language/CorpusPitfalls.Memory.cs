using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

// Parts of structs, views that are one memory, atomic operations, narrow elements.
public static partial class CorpusPitfalls
{
    // Parts of structs as whole vectors.

    private static void InPlacePairs(Index1D i, ArrayView<Pair> x)
    {
        Pair p = x[i];
        x[i] = new Pair { X = p.Y, Y = (int)p.X };
        x[i].X += 1;
        x[i].Y = (x[i].Y * 2) + (int)x[i].X;
    }

    private static void InPlaceTriples(Index1D i, ArrayView<Triple> x)
    {
        (x[i].X, x[i].Z) = (x[i].Z, x[i].X);
        if (x[i].Y > 20)
            x[i].Y -= x[i].X;
        else
            x[i].Y = x[i].Z;
        x[i].X *= 2;
    }

    private static void InPlaceQuads(Index1D i, ArrayView<Quad> x)
    {
        float b = x[i].B;
        x[i].A = (int)b;
        x[i].D = x[i].A + 1;
        x[i].C += (uint)x[i].D;
        x[i].B = x[i].C;
        x[i].D ^= x[i].A;
    }

    private static void OddWords(Index1D i, ArrayView<int> x)
    {
        // The structs' borders do not lie where the view begins; words are written twice.
        int a = x[(3 * i.X) + 1], b = x[(3 * i.X) + 3], c = x[(3 * i.X) + 2];
        x[(3 * i.X) + 2] = a;
        x[(3 * i.X) + 3] = c;
        x[(3 * i.X) + 1] = b;
        x[(3 * i.X) + 2] = b - c;
        x[(3 * i.X) + 3] += x[(3 * i.X) + 1] * 2;
    }

    [Feature]
    public static void StructsInPlace(Device d)
    {
        foreach (int n in new[] { 1, 15, 16, 31, 33, 64, 100 })
        {
            // The view's last element is the buffer's last.
            Same(d, device => Run<Pair>(device, n, InPlacePairs, i => new Pair { X = i, Y = 3 * i }));
            Same(d, device => Run<Triple>(device, n, InPlaceTriples, i => new Triple { X = i, Y = 2 * i, Z = -i }));
            Same(d, device => Run<Quad>(device, n, InPlaceQuads, i => new Quad { A = i, B = 2 * i, C = (uint)i, D = -i }));
            Same(d, device =>
            {
                DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, (3 * n) + 1)]);
                device.Load<Index1D, ArrayView<int>>(OddWords)(n, x);
                return x.ToArray();
            });
        }
    }

    private static T[] Run<T>(Device device, int n, Action<Index1D, ArrayView<T>> kernel, Func<int, T> value)
        where T : unmanaged
    {
        DeviceBuffer<T> x = device.Allocate<T>([.. Enumerable.Range(0, n + 2).Select(value)]);
        device.Load(kernel)(n, x.View.SubView(2, n));
        return x.ToArray();
    }

    // Two views of one memory.

    private static void Aliased(Index1D i, ArrayView<int> x, ArrayView<int> y)
    {
        y[2 * i.X] = x[2 * i.X] * 2;
        y[(2 * i.X) + 1] = x[2 * i.X] + 1;
        int z = x[(2 * i.X) + 1];
        y[2 * i.X] += z + x[2 * i.X];
        if (x[2 * i.X] % 3 == 0)
            y[2 * i.X] = x[(2 * i.X) + 1] - 1;
        else
            y[2 * i.X] = x[2 * i.X] + x[(2 * i.X) + 1];
        y[(2 * i.X) + 1] = x[2 * i.X] ^ y[(2 * i.X) + 1];
    }

    [Feature]
    public static void TwoViewsOfOneMemory(Device d) => Same(d, device =>
    {
        DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, 2 * 75)]);
        device.Load<Index1D, ArrayView<int>, ArrayView<int>>(Aliased)(75, x, x);
        return x.ToArray();
    });

    private static void Relu(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        if (x[i] > 2)
        {
            y[i] = x[i] - 1;
            y[i] = x[i] * y[i];
        }
        else if (x[i] < -2)
        {
            y[i] = -x[i];
        }
        else
        {
            y[i] = 0;
        }

        y[i] += x[i];
    }

    [Feature]
    public static void BranchesInPlace(Device d) => Same(d, device =>
    {
        DeviceBuffer<float> x = device.Allocate<float>([.. Enumerable.Range(0, 101).Select(i => (float)((i * 37 % 11) - 5))]);
        device.Load<Index1D, ArrayView<float>, ArrayView<float>>(Relu)(101, x, x);
        return x.ToArray();
    });

    private static void Parts(Index1D i, ArrayView2D<int, Stride2D.General> x, ArrayView<int> y)
    {
        ArrayView2D<int, Stride2D.General> part = x.SubView(new Index2D(i.X % 2, 1), new Index2D(2, 3));
        ArrayView<byte> bytes = y.SubView(4 * i.X, 2).Cast<byte>();
        bytes[1] = (byte)part[1, 2];
        bytes[6] = (byte)(i.X + 1);
        VariableView<int> one = y.VariableView((4 * i.X) + 2);
        one.Value = part[0, 0] + (1000 * part[1, 1]);
        y.SubView((4 * i.X) + 3, 1).Cast<Half>()[1] = (Half)(part.IntExtent.X + (0.5f * part[i.X % 2, i.X % 3]));
    }

    [Feature]
    public static void PartsOfStridedViews(Device d) => Same(d, device =>
    {
        DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, 100)]), y = device.Allocate<int>(new int[4 * 41]);
        device.Load<Index1D, ArrayView2D<int, Stride2D.General>, ArrayView<int>>(Parts)(
            41, x.View.SubView(5, 90).As2DView(new LongIndex2D(3, 4), new Stride2D.General(20, 3)), y);
        return y.ToArray();
    });

    // Atomic operations in control flow that differs between lanes.

    private static void Scatter(Index1D i, ArrayView<int> counts, ArrayView<long> wide, ArrayView<uint> bits, ArrayView<float> extremes)
    {
        for (int k = 0; k < i.X % 4; k++)
        {
            if ((i.X + k) % 3 == 1)
                continue;
            int slot = Atomic.Add(ref counts[0], 1);
            Atomic.Add(ref counts[1 + (slot % 7)], 1);
            Atomic.Max(ref wide[k], ((long)i.X << 34) - k);
            Atomic.Min(ref wide[4 + (i.X % 2)], -((long)i.X << 33));
            Atomic.Or(ref bits[0], 1u << (i.X % 32));
            Atomic.And(ref bits[1], ~(1u << (i.X % 16)));
            Atomic.Xor(ref bits[2], (uint)(i.X * 7));
            if (i.X == 50)
                break;
        }

        Atomic.Max(ref extremes[0], i.X % 9 - 20f);
        Atomic.Min(ref extremes[1], i.X % 2 == 0 ? 0f : -0f);
        int seen = counts[9 + (i.X % 3)];
        while (true)
        {
            int found = Atomic.CompareExchange(ref counts[9 + (i.X % 3)], seen, seen + i.X);
            if (found == seen)
                break;
            seen = found;
        }
    }

    [Feature]
    public static void AtomicsInDivergentLoops(Device d) => Same<long>(d, device =>
    {
        DeviceBuffer<int> counts = device.Allocate<int>(new int[12]);
        DeviceBuffer<long> wide = device.Allocate<long>(new long[6]);
        DeviceBuffer<uint> bits = device.Allocate<uint>([0u, ~0u, 5u]);
        DeviceBuffer<float> extremes = device.Allocate<float>([-1e9f, 1e9f]);
        device.Load<Index1D, ArrayView<int>, ArrayView<long>, ArrayView<uint>, ArrayView<float>>(Scatter)(93, counts, wide, bits, extremes);
        return [.. counts.ToArray(), .. wide.ToArray(), .. bits.ToArray(),
            .. extremes.ToArray().Select(v => (long)BitConverter.SingleToUInt32Bits(v))];
    });

    [Feature]
    public static void CapturedNumbersAreThoseOfTheLoad(Device d)
    {
        int factor = 3;
        Pair pair = new() { X = 0.5f, Y = 2 };
        Action<Index1D, ArrayView<float>> kernel = (i, y) => y[i] = (factor * i.X) + (pair.X * pair.Y);
        DeviceBuffer<float> y = d.Allocate<float>(5);
        d.Load(kernel)(5, y);
        Assert.Equal([1f, 4, 7, 10, 13], y.ToArray());
        factor = 5;
        pair.Y = -2;
        d.Load(kernel)(5, y);
        Assert.Equal([-1f, 4, 9, 14, 19], y.ToArray());
        factor = 3;
        d.Load(kernel)(5, y);
        Assert.Equal([-1f, 2, 5, 8, 11], y.ToArray());
    }

    // Structs whose size is no multiple of their first field's.

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    public struct Packed
    {
        public short Small;
        public byte Tag;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct Mixed
    {
        public double Value;
        public int Number;
    }

    private static void PackedParts(Index1D i, ArrayView<Packed> x, ArrayView<Mixed> y)
    {
        ArrayView<Packed> part = x.SubView(i, 1);
        part[0].Small += (short)(part[0].Tag * 3);
        ArrayView<Mixed> own = y.SubView(i.X);
        own[0].Value = (own[0].Value * 2) + part[0].Small;
        own[0].Number ^= x.VariableView(i).Value.Tag;
    }

    [Feature]
    public static void PartsOfViewsOfPackedStructs(Device d)
    {
        const int n = 45;
        Packed[] packed = [.. Enumerable.Range(0, n).Select(i => new Packed { Small = (short)(i * 5), Tag = (byte)(i * 9) })];
        Mixed[] mixed = [.. Enumerable.Range(0, n).Select(i => new Mixed { Value = i * 0.25, Number = i * 1000 })];
        Same(d, device => Run(device).X);
        Same(d, device => Run(device).Y);

        (Packed[] X, Mixed[] Y) Run(Device device)
        {
            DeviceBuffer<Packed> x = device.Allocate<Packed>(packed);
            DeviceBuffer<Mixed> y = device.Allocate<Mixed>(mixed);
            device.Load<Index1D, ArrayView<Packed>, ArrayView<Mixed>>(PackedParts)(n, x, y);
            return (x.ToArray(), y.ToArray());
        }
    }

    private static void SharedLocalParts(Index1D i, ArrayView<int> y)
    {
        ArrayView<Packed> local = LocalMemory.Allocate<Packed>(5);
        for (int k = 0; k < 5; k++)
            local[k] = new Packed { Small = (short)(k * i.X), Tag = (byte)(k + i.X) };
        ArrayView<Packed> part = local.SubView(i.X % 4, 2);
        part[1].Tag += 5;
        (part[0], part[1]) = (part[1], part[0]);
        int sum = 0;
        for (int k = 0; k < 5; k++)
            sum = (sum * 3) + local[k].Small - local[k].Tag;
        y[i] = sum;
    }

    [Feature]
    public static void PartsOfLocalViewsOfPackedStructs(Device d) => Language.Same.AsDebug<Index1D, int>(d, 37, 1, SharedLocalParts);

    private static void Grid2D(Index2D at, ArrayView2D<Triple, Stride2D.DenseX> x, ArrayView2D<Triple, Stride2D.DenseY> y)
    {
        Triple t = x[at];
        if (at.X > 0 && at.Y + 1 < x.IntExtent.Y)
            t.Y += x[at.X - 1, at.Y + 1].Z;
        else if (at.X == 0)
            t.Z = -t.Z;
        t.X = MathF.Max(t.X, at.Y);
        y[at] = t;
        if ((at.X + at.Y) % 3 == 0)
            y[at].Z *= 2;
    }

    [Feature]
    public static void StructsInTwoDimensions(Device d) => Same(d, device =>
    {
        const int w = 37, h = 9;
        DeviceBuffer<Triple> x = device.Allocate<Triple>([.. Enumerable.Range(0, w * h).Select(i => new Triple { X = i % 7, Y = i, Z = 2 * i })]);
        DeviceBuffer<Triple> y = device.Allocate<Triple>(w * h);
        device.Load<Index2D, ArrayView2D<Triple, Stride2D.DenseX>, ArrayView2D<Triple, Stride2D.DenseY>>(Grid2D)(
            (w, h), x.View.As2DDenseXView((w, h)), y.View.As2DDenseYView((w, h)));
        return y.ToArray();
    });

    private static void Loops(Index1D i, ArrayView<int> x, ArrayView<long> y)
    {
        // Rounds that differ between lanes, over linear indices and their wide forms.
        long sum = 0;
        for (int k = i.X; k < x.Length; k += 16)
            sum += x[k] * (k + 1L);
        for (long k = i.X - 3; k < 40; k += 7)
            sum += k >= 0 ? x[k] - k : 1000;
        int last = -1;
        for (int k = i.X; k < x.IntLength - 5; k++)
        {
            if (x[k] % 11 == 10)
                break;
            last = k;
        }

        for (int k = x.IntLength - 1; k >= i.X; k -= 3)
            sum ^= x[k];
        y[i] = (sum * 100) + last;
    }

    [Feature]
    public static void LoopsFromEachLanesOwnIndex(Device d) => Same(d, device =>
    {
        DeviceBuffer<int> x = device.Allocate<int>([.. Enumerable.Range(0, 77).Select(i => i * i % 23)]);
        DeviceBuffer<long> y = device.Allocate<long>(77);
        device.Load<Index1D, ArrayView<int>, ArrayView<long>>(Loops)(77, x, y);
        return y.ToArray();
    });

    private static void Narrow(Index1D i, ArrayView<byte> b, ArrayView<short> s, ArrayView<Half> h, ArrayView<bool> q, ArrayView<char> c)
    {
        byte old = b[i];
        b[i] += 200;
        sbyte signed = (sbyte)b[i];
        s[i] = (short)((s[i] * 300) + signed);
        h[i] = (Half)((float)h[i] + (old / 3f));
        q[i] = q[i] ^ (signed < 0);
        c[i] = q[i] ? (char)(c[i] + 1) : (char)s[i];
        if (i.X % 3 == 1)
            b[i] = (byte)(s[i] >> 3);
    }

    [Feature]
    public static void NarrowElementsInPlace(Device d) => Same<int>(d, device =>
    {
        const int n = 71;
        DeviceBuffer<byte> b = device.Allocate<byte>([.. Enumerable.Range(0, n).Select(i => (byte)(i * 7))]);
        DeviceBuffer<short> s = device.Allocate<short>([.. Enumerable.Range(0, n).Select(i => (short)(i * 999))]);
        DeviceBuffer<Half> h = device.Allocate<Half>([.. Enumerable.Range(0, n).Select(i => (Half)(i * 100.5f))]);
        DeviceBuffer<bool> q = device.Allocate<bool>([.. Enumerable.Range(0, n).Select(i => i % 3 == 0)]);
        DeviceBuffer<char> c = device.Allocate<char>([.. Enumerable.Range(0, n).Select(i => (char)(65535 - (i % 2)))]);
        device.Load<Index1D, ArrayView<byte>, ArrayView<short>, ArrayView<Half>, ArrayView<bool>, ArrayView<char>>(Narrow)(n, b, s, h, q, c);
        return [.. b.ToArray().Select(v => (int)v), .. s.ToArray().Select(v => (int)v), .. h.ToArray().Select(v => (int)BitConverter.HalfToUInt16Bits(v)),
            .. q.ToArray().Select(v => v ? 1 : 0), .. c.ToArray().Select(v => (int)v)];
    });
}
