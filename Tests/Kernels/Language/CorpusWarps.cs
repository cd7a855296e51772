using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Warps and shuffles, in groups of full and partial warps, that do and do not fit the CPU's lanes.</summary>
public static class CorpusWarps
{
    // Threads make the debug device slow; PoCL compiles a kernel anew for each size.
    private static int[] Groups(Device d) => d.Kind switch
    {
        DeviceKind.Debug when d.Id == "debug" => [1, 7, 33, 64],
        DeviceKind.OpenCl => [7, 100],
        _ => [1, 7, 32, 33, 64, 100, 256, 1024],
    };

    private static void Positions(ArrayView<int> y)
    {
        int at = Grid.GlobalLinearIndex;
        y[at] = Warp.LaneIdx + 100 * Warp.WarpIdx + (Warp.IsFirstLane ? 10000 : 0) + (Warp.IsLastLane ? 20000 : 0)
            + 100000 * Warp.ComputeWarpIdx(Group.LinearIndex) + 10000000 * (Warp.ComputeWarpThreadIdx(Group.LinearIndex) % 3);
    }

    [Feature]
    public static void WarpPositions(Device d)
    {
        DeviceBuffer<int> y = d.Allocate<int>(2 * 90);
        d.LoadGrouped<ArrayView<int>>(Positions)(new KernelConfig(new Index2D(2, 1), new Index2D(30, 3)), y);
        Assert.Equal(Enumerable.Range(0, 180).Select(i => i % 90).Select(i => i % 32 + i / 32 * 100100 + (i % 32 == 0 ? 10000 : 0)
            + (i % 32 == 31 ? 20000 : 0) + 10000000 * (i % 32 % 3)), y.ToArray());
    }

    private static void Shuffles(ArrayView<int> y, int items, int k)
    {
        int i = Grid.GlobalIndex.X;
        int v = i * 7 + 1;
        y[i] = Warp.Shuffle(v, k);
        y[items + i] = Warp.ShuffleUp(v, k);
        y[2 * items + i] = Warp.ShuffleDown(v, k);
        y[3 * items + i] = Warp.ShuffleXor(v, k);
        y[4 * items + i] = Warp.Shuffle(v, Group.IdxX * 5 + k);
        y[5 * items + i] = Warp.Shuffle(v, k, 8);
        y[6 * items + i] = Warp.ShuffleUp(v, k, 8);
        y[7 * items + i] = Warp.ShuffleDown(v, k, 8);
        y[8 * items + i] = Warp.ShuffleXor(v, k, 8);
        y[9 * items + i] = Warp.Broadcast(v, 3);
        y[10 * items + i] = Group.Shuffle(v, Group.DimX - 1 - Group.IdxX);
        y[11 * items + i] = Group.Shuffle(v, Group.IdxX * k - 3);
    }

    [Feature]
    public static void WarpShuffles(Device d)
    {
        Action<KernelConfig, ArrayView<int>, int, int> kernel = d.LoadGrouped<ArrayView<int>, int, int>(Shuffles);
        foreach (int group in Groups(d))
        {
            foreach (int k in (int[])[1, 5, 13])
            {
                const int grid = 2;
                int items = grid * group;
                DeviceBuffer<int> y = d.Allocate<int>(12 * items);
                kernel((grid, group), y, items, k);
                int[] actual = y.ToArray();
                for (int i = 0; i < items; i++)
                {
                    int first = i / group * group;
                    int item = i - first;
                    int lane = item % 32;
                    int inPart = lane % 8;
                    int part = lane - inPart;
                    int[] expected =
                    [
                        AtLane(k), AtLane(lane - k), AtLane(lane + k), AtLane(lane ^ k), AtLane((item * 5 + k) % 32),
                        AtLane(part + k % 8), AtLane(inPart >= k ? lane - k : lane), AtLane(inPart + k < 8 ? lane + k : lane),
                        AtLane((lane ^ k) < part + 8 ? lane ^ k : lane), AtLane(3), At(group - 1 - item), At(item * k - 3),
                    ];
                    for (int r = 0; r < expected.Length; r++)
                        Assert.True(expected[r] == actual[r * items + i], $"group {group}, k {k}, item {i}, row {r}: {expected[r]}, not {actual[r * items + i]}");

                    int At(int source) => (first + (source >= 0 && source < group ? source : item)) * 7 + 1;

                    int AtLane(int source) => At(source is >= 0 and < 32 ? item - lane + source : item);
                }
            }
        }
    }

    private struct Pair
    {
        public double Wide;
        public byte Small;
        public bool Flag;
    }

    private static void ShufflesStructs(ArrayView<Pair> y, ArrayView<long> z)
    {
        int i = Grid.GlobalIndex.X;
        Pair p = new() { Wide = i * 0.5, Small = (byte)(i * 3), Flag = i % 3 == 0 };
        Pair q = Warp.ShuffleXor(p, 1);
        Pair r = Group.Shuffle(p, Group.IdxX + 1);
        y[i] = new Pair { Wide = q.Wide * 1000 + r.Wide, Small = (byte)(q.Small ^ r.Small), Flag = q.Flag || r.Flag };
        z[i] = Warp.ShuffleUp((long)i << 33, 2) + Group.Shuffle((long)i << 20, 0) + Warp.Shuffle((long)i << 40, Group.IdxX * 3);
    }

    [Feature]
    public static void ShufflesOfStructs(Device d)
    {
        foreach (int group in Groups(d))
        {
            const int grid = 2;
            DeviceBuffer<Pair> y = d.Allocate<Pair>(grid * group);
            DeviceBuffer<long> z = d.Allocate<long>(grid * group);
            d.LoadGrouped<ArrayView<Pair>, ArrayView<long>>(ShufflesStructs)((grid, group), y, z);
            Pair[] pairs = y.ToArray();
            long[] longs = z.ToArray();
            for (int i = 0; i < grid * group; i++)
            {
                int first = i / group * group;
                int item = i - first;
                int q = AtLane(item % 32 ^ 1);
                int r = At(item + 1);
                Assert.Equal(q * 500 + r * 0.5, pairs[i].Wide);
                Assert.Equal((byte)((byte)(q * 3) ^ (byte)(r * 3)), pairs[i].Small);
                Assert.Equal(q % 3 == 0 || r % 3 == 0, pairs[i].Flag);
                Assert.Equal(((long)AtLane(item % 32 - 2) << 33) + ((long)first << 20) + ((long)AtLane(item * 3 % 32) << 40), longs[i]);

                int At(int source) => first + (source >= 0 && source < group ? source : item);

                int AtLane(int lane) => At(lane is >= 0 and < 32 ? item / 32 * 32 + lane : item);
            }
        }
    }

    private static void Butterfly(ArrayView<float> x, ArrayView<float> y, int rounds)
    {
        int i = Grid.GlobalIndex.X;
        float sum = x[i];
        for (int round = 0; round < rounds; round++)
        {
            for (int mask = Warp.WarpSize / 2; mask > 0; mask /= 2)
                sum += Warp.ShuffleXor(sum, mask);
            sum = sum * 0.5f + Group.Shuffle(sum, Group.IdxX + 32);
        }

        y[i] = sum;
    }

    [Feature]
    public static void ShufflesInLoops(Device d)
    {
        foreach (int group in (int[])[32, 96])
        {
            float[] x = [.. Enumerable.Range(0, group).Select(i => i * 0.3f)];
            DeviceBuffer<float> y = d.Allocate<float>(group);
            d.LoadGrouped<ArrayView<float>, ArrayView<float>, int>(Butterfly)((1, group), d.Allocate<float>(x), y, 2);
            float[] expected = x;
            for (int round = 0; round < 2; round++)
            {
                for (int mask = 16; mask > 0; mask /= 2)
                    expected = [.. expected.Select((v, i) => v + expected[i ^ mask])];
                expected = [.. expected.Select((v, i) => MathF.FusedMultiplyAdd(v, 0.5f, expected[i + 32 < group ? i + 32 : i]))];
            }

            float[] actual = y.ToArray();
            for (int i = 0; i < group; i++)
                Assert.InRange(actual[i], expected[i] * 0.99999f - 1e-6f, expected[i] * 1.00001f + 1e-6f);
        }
    }

    private static void Votes(ArrayView<int> y, int n)
    {
        int i = Group.LinearIndex;
        bool all = Group.BarrierAnd(i < n);
        bool any = Group.BarrierOr(i == n);
        int count = Group.BarrierPopCount(i < n && i % 2 == 0);
        if (Group.IsLastThread)
        {
            y[0] = all ? 1 : 0;
            y[1] = any ? 1 : 0;
            y[2] = count;
        }
    }

    [Feature]
    public static void BarriersThatVote(Device d)
    {
        foreach (int group in (int[])[1, 33, 70])
        {
            DeviceBuffer<int> y = d.Allocate<int>(3);
            foreach (int n in (int[])[0, 10, group])
            {
                d.LoadGrouped<ArrayView<int>, int>(Votes)((1, group), y, n);
                Assert.Equal([n >= group ? 1 : 0, n < group ? 1 : 0, (Math.Min(n, group) + 1) / 2], y.ToArray());
            }
        }
    }

    private static void ReduceAll(ArrayView<float> x, ArrayView<float> y, ArrayView<ulong> z)
    {
        float sum = Group.ReduceAdd(x[Group.LinearIndex]);
        ulong low = Group.ReduceMin(ulong.MaxValue - (ulong)Group.LinearIndex);
        ulong high = Group.ReduceMax((ulong)Group.LinearIndex << 60);
        ulong total = Group.ReduceAdd((ulong)Group.LinearIndex);
        y[0] = sum;
        z[0] = low;
        z[1] = high;
        z[2] = total;
    }

    [Feature]
    public static void GroupReductionsOfAnySize(Device d)
    {
        foreach (int group in (int[])[1, 5, 7, 33, 100])
        {
            float[] x = [.. Enumerable.Range(0, group).Select(i => 0.1f * (i * i % 17) + 1e5f * (i % 3))];
            DeviceBuffer<float> y = d.Allocate<float>(1);
            DeviceBuffer<ulong> z = d.Allocate<ulong>(3);
            d.LoadGrouped<ArrayView<float>, ArrayView<float>, ArrayView<ulong>>(ReduceAll)((1, group), d.Allocate<float>(x), y, z);
            float[] tree = [.. x];
            for (int s = 512; s > 0; s /= 2)
            {
                for (int i = 0; i < s && i + s < group; i++)
                    tree[i] += tree[i + s];
            }

            Assert.Equal(tree[0], y.ToArray()[0]);
            Assert.Equal([ulong.MaxValue - (ulong)(group - 1), Enumerable.Range(0, group).Max(i => (ulong)i << 60), (ulong)(group * (group - 1) / 2)],
                z.ToArray());
        }
    }
}
