using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Groups: positions, shared memory, barriers, reductions, atomics.</summary>
public static class CorpusGroups
{
    private static void Positions(ArrayView<int> y, int width)
    {
        Index3D g = Grid.GlobalIndex;
        int at = g.Y * width + g.X;
        y[at] = Group.IdxX + 10 * Group.IdxY + 100 * Grid.IdxX + 1000 * Grid.IdxY + 10000 * Group.DimX + 100000 * Grid.DimY
            + 1000000 * Group.LinearIndex + (Group.IsFirstThread ? 100000000 : 0);
    }

    [Feature]
    public static void GridAndGroupPositions(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(12 * 4);
        d.LoadGrouped<ArrayView<int>, int>(Positions)(new KernelConfig(new Index2D(3, 2), new Index2D(4, 2)), y, 12);
        Assert.Equal(from r in Enumerable.Range(0, 4) from c in Enumerable.Range(0, 12)
                     let ix = c % 4 let iy = r % 2
                     select ix + 10 * iy + 100 * (c / 4) + 1000 * (r / 2) + 40000 + 200000 + 1000000 * (iy * 4 + ix)
                        + (ix == 0 && iy == 0 ? 100000000 : 0), y.ToArray());
    }

    private static void Reverse(ArrayView<float> x, ArrayView<float> y)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(64);
        int i = Grid.GlobalIndex.X;
        tile[Group.IdxX] = x[i];
        Group.Barrier();
        y[i] = tile[Group.DimX - 1 - Group.IdxX];
    }

    [Feature]
    public static void SharedMemoryAndBarrier(Device d)
    {
        float[] x = [.. Enumerable.Range(0, 192).Select(i => (float)i)];
        DeviceBuffer<float> a = d.Allocate<float>(x);
        DeviceBuffer<float> b = d.Allocate<float>(192);
        d.LoadGrouped<ArrayView<float>, ArrayView<float>>(Reverse)((3, 64), a, b);
        Assert.Equal(x.Select((_, i) => (float)(i / 64 * 64 + 63 - i % 64)), b.ToArray());
    }

    private static void RowSums(ArrayView<float> x, ArrayView<float> sums, ArrayView<float> extremes, int columns)
    {
        float sum = 0, low = float.MaxValue, high = float.MinValue;
        for (int c = Group.IdxX; c < columns; c += Group.DimX)
        {
            float v = x[Grid.IdxX * columns + c];
            sum += v;
            low = MathF.Min(low, v);
            high = MathF.Max(high, v);
        }

        sum = Group.ReduceAdd(sum);
        low = Group.ReduceMin(low);
        high = Group.ReduceMax(high);
        if (Group.IdxX == 0)
        {
            sums[Grid.IdxX] = sum;
            extremes[2 * Grid.IdxX] = low;
            extremes[2 * Grid.IdxX + 1] = high;
        }
    }

    [Feature]
    public static void GroupReductions(Device d)
    {
        const int rows = 3, columns = 77;
        float[] x = [.. Enumerable.Range(0, rows * columns).Select(i => (float)(i * 31 % 100 - 50))];
        DeviceBuffer<float> a = d.Allocate<float>(x);
        DeviceBuffer<float> sums = d.Allocate<float>(rows);
        DeviceBuffer<float> extremes = d.Allocate<float>(2 * rows);
        d.LoadGrouped<ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(RowSums)((rows, 32), a, sums, extremes, columns);
        Assert.Equal(x.Chunk(columns).Select(r => r.Sum()), sums.ToArray());
        Assert.Equal(x.Chunk(columns).SelectMany(r => new[] { r.Min(), r.Max() }), extremes.ToArray());
    }

    private static void TreeSum(ArrayView<int> x, ArrayView<int> y)
    {
        ArrayView<int> work = SharedMemory.Allocate<int>(32);
        int t = Group.IdxX;
        work[t] = x[Grid.IdxX * Group.DimX + t];
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            if (t < half)
                work[t] += work[t + half];
        }

        if (t == 0)
            y[Grid.IdxX] = work[0];
    }

    [Feature]
    public static void BarrierInLoop(Device d)
    {
        int[] x = [.. Enumerable.Range(0, 128).Select(i => i * i)];
        DeviceBuffer<int> a = d.Allocate<int>(x);
        DeviceBuffer<int> b = d.Allocate<int>(4);
        d.LoadGrouped<ArrayView<int>, ArrayView<int>>(TreeSum)((4, 32), a, b);
        Assert.Equal(x.Chunk(32).Select(c => c.Sum()), b.ToArray());
    }

    private static void Broadcasts(ArrayView<int> y)
    {
        int mine = Grid.IdxX * 100 + Group.IdxX * 3;
        y[Grid.GlobalIndex.X] = Group.Broadcast(mine, 5) + Group.Broadcast(mine, Grid.IdxX);
    }

    [Feature]
    public static void GroupBroadcast(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(2 * 16);
        d.LoadGrouped<ArrayView<int>>(Broadcasts)((2, 16), y);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => i / 16 * 200 + 15 + i / 16 * 3), y.ToArray());
    }

    private static void Histogram(Index1D i, ArrayView<int> x, ArrayView<int> counts, ArrayView<float> weights, ArrayView<long> total)
    {
        Atomic.Add(ref counts[x[i]], 1);
        Atomic.Add(ref weights[x[i]], 0.5f);
        Atomic.Add(ref total[0], (long)x[i]);
    }

    [Feature]
    public static void AtomicAdds(Device d)
    {
        int[] x = [.. Enumerable.Range(0, 500).Select(i => i * i % 7)];
        DeviceBuffer<int> a = d.Allocate<int>(x);
        DeviceBuffer<int> counts = d.Allocate<int>(new int[7]);
        DeviceBuffer<float> weights = d.Allocate<float>(new float[7]);
        DeviceBuffer<long> total = d.Allocate<long>(new long[1]);
        d.Load<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<float>, ArrayView<long>>(Histogram)(500, a, counts, weights, total);
        int[] expected = [.. Enumerable.Range(0, 7).Select(k => x.Count(v => v == k))];
        Assert.Equal(expected, counts.ToArray());
        Assert.Equal(expected.Select(c => c * 0.5f), weights.ToArray());
        Assert.Equal(x.Sum(), total.ToArray()[0]);
    }

    private const int Tile = 8;

    private static void MatMulTiled(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c, int n)
    {
        ArrayView<float> ta = SharedMemory.Allocate<float>(Tile * Tile);
        ArrayView<float> tb = SharedMemory.Allocate<float>(Tile * Tile);
        int x = Group.IdxX, y = Group.IdxY;
        int column = Grid.GlobalIndex.X, row = Grid.GlobalIndex.Y;
        float sum = 0;
        for (int t = 0; t < n; t += Tile)
        {
            ta[y * Tile + x] = row < n && t + x < n ? a[row * n + t + x] : 0;
            tb[y * Tile + x] = column < n && t + y < n ? b[(t + y) * n + column] : 0;
            Group.Barrier();
            for (int k = 0; k < Tile; k++)
                sum += ta[y * Tile + k] * tb[k * Tile + x];
            Group.Barrier();
        }

        if (row < n && column < n)
            c[row * n + column] = sum;
    }

    [Feature]
    public static void TiledMatrixProduct(Device d)
    {
        const int n = 19;
        float[] a = [.. Enumerable.Range(0, n * n).Select(i => (float)(i % 7 - 3))];
        float[] b = [.. Enumerable.Range(0, n * n).Select(i => (float)(i % 5 - 2))];
        DeviceBuffer<float> c = d.Allocate<float>(n * n);
        int groups = (n + Tile - 1) / Tile;
        d.LoadGrouped<ArrayView<float>, ArrayView<float>, ArrayView<float>, int>(MatMulTiled)(
            new KernelConfig(new Index2D(groups, groups), new Index2D(Tile, Tile)), d.Allocate<float>(a), d.Allocate<float>(b), c, n);
        Assert.Equal(from i in Enumerable.Range(0, n * n) select Enumerable.Range(0, n).Sum(k => a[i / n * n + k] * b[k * n + i % n]),
            c.ToArray());
    }
}
