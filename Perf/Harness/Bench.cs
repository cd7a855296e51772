using Cotangent.Kernels;
using Cotangent.Perf.Peers;
using Spectre.Console;

namespace Cotangent.Perf;

/// <summary>What a suite works with: the device, its limits, and where results go.</summary>
internal sealed class Bench(string suite, SuiteOptions options, Limits limits, PeerProcess torch, Results results)
{
    private const double SlowFlops = 2e11;

    private readonly List<(Result, string)> _rows = [];

    public SuiteOptions Options => options;

    public Device Device => options.Device;

    public int Threads => options.ThreadsOrAll;

    public bool Quick => options.Quick;

    public Limits Limits => limits;

    /// <summary>True where cases should be smaller, and say so in their names: few rounds are wanted, of a device that computes like one core or
    /// two, such as OpenCL on a processor.</summary>
    public bool IsSlow => Quick && Device.Kind != DeviceKind.Cpu && limits.Best(Limit.Fma) < SlowFlops;

    /// <summary>Measures a case in turn with its limit and its peers, and keeps the result for the table and the file.</summary>
    /// <returns>The result; null if the command line leaves the case out.</returns>
    public Result? Measure(Case work)
    {
        if (!options.Wants(work.Name))
            return null;
        Result result = Time(work);
        Keep(result, work.Bar);
        return result;
    }

    /// <summary>Keeps a result for the table and the file.</summary>
    public void Keep(Result result, string bar = "")
    {
        _rows.Add((result, bar));
        results.Add(result);
        Console.Error.WriteLine($"{suite}: {result.Case} {result.MedianMs:F3} ms");
    }

    /// <summary>Keeps a result for the file; the suite prints it itself.</summary>
    public void Record(Result result) => results.Add(result);

    /// <summary>A result of this suite and device without numbers.</summary>
    public Result NewResult(string name) => new() { Suite = suite, Case = name, Device = Device.Id, Threads = Threads };

    /// <summary>A result with what is known about times: seconds of each run.</summary>
    public Result NewResult(string name, IReadOnlyCollection<double> seconds) => NewResult(name) with
    {
        MedianMs = 1e3 * Turns.Median(seconds),
        MinMs = 1e3 * seconds.Min(),
        MaxMs = 1e3 * seconds.Max(),
    };

    /// <summary>Prints what <see cref="Keep"/> has, and forgets it.</summary>
    public void Print(IAnsiConsole console)
    {
        if (_rows.Count > 0)
            console.Write(ResultTable.Of($"{suite}, {options.Device}, {Threads} threads", _rows));
        _rows.Clear();
    }

    /// <summary>Normal numbers on the device.</summary>
    public Tensor Normal(int seed, params int[] shape) => new RandomKey(seed).Normal(Shape.Create(shape)).To(Device).Realize();

    /// <summary>A compiled function whose result goes into the same memory each time, as in a training step.</summary>
    public Action InPlace(Func<Tensor> function) => InPlace(() => [function()]);

    /// <summary>As <see cref="InPlace(Func{Tensor})"/>, of several results.</summary>
    public Action InPlace(Func<Tensor[]> function)
    {
        State[]? places = null;
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            Tensor[] values = function();
            for (int i = 0; i < values.Length; i++) places![i].Value = values[i];
            return 0;
        });
        return () =>
        {
            places ??= [.. Jit.Compile(function).Invoke().Select(v => new State(v.Realize()))];
            step.Invoke();
            Device.Synchronize();
        };
    }

    /// <summary>A case of <c>Perf/Peers/torch_peer.py</c> with its sizes.</summary>
    public Peer Torch(string name, params int[] sizes) => new("torch", () => torch.Open(name, sizes, Threads));

    /// <summary>Peak memory of PyTorch in the case that is open, beyond what it holds without one.</summary>
    public double PeakBytesOfTorch() => torch.PeakBytes();

    /// <summary>A loop by hand: parts 0 … of so many are done by as many threads as the device has.</summary>
    public Peer ByHand(int parts, Action<int> part) => new("handwritten", () => new OwnContestant(() => limits.Workers.Run(parts, part)));

    /// <summary>Calls of System.Numerics.Tensors, which use one thread.</summary>
    public Peer Primitives(Action work) => new("tensorprimitives", () => new OwnContestant(work));

    private Result Time(Case work)
    {
        Turns.Build(Device, work.Ours);
        if (work.Against is { } limit)
            Turns.Build(Device, limit.Run);

        double? amount = work.Limit == Limit.Fma ? work.Flops : work.Bytes;
        List<IContestant> contestants = [new OwnContestant(work.Ours)];
        Dictionary<string, int> places = [];
        try
        {
            if (work.Against is { } other)
                contestants.Add(new OwnContestant(other.Run));
            else if (work.Limit != Limit.None)
                contestants.Add(new LimitContestant(limits, work.Limit, amount!.Value));
            bool isLimited = contestants.Count > 1;
            foreach (Peer peer in options.Peers ? work.Peers : [])
            {
                places[peer.Name] = -1;
                if (peer.Open() is not { } contestant)
                    continue;
                places[peer.Name] = contestants.Count;
                contestants.Add(contestant);
            }

            double[][] times = Turns.Take(contestants, Quick ? 5 : 21, Quick ? 0.5 : 5);
            double median = Turns.Median(times[0]);
            (double count, string unit) = work.Work ?? (work.Bytes is null || (work.Limit == Limit.Fma && work.Flops is not null)
                ? work.Flops is { } flops ? (flops / 1e9, "GFLOP/s") : (1, "runs/s")
                : (work.Bytes.Value / 1e9, "GB/s"));
            return NewResult(work.Name, times[0]) with
            {
                Bytes = work.Bytes,
                Flops = work.Flops,
                Achieved = count / median,
                Unit = unit,
                Limit = work.Against?.Name ?? Limits.NameOf(work.Limit),
                LimitRatio = isLimited ? Turns.Ratio(times[1], times[0]) : null,
                Peers = places.ToDictionary(p => p.Key, p => p.Value < 0 ? (double?)null : Turns.Ratio(times[p.Value], times[0])),
            };
        }
        finally
        {
            foreach (IContestant contestant in contestants)
                contestant.Dispose();
        }
    }
}
