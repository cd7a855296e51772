using System.Diagnostics;

namespace Cotangent.Perf;

/// <summary>Work of this process.</summary>
internal sealed class OwnContestant(Action work) : IContestant
{
    public double Time(int repeats)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
            work();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
    }

    public void Warm(int repeats) => Time(repeats);

    public void Dispose()
    {
    }
}

/// <summary>A round of a limit: the time that the case's work would take at the limit's rate of this moment.</summary>
internal sealed class LimitContestant(Limits limits, Limit limit, double work) : IContestant
{
    // The best of two sweeps: the first may find the caches full of somebody else's data.
    public double Time(int repeats) => work / Math.Max(limits.Round(limit, work), limits.Round(limit, work));

    public void Warm(int repeats)
    {
    }

    public void Dispose()
    {
    }
}
