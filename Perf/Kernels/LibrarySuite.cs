using System.Diagnostics;
using System.Globalization;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Library = Cotangent.Kernels.Library;

namespace Cotangent.Perf.Kernels;

/// <summary>The kernel library on 16 M elements (1 M in few rounds on a slow device): the median time, elements a second, and the bytes that must move at least.</summary>
internal static class LibrarySuite
{
    public static void Run(Bench bench)
    {
        (Device device, bool quick) = (bench.Device, bench.Quick);
        int side = bench.IsSlow ? 1024 : 4096, count = side * side;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{$"library, {count >> 20} M elements",-32} {"ms",8} {"M/s",8} {"GB/s",7}   ({device})"));
        using DeviceBuffer<float> floats = device.Allocate<float>(count), output = device.Allocate<float>(count);
        using DeviceBuffer<uint> words = device.Allocate<uint>(count), sorted = device.Allocate<uint>(count);
        using DeviceBuffer<int> positions = device.Allocate<int>(count), one = device.Allocate<int>(1), bins = device.Allocate<int>(256);
        using DeviceBuffer<float> result = device.Allocate<float>(1), top = device.Allocate<float>(100);
        using DeviceBuffer<int> topPositions = device.Allocate<int>(100);
        Measure("random bits", 4, () => RandomFill.Bits(device, 1, 2, words));
        Measure("random normal", 4, () => RandomFill.Normal(device, 1, 2, output));
        Measure("random uniform", 4, () => RandomFill.Uniform(device, 1, 2, floats));
        Measure("reduce, float sum", 4, () => Library.Reduction.Reduce<float, AddFloat>(device, floats, result));
        Measure("scan, float sum", 8, () => Scan.Inclusive<float, AddFloat>(device, floats, output));
        Measure("scan, int sum", 8, () => Scan.Exclusive<int, AddInt32>(device, positions, positions));
        Measure("histogram, 256 bins", 4, () => Library.Histogram.Count<float, EvenBins>(device, floats, new EvenBins(0, 256), bins));
        Measure("compaction, half", 6, () => Compaction.Where<float, AboveHalf>(device, floats, default, output, one));
        Measure($"transpose {side} × {side}", 8, () => Transposition.Transpose<float>(device, floats, output, side, side));
        Measure("top 100", 4, () => TopK.Find<float, DescendingFloat>(device, floats, top, topPositions));
        Measure("radix sort, uint keys", 8, () => RadixSort.Keys<uint, AscendingUInt32>(device, words, sorted));
        Measure("radix sort, uint and int pairs", 16, () =>
            RadixSort.Pairs<uint, int, AscendingUInt32>(device, words, positions, sorted, positions));

        void Measure(string name, int bytes, Action run)
        {
            if (!bench.Options.Wants(name))
                return;
            Turns.Build(device, run);
            device.Synchronize();
            List<double> seconds = [];
            for (int round = 0; round < (quick ? 3 : 9); round++)
            {
                long start = Stopwatch.GetTimestamp();
                run();
                device.Synchronize();
                seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            bench.Record(bench.NewResult(name, seconds) with
            {
                Bytes = (double)bytes * count,
                Achieved = (double)bytes * count / Turns.Median(seconds) / 1e9,
                Unit = "GB/s",
                Limit = Limits.NameOf(Limit.Copy),
                LimitRatio = (double)bytes * count / Turns.Median(seconds) / bench.Limits.Best(Limit.Copy),
            });
            seconds.Sort();
            double median = seconds[seconds.Count / 2];
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-32} {1e3 * median,8:F1} {count / median / 1e6,8:F0} {(double)bytes * count / median / 1e9,7:F1}   best {1e3 * seconds[0]:F1} ms"));
        }
    }

    private readonly struct AboveHalf : IPredicate<float>
    {
        public bool Test(float value) => value > 0.5f;
    }
}
