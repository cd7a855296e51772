using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>The matrix product of the textbook: 16×16 tiles of both operands in shared memory; by hand a tile of the result in
/// sixteen registers.</summary>
internal static unsafe class TiledMatmul
{
    private const int Tile = 16;
    private const int Wide = 32;

    private static void Tiled(ArrayView<float> a, ArrayView<float> b, int n, ArrayView<float> c)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Tile * Tile);
        ArrayView<float> right = SharedMemory.Allocate<float>(Tile * Tile);
        int row = Grid.IdxY * Tile + Group.IdxY, column = Grid.IdxX * Tile + Group.IdxX;
        float sum = 0;
        for (int t = 0; t < n; t += Tile)
        {
            left[Group.IdxY * Tile + Group.IdxX] = a[row * n + t + Group.IdxX];
            right[Group.IdxY * Tile + Group.IdxX] = b[(t + Group.IdxY) * n + column];
            Group.Barrier();
            for (int k = 0; k < Tile; k++)
                sum += left[Group.IdxY * Tile + k] * right[k * Tile + Group.IdxX];
            Group.Barrier();
        }

        c[row * n + column] = sum;
    }

    private static void Tiled32(ArrayView<float> a, ArrayView<float> b, int n, ArrayView<float> c)
    {
        ArrayView<float> left = SharedMemory.Allocate<float>(Wide * Wide);
        ArrayView<float> right = SharedMemory.Allocate<float>(Wide * Wide);
        int row = Grid.IdxY * Wide + Group.IdxY, column = Grid.IdxX * Wide + Group.IdxX;
        float sum = 0;
        for (int t = 0; t < n; t += Wide)
        {
            left[Group.IdxY * Wide + Group.IdxX] = a[row * n + t + Group.IdxX];
            right[Group.IdxY * Wide + Group.IdxX] = b[(t + Group.IdxY) * n + column];
            Group.Barrier();
            for (int k = 0; k < Wide; k++)
                sum += left[Group.IdxY * Wide + k] * right[k * Wide + Group.IdxX];
            Group.Barrier();
        }

        c[row * n + column] = sum;
    }

    public static Contest[] Cases(Lab lab) =>
        [Case(lab, 256, Tile, Tiled), Case(lab, 512, Tile, Tiled), Case(lab, 256, Wide, Tiled32)];

    private static Contest Case(Lab lab, int n, int tile,
        Action<ArrayView<float>, ArrayView<float>, int, ArrayView<float>> method)
    {
        DeviceBuffer<float> a = lab.Floats(n * n, -1, 1), b = lab.Floats(n * n, -1, 1), c = lab.Empty<float>(n * n);
        Action<KernelConfig, ArrayView<float>, ArrayView<float>, int, ArrayView<float>> kernel =
            lab.Device.LoadGrouped(method);
        float* pa = Lab.Pointer(a), pb = Lab.Pointer(b), pc = Lab.Pointer(c);
        return new Contest($"matmul {n}, tiles {tile}x{tile}")
        {
            Ours = () => kernel((new Index2D(n / tile, n / tile), new Index2D(tile, tile)), a, b, n, c),
            Hand = (from, to) =>
            {
                for (int i = from; i < to; i++)
                {
                    for (int j = 0; j < n; j += Tile)
                        ByHand(pa + (long)i * Tile * n, pb + j, pc + (long)i * Tile * n + j, n);
                }
            },
            Plain = (from, to) => Plain(pa, pb, pc, n, from * Tile, to * Tile),
            Units = n / Tile,
            Reset = Lab.Clear(c),
            Result = () => Lab.Numbers(c),
            Tolerance = 1e-5,
            Work = 2.0 * n * n * n,
            Unit = "GFLOP/s",
        };
    }

    private static void ByHand(float* a, float* b, float* c, int n)
    {
        Vector512<float> c0 = default, c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
        Vector512<float> c8 = c0, c9 = c0, c10 = c0, c11 = c0, c12 = c0, c13 = c0, c14 = c0, c15 = c0;
        for (int k = 0; k < n; k++)
        {
            Vector512<float> row = Vector512.Load(b + (long)k * n);
            c0 = Step(0, c0);
            c1 = Step(1, c1);
            c2 = Step(2, c2);
            c3 = Step(3, c3);
            c4 = Step(4, c4);
            c5 = Step(5, c5);
            c6 = Step(6, c6);
            c7 = Step(7, c7);
            c8 = Step(8, c8);
            c9 = Step(9, c9);
            c10 = Step(10, c10);
            c11 = Step(11, c11);
            c12 = Step(12, c12);
            c13 = Step(13, c13);
            c14 = Step(14, c14);
            c15 = Step(15, c15);

            Vector512<float> Step(int i, Vector512<float> sum) =>
                Vector512.FusedMultiplyAdd(Vector512.Create(a[(long)i * n + k]), row, sum);
        }

        Store(0, c0, c1, c2, c3);
        Store(4, c4, c5, c6, c7);
        Store(8, c8, c9, c10, c11);
        Store(12, c12, c13, c14, c15);

        void Store(int i, Vector512<float> x0, Vector512<float> x1, Vector512<float> x2, Vector512<float> x3)
        {
            x0.Store(c + (long)i * n);
            x1.Store(c + (i + 1L) * n);
            x2.Store(c + (i + 2L) * n);
            x3.Store(c + (i + 3L) * n);
        }
    }

    private static void Plain(float* a, float* b, float* c, int n, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            new Span<float>(c + (long)i * n, n).Clear();
            for (int k = 0; k < n; k++)
            {
                float x = a[(long)i * n + k];
                for (int j = 0; j < n; j++)
                    c[(long)i * n + j] += x * b[(long)k * n + j];
            }
        }
    }
}
