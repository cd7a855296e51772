using System.CommandLine;
using System.Globalization;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>Measures ratios to the machine's limits, in one run. So far: the copy limit, one fused chain, square matrix products.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Argument<string> suite = new("suite")
        {
            Description = "roofline, elementwise, matmul or all",
            DefaultValueFactory = _ => "all",
        };
        suite.AcceptOnlyFromAmong("roofline", "elementwise", "matmul", "all");
        Option<int> threads = new("--threads") { Description = "Threads of the CPU device.", DefaultValueFactory = _ => Environment.ProcessorCount };
        RootCommand root = new("Cotangent's measurements.") { suite, threads };
        root.SetAction(a => Run(a.GetValue(suite)!, a.GetValue(threads)));
        return root.Parse(args).Invoke();
    }

    private static int Run(string suite, int threads)
    {
        Device device = Device.CreateCpu(threads);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"case",-34} {"achieved",12} {"limit",12} {"ratio",6}   ({device.Name}, {threads} threads)"));
        double copy = Suites.Copy(device, threads);
        if (suite is "roofline" or "all") Print("copy 64 MiB", copy, copy, "GB/s");
        if (suite is "elementwise" or "all") Print("tanh(x*y+0.5)*x+y 16M", Suites.Chain(device), copy, "GB/s");
        if (suite is "matmul" or "all")
        {
            double peak = Suites.FmaPeak(threads);
            foreach (int n in (int[])[512, 1024, 2048]) Print($"matmul {n} float32", Suites.MatMul(device, n), peak, "GFLOP/s");
        }

        return 0;
    }

    private static void Print(string name, double achieved, double limit, string unit) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34} {achieved,7:F1} {unit,-7}{limit,7:F1} {unit,-7}{achieved / limit,4:F2}"));
}
