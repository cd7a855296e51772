using System.Diagnostics;
using System.Globalization;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>What a launch costs when there is nothing to do: one group of 64 items, one store each.</summary>
internal static class LaunchOverhead
{
    private static void Number(ArrayView<int> y) => y[Group.IdxX] = Group.IdxX;

    public static void Print(Bench bench, Lab lab, bool quick)
    {
        const int Launches = 10_000;
        Action<KernelConfig, ArrayView<int>> kernel = lab.Device.LoadGrouped<ArrayView<int>>(Number);
        DeviceBuffer<int> buffer = lab.Empty<int>(64);
        List<double> times = [];
        long allocated = 0;
        for (int round = 0; round < (quick ? 20 : 100); round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < Launches; i++)
                kernel((1, 64), buffer);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / Launches);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        bench.Record(bench.NewResult("launch of one group", [.. times.Select(t => 1e-6 * t)]) with { Threads = lab.Threads });
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"launch of one group",-36} {times[times.Count / 2],10:F3} µs, {allocated / Launches} bytes allocated a launch"));
    }
}
