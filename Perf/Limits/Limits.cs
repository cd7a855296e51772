using System.Diagnostics;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>The rates that a device cannot exceed, in bytes or operations a second. Each is the best of several rounds, since whatever
/// else the machine does only takes away; and as the rate of memory changes with that, cases measure their limit once more in
/// their own turns.</summary>
internal abstract class Limits : IDisposable
{
    private const int Rounds = 9;
    private const int LeastRounds = 3;
    private const double MostSeconds = 1.5;
    private readonly Dictionary<Limit, double> _best = [];

    /// <summary>Those that a machine has.</summary>
    public static IReadOnlyList<Limit> All { get; } = [Limit.Read, Limit.Copy, Limit.StreamingCopy, Limit.Triad, Limit.Fma];

    /// <summary>The threads that hand-written versions run on.</summary>
    public PinnedThreads Workers { get; }

    private protected Limits(int threads) => Workers = new PinnedThreads(threads);

    /// <summary>Measures all limits of a device.</summary>
    public static Limits Measure(Device device, int threads)
    {
        Limits limits = device.Kind == DeviceKind.Cpu ? new CpuLimits(threads) : new DeviceLimits(device, threads);
        foreach (Limit limit in All)
        {
            long start = Stopwatch.GetTimestamp();
            double best = 0;
            for (int i = 0; i < Rounds && (i < LeastRounds || Stopwatch.GetElapsedTime(start).TotalSeconds < MostSeconds); i++)
                best = Math.Max(best, limits.Round(limit, double.PositiveInfinity));
            limits._best[limit] = best;
        }

        return limits;
    }

    /// <summary>The name in tables and JSON; null for none.</summary>
    public static string? NameOf(Limit limit) => limit switch
    {
        Limit.None => null,
        Limit.Read => "read",
        Limit.Copy => "copy",
        Limit.StreamingCopy => "streaming copy",
        Limit.Triad => "triad",
        Limit.Fma => "fma peak",
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, "There is no such limit."),
    };

    /// <summary>The best rate of the first rounds, in units a second.</summary>
    public double Best(Limit limit) => _best[limit];

    /// <summary>The rate of one round over arrays that are together as large as what a case reads and writes: a case that half fits
    /// into a cache is compared with a limit that does so, too.</summary>
    /// <param name="limit">Which.</param>
    /// <param name="footprint">Bytes of the case; ignored for arithmetic.</param>
    public double Round(Limit limit, double footprint) => Sweep(limit, footprint);

    public virtual void Dispose() => Workers.Dispose();

    /// <summary>One round: units a second.</summary>
    private protected abstract double Sweep(Limit limit, double footprint);
}
