using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Atomic operations on global and shared memory, and fences.</summary>
public static class CorpusAtomics
{
    private const int Items = 300;
    private const int Bins = 7;

    private static int[] Data => [.. Enumerable.Range(0, Items).Select(i => i * i * 31 % 1009 - 300)];

    private static void Integers(Index1D i, ArrayView<int> x, ArrayView<int> y, ArrayView<uint> u, ArrayView<long> l, ArrayView<ulong> w)
    {
        int v = x[i];
        int bin = i % Bins;
        Atomic.Add(ref y[bin], v);
        Atomic.Min(ref y[Bins + bin], v);
        Atomic.Max(ref y[2 * Bins + bin], v);
        Atomic.And(ref y[3 * Bins + bin], v | 0x7F0);
        Atomic.Or(ref y[4 * Bins + bin], v & 0x55);
        Atomic.Xor(ref y[5 * Bins + bin], v);
        uint vu = (uint)v;
        Atomic.Add(ref u[bin], vu);
        Atomic.Min(ref u[Bins + bin], vu);
        Atomic.Max(ref u[2 * Bins + bin], vu);
        Atomic.And(ref u[3 * Bins + bin], vu | 0x7F0);
        Atomic.Or(ref u[4 * Bins + bin], vu & 0x55);
        Atomic.Xor(ref u[5 * Bins + bin], vu);
        long vl = v * 10_000_000_000L;
        Atomic.Add(ref l[bin], vl);
        Atomic.Min(ref l[Bins + bin], vl);
        Atomic.Max(ref l[2 * Bins + bin], vl);
        Atomic.And(ref l[3 * Bins + bin], vl | 0x7F0_0000_0000);
        Atomic.Or(ref l[4 * Bins + bin], vl);
        Atomic.Xor(ref l[5 * Bins + bin], vl);
        ulong vw = (ulong)vl;
        Atomic.Add(ref w[bin], vw);
        Atomic.Min(ref w[Bins + bin], vw);
        Atomic.Max(ref w[2 * Bins + bin], vw);
        Atomic.And(ref w[3 * Bins + bin], vw | 0x7F0_0000_0000);
        Atomic.Or(ref w[4 * Bins + bin], vw);
        Atomic.Xor(ref w[5 * Bins + bin], vw);
    }

    [Feature]
    public static void AtomicsOnIntegers(Device d)
    {
        int[] x = Data;
        DeviceBuffer<int> y = d.Allocate<int>(new int[6 * Bins]);
        DeviceBuffer<uint> u = d.Allocate<uint>(new uint[6 * Bins]);
        DeviceBuffer<long> l = d.Allocate<long>(new long[6 * Bins]);
        DeviceBuffer<ulong> w = d.Allocate<ulong>(new ulong[6 * Bins]);
        d.Load<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<uint>, ArrayView<long>, ArrayView<ulong>>(Integers)(
            Items, d.Allocate<int>(x), y, u, l, w);
        Assert.Equal(Expected(x, v => v, 0x7F0, 0x55), y.ToArray());
        Assert.Equal(Expected(x, v => (uint)v, 0x7F0u, 0x55u), u.ToArray());
        Assert.Equal(Expected(x, v => v * 10_000_000_000L, 0x7F0_0000_0000L, -1), l.ToArray());
        Assert.Equal(Expected(x, v => (ulong)(v * 10_000_000_000L), 0x7F0_0000_0000ul, ulong.MaxValue), w.ToArray());
    }

    private static T[] Expected<T>(int[] x, Func<int, T> value, T andMask, T orMask)
        where T : System.Numerics.IBinaryInteger<T>
    {
        T[] y = new T[6 * Bins];
        for (int i = 0; i < x.Length; i++)
        {
            T v = value(x[i]);
            int bin = i % Bins;
            y[bin] += v;
            y[Bins + bin] = T.Min(y[Bins + bin], v);
            y[2 * Bins + bin] = T.Max(y[2 * Bins + bin], v);
            y[3 * Bins + bin] &= v | andMask;
            y[4 * Bins + bin] |= v & orMask;
            y[5 * Bins + bin] ^= v;
        }

        return y;
    }

    private static void Floats(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<double> z)
    {
        float v = x[i];
        int bin = i % Bins;
        Atomic.Add(ref y[bin], v);
        Atomic.Min(ref y[Bins + bin], v);
        Atomic.Max(ref y[2 * Bins + bin], v);
        Atomic.Add(ref z[bin], v * 0.5);
        Atomic.Min(ref z[Bins + bin], v * 0.5);
        Atomic.Max(ref z[2 * Bins + bin], v * 0.5);
    }

    [Feature]
    public static void AtomicsOnFloats(Device d)
    {
        float[] x = [.. Data.Select(v => v * 0.25f)];
        x[4] = float.NaN;
        x[11] = float.NegativeInfinity;
        x[5] = -0f;
        DeviceBuffer<float> y = d.Allocate<float>(new float[3 * Bins]);
        DeviceBuffer<double> z = d.Allocate<double>(new double[3 * Bins]);
        d.Load<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<double>>(Floats)(Items, d.Allocate<float>(x), y, z);
        float[] expected = new float[3 * Bins];
        double[] expectedDouble = new double[3 * Bins];
        for (int i = 0; i < Items; i++)
        {
            int bin = i % Bins;
            expected[bin] += x[i];
            expected[Bins + bin] = MathF.Min(expected[Bins + bin], x[i]);
            expected[2 * Bins + bin] = MathF.Max(expected[2 * Bins + bin], x[i]);
            expectedDouble[bin] += x[i] * 0.5;
            expectedDouble[Bins + bin] = Math.Min(expectedDouble[Bins + bin], x[i] * 0.5);
            expectedDouble[2 * Bins + bin] = Math.Max(expectedDouble[2 * Bins + bin], x[i] * 0.5);
        }

        Assert.Equal(expected, y.ToArray());
        Assert.Equal(expectedDouble, z.ToArray());
    }

    private static void OneElement(Index1D i, ArrayView<int> x, ArrayView<int> y, ArrayView<float> z)
    {
        Atomic.Add(ref y[0], x[i]);
        Atomic.Max(ref y[1], x[i]);
        Atomic.Xor(ref y[2], x[i]);
        Atomic.Add(ref y[3], 1);
        if (x[i] > 100)
            Atomic.Add(ref y[4], x[i]);
        if (x[i] > 10000)
            Atomic.Add(ref y[5], 1);
        Atomic.Add(ref z[0], 0.5f);
        Atomic.Min(ref z[1], x[i]);
    }

    [Feature]
    public static void AtomicsOnOneElement(Device d)
    {
        int[] x = Data;
        DeviceBuffer<int> y = d.Allocate<int>(new int[6]);
        DeviceBuffer<float> z = d.Allocate<float>(new float[2]);
        d.Load<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>>(OneElement)(Items, d.Allocate<int>(x), y, z);
        Assert.Equal([x.Sum(), x.Max(), x.Aggregate((a, b) => a ^ b), Items, x.Where(v => v > 100).Sum(), 0], y.ToArray());
        Assert.Equal([Items * 0.5f, x.Min()], z.ToArray());
    }

    private static void Tickets(Index1D i, ArrayView<int> next, ArrayView<int> owner, ArrayView<long> wide, ArrayView<double> real)
    {
        int ticket = Atomic.Add(ref next[0], 1);
        owner[ticket] = i;
        long old = Atomic.Add(ref wide[0], 3L);
        wide[1 + (int)(old / 3)] = old;
        double before = Atomic.Add(ref real[0], 0.5);
        real[1 + (int)(before * 2)] = before;
    }

    [Feature]
    public static void AtomicOldValues(Device d)
    {
        DeviceBuffer<int> next = d.Allocate<int>(new int[1]);
        DeviceBuffer<int> owner = d.Allocate<int>(Items);
        DeviceBuffer<long> wide = d.Allocate<long>(new long[1 + Items]);
        DeviceBuffer<double> real = d.Allocate<double>(new double[1 + Items]);
        d.Load<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<long>, ArrayView<double>>(Tickets)(Items, next, owner, wide, real);
        Assert.Equal(Enumerable.Range(0, Items), owner.ToArray().Order());
        Assert.Equal([3L * Items, .. Enumerable.Range(0, Items).Select(k => 3L * k)], wide.ToArray());
        Assert.Equal([0.5 * Items, .. Enumerable.Range(0, Items).Select(k => 0.5 * k)], real.ToArray());
    }

    private static void Chain(Index1D i, ArrayView<int> head, ArrayView<int> next, ArrayView<float> last, ArrayView<double> wide,
        ArrayView<Index1D> index)
    {
        // A linked list a bin: exchange, then a list by compare-and-exchange.
        next[i] = Atomic.Exchange(ref head[i % 3], i);
        int seen = -1;
        for (int round = 0; round < 1000; round++)
        {
            int found = Atomic.CompareExchange(ref head[3 + i % 3], seen, i);
            if (found == seen)
                break;
            seen = found;
        }

        next[Items + i] = seen;
        Atomic.Exchange(ref last[0], 2.5f);
        Atomic.CompareExchange(ref last[1], float.NaN, 3f);
        Atomic.CompareExchange(ref last[2], 0f, i);
        Atomic.CompareExchange(ref wide[0], 1.5, 2.5);
        Atomic.Exchange(ref wide[1], 7.0);
        Index1D old = Atomic.Add(ref index[0], new Index1D(2));
        index[2 + old.X / 2] = old;
        Atomic.CompareExchange(ref index[1], 5, 6);
    }

    [Feature]
    public static void AtomicExchanges(Device d)
    {
        DeviceBuffer<int> head = d.Allocate<int>([-1, -1, -1, -1, -1, -1]);
        DeviceBuffer<int> next = d.Allocate<int>(2 * Items);
        DeviceBuffer<float> last = d.Allocate<float>([0, float.NaN, -0f]);
        DeviceBuffer<double> wide = d.Allocate<double>([1.5, 0]);
        DeviceBuffer<Index1D> index = d.Allocate<Index1D>([new(0), new(5), .. new Index1D[Items]]);
        d.Load<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<double>, ArrayView<Index1D>>(Chain)(
            Items, head, next, last, wide, index);
        int[] heads = head.ToArray();
        int[] links = next.ToArray();
        for (int list = 0; list < 6; list++)
        {
            List<int> members = [];
            for (int at = heads[list]; at >= 0; at = links[list / 3 * Items + at])
                members.Add(at);
            Assert.Equal(Enumerable.Range(0, Items).Where(i => i % 3 == list % 3), members.Order());
        }

        Assert.Equal([2.5f, 3f, -0f], last.ToArray());
        Assert.Equal([2.5, 7], wide.ToArray());
        Assert.Equal([2 * Items, 6, .. Enumerable.Range(0, Items).Select(k => 2 * k)], index.ToArray().Select(i => i.X));
    }

    private readonly struct SaturatingAdd : IAtomicOperation<uint>
    {
        public uint Operation(uint current, uint value) => current + value < current ? uint.MaxValue : current + value;
    }

    private readonly struct ExchangeUInt : ICompareExchangeOperation<uint>
    {
        public uint CompareExchange(ref uint target, uint compare, uint value) => Atomic.CompareExchange(ref target, compare, value);

        public bool IsSame(uint left, uint right) => left == right;
    }

    private static void Saturates(Index1D i, ArrayView<uint> y) =>
        Atomic.MakeAtomic(ref y[i % 3], 10_000_000u * (uint)(1 + i % 3), default(SaturatingAdd), default(ExchangeUInt));

    [Feature]
    public static void AtomicMadeOfOperation(Device d)
    {
        DeviceBuffer<uint> y = d.Allocate<uint>(new uint[3]);
        d.Load<Index1D, ArrayView<uint>>(Saturates)(Items, y);
        Assert.Equal([100 * 10_000_000u, 100 * 20_000_000u, 100 * 30_000_000u], y.ToArray());
        d.Load<Index1D, ArrayView<uint>>(Saturates)(3 * Items, y);
        Assert.Equal([4 * 100 * 10_000_000u, uint.MaxValue, uint.MaxValue], y.ToArray());
    }

    private static void SharedHistogram(ArrayView<byte> x, ArrayView<int> counts, ArrayView<float> extremes)
    {
        ArrayView<int> bins = SharedMemory.Allocate<int>(16);
        ArrayView<float> seen = SharedMemory.Allocate<float>(2);
        if (Group.IdxX < 16)
            bins[Group.IdxX] = 0;
        if (Group.IdxX < 2)
            seen[Group.IdxX] = Group.IdxX == 0 ? float.MaxValue : float.MinValue;
        Group.Barrier();
        for (int i = Grid.GlobalLinearIndex; i < x.IntLength; i += Grid.DimX * Group.DimX)
        {
            Atomic.Add(ref bins[x[i] / 16], 1);
            Atomic.Min(ref seen[0], x[i]);
            Atomic.Max(ref seen[1], x[i]);
        }

        Group.Barrier();
        if (Group.IdxX < 16)
            Atomic.Add(ref counts[Group.IdxX], bins[Group.IdxX]);
        if (Group.IdxX == 0)
        {
            Atomic.Min(ref extremes[0], seen[0]);
            Atomic.Max(ref extremes[1], seen[1]);
        }
    }

    [Feature]
    public static void AtomicsOnSharedMemory(Device d)
    {
        byte[] x = [.. Enumerable.Range(0, 2000).Select(i => (byte)(i * i % 251 + 1))];
        foreach (int group in (int[])[16, 33, 100])
        {
            DeviceBuffer<int> counts = d.Allocate<int>(new int[16]);
            DeviceBuffer<float> extremes = d.Allocate<float>([float.MaxValue, float.MinValue]);
            d.LoadGrouped<ArrayView<byte>, ArrayView<int>, ArrayView<float>>(SharedHistogram)((3, group), d.Allocate<byte>(x), counts, extremes);
            Assert.Equal(Enumerable.Range(0, 16).Select(b => x.Count(v => v / 16 == b)), counts.ToArray());
            Assert.Equal([x.Min(), x.Max()], extremes.ToArray());
        }
    }

    private static void Fences(ArrayView<int> y)
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(64);
        shared[Group.IdxX] = Group.IdxX;
        MemoryFence.GroupLevel();
        y[Grid.GlobalIndex.X] = shared[Group.IdxX] + 1;
        MemoryFence.DeviceLevel();
        y[Grid.GlobalIndex.X] *= 2;
        MemoryFence.SystemLevel();
    }

    private static void RangeFence(Index1D i, ArrayView<int> y)
    {
        y[i] += 1;
        if (y[i] > 3)
            MemoryFence.DeviceLevel();
        y[i] *= 3;
    }

    [Feature]
    public static void Fences_OrderWithoutMeeting(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(128);
        d.LoadGrouped<ArrayView<int>>(Fences)((2, 64), y);
        d.Load<Index1D, ArrayView<int>>(RangeFence)(128, y);
        Assert.Equal(Enumerable.Range(0, 128).Select(i => (2 * (i % 64 + 1) + 1) * 3), y.ToArray());
    }
}
