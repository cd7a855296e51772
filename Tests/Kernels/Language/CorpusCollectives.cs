using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Reductions and scans over warps and groups, by known and by own operations.</summary>
public static class CorpusCollectives
{
    // Threads make the debug device slow; PoCL compiles a kernel anew for each size.
    private static int[] Groups(Device d) => d.Kind switch
    {
        DeviceKind.Debug when d.Id == "debug" => [1, 7, 33, 70],
        DeviceKind.OpenCl => [100],
        _ => [1, 7, 32, 33, 64, 100, 256, 1024],
    };

    /// <summary>x → Scale·x + Offset; composition is associative and does not commute.</summary>
    private struct Affine
    {
        public uint Scale;
        public uint Offset;

        public readonly Affine Then(Affine next) => new() { Scale = Scale * next.Scale, Offset = Offset * next.Scale + next.Offset };
    }

    private readonly struct Compose : IScanReduceOperation<Affine>
    {
        public Affine Identity => new() { Scale = 1 };

        public Affine Apply(Affine first, Affine second) => first.Then(second);

        public void AtomicApply(ref Affine target, Affine value) => target = target.Then(value);
    }

    private readonly struct LogAdd : IScanReduceOperation<float>
    {
        public float Identity => float.NegativeInfinity;

        public float Apply(float first, float second) => first * 0.75f + second;

        public void AtomicApply(ref float target, float value) => target = Apply(target, value);
    }

    private static Affine Sample(int i) => new() { Scale = (uint)(2 * i + 3), Offset = (uint)(i * i) };

    private static void AllReduces(ArrayView<float> x, ArrayView<float> y, ArrayView<Affine> z, ArrayView<long> l)
    {
        int i = Group.LinearIndex;
        float sum = GroupExtensions.AllReduce<float, AddFloat>(x[i]);
        float max = GroupExtensions.Reduce<float, MaxFloat>(x[i]);
        float own = GroupExtensions.AllReduce<float, LogAdd>(x[i]);
        float inWarp = WarpExtensions.AllReduce<float, AddFloat>(x[i]);
        long min = GroupExtensions.AllReduce<long, MinInt64>(((long)x[i] << 33) - i);
        Affine all = GroupExtensions.AllReduce<Affine, Compose>(new Affine { Scale = (uint)(2 * i + 3), Offset = (uint)(i * i) });
        int n = Group.DimX;
        y[i] = sum;
        y[n + i] = max;
        y[2 * n + i] = own;
        y[3 * n + i] = inWarp;
        l[i] = min;
        z[i] = all;
    }

    [Feature]
    public static void GroupAllReduce(Device d)
    {
        foreach (int n in Groups(d))
        {
            float[] x = [.. Enumerable.Range(0, n).Select(i => i * 37 % 101 * 0.37f - 11)];
            DeviceBuffer<float> y = d.Allocate<float>(4 * n);
            DeviceBuffer<Affine> z = d.Allocate<Affine>(n);
            DeviceBuffer<long> l = d.Allocate<long>(n);
            d.LoadGrouped<ArrayView<float>, ArrayView<float>, ArrayView<Affine>, ArrayView<long>>(AllReduces)((1, n), d.Allocate<float>(x), y, z, l);
            float[] actual = y.ToArray();
            float[][] warps = [.. x.Chunk(32)];
            float sum = Tree(x, (a, b) => a + b);
            float own = Tree([.. warps.Select(w => Tree(w, Own))], Own);
            Affine composed = Tree([.. Enumerable.Range(0, n).Select(Sample).Chunk(32).Select(w => Tree(w, (a, b) => a.Then(b)))],
                (a, b) => a.Then(b));
            long least = x.Select((v, i) => ((long)v << 33) - i).Min();
            for (int i = 0; i < n; i++)
            {
                Assert.Equal(sum, actual[i]);
                Assert.Equal(x.Max(), actual[n + i]);
                Assert.InRange(actual[2 * n + i], own - 1e-4f, own + 1e-4f);
                Assert.Equal(Tree(warps[i / 32], (a, b) => a + b), actual[3 * n + i]);
                Assert.Equal(least, l.ToArray()[i]);
                Assert.Equal(composed, z.ToArray()[i]);
            }
        }
    }

    private static float Own(float a, float b) => MathF.FusedMultiplyAdd(a, 0.75f, b);

    private static T Tree<T>(T[] values, Func<T, T, T> combine)
    {
        T[] v = [.. values];
        for (int s = 1024; s > 0; s /= 2)
        {
            for (int i = 0; i < s && i + s < v.Length; i++)
                v[i] = combine(v[i], v[i + s]);
        }

        return v[0];
    }

    private static void Scans(ArrayView<int> x, ArrayView<int> y, ArrayView<Affine> z, ArrayView<float> f)
    {
        int i = Group.LinearIndex;
        int n = Group.DimX;
        y[i] = GroupExtensions.InclusiveScan<int, AddInt32>(x[i]);
        y[n + i] = GroupExtensions.ExclusiveScan<int, AddInt32>(x[i]);
        y[2 * n + i] = GroupExtensions.InclusiveScan<int, MaxInt32>(x[i]);
        y[3 * n + i] = WarpExtensions.InclusiveScan<int, AddInt32>(x[i]);
        y[4 * n + i] = WarpExtensions.ExclusiveScan<int, MinInt32>(x[i]);
        z[i] = GroupExtensions.InclusiveScan<Affine, Compose>(new Affine { Scale = (uint)(2 * i + 3), Offset = (uint)(i * i) });
        f[i] = GroupExtensions.InclusiveScan<float, AddFloat>(x[i] * 0.1f);
    }

    [Feature]
    public static void GroupScans(Device d)
    {
        foreach (int n in Groups(d))
        {
            int[] x = [.. Enumerable.Range(0, n).Select(i => i * i * 7 % 91 - 30)];
            DeviceBuffer<int> y = d.Allocate<int>(5 * n);
            DeviceBuffer<Affine> z = d.Allocate<Affine>(n);
            DeviceBuffer<float> f = d.Allocate<float>(n);
            d.LoadGrouped<ArrayView<int>, ArrayView<int>, ArrayView<Affine>, ArrayView<float>>(Scans)((1, n), d.Allocate<int>(x), y, z, f);
            Affine affine = new() { Scale = 1 };
            int[] actual = y.ToArray();
            float[] floats = WarpScan([.. x.Select(v => v * 0.1f)]);
            for (int i = 0; i < n; i++)
            {
                int warp = i / 32 * 32;
                Assert.Equal(x[..(i + 1)].Sum(), actual[i]);
                Assert.Equal(x[..i].Sum(), actual[n + i]);
                Assert.Equal(x[..(i + 1)].Max(), actual[2 * n + i]);
                Assert.Equal(x[warp..(i + 1)].Sum(), actual[3 * n + i]);
                Assert.Equal(i == warp ? int.MaxValue : x[warp..i].Min(), actual[4 * n + i]);
                affine = affine.Then(Sample(i));
                Assert.Equal(affine, z.ToArray()[i]);
            }

            Assert.Equal(floats, f.ToArray());
        }
    }

    /// <summary>Scans of float sums, in the documented order.</summary>
    private static float[] WarpScan(float[] x)
    {
        float[][] warps = [.. x.Chunk(32).Select(KoggeStone)];
        float[] totals = KoggeStone([.. warps.Select(w => w[^1])]);
        return [.. warps.SelectMany((w, k) => w.Select(v => k == 0 ? v : totals[k - 1] + v))];
    }

    private static float[] KoggeStone(float[] x)
    {
        for (int s = 1; s < 32; s *= 2)
            x = [.. x.Select((v, i) => i >= s ? x[i - s] + v : v)];
        return x;
    }

    private static void ScansTiles(ArrayView<int> x, ArrayView<int> y, ArrayView<int> z)
    {
        int left = 0;
        int leftExclusive = 0;
        for (int start = 0; start < x.IntLength; start += Group.DimX)
        {
            int i = start + Group.IdxX;
            int value = i < x.IntLength ? x[i] : 0;
            int inclusive = GroupExtensions.InclusiveScanWithBoundaries<int, AddInt32>(value, out ScanBoundaries<int> ends);
            int exclusive = GroupExtensions.ExclusiveScanWithBoundaries<int, AddInt32>(value, out ScanBoundaries<int> endsExclusive);
            if (i < x.IntLength)
            {
                y[i] = left + inclusive;
                z[i] = leftExclusive + exclusive;
            }

            left = GroupExtensions.InclusiveScanNextIteration<int, AddInt32>(left, ends.RightBoundary, value);
            leftExclusive = GroupExtensions.ExclusiveScanNextIteration<int, AddInt32>(leftExclusive, endsExclusive.RightBoundary, value);
        }
    }

    [Feature]
    public static void ScansOfTiles(Device d)
    {
        int[] x = [.. Enumerable.Range(0, 500).Select(i => i % 13 - 4)];
        foreach (int n in (int[])[1, 40, 128])
        {
            DeviceBuffer<int> y = d.Allocate<int>(x.Length);
            DeviceBuffer<int> z = d.Allocate<int>(x.Length);
            d.LoadGrouped<ArrayView<int>, ArrayView<int>, ArrayView<int>>(ScansTiles)((1, n), d.Allocate<int>(x), y, z);
            Assert.Equal(x.Select((_, i) => x[..(i + 1)].Sum()), y.ToArray());
            Assert.Equal(x.Select((_, i) => x[..i].Sum()), z.ToArray());
        }
    }
}
