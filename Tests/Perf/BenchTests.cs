using Cotangent.Kernels;
using Cotangent.Perf;
using Cotangent.Perf.Peers;
using Spectre.Console;

namespace Cotangent.Tests.Perf;

/// <summary>Measuring a case with limits and peers that take known times.</summary>
public class BenchTests
{
    [Fact]
    public void Measure_AbsentPeer_IsReportedAsAbsent()
    {
        using Setup setup = new();
        Result result = setup.Bench.Measure(setup.Case with { Peers = [new Peer("openblas", () => null)] })!;
        Assert.Null(Assert.Contains("openblas", result.Peers));
        Assert.Contains("absent", setup.Table());
    }

    [Fact]
    public void Measure_PeerAndLimit_GiveTheirTimesOverOurs()
    {
        using Setup setup = new();
        Result result = setup.Bench.Measure(setup.Case with { Peers = [new Peer("torch", () => new Fixed(2))] })!;
        double ours = result.MedianMs!.Value / 1e3;
        Assert.Equal(2 / ours, result.Peers["torch"]!.Value, 1e-6 / ours);
        Assert.Equal("copy", result.Limit);
        Assert.Equal(1e9 / FixedLimits.Rate / ours, result.LimitRatio!.Value, 1e-6 / ours);
        Assert.Equal(1 / ours, result.Achieved!.Value, 1e-6 / ours);
        Assert.Equal("GB/s", result.Unit);
    }

    [Fact]
    public void Measure_WithoutPeers_AsksNone()
    {
        using Setup setup = new(new SuiteOptions(Device.Cpu, 1, true, null) { Peers = false });
        Result result = setup.Bench.Measure(setup.Case with { Peers = [new Peer("torch", () => throw new InvalidOperationException("asked"))] })!;
        Assert.Empty(result.Peers);
    }

    [Fact]
    public void Measure_CaseThatIsNotWanted_DoesNotRun()
    {
        using Setup setup = new(new SuiteOptions(Device.Cpu, 1, true, "sum, norm"));
        Assert.Null(setup.Bench.Measure(new Case("softmax", () => throw new InvalidOperationException("ran"))));
    }

    [Theory]
    [InlineData("/nonexistent/python3")]
    [InlineData("/bin/false")]
    public void Open_PythonThatIsMissingOrHasNoTorch_IsAbsent(string interpreter)
    {
        using PeerProcess peer = new([interpreter]);
        Assert.Null(peer.Open("softmax", [1, 1], 1));
        Assert.Contains(interpreter, peer.Absence);
    }

    [Fact]
    public void Clear_Environment_LosesWhatTurnsOpenBlasIntoAnother()
    {
        Dictionary<string, string?> environment = new() { ["OPENBLAS_CORETYPE"] = "Haswell", ["OPENBLAS_L2_SIZE"] = "1", ["PATH"] = "/bin" };
        PeerEnvironment.Clear(environment);
        Assert.Equal(["PATH"], environment.Keys);
    }

    [Fact]
    public void Fits_KernelsOfAnOldProcessor_OnlyWhereVectorsAreNoWider()
    {
        Assert.True(Processor.Fits(Processor.BlasCore));
        Assert.Equal(!System.Runtime.Intrinsics.X86.Avx2.IsSupported, Processor.Fits("Prescott"));
    }

    [Fact]
    public void Run_PartsOnThreads_DoesEachOnce()
    {
        using PinnedThreads threads = new(2);
        int[] done = new int[5];
        threads.Run(done.Length, i => Interlocked.Increment(ref done[i]));
        Assert.All(done, d => Assert.Equal(1, d));
        Assert.Throws<InvalidOperationException>(() => threads.Run(1, _ => throw new NotSupportedException()));
    }

    [Fact]
    public void Take_ShortWork_IsWarmedBeforeEachSample()
    {
        Fixed brief = new(1e-3), lengthy = new(1);
        Turns.Take([brief, lengthy], 3, 1);
        Assert.Equal((3, 0), (brief.Warmed, lengthy.Warmed));
    }

    [Fact]
    public void Ratio_MachineThatIsSlowerInSomeTurns_ComparesWithinEachTurn()
    {
        // Half as fast for both in the last turns, but for the limit already in the turn between: medians would say 2.
        Assert.Equal(1, Turns.Ratio([1, 1, 2, 2, 2], [1, 1, 1, 2, 2]));
    }

    [Fact]
    public void Measure_LengthyWork_IsTimedOnceAndSaysSo()
    {
        using Setup setup = new();
        Result result = setup.Bench.Measure(setup.Case with { Peers = [new Peer("torch", () => new Fixed(100))] })!;
        Assert.Equal(result.MinMs, result.MaxMs);
        Assert.Contains("once", setup.Table());
        Assert.Equal(1e9 / FixedLimits.Rate / (result.MedianMs!.Value / 1e3), result.LimitRatio!.Value, 1e-6);
    }

    private sealed class Setup : IDisposable
    {
        private readonly FixedLimits _limits = new();
        private readonly PeerProcess _torch = new();

        public Setup(SuiteOptions? options = null) => Bench = new Bench(
            "tests", options ?? new SuiteOptions(Device.Cpu, 1, true, null), _limits, _torch, new Results());

        public Bench Bench { get; }

        /// <summary>Works for a moment, so that a run is the whole of a sample.</summary>
        public Case Case { get; } = new("case", () => Thread.Sleep(1)) { Bytes = 1e9, Limit = Limit.Copy };

        public string Table()
        {
            StringWriter text = new();
            IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
            console.Profile.Width = 200;
            Bench.Print(console);
            return text.ToString();
        }

        public void Dispose()
        {
            _limits.Dispose();
            _torch.Dispose();
        }
    }

    private sealed class Fixed(double seconds) : IContestant
    {
        public int Warmed { get; private set; }

        public double Time(int repeats) => seconds;

        public void Warm(int repeats) => Warmed++;

        public void Dispose()
        {
        }
    }

    private sealed class FixedLimits() : Limits(1)
    {
        public const double Rate = 5e11;

        private protected override double Sweep(Limit limit, double footprint) => Rate;
    }
}
