using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;
using Cotangent.Optimizers;
using Cotangent.Optimizers.Privacy;
using Cotangent.Samples.Lm;

namespace Cotangent.Perf.Suites;

/// <summary>Private training steps over the same steps without privacy in the same run, one layer's clipped sum over its definition, and the
/// accountants. As a step computes it: a batch with records to be rejected would be computed twice.</summary>
internal static class FlashDpSuite
{
    private const int Heads = 4, T = 128;
    private static readonly TransformerSizes s_model = new(4, 256, Heads, T, 8192), s_wide = new(2, 256, Heads, T, 50257);

    public static void Run(Bench bench)
    {
        Step(bench, "per-layer", PrivateOptions.PerParameter, "≥ 0.90");
        Step(bench, "flat", null, "≥ 0.75");
        Layer(bench);
        Phases(bench, T, 512, 2048);
        Phases(bench, T, 256, 256);
        Phases(bench, 4 * T, 512, 1024);
        foreach (TransformerSizes sizes in new[] { s_model, s_wide })
        {
            CutHead(bench, "per-layer", PrivateOptions.PerParameter, sizes);
            CutHead(bench, "flat", null, sizes);
        }

        Accountants(bench);
    }

    // Against the step without privacy.
    private static void Step(Bench bench, string style, Func<string, string>? groups, string bar)
    {
        int b = bench.IsSlow ? 2 : 8;
        string name = Name(style, s_model, b);
        if (!bench.Options.Wants(name)) return;
        TrainSuite.Training plain = new(s_model, b, bench.Device);
        PrivateStep step = new(bench.Device, s_model, b, groups, fused: null);
        bench.Measure(new Case(name, step.Run)
        {
            Against = ("non-private step", plain.Step),
            Work = (b * T, "tokens/s"),
            Bar = bar,
        });
        Keep(bench, $"{name} planned peak memory, non-private over private", step.PeakBytes, "non-private step", plain.PeakBytes, style == "per-layer" ? "≥ 1/1.05" : "");
    }

    // A head without logits, whose norms make them again, against logits in memory.
    private static void CutHead(Bench bench, string style, Func<string, string>? groups, TransformerSizes sizes)
    {
        int b = bench.IsSlow ? 2 : 8;
        string name = Name($"{style}, cut head,", sizes, b);
        if (!bench.Options.Wants(name)) return;
        PrivateStep cut = new(bench.Device, sizes, b, groups, fused: true), kept = new(bench.Device, sizes, b, groups, fused: null);
        bench.Measure(new Case(name, cut.Run) { Against = ("logits in memory", kept.Run), Work = (b * T, "tokens/s") });
        Keep(bench, $"{name} planned peak memory, logits in memory over ours", cut.PeakBytes, "logits in memory", kept.PeakBytes, "");
    }

    private static string Name(string style, TransformerSizes s, int batch) =>
        FormattableString.Invariant($"{style} V={s.Vocabulary},d={s.Width},L={s.Layers},T={s.Context},B={batch}");

    private static void Keep(Bench bench, string name, double own, string limit, double other, string bar) => bench.Keep(bench.NewResult(name) with
    {
        Bytes = own,
        Achieved = own / 1e6,
        Unit = "MB",
        Limit = limit,
        LimitRatio = other / own,
    }, bar);

    // A step with noise and AdamW, of a batch of the expected size.
    private sealed class PrivateStep
    {
        private readonly Device _device;
        private readonly Tensor _windows;
        private readonly Tensor _key;
        private readonly CompiledFunction<Tensor, Tensor, Tensor> _step;

        public PrivateStep(Device device, TransformerSizes sizes, int batch, Func<string, string>? groups, bool? fused)
        {
            Random random = new(1);
            int[] tokens = [.. Enumerable.Range(0, batch * (sizes.Context + 1)).Select(_ => random.Next(sizes.Vocabulary))];
            (_device, _windows, _key) = (device, Tensor.From(tokens, [batch, sizes.Context + 1], device), new RandomKey(1, device).Value.Realize());
            AdamW<Transformer> optimizer = new(Transformer.Create(sizes, new RandomKey(1), device), new AdamWOptions { Rate = 1e-3 });
            PrivateGradient<Transformer, Tensor> gradient = Private.Wrap(
                (Transformer p, Tensor window) => p.Loss(window.Unsqueeze(0), Heads, fused: fused),
                new PrivateOptions { Records = 1000 * batch, SampleRate = 1e-3, NoiseMultiplier = 1, Groups = groups });
            _step = Jit.Compile((Tensor w, Tensor k) =>
            {
                Transformer parameters = optimizer.Parameters;
                (PrivateSum sum, _) = gradient.ClippedSum(parameters, w, null, null, isGuarded: false);
                (Tensor[] noisy, _) = gradient.Release(sum, Tensor.Scalar(1, DType.Float64), [k]);
                optimizer.Step(Trees.Rebuild(parameters, noisy));
                return sum.Loss;
            });
        }

        public double PeakBytes => _step.Memory(_windows, _key).PeakBytes;

        public void Run()
        {
            _step.Invoke(_windows, _key);
            _device.Synchronize();
        }
    }

    // The clipped sum of one linear layer, whose input and cotangent are there, against per-sample gradients as a user clips and adds them up; and against
    // the method that is the definition, whose norms are of Float64 and whose records may be left out.
    private static void Layer(Bench bench)
    {
        const int time = 128, input = 512, output = 2048;
        int batch = bench.IsSlow ? 8 : 64;
        string name = FormattableString.Invariant($"linear B={batch},T={time},d={input}→{output}");
        if (!bench.Options.Wants(name)) return;
        Tensor x = bench.Normal(1, batch, time, input), g = bench.Normal(2, batch, time, output), w = bench.Normal(3, input, output);
        CompiledFunction<Tensor, Tensor, Tensor, Tensor> fused = Clipped(ClippingMethod.BookKeeping), literal = Clipped(ClippingMethod.Materialised);
        CompiledFunction<Tensor, Tensor, Tensor, Tensor> user = Jit.Compile((Tensor p, Tensor a, Tensor ct) =>
            PerSample.Clip<Tensor, (Tensor X, Tensor G)>(Loss, 1)(p, (a, ct)).Sum);
        Measure(name, "Vmap(Grad)", user, "≥ 1.43");
        Measure($"{name}, against the materialised method", "materialised", literal, "");
        Keep(bench, $"{name} scratch, Vmap(Grad)'s over ours", Scratch(fused), "Vmap(Grad)", Scratch(user), "≥ 20");

        void Measure(string row, string peer, CompiledFunction<Tensor, Tensor, Tensor, Tensor> other, string bar) => bench.Measure(new Case(row, () => Invoke(fused))
        {
            Against = (peer, () => Invoke(other)),
            Flops = 2.0 * batch * time * input * output,
            Bar = bar,
        });

        void Invoke(CompiledFunction<Tensor, Tensor, Tensor, Tensor> f)
        {
            f.Invoke(w, x, g).Realize();
            bench.Device.Synchronize();
        }

        // Beyond arguments and result. The peak less their sizes would count the weights, which a gradient by them does not read, as memory saved.
        double Scratch(CompiledFunction<Tensor, Tensor, Tensor, Tensor> f) => f.Memory(w, x, g).ScratchBytes;

        static Tensor Loss(Tensor p, (Tensor X, Tensor G) r) => (r.X.MatMul(p) * r.G).Sum();

        static CompiledFunction<Tensor, Tensor, Tensor, Tensor> Clipped(ClippingMethod method)
        {
            PrivateGradient<Tensor, (Tensor X, Tensor G)> gradient = Private.Wrap<Tensor, (Tensor X, Tensor G)>(Loss,
                new PrivateOptions { Records = 64_000, SampleRate = 1e-3, NoiseMultiplier = 1, Method = method });
            return Jit.Compile((Tensor p, Tensor a, Tensor ct) => gradient.ClippedSum(p, (a, ct), null, null, isGuarded: false).Sum.Sum[0]);
        }
    }

    // The same in one pass against norms and then a product, whichever of the two the cost rule takes.
    private static void Phases(Bench bench, int time, int input, int output)
    {
        int batch = bench.IsSlow ? 8 : 64;
        string name = FormattableString.Invariant($"one pass B={batch},T={time},d={input}→{output}");
        if (!bench.Options.Wants(name)) return;
        Tensor x = bench.Normal(1, batch, time, input), g = bench.Normal(2, batch, time, output), w = bench.Normal(3, input, output);
        Tensor limit = Tensor.Scalar(1, DType.Float64, bench.Device).Realize(), mask = Tensor.Full([batch], 1, DType.Bool, bench.Device).Realize();
        CompiledFunction<Tensor, Tensor, Tensor, Tensor> onePass = Jit.Compile((Tensor p, Tensor a, Tensor ct) =>
            Gradients(p, a, ct).ClippedSum(0, mask, limit, new(ClipRule.AtMost, 0), isGuarded: false).Sum);
        CompiledFunction<Tensor, Tensor, Tensor, Tensor> twoPhases = Jit.Compile((Tensor p, Tensor a, Tensor ct) =>
        {
            SampleGradients gradients = Gradients(p, a, ct);
            Tensor norm = gradients.SquaredNorms(0).Sqrt();
            return gradients.WeightedSum(0, Tensor.Where(norm <= limit, Tensor.OnesLike(norm), limit / norm).Cast(DType.Float32), isGuarded: false);
        });
        bench.Measure(new Case(name, () => Invoke(onePass))
        {
            Against = ("norms, then a product", () => Invoke(twoPhases)),
            Flops = 2.0 * batch * time * input * output,
        });

        static SampleGradients Gradients(Tensor p, Tensor a, Tensor ct) =>
            SampleGradients.Of<Tensor, (Tensor X, Tensor G)>((p, r) => (r.X.MatMul(p) * r.G).Sum(), p, (a, ct));

        void Invoke(CompiledFunction<Tensor, Tensor, Tensor, Tensor> f)
        {
            f.Invoke(w, x, g).Realize();
            bench.Device.Synchronize();
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
