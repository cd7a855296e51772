using System.CommandLine;
using System.Diagnostics;
using Cotangent.Kernels;
using Cotangent.Perf.Peers;
using Cotangent.Perf.Suites;
using Cotangent.Perf.Trace;
using Spectre.Console;

namespace Cotangent.Perf;

/// <summary>Measures ratios to the machine's limits and to peers, in one run. A suite is a line in a list.</summary>
internal static class Program
{
    private static readonly Suite[] s_suites =
    [
        new("roofline", "the limits: read, copy, streaming copy, triad, multiply-adds", RooflineSuite.Run),
        new("elementwise", "one fused chain, its operand laid out in four ways", ElementwiseSuite.Run),
        new("reduce", "sums and maxima", ReduceSuite.Run),
        new("matmul", "matrix products", MatMulSuite.Run),
        new("softmax", "softmax and log-sum-exp", SoftmaxSuite.Run),
        new("norm", "RMS and layer norm, forward and backward", NormSuite.Run),
        new("attention", "fused attention, forward and backward", AttentionSuite.Run),
        new("optimizer", "a step of AdamW", OptimizerSuite.Run),
        new("flashdp", "private training steps against ordinary ones, clipped sums, accountants", FlashDpSuite.Run),
        new("train", "training steps of the Samples' transformer", TrainSuite.Run),
        new("cce", "cross-entropy of a linear classifier without its logits", CrossEntropySuite.Run),
        new("compile", "compiling kernels and programs, and running them again", CompileSuite.Run),
        new("kernels", "C# kernels against hand-written vector code", Kernels.KernelSuite.Run) { IsOfCpu = true },
        new("autodiff", "derivatives as multiples of their functions", AutoDiff.AutoDiffSuite.Run),
        new("conv", "convolutions against products of the same work", Convolutions.Run),
        new("library", "the kernel library on 16 M elements", Kernels.LibrarySuite.Run),
        new("ptx", "registers, memory and instructions of kernels, by ptxas; no GPU is needed", Ptx.PtxSuite.Run) { IsOfCpu = true },
    ];

    private static int Main(string[] args)
    {
#if BENCHMARKDOTNET
        if (args is ["bdn", .. string[] others])
            return Bdn.BenchmarkRunner.Run(others);
#endif
        return Run(args, Console.Out, Console.Error);
    }

    /// <summary>Runs a command line; 0 if all that it asks for was measured.</summary>
    internal static int Run(string[] args, TextWriter output, TextWriter error)
    {
        Argument<string> suite = new("suite")
        {
            Description = string.Join("; ", s_suites.Select(s => $"{s.Name}: {s.Description}")) + "; all: every one; bdn ARGUMENTS: BenchmarkDotNet.",
            DefaultValueFactory = _ => "all",
        };
        suite.AcceptOnlyFromAmong(["all", .. s_suites.Select(s => s.Name)]);
        Option<string> device = new("--device") { Description = "cpu, opencl, cuda, cuda:1, …", DefaultValueFactory = _ => "cpu" };
        Option<int?> threads = new("--threads") { Description = "Threads of the CPU device, and of peers at most." };
        threads.Validators.Add(r =>
        {
            if (r.Tokens.Count == 1 && int.TryParse(r.Tokens[0].Value, out int n) && n < 1)
                r.AddError($"--threads is {n}; at least one thread must do the work.");
        });
        Option<bool> quick = new("--quick") { Description = "Fewer rounds." };
        Option<bool> alone = new("--no-peers") { Description = "Measure only ourselves and the limits." };
        Option<string?> only = new("--only") { Description = "Only cases (kernels, ptx: topics) whose names contain one of these, separated by commas." };
        Option<string?> json = new("--json") { Description = "Write the results to this file too." };
        Option<string?> trace = new("--trace")
        {
            Description = "Write a trace for chrome://tracing or ui.perfetto.dev to this file: a slice a step of the engine, each run alone, " +
                "which makes times longer.",
        };
        RootCommand root = new("Cotangent's measurements.") { suite, device, threads, quick, alone, only, json, trace };
        root.SetAction(a => Run(a.GetValue(suite)!, a.GetValue(device)!,
            new SuiteOptions(Device.Cpu, a.GetValue(threads), a.GetValue(quick), a.GetValue(only)) { Peers = !a.GetValue(alone) }, a.GetValue(json), a.GetValue(trace), error));
        ParseResult parsed = root.Parse(args);
        if (parsed.Action is System.CommandLine.Invocation.ParseErrorAction refusal)
            refusal.ShowHelp = false;
        return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
    }

    /// <summary>Runs a suite or all. One that fails is reported, and the others go on.</summary>
    private static int Run(string name, string id, SuiteOptions options, string? json, string? trace, TextWriter error)
    {
        try
        {
            options = options with { Device = id == "cpu" ? Device.CreateCpu(options.ThreadsOrAll) : Device.Find(id) };
        }
        catch (DeviceException missing)
        {
            error.WriteLine(missing.Message);
            return 1;
        }

        Suite[] chosen = [.. s_suites.Where(s => name == s.Name || (name == "all" && !(s.IsOfCpu && options.Device.Kind != DeviceKind.Cpu)))];
        Results results = new();
        using PeerProcess torch = new(PeerProcess.Interpreters);
        using Limits limits = Limits.Measure(options.Device, options.ThreadsOrAll);
        ChromeTrace? slices = trace is null ? null : new ChromeTrace();
        using IDisposable? attached = slices?.Attach();
        int failed = 0;
        foreach (Suite suite in chosen)
        {
            long start = Stopwatch.GetTimestamp();
            failed += TryRun(suite, new Bench(suite.Name, options, limits, torch, results), options) ? 0 : 1;
            error.WriteLine($"suite {suite.Name}: {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");

            // After each suite: a run that is cut short leaves what it has measured.
            if (json is not null)
                File.WriteAllText(json, results.ToJson());
        }

        if (slices is not null)
            File.WriteAllText(trace!, slices.ToJson());
        return failed == 0 ? 0 : 1;
    }

    private static bool TryRun(Suite suite, Bench bench, SuiteOptions options)
    {
        bool isFile = Console.IsOutputRedirected;
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = isFile ? AnsiSupport.No : AnsiSupport.Detect });
        if (isFile)
            console.Profile.Width = 200;
        try
        {
            suite.Run(bench);
            return true;
        }
        catch (Exception fault)
        {
            Console.Error.WriteLine($"suite {suite.Name} on {options.Device}: {fault}");
            return false;
        }
        finally
        {
            bench.Print(console);
            GC.Collect();
        }
    }
}
