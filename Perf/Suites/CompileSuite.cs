using System.Diagnostics;
using System.Runtime.CompilerServices;
using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Samples.Lm;

namespace Cotangent.Perf.Suites;

/// <summary>What it costs that programs are compiled, and what is left of it when they run again.</summary>
internal static class CompileSuite
{
    private const int Replayed = 1000;

    // Kernels turn warm after some 65 runs.
    private const int MostRuns = 1000;

    public static void Run(Bench bench)
    {
        if (bench.Options.Wants("fused kernel"))
            FusedKernels(bench);
        if (bench.Options.Wants("transformer step"))
            TransformerStep(bench);
        if (bench.Options.Wants("replay"))
            Replay(bench);
        if (bench.Device.Kind == DeviceKind.OpenCl && bench.Options.Wants("disk cache"))
            DiskCaches(bench);
    }

    /// <summary>From a new graph to its value: planning, the kernel's passes and code, and one run over 16 K elements. Of kernels as they
    /// occur in models, and of the hardest, whose nine operations may all be functions.</summary>
    private static void FusedKernels(Bench bench)
    {
        Measure("a new fused kernel, process-warm", functions: 2, bench.Device.Kind == DeviceKind.Cpu ? "≤ 3 ms" : "");
        Measure("a new fused kernel of nine functions", functions: 9, "");

        void Measure(string name, int functions, string bar)
        {
            RandomChains chains = new(bench, seed: functions, functions);
            bool builds = bench.Device.Kind != DeviceKind.Cpu;
            for (int i = 0; i < (builds && bench.Quick ? 2 : 12); i++)
                chains.Next(bench.Device).Realize();
            List<double> seconds = [];
            long before = KernelsCompiled();
            int count = builds ? (bench.Quick ? 5 : 12) : bench.Quick ? 30 : 100;
            for (int i = 0; i < count; i++)
            {
                Tensor chain = chains.Next(bench.Device);
                seconds.Add(Seconds(bench.Device, () => chain.Realize()));
            }

            if (KernelsCompiled() - before < count)
                throw new InvalidOperationException("Some kernels were in the cache: the times are not those of new ones.");
            Keep(bench, name, seconds, bar);
        }
    }

    /// <summary>The first step of the middle transformer on a device that has compiled nothing, less a later step: in memory that another
    /// device has used, and in memory that the system has yet to give, which it clears page by page as the step first touches it.</summary>
    private static void TransformerStep(Bench bench)
    {
        TransformerSizes sizes = new(Layers: 4, Width: 256, Heads: 4, Context: 128, Vocabulary: 8192);
        FirstLessLater(sizes with { Width = 32, Vocabulary = 64, Layers = 1 }, 1, bench.Device);
        Device? used = null;
        List<double> untouched = [], seconds = [];
        bool builds = bench.Device.Kind != DeviceKind.Cpu;
        for (int round = 0; !builds && round < (bench.Quick ? 2 : 5); round++)
        {
            used = Fresh(bench);
            untouched.Add(FirstLessLater(sizes, 8, used));
        }

        for (int round = 0; round < (builds && bench.Quick ? 1 : bench.Quick ? 3 : 7); round++)
        {
            Device fresh = used is CpuDevice memory ? new CpuDevice(bench.Threads, memory: memory) : Fresh(bench);
            seconds.Add(FirstLessLater(sizes, bench.IsSlow ? 1 : 8, fresh));
        }

        Keep(bench, $"trace and compile the transformer step V=8192{(bench.IsSlow ? ",B=1" : "")}", seconds, builds ? "" : "≤ 1000 ms");
        if (!builds)
            Keep(bench, "the same, and new memory from the system", untouched, "");
    }

    /// <summary>Leaves its memory to the next.</summary>
    private static double FirstLessLater(TransformerSizes sizes, int batch, Device device)
    {
        double first = Run();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return first;

        [MethodImpl(MethodImplOptions.NoInlining)]
        double Run()
        {
            TrainSuite.Training training = new(sizes, batch, device);
            double once = Seconds(device, training.Step);
            return once - Math.Min(Seconds(device, training.Step), Seconds(device, training.Step));
        }
    }

    /// <summary>A program of 1,000 kernels of one vector each, none of which can be part of another: time and managed memory a kernel in the
    /// steady state, which begins when every kernel runs the code that it keeps.</summary>
    private static void Replay(Bench bench)
    {
        // Every kernel is a C# kernel, which fuses with nothing, and needs the one before.
        State state = new(bench.Normal(1, 16));
        CompiledFunction<int> program = Jit.Compile(() =>
        {
            Tensor x = state.Value;
            for (int i = 0; i < Replayed; i++)
                x = Tensor.Kernel(Halve, 16, inputs: [x], output: [16]);
            state.Value = x;
            return 0;
        });
        for (int runs = 0; runs < MostRuns && (runs < 2 || !program.IsSettled); runs++)
            program.Invoke();
        if (!program.IsSettled)
            throw new InvalidOperationException($"{MostRuns} runs have not brought the kernels to the code that they keep.");
        long launches = CompiledProgram.LaunchCount;
        program.Invoke();
        launches = CompiledProgram.LaunchCount - launches;
        List<double> seconds = [];
        for (int round = 0; round < (bench.Quick ? 50 : 300); round++)
            seconds.Add(Seconds(bench.Device, () => program.Invoke()) / launches);

        const int steps = 20;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < steps; i++)
            program.Invoke();
        bench.Device.Synchronize();
        double bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)steps;
        bench.Keep(bench.NewResult("replay, a kernel of one vector", seconds) with
        {
            Achieved = 1e6 * Turns.Median(seconds),
            Unit = "µs a kernel",
        }, bench.Device.Kind == DeviceKind.Cpu ? "≤ 1 µs" : "");
        bench.Keep(bench.NewResult($"replay, managed memory of {launches} kernels") with { Achieved = bytes, Unit = "bytes a step" }, "0");
    }

    /// <summary>New kernels on two devices of the same hardware: the first builds the programs, the second finds them on the disk.</summary>
    private static void DiskCaches(Bench bench)
    {
        Device builds = Fresh(bench), loads = Fresh(bench);
        int seed = Environment.TickCount;                    // kernels that no earlier run has left on the disk
        RandomChains first = new(bench, seed, 2), second = new(bench, seed, 2);
        _ = (first.Next(builds).Realize(), second.Next(loads).Realize());
        List<double> missed = [], hit = [];
        for (int i = 0; i < (bench.Quick ? 6 : 20); i++)
        {
            Tensor a = first.Next(builds), b = second.Next(loads);
            missed.Add(Seconds(builds, () => a.Realize()));
            hit.Add(Seconds(loads, () => b.Realize()));
        }

        Keep(bench, "a new fused kernel, not in the disk cache", missed, "");
        Keep(bench, "a new fused kernel, in the disk cache", hit, "");
    }

    private static void Halve(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = 0.5f * x[i];

    private static long KernelsCompiled() => KernelCache.Counts.Asked - KernelCache.Counts.Cached;

    private static Device Fresh(Bench bench) => bench.Device.Kind == DeviceKind.Cpu
        ? Device.CreateCpu(bench.Threads)
        : Device.Open(bench.Device.Id, new DeviceOptions());

    private static void Keep(Bench bench, string name, List<double> seconds, string bar) => bench.Keep(
        bench.NewResult(name, seconds) with { Achieved = 1e3 * Turns.Median(seconds), Unit = "ms" }, bar);

    private static double Seconds(Device device, Action run)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Graphs of nine random operations, at most so many of them functions, every third ending in a sum of rows: each compiles to a
    /// kernel of its own.</summary>
    private sealed class RandomChains(Bench bench, int seed, int functions)
    {
        private const int Length = 9;

        private static readonly Func<Tensor, Tensor, Tensor>[] s_arithmetic =
        [
            (x, y) => x + y, (x, y) => x * y, (x, y) => x - y, (x, y) => Tensor.Maximum(x, y), (x, _) => x.Square(), (x, _) => x.Abs() + 1,
            (x, _) => x * 0.5, (x, y) => Tensor.Where(x > y, x, -x),
        ];

        private static readonly Func<Tensor, Tensor>[] s_functions =
            [x => x.Tanh(), x => x.Sin(), x => x.Exp(), x => x.Abs().Sqrt(), x => x.Sigmoid(), x => x.Gelu(), x => (x.Abs() + 1).Log()];

        private readonly Random _random = new(seed);
        private readonly Dictionary<Device, (Tensor X, Tensor Y)> _operands = [];
        private int _made;

        public Tensor Next(Device device)
        {
            if (!_operands.TryGetValue(device, out (Tensor X, Tensor Y) operands))
                _operands[device] = operands = (bench.Normal(1, 64, 256).To(device).Realize(), bench.Normal(2, 64, 256).To(device).Realize());
            HashSet<int> places = [.. Enumerable.Range(0, functions).Select(_ => _random.Next(Length))];
            Tensor chain = operands.X;
            for (int i = 0; i < Length; i++)
            {
                chain = functions == Length || places.Contains(i)
                    ? s_functions[_random.Next(s_functions.Length)](chain)
                    : s_arithmetic[_random.Next(s_arithmetic.Length)](chain, operands.Y);
            }

            return _made++ % 3 == 2 ? chain.Sum(-1) : chain;
        }
    }
}
