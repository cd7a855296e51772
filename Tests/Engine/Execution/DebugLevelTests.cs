using System.Collections.Immutable;
using System.Diagnostics;
using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Kernels.Passes;

namespace Cotangent.Tests.Engine.Execution;

/// <summary>What COTANGENT_DEBUG prints: the lines of each level, and that a process prints those up to its level.</summary>
public class DebugLevelTests
{
    private static readonly string[] s_markers =
    [
        "steps in ", "% of peak", " bytes planned into ", "// ", " after 'fold'", "shared memory and kept values", "  launch ",
    ];

    [Fact]
    public void Program_Compiled_SaysCacheHitsAndMemory()
    {
        ExecutionPlan plan = PlanOf(Tensor.From(new float[6], [2, 3], Device.Cpu).Exp().Sum(0) + 1);
        Assert.Matches(@"^cpu: compiled \d+ steps in 1\.5 ms; 1 of 3 kernels were there; scratch memory \d+\.\d{3} MB → \d+\.\d{3} MB$",
            DebugReport.Program(plan, 1.5, (3, 1)));
        Assert.Contains($"{plan.Steps.Length} steps", DebugReport.Hit(plan));
    }

    [Fact]
    public void Step_Product_SaysRatesAndPartOfPeak()
    {
        Tensor x = Tensor.From(new float[64 * 64], [64, 64], Device.Cpu);
        ExecutionPlan plan = PlanOf(x.MatMul(x));
        Step product = Assert.Single(plan.Steps, s => s is ProductStep);
        string line = DebugReport.Step(plan, product, TimeSpan.FromMicroseconds(10), new DevicePeaks(100, 1000));

        // 2·64³ operations in 10 µs are 52 GFLOP/s, of a peak of 1000; x and the result, 32 KiB, are 3.3 GB/s, of 100.
        Assert.Matches(@"dot_1x64x64x64 +10\.0 us +0\.033 MB +3\.28 GB/s +52\.43 GFLOP/s +5\.2 % of peak", line);
    }

    [Fact]
    public void Device_FirstAndSecondTime_IsPrintedOnce()
    {
        Device device = Device.CreateCpu(1);
        Assert.Equal($"cpu: {device.Name}, 1 threads", DebugReport.Device(device));
        Assert.Null(DebugReport.Device(device));
    }

    [Fact]
    public void Describe_Pass_SaysWhatChangedAndWhichRulesMatched()
    {
        ImmutableArray<(string, int)> hits = [("x · 1 → x", 3)];
        Assert.Equal("-- k after 'fold'\n       3 × x · 1 → x\nnew", PassReport.Describe("fold", "k", "new", "old", hits));
        Assert.Equal("-- k after 'fold': unchanged", PassReport.Describe("fold", "k", "old", "old", []));
    }

    [Fact]
    public void Of_Device_MeasuresPositiveRates()
    {
        DevicePeaks peaks = DevicePeaks.Of(Device.Cpu);
        Assert.True(peaks.GigabytesPerSecond > 0 && peaks.Gigaflops > 0);
        Assert.Same(peaks, DevicePeaks.Of(Device.Cpu));
    }

    [TheoryUnderDotnet]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(7)]
    public void Process_OfALevel_PrintsThatLevelAndThoseBelow(int level)
    {
        string printed = ErrorStreamOf(level);
        for (int i = 0; i < s_markers.Length; i++)
        {
            if (i < level)
                Assert.Contains(s_markers[i], printed);
            else
                Assert.DoesNotContain(s_markers[i], printed);
        }
    }

    /// <summary>A theory that starts programs by <c>dotnet</c>, skipped where the tests run without it.</summary>
    private sealed class TheoryUnderDotnetAttribute : TheoryAttribute
    {
        public TheoryUnderDotnetAttribute()
        {
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) != "dotnet")
                Skip = "no dotnet";
        }
    }

    // A step of the smallest language model.
    private static string ErrorStreamOf(int level)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            ProcessStartInfo start = new(Environment.ProcessPath!)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                WorkingDirectory = AppContext.BaseDirectory,
                ArgumentList =
                {
                    "Samples.dll", "lm", "--steps", "1", "--layers", "1", "--width", "4", "--heads", "1", "--context", "4", "--batch", "1", "--out", folder,
                },
            };
            start.Environment[EngineEnvironment.DebugVariable] = $"{level}";
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, output.Result + error[^Math.Min(error.Length, 2000)..]);
            return error;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ExecutionPlan PlanOf(Tensor tensor) => Lowering.Plan(Capture.Of([tensor.Node]).Key.ToPlanGraph());
}
