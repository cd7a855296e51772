using System.Runtime.InteropServices;
using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>Groups of odd shapes, rows that part and meet again, values of all kinds that live across barriers.</summary>
public static class CorpusGroupPitfalls
{
    // Threads make the debug device slow; PoCL compiles a kernel anew for each size.
    private static Index3D[] Shapes(Device d) => d.Kind == DeviceKind.OpenCl
        ? [new(5, 7, 3)]
        : [new(1, 1, 1), new(31, 1, 1), new(5, 7, 1), new(3, 5, 3), new(16, 3, 1), new(16, 6, 2), new(8, 2, 4), new(17, 2, 1), new(32, 2, 1), new(64, 1, 1)];

    // On the CPU, against the interpreter: groups that are many chunks of lanes, rows in lockstep, and both.
    private static readonly Index3D[] s_large =
        [new(16, 16, 1), new(32, 8, 1), new(64, 4, 1), new(16, 4, 4), new(128, 2, 1), new(100, 1, 1), new(48, 5, 1), new(7, 9, 11), new(16, 64, 1), new(1024, 1, 1)];

    private static void SameInGroups(Device d, int width, Action<ArrayView<int>> kernel)
    {
        Compare(d, Device.Debug, width, Shapes(d), kernel);
        if (d.Kind != DeviceKind.OpenCl && d.Id == "cpu")
            Compare(d, Devices.Get("interpreter"), width, s_large, kernel);
    }

    private static void Compare(Device d, Device reference, int width, Index3D[] shapes, Action<ArrayView<int>> kernel)
    {
        foreach (Index3D shape in shapes)
        {
            int[][] results = [.. new[] { d, reference }.Select(device =>
            {
                DeviceBuffer<int> y = device.Allocate<int>(new int[2 * shape.Size * width]);
                device.LoadGrouped(kernel)(new KernelConfig(new Index3D(1, 2, 1), shape), y);
                return y.ToArray();
            })];
            Assert.True(results[1].AsSpan().SequenceEqual(results[0]), $"{shape}: "
                + string.Join(" ", Enumerable.Range(0, results[0].Length).Where(i => results[0][i] != results[1][i]).Take(8)
                    .Select(i => $"[{i}] {results[1][i]} → {results[0][i]}")));
        }
    }

    private static ArrayView<int> Own(ArrayView<int> y, int width) =>
        y.SubView((((Grid.IdxY * Group.Dimension.Size) + Group.LinearIndex) * width), width);

    private static void Collectives(ArrayView<int> y)
    {
        ArrayView<int> r = Own(y, 9);
        int i = Group.LinearIndex;
        int items = Group.Dimension.Size;
        int v = (i * 7) + Grid.IdxY + 1;
        for (int round = 0; round < 3; round++)
        {
            v = GroupExtensions.InclusiveScan<int, AddInt32>(v % 101) - round;
            r[round] = v + GroupExtensions.AllReduce<int, MaxInt32>(v % 13);
            if (round == 1)
                r[3] = GroupExtensions.ExclusiveScan<int, AddInt32>(i % 3) + Group.Broadcast(v, items / 2);
            v ^= Group.Shuffle(v, items - 1 - i);
        }

        r[4] = Warp.ShuffleXor(v, 5) + Warp.ShuffleDown(i, 3);
        r[5] = Warp.Shuffle(v, (i * 11) % 40) - Warp.ShuffleUp(v, 1);
        r[6] = WarpExtensions.InclusiveScan<int, AddInt32>(i) + WarpExtensions.AllReduce<int, MinInt32>(-i);
        r[7] = Group.BarrierPopCount(i % 3 == Grid.IdxY) + (Group.BarrierAnd(i < 40) ? 1000 : 0) + (Group.BarrierOr(i > 40) ? 2000 : 0);
        r[8] = Group.Shuffle(i, i + 3) + (100 * Group.ReduceMax(i % 37)) + Group.ReduceAdd(v % 5);
    }

    [Feature]
    public static void CollectivesOfOddGroups(Device d) => SameInGroups(d, 9, Collectives);

    private static void RowsPart(ArrayView<int> y)
    {
        ArrayView<int> tile = SharedMemory.Allocate<int>(1024);
        ref int total = ref SharedMemory.Allocate<int>();
        ArrayView<int> r = Own(y, 4);
        int i = Group.LinearIndex, row = Group.IdxY, column = Group.IdxX;
        if (i == 0)
            total = 0;
        int sum = 0;
        int steps = 0;
        for (int phase = 0; phase < 3; phase++)
        {
            tile[i] = (i * (phase + 1)) + sum;
            Group.Barrier();
            int k = 0;
            // Rows go round a different number of times, and lanes of odd rows too.
            while (k < row + phase)
            {
                if (row % 2 == 1 && column % 3 == k)
                    break;
                sum += tile[((row * Group.DimX) + k + column) % Group.Dimension.Size];
                k++;
                steps++;
            }

            int extra = row == phase ? tile[0] : k > 1 ? tile[i] - 1 : -k;
            sum ^= extra;
            Group.Barrier();
            if (row > 1)
                Atomic.Add(ref total, k);
            Group.Barrier();
            sum += total;
        }

        r[0] = sum;
        r[1] = steps;
        if (row == 2 && column % 2 == 0)
            return;
        r[2] = total + row;
        if (column > 4)
            return;
        r[3] = sum - steps;
    }

    [Feature]
    public static void RowsThatPartAndMeet(Device d) => SameInGroups(d, 4, RowsPart);

    private static void Across(ArrayView<int> y)
    {
        ArrayView<long> shared = SharedMemory.Allocate<long>(1024);
        ArrayView<int> r = Own(y, 5);
        int i = Group.LinearIndex, items = Group.Dimension.Size;
        bool odd = i % 2 == 1;
        double d = i * 0.25;
        long wide = (long)i << 33;
        Half half = (Half)(i * 0.5f);
        int[] mine = [i, 2 * i, 3 * i];
        (int, float) pair = (i, -i);
        for (int k = 0; k < 3; k++)
        {
            for (int j = 0; j <= k; j++)
            {
                shared[i] = wide + k;
                Group.Barrier();
                wide = shared[(i + j + 1) % items] + (odd ? 1 : 0);
                Group.Barrier();
                if (Grid.IdxY == 1 && j == 1)
                    break;
                mine[(i + k) % 3] += (int)(wide >> 33);
            }

            odd ^= mine[k] % 3 == 0;
            d += odd ? 0.5 : mine[i % 3];
            pair = odd ? (pair.Item1 + 1, pair.Item2) : (pair.Item1, pair.Item2 * 2);
        }

        r[0] = (int)(d * 4);
        r[1] = (int)(wide % 1000003);
        r[2] = mine[0] + (31 * mine[1]) + (997 * mine[2]);
        r[3] = (int)((float)half * 2) + (odd ? 1 : 0);
        r[4] = pair.Item1 + (int)(pair.Item2 * 3);
    }

    [Feature]
    public static void ValuesAcrossBarriersInLoops(Device d) => SameInGroups(d, 5, Across);

    private static void Slots(ArrayView<int> y)
    {
        ref int next = ref SharedMemory.Allocate<int>();
        ArrayView<int> taken = SharedMemory.Allocate<int>(1536);
        ArrayView<float> largest = SharedMemory.Allocate<float>(4);
        ArrayView<ulong> bits = SharedMemory.Allocate<ulong>(2);
        ArrayView<int> r = Own(y, 4);
        int i = Group.LinearIndex, items = Group.Dimension.Size;
        if (Group.IsFirstThread)
        {
            next = 0;
            bits[0] = 0;
            bits[1] = ulong.MaxValue;
        }

        if (i == items - 1)
        {
            for (int k = 0; k < 4; k++)
                largest[k] = float.NegativeInfinity;
        }

        for (int k = i; k < 1536; k += items)
            taken[k] = 0;
        Group.Barrier();
        for (int k = 0; k < i % 3; k++)
        {
            if (i % 5 == k)
                continue;
            int slot = Atomic.Add(ref next, 1);
            Atomic.Exchange(ref taken[slot], i + 1);
            Atomic.Max(ref largest[(i + k) % 4], i * 0.5f);
            Atomic.Or(ref bits[0], 1ul << (i % 64));
            Atomic.And(ref bits[1], ~(1ul << ((i + k) % 64)));
        }

        Group.Barrier();
        int mine = 0;
        for (int k = 0; k < next; k++)
            mine += taken[k] == i + 1 ? 1 : 0;
        r[0] = mine;
        r[1] = next + taken[1535];
        r[2] = (int)largest[i % 4];
        r[3] = (int)(bits[0] % 1000003) - (int)(bits[1] % 1000003);
    }

    [Feature]
    public static void SharedAtomicsInDivergentLoops(Device d) => SameInGroups(d, 4, Slots);

    private static void RowSums(ArrayView<int> y)
    {
        ArrayView<int> ofRow = SharedMemory.Allocate<int>(64);
        ArrayView<Cell> cells = SharedMemory.Allocate<Cell>(1024);
        ArrayView<int> r = Own(y, 6);
        int i = Group.LinearIndex, row = (Group.IdxZ * Group.DimY) + Group.IdxY, column = Group.IdxX;
        int[] mine = [column, row, 7];
        if (column == 0)
            ofRow[row % 64] = row * 100;
        cells[i] = new Cell { A = i, B = row * 0.5f, C = column };
        Group.Barrier();
        int before = Atomic.Add(ref ofRow[row % 64], 1);
        Group.Barrier();
        int found = 0;
        for (int k = 0; k < 5; k++)
        {
            if (k == row % 5)
                continue;
            mine[(row + k) % 3] += ofRow[(row + k) % Math.Min(64, Group.DimY * Group.DimZ)];
            Cell c = cells[(i + k) % Group.Dimension.Size];
            if (c.C > column)
            {
                found += c.A;
                if (c.B > row)
                    break;
            }
        }

        int last = row % 2 == 0 ? found : mine[row % 3];
        Group.Barrier();
        cells[i].A = last;
        cells[i].C += (int)cells[i].B;
        int all = Group.ReduceAdd(last % 1000);
        Cell next = cells[Group.Dimension.Size - 1 - i];
        r[0] = last;
        r[1] = next.A - next.C;
        r[2] = all;
        r[3] = before >= ofRow[row % 64] ? -1 : 1;
        r[4] = mine[0] + (3 * mine[1]) + (5 * mine[2]);
        r[5] = row < 3 ? ofRow[row] : found;
    }

    public struct Cell
    {
        public int A;
        public float B;
        public int C;
    }

    [Feature]
    public static void RowsWithSumsAndCells(Device d) => SameInGroups(d, 6, RowSums);

    private static void Views(ArrayView<int> y)
    {
        ArrayView<int> a = SharedMemory.Allocate<int>(1024);
        ArrayView<int> b = SharedMemory.Allocate<int>(1024);
        ArrayView<int> r = Own(y, 3);
        int i = Group.LinearIndex, items = Group.Dimension.Size;
        a[i] = i;
        b[i] = -i;
        ArrayView<int> source = a, target = b;
        ArrayView<int> own = i % 3 == 1 ? a : b;
        ArrayView<int> part = own.SubView(i, 1);
        Group.Barrier();
        for (int k = 0; k < 3; k++)
        {
            int v = source[(i + k + 1) % items] + own[i];
            Group.Barrier();
            target[i] = v;
            (source, target) = (target, source);
            Group.Barrier();
        }

        int seen = part[0];
        Group.Barrier();
        part[0] = seen + 1;
        Group.Barrier();
        r[0] = source[i];
        r[1] = target[(i + 1) % items] + own[(i + 2) % items];
        r[2] = (int)part.Length + seen;
    }

    [Feature]
    public static void ViewsThatChangePlacesAcrossBarriers(Device d) => SameInGroups(d, 3, Views);
}
