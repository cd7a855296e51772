using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>Jacobi steps: 3 points in one dimension, 5 points in two. The border stays.</summary>
internal static unsafe class Stencil
{
    private const int Lanes = 16;

    private static void Smooth(Index1D i, ArrayView<float> x, ArrayView<float> y)
    {
        if (i > 0 && i < x.IntLength - 1)
            y[i] = 0.25f * x[i - 1] + 0.5f * x[i] + 0.25f * x[i + 1];
    }

    private static void Jacobi(Index2D i, int width, int height, ArrayView<float> x, ArrayView<float> y)
    {
        if (i.X == 0 || i.Y == 0 || i.X == width - 1 || i.Y == height - 1)
            return;
        int at = i.Y * width + i.X;
        y[at] = 0.25f * (x[at - 1] + x[at + 1] + x[at - width] + x[at + width]);
    }

    public static Contest[] Cases(Lab lab) =>
        [SmoothCase(lab, 1 << 16), JacobiCase(lab, 256), JacobiCase(lab, 4096)];

    private static Contest SmoothCase(Lab lab, int n)
    {
        DeviceBuffer<float> x = lab.Floats(n, -1, 1), y = lab.Empty<float>(n);
        Action<Index1D, ArrayView<float>, ArrayView<float>> kernel =
            lab.Device.Load<Index1D, ArrayView<float>, ArrayView<float>>(Smooth);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y);
        const int Block = 1024;
        return new Contest($"3-point stencil {n >> 10} K")
        {
            Ours = () => kernel(n, x, y),
            Hand = (from, to) => SmoothByHand(px, py, Math.Max(1, from * Block), Math.Min(n - 1, to * Block)),
            Plain = (from, to) => SmoothPlain(px, py, Math.Max(1, from * Block), Math.Min(n - 1, to * Block)),
            Units = n / Block,
            Reset = Lab.Clear(y),
            Result = () => Lab.Numbers(y),
            Work = 8.0 * n,
        };
    }

    private static void SmoothByHand(float* x, float* y, int from, int to)
    {
        Vector512<float> quarter = Vector512.Create(0.25f), half = Vector512.Create(0.5f);
        int i = from;
        for (; i <= to - 2 * Lanes; i += 2 * Lanes)
        {
            Step(i);
            Step(i + Lanes);
        }

        SmoothPlain(x, y, i, to);

        void Step(int at) => Vector512.FusedMultiplyAdd(quarter, Vector512.Load(x + at + 1),
            Vector512.FusedMultiplyAdd(half, Vector512.Load(x + at), quarter * Vector512.Load(x + at - 1))).Store(y + at);
    }

    private static void SmoothPlain(float* x, float* y, int from, int to)
    {
        for (int i = from; i < to; i++)
            y[i] = 0.25f * x[i - 1] + 0.5f * x[i] + 0.25f * x[i + 1];
    }

    private static Contest JacobiCase(Lab lab, int n)
    {
        DeviceBuffer<float> x = lab.Floats(n * n, -1, 1), y = lab.Empty<float>(n * n);
        Action<Index2D, int, int, ArrayView<float>, ArrayView<float>> kernel =
            lab.Device.Load<Index2D, int, int, ArrayView<float>, ArrayView<float>>(Jacobi);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y);
        return new Contest($"5-point stencil {n}x{n}")
        {
            Ours = () => kernel(new Index2D(n, n), n, n, x, y),
            Hand = (from, to) =>
            {
                for (int row = from; row < to; row++)
                    JacobiByHand(px + (row + 1L) * n, py + (row + 1L) * n, n);
            },
            Plain = (from, to) =>
            {
                for (int row = from; row < to; row++)
                    JacobiPlain(px + (row + 1L) * n, py + (row + 1L) * n, n, 1);
            },
            Units = n - 2,
            Reset = Lab.Clear(y),
            Result = () => Lab.Numbers(y),
            Work = 8.0 * n * n,
        };
    }

    private static void JacobiByHand(float* x, float* y, int n)
    {
        Vector512<float> quarter = Vector512.Create(0.25f);
        int i = 1;
        for (; i <= n - 1 - 2 * Lanes; i += 2 * Lanes)
        {
            (quarter * (Vector512.Load(x + i - 1) + Vector512.Load(x + i + 1)
                + Vector512.Load(x + i - n) + Vector512.Load(x + i + n))).Store(y + i);
            (quarter * (Vector512.Load(x + i + Lanes - 1) + Vector512.Load(x + i + Lanes + 1)
                + Vector512.Load(x + i + Lanes - n) + Vector512.Load(x + i + Lanes + n))).Store(y + i + Lanes);
        }

        JacobiPlain(x, y, n, i);
    }

    private static void JacobiPlain(float* x, float* y, int n, int from)
    {
        for (int i = from; i < n - 1; i++)
            y[i] = 0.25f * (x[i - 1] + x[i + 1] + x[i - n] + x[i + n]);
    }
}
