using System.Globalization;
using Cotangent.AutoDiff;
using Cotangent.Execution;
using Cotangent.Kernels;
using Cotangent.Samples.Lm;

namespace Cotangent.Perf.AutoDiff;

/// <summary>What derivatives cost, as multiples of what they are derivatives of.</summary>
internal static class AutoDiffSuite
{
    private const int Width = 256, Batch = 128, Layers = 4;

    public static void Run(Bench bench)
    {
        SuiteOptions options = bench.Options;
        Device device = options.Device;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"case",-44} {"time ms",10} {"limit ms",10} {"ratio",6} {"bar",6}   ({device})"));
        Mlp net = new(device);
        HessianVectorProduct(net, bench);
        PerSampleGradients(net, bench);
        JacobianOfALayer(device, bench);
        ScanOfGruSteps(device, bench);
        TracingTheTransformer(device, bench);
    }

    /// <summary>The product of the Hessian of the loss with a vector, over the gradient alone.</summary>
    private static void HessianVectorProduct(Mlp net, Bench bench)
    {
        SuiteOptions options = bench.Options;
        Tensor[] direction = Mlp.Weigh(net.Inputs.Device, seed: 9);
        Tensor[] Gradient(Tensor[] w) => Diff.Grad((Tensor[] v) => Mlp.Loss(v, net.Inputs, net.Targets))(w);
        CompiledFunction<Tensor[], Tensor[]> gradient = Jit.Compile<Tensor[], Tensor[]>(Gradient);
        CompiledFunction<Tensor[], Tensor[], Tensor[]> product =
            Jit.Compile((Tensor[] w, Tensor[] v) => Diff.Jvp<Tensor[], Tensor[]>(Gradient, w, v).Tangent);
        (double[] seconds, double[] ratios) = Turns.Measure(options.Device, options.Quick,
            () => Finish(gradient.Invoke(net.Weights), options), () => Finish(product.Invoke(net.Weights, direction), options));
        Print(bench, "gradient of a 4-layer MLP 256, batch 128", seconds[0]);
        Print(bench, "Hvp of it / gradient", seconds[1], seconds[0], ratios[1], "≤ 3.2");
    }

    /// <summary>Per-sample gradients over what their flops and bytes take at the machine's measured rates.</summary>
    private static void PerSampleGradients(Mlp net, Bench bench)
    {
        SuiteOptions options = bench.Options;
        Tensor[] weights = net.Weights;
        State[] places = [.. weights.Select(w => new State(Tensor.Zeros([Batch, .. w.Shape], device: w.Device).Realize()))];
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            Tensor[] gradients = Diff.Vmap((Tensor x, Tensor y) =>
                Diff.Grad((Tensor[] w) => Mlp.Loss(w, x.Unsqueeze(0), y.Unsqueeze(0)))(weights))(net.Inputs, net.Targets);
            for (int i = 0; i < gradients.Length; i++) places[i].Value = gradients[i];
            return 0;
        });

        // The forward pass, the backward pass to the inputs of all layers but the first, and one outer product a sample
        // and layer; what is written once is each gradient.
        double flops = 2.0 * Batch * Width * Width * (Layers + (Layers - 1) + Layers);
        double bytes = 4.0 * Batch * Layers * Width * Width;
        double flopRate = bench.Limits.Best(Limit.Fma);
        State filled = new(Tensor.Zeros([(int)(bytes / 4)], device: options.Device).Realize());
        CompiledFunction<Tensor, int> fill = Jit.Compile((Tensor value) =>
        {
            filled.Value = value.BroadcastTo(filled.Value.Shape);
            return 0;
        });
        float next = 0;
        (double[] times, _) = Turns.Measure(options.Device, options.Quick,
            () =>
            {
                fill.Invoke(next++);
                options.Device.Synchronize();
            },
            () =>
            {
                step.Invoke();
                options.Device.Synchronize();
            });
        double bound = times[0] + flops / flopRate;
        Print(bench, "filling 134 MB", times[0]);
        Print(bench, "per-sample gradients: bound / Vmap(Grad)", times[1], bound, bound / times[1], "≥ 0.6");
    }

    /// <summary>The Jacobian of 64 → 64 by Vmap over the pullback of 64 unit vectors, over one pullback of a batch of 64.</summary>
    private static void JacobianOfALayer(Device device, Bench bench)
    {
        SuiteOptions options = bench.Options;
        const int size = 64;
        RandomKey[] keys = new RandomKey(3).Split(4);
        Tensor w1 = (keys[0].Normal([size, size]) * 0.1).To(device).Realize(), w2 = (keys[1].Normal([size, size]) * 0.1).To(device).Realize();
        Tensor x = keys[2].Normal([size]).To(device).Realize(), batch = keys[3].Normal([size, size]).To(device).Realize();
        Tensor F(Tensor v) => v.MatMul(w1).Tanh().MatMul(w2);
        CompiledFunction<Tensor, Tensor> jacobian = Jit.Compile((Tensor v) => Diff.JacRev(F)(v));
        CompiledFunction<Tensor, Tensor, Tensor> pullback = Jit.Compile((Tensor v, Tensor ct) => Diff.Vjp(F, v).Pullback(ct));
        (double[] seconds, double[] ratios) = Turns.Measure(options.Device, options.Quick,
            () => Finish(pullback.Invoke(batch, batch), options), () => Finish(jacobian.Invoke(x), options));
        Print(bench, "Vjp of a batch of 64, 64 → 64 → 64", seconds[0]);
        Print(bench, "Jacobian 64 × 64 by Vmap / Vjp of that batch", seconds[1], seconds[0], ratios[1], "≤ 4");
    }

    /// <summary>A loop of 1,000 GRU steps: the gradient of a loss over all its states, over the loop; and what its backward pass
    /// keeps by each policy.</summary>
    private static void ScanOfGruSteps(Device device, Bench bench)
    {
        SuiteOptions options = bench.Options;
        const int width = 128, batch = 32;
        int steps = bench.IsSlow ? 100 : 1000;
        RandomKey[] keys = new RandomKey(4).Split(3);
        Tensor xs = keys[0].Normal([steps, batch, width]).To(device).Realize();
        Tensor[] weights = [.. keys[1].Split(2).Select(k => (k.Normal([2 * width, width]) * 0.05).To(device).Realize())];
        Tensor gates = (keys[2].Normal([2 * width, width]) * 0.05).To(device).Realize();
        Tensor start = Tensor.Zeros([batch, width], device: device).Realize();
        Tensor Loss(Tensor[] w, ScanMemory memory) => Flow.Scan((Tensor h, Tensor x) =>
        {
            Tensor both = Tensor.Concat(1, h, x);
            Tensor update = both.MatMul(w[0]).Sigmoid(), reset = both.MatMul(w[1]).Sigmoid();
            Tensor next = (1 - update) * h + update * Tensor.Concat(1, reset * h, x).MatMul(w[2]).Tanh();
            return (next, next.Square().Mean());
        }, start, xs, memory: memory).Ys.Sum();

        weights = [.. weights, gates];
        CompiledFunction<Tensor[], Tensor> forward = Jit.Compile((Tensor[] w) => Loss(w, ScanMemory.SaveAll));
        CompiledFunction<Tensor[], Tensor[]> all = Jit.Compile((Tensor[] w) => Diff.Grad((Tensor[] v) => Loss(v, ScanMemory.SaveAll))(w));
        CompiledFunction<Tensor[], Tensor[]> root = Jit.Compile((Tensor[] w) => Diff.Grad((Tensor[] v) => Loss(v, ScanMemory.SquareRoot))(w));
        (double[] seconds, double[] ratios) = Turns.Measure(options.Device, options.Quick,
            () => Finish(forward.Invoke(weights), options), () => Finish(all.Invoke(weights), options), () => Finish(root.Invoke(weights), options));
        Print(bench, string.Create(CultureInfo.InvariantCulture, $"Scan of {steps:N0} GRU steps 128, batch 32"), seconds[0]);
        Print(bench, "gradient of it / Scan", seconds[1], seconds[0], ratios[1], "≤ 4");
        Print(bench, "gradient with memory √T / Scan", seconds[2], seconds[0], ratios[2]);
        PrintBytes(bench, "memory √T / memory of all steps", Planned(ScanMemory.SquareRoot), Planned(ScanMemory.SaveAll), "≤ 0.1");

        long Planned(ScanMemory memory) => Lowering.Plan(Capture.Of(
            [.. Diff.Grad((Tensor[] v) => Loss(v, memory))(weights).Select(g => g.Node)]).Key.ToPlanGraph()).ScratchBytes;
    }

    private static void PrintBytes(Bench bench, string name, long bytes, long limit, string bar)
    {
        bench.Record(bench.NewResult(name) with { Bytes = bytes, Achieved = bytes, Unit = "bytes", LimitRatio = (double)limit / bytes });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-44} {bytes / 1e6,7:F2} MB {limit / 1e6,7:F1} MB {(double)bytes / limit,6:F3} {bar,6}"));
    }

    /// <summary>Recording the sample's loss and its gradient: graphs only, nothing computed.</summary>
    private static void TracingTheTransformer(Device device, Bench bench)
    {
        SuiteOptions options = bench.Options;
        TransformerSizes sizes = new(Layers: 4, Width: 128, Heads: 4, Context: 128);
        Transformer model = Transformer.Create(sizes, new RandomKey(1), device);
        Tensor windows = Tensor.From(new int[8 * 129], [8, 129], device);
        (double[] seconds, _) = Turns.Measure(options.Device, options.Quick,
            () => Diff.ValueAndGrad((Transformer p) => p.Loss(windows, sizes.Heads))(model));
        Print(bench, "trace and differentiate the lm transformer", seconds[0], 0.150, seconds[0] / 0.150, "≤ 1");
    }

    private static void Finish<T>(T results, SuiteOptions options)
    {
        GC.KeepAlive(results);
        options.Device.Synchronize();
    }

    private static void Print(Bench bench, string name, double seconds, double? limit = null, double? ratio = null, string bar = "")
    {
        bench.Record(bench.NewResult(name, [seconds]) with
        {
            Achieved = 1e3 * seconds,
            Unit = "ms",
            Limit = limit is null ? null : string.Create(CultureInfo.InvariantCulture, $"{1e3 * limit:F3} ms"),
            LimitRatio = limit / seconds,
        });
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-44} {1e3 * seconds,10:F3} {1e3 * limit,10:F3} {ratio,6:F2} {bar,6}"));
    }

    /// <summary>Tanh layers of equal width without offsets, and a batch to learn.</summary>
    private sealed class Mlp(Device device)
    {
        public Tensor[] Weights { get; } = Weigh(device, seed: 1);

        public Tensor Inputs { get; } = new RandomKey(2).Normal([Batch, Width]).To(device).Realize();

        public Tensor Targets { get; } = new RandomKey(3).Normal([Batch, Width]).To(device).Realize();

        public static Tensor[] Weigh(Device device, int seed) =>
            [.. new RandomKey(seed).Split(Layers).Select(k => (k.Normal([Width, Width]) / 16).To(device).Realize())];

        /// <summary>The mean squared error of tanh(… tanh(x·w₁)·w₂ …)·wₙ.</summary>
        public static Tensor Loss(Tensor[] weights, Tensor x, Tensor y)
        {
            foreach (Tensor w in weights[..^1]) x = x.MatMul(w).Tanh();
            return (x.MatMul(weights[^1]) - y).Square().Mean();
        }
    }
}
