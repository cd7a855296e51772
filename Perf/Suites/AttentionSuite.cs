using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Perf.Suites;

/// <summary>Fused attention, forward and backward, against the multiply-adds of its products over visible cells alone; and gradients through
/// it against those through the composed form.</summary>
internal static class AttentionSuite
{
    private const int Heads = 8, Width = 64;

    public static void Run(Bench bench)
    {
        Passes(bench, 2048, causal: true);
        Passes(bench, 2048, causal: false);
        foreach ((int batch, int time, int width) in ((int, int, int)[])[(64, 64, 32), (32, 64, Width), (16, 64, 128), (16, 128, Width), (8, 256, Width),
            (4, 512, Width), (1, 2048, Width)])
        {
            AgainstComposed(bench, batch, time, width);
        }
    }

    /// <summary>The forward pass, 2 products of queries × visible keys × width, and the backward pass, 5: the scores again, dP, dV, dK, dQ.</summary>
    private static void Passes(Bench bench, int time, bool causal)
    {
        Tensor[] x = [.. Enumerable.Range(1, 4).Select(seed => bench.Normal(seed, 1, Heads, time, Width))];
        AttentionForm form = new(1 / Math.Sqrt(Width), causal, 0, 0, 1, AttentionExtras.None);
        Node[] inputs = [x[0].Node, x[1].Node, x[2].Node];
        AttentionAttributes call = new(form);
        Tensor output = new Tensor(new Node(Ops.Attention, [.. inputs], call)).Realize();
        Tensor lse = new Tensor(new Node(Ops.Attention, [.. inputs], call.At(AttentionAttributes.LogSumExp))).Realize();
        Node[] all = [.. inputs, output.Node, lse.Node, x[3].Node];
        double cells = causal ? time * (time + 1.0) / 2 : (double)time * time, product = 2.0 * Heads * cells * Width;
        string name = $"T={time} {Heads}x{Width}{(causal ? " causal" : "")}";
        int[] sizes = [1, Heads, time, Width];
        bench.Measure(new Case($"{name} forward", bench.InPlace(() => new Tensor(new Node(Ops.Attention, [.. inputs], call))))
        {
            Flops = 2 * product,
            Limit = Limit.Fma,
            Bar = "≥ 0.55",
            Peers = causal ? [bench.Torch("attention forward", sizes)] : [],
        });
        bench.Measure(new Case($"{name} backward", bench.InPlace(() => [.. Enumerable.Range(0, 3).Select(i =>
            new Tensor(new Node(Ops.AttentionGrad, [.. all], new AttentionGradAttributes(form, HasLogSumExp: false).At(i))))]))
        {
            Flops = 5 * product,
            Limit = Limit.Fma,
            Bar = "≥ 0.50",
            Peers = causal ? [bench.Torch("attention backward", sizes)] : [],
        });
    }

    /// <summary>Value and gradients, measured against the composed form's.</summary>
    private static void AgainstComposed(Bench bench, int batch, int time, int width)
    {
        Tensor[] x = [.. Enumerable.Range(1, 4).Select(seed => bench.Normal(seed, batch, Heads, time, width))];
        Action Step(bool fused) => bench.InPlace(() => Diff.Grad((Tensor[] p) =>
            (Nn.Attention(p[0], p[1], p[2], new AttentionOptions { Causal = true, Fused = fused }) * x[3]).Sum())(x[..3]));
        bench.Measure(new Case($"gradient {batch}x{Heads}x{time}x{width} causal", Step(true)) { Against = ("composed", Step(false)), Bar = "≥ 1" });
    }
}
