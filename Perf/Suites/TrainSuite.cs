using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Optimizers;
using Cotangent.Perf.Peers;
using Cotangent.Samples.Lm;

namespace Cotangent.Perf.Suites;

/// <summary>Steps of training the Samples' transformer: loss, gradient and AdamW, one compiled function.</summary>
/// <remarks>Arithmetic of a step, of N tokens: 6NP + 12LNTd. P are the parameters that multiply, all but the two tables that are only looked
/// up (tokens, positions): each takes part in a product forwards and in two backwards, of two operations. Attention multiplies
/// queries by keys and weights by values: 4Td operations a token and layer, and twice that backwards; the causal mask could save
/// half of them, and is not counted.</remarks>
internal static class TrainSuite
{
    private const int Heads = 4;

    private static readonly (int V, int D, int L, int T, int B)[] s_sizes =
        [(256, 128, 4, 128, 16), (8192, 256, 4, 128, 8), (50257, 256, 2, 128, 8)];

    public static void Run(Bench bench)
    {
        foreach ((int v, int d, int l, int t, int full) in s_sizes)
        {
            // A row says its batch: on a slow device it is one window.
            int b = bench.IsSlow ? 1 : full;
            string name = $"V={v},d={d},L={l},T={t},B={b}";
            if (!bench.Options.Wants(name))
                continue;
            TransformerSizes sizes = new(l, d, Heads, t, v);
            Training training = new(sizes, b, bench.Device);
            double tokens = b * (double)t, peakOfTorch = double.NaN;
            double flops = 6 * tokens * training.MultiplyingParameters + 12 * l * tokens * t * d;
            Peer torch = bench.Torch("train", v, d, l, t, b);
            bench.Measure(new Case(name, training.Step)
            {
                Flops = flops,
                Limit = Limit.Fma,
                Work = (tokens, "tokens/s"),
                Bar = v == 256 ? "torch ≥ 1.5" : "≥ 0.55, torch ≥ 1.5",
                Peers = [torch with { Open = () => torch.Open() is { } peer ? new Watched(peer, () => peakOfTorch = bench.PeakBytesOfTorch()) : null }],
            });
            bench.Keep(bench.NewResult($"{name} managed memory") with { Achieved = training.ManagedBytes(), Unit = "bytes a step" }, "0");
            bench.Keep(bench.NewResult($"{name} launches") with { Achieved = training.Launches(), Unit = "launches" });
            double peak = training.PeakBytes;
            bench.Keep(bench.NewResult($"{name} peak memory") with
            {
                Bytes = peak,
                Achieved = peak / 1e9,
                Unit = "GB",
                Peers = !bench.Options.Peers ? [] : new Dictionary<string, double?> { ["torch"] = double.IsNaN(peakOfTorch) ? null : peakOfTorch / peak },
            });
        }
    }

    /// <summary>The model, its optimizer and one batch.</summary>
    internal sealed class Training
    {
        private readonly Device _device;
        private readonly AdamW<Transformer> _optimizer;
        private readonly Tensor _windows;
        private readonly CompiledFunction<Tensor, int> _step;
        private readonly State _loss;

        public Training(TransformerSizes sizes, int batch, Device device)
        {
            _device = device;
            Random random = new(1);
            int[] tokens = [.. Enumerable.Range(0, batch * (sizes.Context + 1)).Select(_ => random.Next(sizes.Vocabulary))];
            _windows = Tensor.From(tokens, [batch, sizes.Context + 1], device);
            Transformer model = Transformer.Create(sizes, new RandomKey(1), device);
            MultiplyingParameters = Trees.Flatten(model).Sum(p => p.Size) - model.Tokens.Size - model.Positions.Size;
            _optimizer = new AdamW<Transformer>(model, new AdamWOptions { Rate = 1e-3 });
            _loss = new State(Tensor.Zeros([], DType.Float32, device));

            // The loss goes to a cell, where whoever wants it reads it: a result would be a new tensor each step.
            _step = Jit.Compile((Tensor windows) =>
            {
                (Tensor loss, Transformer gradients) =
                    Diff.ValueAndGrad((Transformer p) => p.Loss(windows, sizes.Heads))(_optimizer.Parameters);
                _optimizer.Step(gradients);
                _loss.Value = loss;
                return 0;
            });
        }

        public double MultiplyingParameters { get; }

        /// <summary>Bytes that a step holds at its peak: parameters, optimizer state, the batch, and what is computed.</summary>
        public double PeakBytes => _step.Memory(_windows).PeakBytes;

        /// <summary>Managed memory that a step takes, on all threads, in steady state: the least of some windows, as a kernel that turns warm in one
        /// of them is compiled there, once.</summary>
        public double ManagedBytes()
        {
            const int windows = 8, steps = 4;
            double least = double.PositiveInfinity;
            for (int window = 0; window < windows && least > 0; window++)
            {
                long before = GC.GetTotalAllocatedBytes(precise: true);
                for (int i = 0; i < steps; i++)
                    Step();
                least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)steps);
            }

            return least;
        }

        /// <summary>The steps of the plan that one training step issues.</summary>
        public long Launches()
        {
            long before = CompiledProgram.LaunchCount;
            Step();
            return CompiledProgram.LaunchCount - before;
        }

        public void Step()
        {
            _step.Invoke(_windows);
            _device.Synchronize();
        }
    }

    /// <summary>Asks for something just before a contestant leaves.</summary>
    private sealed class Watched(IContestant contestant, Action last) : IContestant
    {
        public double Time(int repeats) => contestant.Time(repeats);

        public void Warm(int repeats) => contestant.Warm(repeats);

        public void Dispose()
        {
            last();
            contestant.Dispose();
        }
    }
}
