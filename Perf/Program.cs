using System.CommandLine;
using System.Globalization;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>Measures ratios to the machine's limits, in one run: the copy limit, one fused chain, square matrix products; and C#
/// kernels against hand-written vector code.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Argument<string> suite = new("suite")
        {
            Description = "roofline, elementwise, matmul, all, kernels, or library",
            DefaultValueFactory = _ => "all",
        };
        suite.AcceptOnlyFromAmong("roofline", "elementwise", "matmul", "all", "kernels", "library");
        Option<int> threads = new("--threads") { Description = "Threads of the CPU device.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<bool> quick = new("--quick") { Description = "kernels: a quarter of a second a case." };
        Option<string> only = new("--only") { Description = "kernels: only topics whose names contain one of these, separated by commas." };
        RootCommand root = new("Cotangent's measurements.") { suite, threads, quick, only };
        root.SetAction(a => a.GetValue(suite) switch
        {
            "kernels" => Kernels.KernelSuite.Run(
                a.GetResult(threads)?.Tokens.Count > 0 ? a.GetValue(threads) : 1, a.GetValue(quick), a.GetValue(only)),
            "library" => Kernels.LibrarySuite.Run(Device.CreateCpu(a.GetValue(threads)), a.GetValue(quick)),
            string other => Run(other, a.GetValue(threads)),
            null => 1,
        });
        return root.Parse(args).Invoke();
    }

    private static int Run(string suite, int threads)
    {
        Device device = Device.CreateCpu(threads);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"case",-34} {"achieved",12} {"limit",12} {"ratio",6}   ({device.Name}, {threads} threads)"));
        double copy = Suites.Copy(device, threads);
        if (suite is "roofline" or "all") Print("copy 64 MiB", copy, copy, "GB/s");
        if (suite is "elementwise" or "all")
        {
            (double chain, double limit, double ratio) = Suites.Chain(device, threads);
            Print("tanh(x*y+0.5)*x+y 16M", chain, limit, "GB/s", ratio);
        }

        if (suite is "matmul" or "all")
        {
            double peak = Suites.FmaPeak(threads);
            foreach (int n in (int[])[512, 1024, 2048]) Print($"matmul {n} float32", Suites.MatMul(device, n), peak, "GFLOP/s");
        }

        return 0;
    }

    private static void Print(string name, double achieved, double limit, string unit, double? ratio = null) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34} {achieved,7:F1} {unit,-7}{limit,7:F1} {unit,-7}{ratio ?? achieved / limit,4:F2}"));
}
