using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>Sums: of everything, in two launches, and of each row by one group.</summary>
internal static unsafe class Reduction
{
    private const int GroupItems = 256;
    private const int Groups = 64;
    private const int Lanes = 16;

    private static void Sum(ArrayView<float> x, ArrayView<float> partial)
    {
        float sum = 0;
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < x.IntLength; i += Grid.DimX * Group.DimX)
            sum += x[i];
        sum = Group.ReduceAdd(sum);
        if (Group.IdxX == 0)
            partial[Grid.IdxX] = sum;
    }

    private static void TreeSum(ArrayView<float> x, ArrayView<float> partial)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GroupItems);
        float sum = 0;
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < x.IntLength; i += Grid.DimX * Group.DimX)
            sum += x[i];
        sums[Group.IdxX] = sum;
        Group.Barrier();
        for (int half = Group.DimX / 2; half > 0; half /= 2)
        {
            if (Group.IdxX < half)
                sums[Group.IdxX] += sums[Group.IdxX + half];
            Group.Barrier();
        }

        if (Group.IdxX == 0)
            partial[Grid.IdxX] = sums[0];
    }

    private static void RowSum(ArrayView<float> x, int columns, ArrayView<float> y)
    {
        int start = Grid.IdxX * columns;
        float sum = 0;
        for (int i = Group.IdxX; i < columns; i += Group.DimX)
            sum += x[start + i];
        sum = Group.ReduceAdd(sum);
        if (Group.IdxX == 0)
            y[Grid.IdxX] = sum;
    }

    public static Contest[] Cases(Lab lab) =>
    [
        SumCase(lab, 1 << 17, Sum, ""), SumCase(lab, 1 << 24, Sum, ""), SumCase(lab, 1 << 18, TreeSum, ", tree by hand"),
        RowSumCase(lab, 32, 4096), RowSumCase(lab, 2048, 8192),
    ];

    private static Contest SumCase(Lab lab, int n, Action<ArrayView<float>, ArrayView<float>> method, string how)
    {
        DeviceBuffer<float> x = lab.Floats(n, 0, 1), partial = lab.Empty<float>(Groups), y = lab.Empty<float>(1);
        Action<KernelConfig, ArrayView<float>, ArrayView<float>> kernel =
            lab.Device.LoadGrouped(method);
        float* px = Lab.Pointer(x), pp = Lab.Pointer(partial), py = Lab.Pointer(y);
        int part = n / Groups;
        return new Contest($"sum {n >> 10} K{how}")
        {
            Ours = () =>
            {
                kernel((Groups, GroupItems), x, partial);
                kernel((1, Groups), partial, y);
            },
            Hand = (from, to) => Partial(from, to, &SumByHand),
            Plain = (from, to) => Partial(from, to, &SumPlain),
            Units = Groups,
            Reset = Lab.Clear(y),
            Result = () => [py[0] + (py[0] == 0 ? Enumerable.Range(0, Groups).Sum(i => (double)pp[i]) : 0)],
            Tolerance = 1e-4,
            Work = 4.0 * n,
        };

        void Partial(int from, int to, delegate*<float*, int, float> sum)
        {
            for (int i = from; i < to; i++)
                pp[i] = sum(px + (long)i * part, part);
        }
    }

    private static Contest RowSumCase(Lab lab, int rows, int columns)
    {
        DeviceBuffer<float> x = lab.Floats(rows * columns, 0, 1), y = lab.Empty<float>(rows);
        Action<KernelConfig, ArrayView<float>, int, ArrayView<float>> kernel =
            lab.Device.LoadGrouped<ArrayView<float>, int, ArrayView<float>>(RowSum);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y);
        return new Contest($"row sums {rows}x{columns}")
        {
            Ours = () => kernel((rows, GroupItems), x, columns, y),
            Hand = (from, to) => Rows(from, to, &SumByHand),
            Plain = (from, to) => Rows(from, to, &SumPlain),
            Units = rows,
            Reset = Lab.Clear(y),
            Result = () => Lab.Numbers(y),
            Tolerance = 1e-4,
            Work = 4.0 * rows * columns,
        };

        void Rows(int from, int to, delegate*<float*, int, float> sum)
        {
            for (int row = from; row < to; row++)
                py[row] = sum(px + (long)row * columns, columns);
        }
    }

    private static float SumByHand(float* x, int n)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (int i = 0; i < n; i += 4 * Lanes)
        {
            a += Vector512.Load(x + i);
            b += Vector512.Load(x + i + Lanes);
            c += Vector512.Load(x + i + 2 * Lanes);
            d += Vector512.Load(x + i + 3 * Lanes);
        }

        return Vector512.Sum(a + b + (c + d));
    }

    private static float SumPlain(float* x, int n)
    {
        float sum = 0;
        for (int i = 0; i < n; i++)
            sum += x[i];
        return sum;
    }
}
