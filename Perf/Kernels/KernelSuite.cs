using System.Diagnostics;
using System.Globalization;

namespace Cotangent.Perf.Kernels;

/// <summary>C# kernels against the same by hand with Vector512 and as scalar loops. The contestants take turns, so that what
/// else the machine does meets them alike. Interruptions only add time: printed is the lower quartile over the rounds.</summary>
internal static class KernelSuite
{
    private const int PartsAThread = 4;

    public static void Run(SuiteOptions options)
    {
        (int threads, bool quick, string? only) = (options.Threads ?? 1, options.Quick, options.Only);
        Lab lab = new(threads);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"kernel",-36} {"ours ms",10} {"hand ms",10} {"plain ms",10} {"ours/hand",9}   ({lab.Device.Name}, {threads} threads)"));
        IEnumerable<Func<Lab, Contest[]>> topics =
        [
            Streaming.Cases, Strided.Cases, Reduction.Cases, Stencil.Cases, Histogram.Cases, Transpose.Cases, TiledMatmul.Cases,
            Mandelbrot.Cases, BlackScholes.Cases, NBody.Cases,
        ];
        foreach (Func<Lab, Contest[]> topic in topics)
        {
            string name = topic.Method.DeclaringType!.Name;
            if (only is not null && !only.Split(',').Any(o => name.Contains(o, StringComparison.OrdinalIgnoreCase)))
                continue;
            foreach (Contest contest in topic(lab))
            {
                Verify(lab, contest);
                Measure(lab, contest, quick);
            }

            GC.Collect();
        }

        if (only is null)
            LaunchOverhead.Print(lab, quick);
    }

    private static void RunParts(Lab lab, Contest contest, Part part)
    {
        if (lab.Threads == 1)
        {
            part(0, contest.Units);
            return;
        }

        int parts = Math.Min(contest.Units, lab.Threads * PartsAThread);
        lab.Pool.Run(parts, i => part((int)((long)contest.Units * i / parts), (int)((long)contest.Units * (i + 1) / parts)));
    }

    /// <summary>Throws unless all contestants compute the same: a wrong one is no contestant.</summary>
    private static void Verify(Lab lab, Contest contest)
    {
        contest.Reset();
        RunParts(lab, contest, contest.Plain);
        double[] expected = contest.Result();
        double bound = contest.Tolerance * expected.Max(Math.Abs);
        Compare("kernel", contest.Ours);
        Compare("hand-written version", () => RunParts(lab, contest, contest.Hand));

        void Compare(string who, Action run)
        {
            contest.Reset();
            run();
            double[] actual = contest.Result();
            int wrong = expected.Zip(actual).Count(p => !(Math.Abs(p.First - p.Second) <= bound));
            if (wrong > contest.MayDiffer * expected.Length)
                throw new InvalidOperationException($"{contest.Name}: the {who} is wrong in {wrong} of {expected.Length} elements.");
        }
    }

    private static void Measure(Lab lab, Contest contest, bool quick)
    {
        double budget = quick ? 0.25 : 1.5;
        Action[] contestants =
        [
            contest.Ours, () => RunParts(lab, contest, contest.Hand), () => RunParts(lab, contest, contest.Plain),
        ];
        int[] repeats = [.. contestants.Select(Repeats)];
        List<double>[] times = [[], [], []];
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < 5 || Stopwatch.GetElapsedTime(start).TotalSeconds < budget; round++)
        {
            times[0].Add(Time(contestants[0], repeats[0]));
            times[1].Add(Time(contestants[1], repeats[1]));
            if (round % 5 == 0)
                times[2].Add(Time(contestants[2], repeats[2]));
        }

        double ours = Quartile(times[0]), hand = Quartile(times[1]);
        Results.Add(new Result("kernels", contest.Name, 1e3 * ours, "ms", 1e3 * hand, ours / hand, "by hand"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{contest.Name,-36} {1e3 * ours,10:F4} {1e3 * hand,10:F4} {1e3 * Quartile(times[2]),10:F4} {ours / hand,9:F2}   "
            + $"{contest.Work / ours / 1e9:F1} {contest.Unit}"));
    }

    /// <summary>How many runs make a time long enough to measure.</summary>
    private static int Repeats(Action run)
    {
        const double Shortest = 2e-4;
        run();
        double once = Math.Min(Time(run, 1), Time(run, 1));
        return (int)Math.Clamp(Shortest / once, 1, 10_000);
    }

    private static double Time(Action run, int repeats)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < repeats; i++)
            run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / repeats;
    }

    private static double Quartile(List<double> values) => values.Order().ElementAt(values.Count / 4);
}
