using System.Diagnostics;

namespace Cotangent.Perf.AutoDiff;

/// <summary>Times contestants that take turns, so that what else the machine does meets them alike.</summary>
internal static class Turns
{
    /// <summary>The median seconds of each contestant, and of each contestant's time over the first one's in the same turn.</summary>
    public static (double[] Seconds, double[] Ratios) Measure(bool quick, params Action[] contestants)
    {
        double budget = quick ? 0.5 : 3;
        List<double>[] times = [.. contestants.Select(_ => new List<double>())];
        foreach (Action run in contestants)
        {
            run();
            run();
        }

        long start = Stopwatch.GetTimestamp();
        for (int turn = 0; turn < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < budget; turn++)
        {
            for (int i = 0; i < contestants.Length; i++)
            {
                long before = Stopwatch.GetTimestamp();
                contestants[i]();
                times[i].Add(Stopwatch.GetElapsedTime(before).TotalSeconds);
            }
        }

        return ([.. times.Select(Median)], [.. times.Select(t => Median(t.Zip(times[0], (x, first) => x / first)))]);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
