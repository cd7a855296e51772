using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>Escape times: every item leaves its loop when it likes. By hand two vectors at a time.</summary>
internal static unsafe class Mandelbrot
{
    private const int Width = 512;
    private const int Height = 512;
    private const int Limit = 256;
    private const int Lanes = 16;
    private const float Scale = 2.5f / Width;

    private static void Escape(Index2D i, ArrayView<int> counts)
    {
        float cx = i.X * Scale - 1.9f, cy = i.Y * Scale - 1.25f;
        float x = 0, y = 0;
        int count = 0;
        while (count < Limit && x * x + y * y < 4)
        {
            float next = x * x - y * y + cx;
            y = 2 * x * y + cy;
            x = next;
            count++;
        }

        counts[i.Y * Width + i.X] = count;
    }

    public static Contest[] Cases(Lab lab)
    {
        DeviceBuffer<int> counts = lab.Empty<int>(Width * Height);
        Action<Index2D, ArrayView<int>> kernel = lab.Device.Load<Index2D, ArrayView<int>>(Escape);
        int* p = Lab.Pointer(counts);
        return
        [
            new Contest($"mandelbrot {Width}x{Height}, {Limit} rounds")
            {
                Ours = () => kernel(new Index2D(Width, Height), counts),
                Hand = (from, to) =>
                {
                    for (int row = from; row < to; row++)
                    {
                        for (int column = 0; column < Width; column += 2 * Lanes)
                            ByHand(column, row, p + row * Width + column);
                    }
                },
                Plain = (from, to) => Plain(p, from, to),
                Units = Height,
                Reset = Lab.Clear(counts),
                Result = () => Lab.Numbers(counts),
                Tolerance = 1e-9,
                MayDiffer = 0.02, // contraction moves the boundary
                Work = Width * Height,
                Unit = "Gpixel/s",
            },
        ];
    }

    private static void ByHand(int column, int row, int* counts)
    {
        Vector512<float> lanes = Vector512.ConvertToSingle(Vector512<int>.Indices), four = Vector512.Create(4f);
        Vector512<float> cx0 = (lanes + Vector512.Create((float)column)) * Scale - Vector512.Create(1.9f);
        Vector512<float> cx1 = (lanes + Vector512.Create((float)(column + Lanes))) * Scale - Vector512.Create(1.9f);
        Vector512<float> cy = Vector512.Create(row * Scale - 1.25f);
        Vector512<float> x0 = default, y0 = default, x1 = default, y1 = default;
        Vector512<int> count0 = default, count1 = default;
        for (int round = 0; round < Limit; round++)
        {
            Vector512<float> xx0 = x0 * x0, xx1 = x1 * x1;
            Vector512<int> in0 = Vector512.LessThan(Vector512.FusedMultiplyAdd(y0, y0, xx0), four).AsInt32();
            Vector512<int> in1 = Vector512.LessThan(Vector512.FusedMultiplyAdd(y1, y1, xx1), four).AsInt32();
            if ((in0 | in1) == Vector512<int>.Zero)
                break;
            count0 -= in0;
            count1 -= in1;
            Vector512<float> next0 = Vector512.FusedMultiplyAdd(-y0, y0, xx0) + cx0;
            Vector512<float> next1 = Vector512.FusedMultiplyAdd(-y1, y1, xx1) + cx1;
            y0 = Vector512.FusedMultiplyAdd(x0 + x0, y0, cy);
            y1 = Vector512.FusedMultiplyAdd(x1 + x1, y1, cy);
            x0 = next0;
            x1 = next1;
        }

        count0.Store(counts);
        count1.Store(counts + Lanes);
    }

    private static void Plain(int* counts, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            for (int column = 0; column < Width; column++)
            {
                float cx = column * Scale - 1.9f, cy = row * Scale - 1.25f, x = 0, y = 0;
                int count = 0;
                while (count < Limit && x * x + y * y < 4)
                {
                    float next = x * x - y * y + cx;
                    y = 2 * x * y + cy;
                    x = next;
                    count++;
                }

                counts[row * Width + column] = count;
            }
        }
    }
}
