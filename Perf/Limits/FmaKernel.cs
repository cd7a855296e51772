using System.Diagnostics;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>Independent fused multiply-adds in registers, as a kernel: the float32 limit of a device.</summary>
internal static class FmaKernel
{
    private const int Items = 1 << 20;
    private const int Rounds = 1024;
    private const int Chains = 8;

    /// <summary>GFLOP/s: the best of several launches, since interruptions only take away.</summary>
    public static double Measure(Device device)
    {
        Action<Index1D, ArrayView<float>, float> kernel = device.Load<Index1D, ArrayView<float>, float>(Run);
        using DeviceBuffer<float> sums = device.Allocate<float>(Items);
        double best = double.PositiveInfinity;
        for (int round = 0; round < 7; round++)
        {
            long start = Stopwatch.GetTimestamp();
            kernel(new Index1D(Items), sums, 0.5f);
            device.Synchronize();
            if (round > 0)
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return 2.0 * Chains * Rounds * Items / best / 1e9;
    }

    private static void Run(Index1D i, ArrayView<float> sums, float m)
    {
        float a = i.X, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7;
        for (int round = 0; round < Rounds; round++)
        {
            a = MathF.FusedMultiplyAdd(a, m, m);
            b = MathF.FusedMultiplyAdd(b, m, m);
            c = MathF.FusedMultiplyAdd(c, m, m);
            d = MathF.FusedMultiplyAdd(d, m, m);
            e = MathF.FusedMultiplyAdd(e, m, m);
            f = MathF.FusedMultiplyAdd(f, m, m);
            g = MathF.FusedMultiplyAdd(g, m, m);
            h = MathF.FusedMultiplyAdd(h, m, m);
        }

        sums[i] = a + b + c + d + e + f + g + h;
    }
}
