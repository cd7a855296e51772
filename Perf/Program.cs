using System.CommandLine;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>Measures ratios to the machine's limits, in one run. A suite is a line in a list.</summary>
internal static class Program
{
    private static readonly Suite[] s_suites =
    [
        new("roofline", "the copy limit", Roofline.PrintCopy),
        new("elementwise", "one fused chain", Roofline.PrintChain),
        new("matmul", "square matrix products", Roofline.PrintMatMul),
        new("conv", "convolutions against products of the same work", Convolutions.Print),
        new("kernels", "C# kernels against hand-written vector code", Kernels.KernelSuite.Run) { IsOfCpu = true },
        new("library", "the kernel library on 16 M elements", Kernels.LibrarySuite.Run),
        new("ptx", "registers, memory and instructions of kernels, by ptxas; no GPU is needed", Ptx.PtxSuite.Run) { IsOfCpu = true },
        new("autodiff", "derivatives as multiples of their functions", AutoDiff.AutoDiffSuite.Run),
    ];

    private static int Main(string[] args)
    {
        Argument<string> suite = new("suite")
        {
            Description = string.Join("; ", s_suites.Select(s => $"{s.Name}: {s.Description}")) + "; all: every one.",
            DefaultValueFactory = _ => "all",
        };
        suite.AcceptOnlyFromAmong(["all", .. s_suites.Select(s => s.Name)]);
        Option<string> device = new("--device") { Description = "cpu, opencl, cuda, cuda:1, …", DefaultValueFactory = _ => "cpu" };
        Option<int?> threads = new("--threads") { Description = "Threads of the CPU device." };
        Option<bool> quick = new("--quick") { Description = "Fewer rounds." };
        Option<string?> only = new("--only") { Description = "kernels: only topics whose names contain one of these, separated by commas." };
        Option<string?> json = new("--json") { Description = "Write the results to this file too." };
        RootCommand root = new("Cotangent's measurements.") { suite, device, threads, quick, only, json };
        root.SetAction(a => Run(a.GetValue(suite)!, a.GetValue(device)!,
            new SuiteOptions(Device.Cpu, a.GetValue(threads), a.GetValue(quick), a.GetValue(only)), a.GetValue(json)));
        return root.Parse(args).Invoke();
    }

    /// <summary>Runs a suite or all. One that fails is reported, and the others of all go on.</summary>
    private static int Run(string name, string id, SuiteOptions options, string? json)
    {
        try
        {
            options = options with { Device = id == "cpu" ? Device.CreateCpu(options.ThreadsOrAll) : Device.Find(id) };
        }
        catch (DeviceException missing)
        {
            Console.Error.WriteLine(missing.Message);
            return 1;
        }

        int failed = 0;
        foreach (Suite suite in s_suites.Where(s => name == s.Name || name == "all"))
        {
            if (name == "all" && suite.IsOfCpu && options.Device.Kind != DeviceKind.Cpu)
                continue;
            try
            {
                suite.Run(options);
            }
            catch (Exception fault) when (name == "all")
            {
                failed++;
                Console.Error.WriteLine($"suite {suite.Name} on {options.Device}: {fault}");
            }
        }

        if (json is not null)
            Results.Write(json, options);
        return failed == 0 ? 0 : 1;
    }
}
