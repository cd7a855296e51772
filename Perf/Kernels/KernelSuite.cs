using System.Diagnostics;
using System.Globalization;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>C# kernels against the same by hand with Vector512 and as scalar loops. The contestants take turns, so that what
/// else the machine does meets them alike. Interruptions only add time: printed is the lower quartile over the rounds.</summary>
internal static class KernelSuite
{
    private const int PartsAThread = 4;

    public static void Run(Bench bench)
    {
        SuiteOptions options = bench.Options;
        if (bench.Device.Kind != DeviceKind.Cpu)
        {
            Console.WriteLine($"kernels: left out on {bench.Device}: the loops by hand that kernels are compared with run on the processor");
            return;
        }

        (int threads, bool quick) = (options.Threads ?? 1, options.Quick);
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
            if (!options.Wants(name))
                continue;
            foreach (Contest contest in topic(lab))
            {
                Verify(lab, contest);
                Measure(bench, lab, contest, quick);
            }

            GC.Collect();
        }

        if (options.Only is null)
            LaunchOverhead.Print(bench, lab, quick);
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

    private static void Measure(Bench bench, Lab lab, Contest contest, bool quick)
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
        bool isArithmetic = contest.Unit == "GFLOP/s";
        bench.Record(bench.NewResult(contest.Name, times[0]) with
        {
            Threads = lab.Threads,
            Bytes = isArithmetic ? null : contest.Work,
            Flops = isArithmetic ? contest.Work : null,
            Achieved = contest.Work / Turns.Median(times[0]) / 1e9,
            Unit = contest.Unit,
            Peers = new Dictionary<string, double?> { ["handwritten"] = Turns.Median(times[1]) / Turns.Median(times[0]) },
        });
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
