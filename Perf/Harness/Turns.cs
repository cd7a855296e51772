using System.Diagnostics;
using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;
using Cotangent.Kernels.OpenCl;

namespace Cotangent.Perf;

/// <summary>Times contestants that take turns, so that what else the machine does meets them alike.</summary>
internal static class Turns
{
    /// <summary>The shortest sample: shorter work is repeated within one.</summary>
    private const double Sample = 5e-4;
    private const int LeastTurns = 3;

    /// <summary>Runs after which work that still has programs built is timed all the same.</summary>
    private const int MostBuildingRuns = 4;

    /// <summary>Work that takes less is done once untimed before each sample: it follows another's turn and perhaps a pause, out of which threads and
    /// processors of a virtual machine take a tenth of a millisecond to wake.</summary>
    private const double Warmed = 5e-3;

    // Contestants that need longer than so many budgets together to warm up have been timed by that: work which a device is too slow for
    // is still measured, but once, its limit before and after.
    private const double MostBudgets = 4;
    private const double LongRun = 10;

    /// <summary>The seconds of each contestant in each turn.</summary>
    /// <param name="contestants">Who takes turns.</param>
    /// <param name="turns">Turns at most.</param>
    /// <param name="budget">Seconds after which no further turn begins, but for the first three.</param>
    public static double[][] Take(IReadOnlyList<IContestant> contestants, int turns, double budget)
    {
        double[] before = [.. contestants.Select(c => c is LimitContestant ? c.Time(1) : 0)];
        (double Seconds, int Count, bool Warms)[] repeats = [.. contestants.Select(Repeats)];
        if (repeats.Sum(r => r.Seconds) > MostBudgets * budget)
            return [.. repeats.Select((r, i) => (double[])[before[i] > 0 ? (before[i] + r.Seconds) / 2 : r.Seconds])];
        List<double>[] times = [.. contestants.Select(_ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        for (int turn = 0; turn < turns && (turn < LeastTurns || Stopwatch.GetElapsedTime(start).TotalSeconds < budget); turn++)
        {
            for (int i = 0; i < contestants.Count; i++)
            {
                if (repeats[i].Warms)
                    contestants[i].Warm(repeats[i].Count);
                times[i].Add(contestants[i].Time(repeats[i].Count));
            }
        }

        return [.. times.Select(t => t.ToArray())];
    }

    /// <summary>The median seconds of each contestant, and of each contestant's time over the first one's in the same turn.</summary>
    public static (double[] Seconds, double[] Ratios) Measure(Device device, bool quick, params Action[] contestants)
    {
        foreach (Action contestant in contestants)
            Build(device, contestant);
        double[][] times = Take([.. contestants.Select(c => new OwnContestant(c))], int.MaxValue, quick ? 0.5 : 3);
        return ([.. times.Select(Median)], [.. times.Select(t => Ratio(t, times[0]))]);
    }

    /// <summary>Does work untimed until the driver builds no program for it any more. That may take a minute, and work which is long enough to be
    /// timed once would be timed by it; and the second run of a step builds others, as from then on values go where those before were.</summary>
    public static void Build(Device device, Action work)
    {
        if (device.Kind == DeviceKind.Cpu)
            return;
        for (int i = 0; i < MostBuildingRuns; i++)
        {
            long before = Programs();
            work();
            if (Programs() == before)
                return;
        }

        long Programs() => device switch
        {
            OpenClDevice openCl => openCl.Programs.Built + openCl.Programs.Loaded,
            CudaDevice cuda => cuda.Compiler.Built,
            _ => 0,
        };
    }

    /// <summary>The median over turns of one contestant's time over another's in the same turn. Where a machine is half as fast for some seconds,
    /// as a virtual one is whose processors have to share a core, the medians of the two may lie on different sides of the change.</summary>
    public static double Ratio(IEnumerable<double> times, IEnumerable<double> others) => Median(times.Zip(others, (x, other) => x / other));

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    // Two runs to warm up and one to see how long it takes; long work warms up in one.
    private static (double Seconds, int Count, bool Warms) Repeats(IContestant contestant)
    {
        if (contestant is LimitContestant)
            return (contestant.Time(1), 1, false);
        double once = contestant.Time(1);
        if (once < 1)
            once = Math.Min(contestant.Time(1), contestant.Time(1));
        else if (once < LongRun)
            once = Math.Min(once, contestant.Time(1)); // the first may have compiled
        return (once, (int)Math.Clamp(Sample / once, 1, 10_000), once < Warmed);
    }
}
