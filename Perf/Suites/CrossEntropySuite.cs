using Cotangent.AutoDiff;

namespace Cotangent.Perf.Suites;

/// <summary>Cross-entropy of a linear classifier, loss and both gradients: N = 2048 rows, V = 50257 classes, width 512.</summary>
/// <remarks>
/// <para>The work counted is 6·N·V·D operations: three matrix products. <c>cce recompute</c>, whose upstream factors are not known before, counts four.
/// <c>cce unfused</c> is the same loss of logits that are written to memory, and is measured in turn with the others.</para>
/// <para>The peaked distribution is that of a trained model (section 1.5 of the reference): classes by frequency, log-probability −1.5·ln of the
/// rank, and a part that depends on the row, deviation 2: of a row's probabilities some 0.25 % are 2⁻¹² or more (there 0.125 %), and they fall on
/// the same classes again and again.</para>
/// </remarks>
internal static class CrossEntropySuite
{
    private static readonly Sizes s_sizes = new(2048, 50257, 512), s_sizesOfSlow = new(2048, 2048, 128);

    public static void Run(Bench bench)
    {
        Sizes sizes = bench.IsSlow ? s_sizesOfSlow : s_sizes;
        (int n, int v, int d) = sizes;
        double product = 2.0 * n * v * d;
        string suffix = bench.IsSlow ? $" N={n} V={v} D={d}" : "";
        Tensor targets = Targets(bench, sizes), e = bench.Normal(1, n, d), c = (bench.Normal(2, v, d) * (1 / Math.Sqrt(d))).Realize();
        CrossEntropyOptions exact = new() { Filter = GradientFilter.Off };
        Action unfiltered = Step(bench, e, c, x => CrossEntropy.Linear(x.E, x.C, targets, exact));
        Action unfused = Step(bench, e, c, x => Nn.CrossEntropy(x.E.MatMul(x.C.T), targets));
        Peer own = new("unfused", () => new OwnContestant(unfused));
        Peer torch = bench.Torch("cross entropy", n, v, d);
        bench.Measure(new Case($"cce unfiltered{suffix}", unfiltered)
        {
            Flops = 3 * product, Limit = Limit.Fma, Bar = "≥ 0.65, torch ≥ 1.2, unfused ≥ 0.91", Peers = [torch, own],
        });
        Tensor factors = bench.Normal(4, n);
        bench.Measure(new Case($"cce recompute{suffix}", Step(bench, e, c,
            x => (factors * CrossEntropy.Linear(x.E, x.C, targets, exact with { Reduction = LossReduction.None })).Sum()))
        {
            Flops = 4 * product, Limit = Limit.Fma, Bar = "≥ 0.65",
        });

        // The last column of the embeddings is 1, that of the classifier a class's frequency.
        int[] ranks = [.. Enumerable.Range(1, v)];
        new Random(5).Shuffle(ranks);
        Tensor often = Tensor.From([.. ranks.Select(r => (float)(-1.5 * Math.Log(r)))], [v, 1], bench.Device);
        Tensor peakedE = Tensor.Concat(1, e[.., ..^1], Tensor.Ones([n, 1]).To(bench.Device)).Realize();
        Tensor peakedC = Tensor.Concat(1, c[.., ..^1] * 2, often).Realize();
        bench.Measure(new Case($"cce filtered{suffix}", Step(bench, peakedE, peakedC, x => CrossEntropy.Linear(x.E, x.C, targets,
            new() { Filter = GradientFilter.Below(Math.ScaleB(1, -12)) })))
        {
            Flops = 3 * product, Limit = Limit.None, Bar = "unfiltered ≥ 1.3", Peers = [new("unfiltered", () => new OwnContestant(unfiltered))],
        });
        Memory(bench, e, c, targets, exact, sizes, suffix);
    }

    /// <summary>Working memory against the bytes of the logits.</summary>
    private static void Memory(Bench bench, Tensor e, Tensor c, Tensor targets, CrossEntropyOptions options, Sizes sizes, string suffix)
    {
        if (!bench.Options.Wants("cce memory")) return;
        CompiledFunction<(Tensor, Tensor), (Tensor, (Tensor, Tensor))> step = Jit.Compile(((Tensor E, Tensor C) x) =>
            Diff.ValueAndGrad(((Tensor E, Tensor C) y) => CrossEntropy.Linear(y.E, y.C, targets, options))(x));
        double scratch = step.Memory((e, c)).ScratchBytes;
        bench.Keep(bench.NewResult($"cce memory{suffix}") with
        {
            Bytes = scratch, Achieved = scratch / 1e6, Unit = "MB", Limit = "logits", LimitRatio = scratch / (4.0 * sizes.N * sizes.V),
        }, "≤ 0.05");
    }

    private static Tensor Targets(Bench bench, Sizes sizes)
    {
        Random random = new(3);
        return Tensor.From([.. Enumerable.Range(0, sizes.N).Select(_ => random.Next(sizes.V))], [sizes.N], bench.Device);
    }

    private static Action Step(Bench bench, Tensor e, Tensor c, Func<(Tensor E, Tensor C), Tensor> loss) => bench.InPlace(() =>
    {
        (Tensor value, (Tensor de, Tensor dc)) = Diff.ValueAndGrad(loss)((e, c));
        return [value, de, dc];
    });

    private sealed record Sizes(int N, int V, int D);
}
