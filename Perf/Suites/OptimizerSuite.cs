using System.Runtime.Intrinsics;
using Cotangent.Execution;
using Cotangent.Optimizers;

namespace Cotangent.Perf.Suites;

/// <summary>A step of AdamW over 16 M parameters in 50 tensors, in place: it reads parameters, both moments and gradients and writes all
/// but the gradients, 28 bytes a parameter.</summary>
internal static class OptimizerSuite
{
    public static void Run(Bench bench)
    {
        // 30 matrices, 19 gains and an embedding: 2^24 numbers.
        int[][] shapes = [.. Enumerable.Repeat<int[]>([512, 1024], 30), .. Enumerable.Repeat<int[]>([1024], 19), [1005, 1024]];
        Tensor[] parameters = [.. shapes.Select((s, i) => bench.Normal(i, s))];
        Tensor[] gradients = [.. shapes.Select((s, i) => bench.Normal(100 + i, s))];
        double size = parameters.Sum(p => (double)p.Size);
        AdamW<Tensor[]> adamW = new(parameters, new AdamWOptions { Rate = 1e-3 });
        CompiledFunction<int> step = Jit.Compile(() =>
        {
            adamW.Step(gradients);
            return 0;
        });
        Result? result = bench.Measure(new Case("adamw 16M in 50 tensors", () =>
        {
            step.Invoke();
            bench.Device.Synchronize();
        })
        {
            Bytes = 28 * size,
            Limit = Limit.Copy,
            Bar = "≥ 0.95",
            Peers = [ByHand(bench, (int)size), bench.Torch("adamw", [.. shapes.SelectMany(s => s is [int n] ? [n, 1] : s)])],
        });
        if (result is null)
            return;
        long before = CompiledProgram.LaunchCount;
        step.Invoke();
        bench.Keep(bench.NewResult("adamw launches a step") with { Achieved = CompiledProgram.LaunchCount - before, Unit = "launches" }, "1");
    }

    private static Peer ByHand(Bench bench, int size)
    {
        const int part = 1 << 14;
        Lazy<float[][]> arrays = new(() => [.. Enumerable.Range(0, 4).Select(i =>
        {
            float[] values = new float[size];
            values.AsSpan().Fill(0.25f * i);
            return values;
        })]);
        return bench.ByHand(size / part, i => Step(arrays.Value[0], arrays.Value[1], arrays.Value[2], arrays.Value[3], i * part, (i + 1) * part));
    }

    // Sixteen lanes; the range is a multiple of them. The corrections of the first step stand for those of any.
    private static void Step(float[] p, float[] m, float[] v, float[] g, int from, int to)
    {
        const float rate = 1e-3f, beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f, decay = 0.01f;
        Vector512<float> kept = Vector512.Create(1 - rate * decay), step = Vector512.Create(rate / (1 - beta1));
        Vector512<float> root = Vector512.Create(1 / MathF.Sqrt(1 - beta2));
        for (int i = from; i < to; i += 16)
        {
            Vector512<float> gi = Vector512.Create(g, i);
            Vector512<float> mi = Vector512.FusedMultiplyAdd(Vector512.Create(m, i), Vector512.Create(beta1), gi * (1 - beta1));
            Vector512<float> vi = Vector512.FusedMultiplyAdd(Vector512.Create(v, i), Vector512.Create(beta2), gi * gi * (1 - beta2));
            mi.CopyTo(m, i);
            vi.CopyTo(v, i);
            Vector512<float> divisor = Vector512.FusedMultiplyAdd(Vector512.Sqrt(vi), root, Vector512.Create(epsilon));
            (Vector512.Create(p, i) * kept - step * mi / divisor).CopyTo(p, i);
        }
    }
}
