using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>A matrix transposed by tiles in shared memory; by hand 16×16 elements in registers.</summary>
internal static unsafe class Transpose
{
    private const int Tile = 16;
    private const int Wide = 32;

    private static void Tiles16(ArrayView<float> x, int n, ArrayView<float> y)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(Tile * (Tile + 1));
        int column = Grid.IdxX * Tile, row = Grid.IdxY * Tile;
        tile[Group.IdxY * (Tile + 1) + Group.IdxX] = x[(row + Group.IdxY) * n + column + Group.IdxX];
        Group.Barrier();
        y[(column + Group.IdxY) * n + row + Group.IdxX] = tile[Group.IdxX * (Tile + 1) + Group.IdxY];
    }

    private static void Tiles32(ArrayView<float> x, int n, ArrayView<float> y)
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(Wide * (Wide + 1));
        int column = Grid.IdxX * Wide, row = Grid.IdxY * Wide;
        for (int i = Group.IdxY; i < Wide; i += Group.DimY)
            tile[i * (Wide + 1) + Group.IdxX] = x[(row + i) * n + column + Group.IdxX];
        Group.Barrier();
        for (int i = Group.IdxY; i < Wide; i += Group.DimY)
            y[(column + i) * n + row + Group.IdxX] = tile[Group.IdxX * (Wide + 1) + i];
    }

    public static Contest[] Cases(Lab lab) =>
    [
        Case(lab, "16x16", 256, Tiles16, new(Tile, Tile)), Case(lab, "16x16", 2000, Tiles16, new(Tile, Tile)),
        Case(lab, "32x32 by 32x8", 256, Tiles32, new(Wide, 8)),
    ];

    private static Contest Case(Lab lab, string name, int n, Action<ArrayView<float>, int, ArrayView<float>> method, Index2D group)
    {
        DeviceBuffer<float> x = lab.Floats(n * n, -1, 1), y = lab.Empty<float>(n * n);
        Action<KernelConfig, ArrayView<float>, int, ArrayView<float>> kernel = lab.Device.LoadGrouped(method);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y);
        Index2D grid = new(n / group.X, n / group.X);
        return new Contest($"transpose {n}x{n}, tiles {name}")
        {
            Ours = () => kernel((grid, group), x, n, y),
            Hand = (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    for (int j = 0; j < n / Tile; j++)
                        ByHand(px + (long)i * Tile * n + j * Tile, py + (long)j * Tile * n + i * Tile, n);
                }
            },
            Plain = (from, to) => Plain(px, py, n, from * Tile, to * Tile),
            Units = n / Tile,
            Reset = Lab.Clear(y),
            Result = () => Lab.Numbers(y),
            Tolerance = 0,
            Work = 8.0 * n * n,
        };
    }

    // Four rounds of zips of the rows i and i + 8: row i of the result is column i.
    private static void ByHand(float* x, float* y, int n)
    {
        Vector512<float> a0 = Row(x, n, 0), a1 = Row(x, n, 1), a2 = Row(x, n, 2), a3 = Row(x, n, 3);
        Vector512<float> a4 = Row(x, n, 4), a5 = Row(x, n, 5), a6 = Row(x, n, 6), a7 = Row(x, n, 7);
        Vector512<float> a8 = Row(x, n, 8), a9 = Row(x, n, 9), a10 = Row(x, n, 10), a11 = Row(x, n, 11);
        Vector512<float> a12 = Row(x, n, 12), a13 = Row(x, n, 13), a14 = Row(x, n, 14), a15 = Row(x, n, 15);
        Vector512<float> b0 = Shuffles.ZipLow(a0, a8), b1 = Shuffles.ZipHigh(a0, a8);
        Vector512<float> b2 = Shuffles.ZipLow(a1, a9), b3 = Shuffles.ZipHigh(a1, a9);
        Vector512<float> b4 = Shuffles.ZipLow(a2, a10), b5 = Shuffles.ZipHigh(a2, a10);
        Vector512<float> b6 = Shuffles.ZipLow(a3, a11), b7 = Shuffles.ZipHigh(a3, a11);
        Vector512<float> b8 = Shuffles.ZipLow(a4, a12), b9 = Shuffles.ZipHigh(a4, a12);
        Vector512<float> b10 = Shuffles.ZipLow(a5, a13), b11 = Shuffles.ZipHigh(a5, a13);
        Vector512<float> b12 = Shuffles.ZipLow(a6, a14), b13 = Shuffles.ZipHigh(a6, a14);
        Vector512<float> b14 = Shuffles.ZipLow(a7, a15), b15 = Shuffles.ZipHigh(a7, a15);
        Vector512<float> c0 = Shuffles.ZipLow(b0, b8), c1 = Shuffles.ZipHigh(b0, b8);
        Vector512<float> c2 = Shuffles.ZipLow(b1, b9), c3 = Shuffles.ZipHigh(b1, b9);
        Vector512<float> c4 = Shuffles.ZipLow(b2, b10), c5 = Shuffles.ZipHigh(b2, b10);
        Vector512<float> c6 = Shuffles.ZipLow(b3, b11), c7 = Shuffles.ZipHigh(b3, b11);
        Vector512<float> c8 = Shuffles.ZipLow(b4, b12), c9 = Shuffles.ZipHigh(b4, b12);
        Vector512<float> c10 = Shuffles.ZipLow(b5, b13), c11 = Shuffles.ZipHigh(b5, b13);
        Vector512<float> c12 = Shuffles.ZipLow(b6, b14), c13 = Shuffles.ZipHigh(b6, b14);
        Vector512<float> c14 = Shuffles.ZipLow(b7, b15), c15 = Shuffles.ZipHigh(b7, b15);
        Vector512<float> d0 = Shuffles.ZipLow(c0, c8), d1 = Shuffles.ZipHigh(c0, c8);
        Vector512<float> d2 = Shuffles.ZipLow(c1, c9), d3 = Shuffles.ZipHigh(c1, c9);
        Vector512<float> d4 = Shuffles.ZipLow(c2, c10), d5 = Shuffles.ZipHigh(c2, c10);
        Vector512<float> d6 = Shuffles.ZipLow(c3, c11), d7 = Shuffles.ZipHigh(c3, c11);
        Vector512<float> d8 = Shuffles.ZipLow(c4, c12), d9 = Shuffles.ZipHigh(c4, c12);
        Vector512<float> d10 = Shuffles.ZipLow(c5, c13), d11 = Shuffles.ZipHigh(c5, c13);
        Vector512<float> d12 = Shuffles.ZipLow(c6, c14), d13 = Shuffles.ZipHigh(c6, c14);
        Vector512<float> d14 = Shuffles.ZipLow(c7, c15), d15 = Shuffles.ZipHigh(c7, c15);
        Vector512<float> e0 = Shuffles.ZipLow(d0, d8), e1 = Shuffles.ZipHigh(d0, d8);
        Vector512<float> e2 = Shuffles.ZipLow(d1, d9), e3 = Shuffles.ZipHigh(d1, d9);
        Vector512<float> e4 = Shuffles.ZipLow(d2, d10), e5 = Shuffles.ZipHigh(d2, d10);
        Vector512<float> e6 = Shuffles.ZipLow(d3, d11), e7 = Shuffles.ZipHigh(d3, d11);
        Vector512<float> e8 = Shuffles.ZipLow(d4, d12), e9 = Shuffles.ZipHigh(d4, d12);
        Vector512<float> e10 = Shuffles.ZipLow(d5, d13), e11 = Shuffles.ZipHigh(d5, d13);
        Vector512<float> e12 = Shuffles.ZipLow(d6, d14), e13 = Shuffles.ZipHigh(d6, d14);
        Vector512<float> e14 = Shuffles.ZipLow(d7, d15), e15 = Shuffles.ZipHigh(d7, d15);
        e0.Store(y + 0L * n);
        e1.Store(y + 1L * n);
        e2.Store(y + 2L * n);
        e3.Store(y + 3L * n);
        e4.Store(y + 4L * n);
        e5.Store(y + 5L * n);
        e6.Store(y + 6L * n);
        e7.Store(y + 7L * n);
        e8.Store(y + 8L * n);
        e9.Store(y + 9L * n);
        e10.Store(y + 10L * n);
        e11.Store(y + 11L * n);
        e12.Store(y + 12L * n);
        e13.Store(y + 13L * n);
        e14.Store(y + 14L * n);
        e15.Store(y + 15L * n);
    }

    private static Vector512<float> Row(float* x, int n, int i) => Vector512.Load(x + (long)i * n);

    private static void Plain(float* x, float* y, int n, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            for (int j = 0; j < n; j++)
                y[(long)j * n + i] = x[(long)i * n + j];
        }
    }
}
