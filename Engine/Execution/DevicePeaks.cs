using System.Diagnostics;
using System.Runtime.CompilerServices;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>A device's rates, measured in a moment, for the percentages of COTANGENT_DEBUG=2: what one kernel that copies and one of
/// independent multiply-adds reach. The suite <c>roofline</c> of Perf measures limits with care.</summary>
internal sealed record DevicePeaks(double GigabytesPerSecond, double Gigaflops)
{
    private const int Rounds = 4;
    private const int Copied = 1 << 24;
    private const int Items = 1 << 16;

    /// <summary>Rounds of an item of <see cref="MultiplyAdd"/>.</summary>
    public const int Steps = 512;

    /// <summary>Operations of an item of <see cref="MultiplyAdd"/>.</summary>
    public const double FlopsOfItem = 16.0 * Steps;

    private static readonly ConditionalWeakTable<Device, DevicePeaks> s_known = [];

    /// <summary>Measures a device when it is first asked for.</summary>
    public static DevicePeaks Of(Device device) => s_known.GetValue(device, Measure);

    private static DevicePeaks Measure(Device device)
    {
        using DeviceBuffer<float> from = device.Allocate(new float[Copied]), to = device.Allocate(new float[Copied]);
        Action<Index1D, ArrayView<float>, ArrayView<float>> copy = device.Load<Index1D, ArrayView<float>, ArrayView<float>>(Copy);
        Action<Index1D, ArrayView<float>, float> multiply = device.Load<Index1D, ArrayView<float>, float>(MultiplyAdd);
        double copying = Best(() => copy(Copied, from, to)), multiplying = Best(() => multiply(Items, to, 0.5f));
        return new DevicePeaks(8.0 * Copied / copying / 1e9, FlopsOfItem * Items / multiplying / 1e9);

        double Best(Action run) => Enumerable.Range(0, Rounds).Min(_ =>
        {
            device.Synchronize();
            long start = Stopwatch.GetTimestamp();
            run();
            device.Synchronize();
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        });
    }

    private static void Copy(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = x[i];

    /// <summary>Independent fused multiply-adds in registers: eight chains an item.</summary>
    public static void MultiplyAdd(Index1D i, ArrayView<float> y, float m)
    {
        float a = i.X, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7;
        for (int step = 0; step < Steps; step++)
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

        y[i] = a + b + c + d + e + f + g + h;
    }
}
