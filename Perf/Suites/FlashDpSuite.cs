using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Optimizers;
using Cotangent.Optimizers.Privacy;
using Cotangent.Samples.Lm;

namespace Cotangent.Perf.Suites;

/// <summary>Private training steps over the same steps without privacy in the same run, one layer's clipped sum over its definition, and the
/// accountants. As a step computes it: a batch with records to be rejected would be computed twice.</summary>
internal static class FlashDpSuite
{
    private const int Heads = 4, V = 8192, D = 256, L = 4, T = 128;

    public static void Run(Bench bench)
    {
        Step(bench, "per-layer", PrivateOptions.PerParameter, "≥ 0.90");
        Step(bench, "flat", null, "≥ 0.75");
        Layer(bench);
        Accountants(bench);
    }

    // A step with noise and AdamW, of a batch of the expected size.
    private static void Step(Bench bench, string style, Func<string, string>? groups, string bar)
    {
        int b = bench.IsSlow ? 2 : 8;
        string name = FormattableString.Invariant($"{style} V={V},d={D},L={L},T={T},B={b}");
        if (!bench.Options.Wants(name)) return;
        TransformerSizes sizes = new(L, D, Heads, T, V);
        TrainSuite.Training plain = new(sizes, b, bench.Device);
        Random random = new(1);
        int[] tokens = [.. Enumerable.Range(0, b * (T + 1)).Select(_ => random.Next(V))];
        Tensor windows = Tensor.From(tokens, [b, T + 1], bench.Device), key = new RandomKey(1, bench.Device).Value.Realize();
        AdamW<Transformer> optimizer = new(Transformer.Create(sizes, new RandomKey(1), bench.Device), new AdamWOptions { Rate = 1e-3 });
        PrivateGradient<Transformer, Tensor> gradient = Private.Wrap((Transformer p, Tensor window) => p.Loss(window.Unsqueeze(0), Heads),
            new PrivateOptions { Records = 1000 * b, SampleRate = 1e-3, NoiseMultiplier = 1, Groups = groups });
        CompiledFunction<Tensor, Tensor, Tensor> step = Jit.Compile((Tensor w, Tensor k) =>
        {
            Transformer parameters = optimizer.Parameters;
            (PrivateSum sum, _) = gradient.ClippedSum(parameters, w, null, null, isGuarded: false);
            (Tensor[] noisy, _) = gradient.Release(sum, Tensor.Scalar(1, DType.Float64), [k]);
            optimizer.Step(Trees.Rebuild(parameters, noisy));
            return sum.Loss;
        });
        bench.Measure(new Case(name, () =>
        {
            step.Invoke(windows, key);
            bench.Device.Synchronize();
        })
        {
            Against = ("non-private step", plain.Step),
            Work = (b * T, "tokens/s"),
            Bar = bar,
        });
        double own = step.Memory(windows, key).PeakBytes, other = plain.PeakBytes;
        bench.Keep(bench.NewResult($"{name} planned peak memory, non-private over private") with
        {
            Bytes = own,
            Achieved = own / 1e6,
            Unit = "MB",
            Limit = "non-private step",
            LimitRatio = other / own,
        }, style == "per-layer" ? "≥ 1/1.05" : "");
    }

    // The clipped sum of one linear layer, whose input and cotangent are there.
    private static void Layer(Bench bench)
    {
        const int time = 128, input = 512, output = 2048;
        int batch = bench.IsSlow ? 8 : 64;
        string name = FormattableString.Invariant($"linear B={batch},T={time},d={input}→{output}");
        if (!bench.Options.Wants(name)) return;
        Tensor x = bench.Normal(1, batch, time, input), g = bench.Normal(2, batch, time, output), w = bench.Normal(3, input, output);
        CompiledFunction<Tensor, Tensor, Tensor, Tensor> fused = Clipped(ClippingMethod.BookKeeping), literal = Clipped(ClippingMethod.Materialised);
        bench.Measure(new Case(name, () => Invoke(fused))
        {
            Against = ("Vmap(Grad)", () => Invoke(literal)),
            Flops = 2.0 * batch * time * input * output,
            Bar = "≥ 1.43",
        });
        double own = Scratch(fused), other = Scratch(literal);
        bench.Keep(bench.NewResult($"{name} scratch, Vmap(Grad)'s over ours") with
        {
            Bytes = own,
            Achieved = own / 1e6,
            Unit = "MB",
            Limit = "Vmap(Grad)",
            LimitRatio = other / own,
        }, "≥ 20");

        void Invoke(CompiledFunction<Tensor, Tensor, Tensor, Tensor> f)
        {
            f.Invoke(w, x, g).Realize();
            bench.Device.Synchronize();
        }

        // Beyond arguments and result. The peak less their sizes would count the weights, which a gradient by them does not read, as memory saved.
        double Scratch(CompiledFunction<Tensor, Tensor, Tensor, Tensor> f) => f.Memory(w, x, g).ScratchBytes;

        static CompiledFunction<Tensor, Tensor, Tensor, Tensor> Clipped(ClippingMethod method)
        {
            PrivateGradient<Tensor, (Tensor X, Tensor G)> gradient = Private.Wrap((Tensor p, (Tensor X, Tensor G) r) => (r.X.MatMul(p) * r.G).Sum(),
                new PrivateOptions { Records = 64_000, SampleRate = 1e-3, NoiseMultiplier = 1, Method = method });
            return Jit.Compile((Tensor p, Tensor a, Tensor ct) => gradient.ClippedSum(p, (a, ct), null, null, isGuarded: false).Sum.Sum[0]);
        }
    }

    private static void Accountants(Bench bench)
    {
        PrivacyLedger ledger = new(new PrivacyPhase(0.01, 1, 10_000));
        foreach ((PrivacyAccountant accountant, string bar) in new[] { (PrivacyAccountant.Rdp, "≤ 5 ms"), (PrivacyAccountant.Prv, "≤ 2000 ms") })
        {
            bench.Measure(new Case($"accountant {accountant.Name}, ε of 10,000 steps", () => accountant.Epsilon(ledger, 1e-5)) { Work = (1, "calls/s"), Bar = bar });
        }
    }
}
