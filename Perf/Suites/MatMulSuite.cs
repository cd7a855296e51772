using Cotangent.Perf.Peers;

namespace Cotangent.Perf.Suites;

/// <summary>Products of float32 matrices: square, skinny, transposed, and with bias and GELU in the same program.</summary>
internal static class MatMulSuite
{
    private const int LargestOfSlow = 1024;

    private static readonly int[] s_sizes = [64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096];

    public static void Run(Bench bench)
    {
        List<double?> ratios = [];
        foreach (int n in s_sizes.Where(n => !bench.IsSlow || n <= LargestOfSlow))
            Product($"matmul {n}", n, n, n);
        if (bench.IsSlow && bench.Options.Wants($"matmul {s_sizes[^1]}"))
            bench.Keep(bench.NewResult($"matmul {string.Join(", ", s_sizes.Where(n => n > LargestOfSlow))}: left out, slow device"));
        Product("matmul 8x4096x4096", 8, 4096, 4096);
        Product("matmul 1024 transposed left", 1024, 1024, 1024, turnA: true);
        Product("matmul 1024 transposed right", 1024, 1024, 1024, turnB: true);
        Product("matmul 2048x512x2048 transposed left", 2048, 512, 2048, turnA: true);
        Product("matmul 2048x512x2048 transposed right", 2048, 512, 2048, turnB: true);
        // The gradient of a weight: few rows and columns, many terms.
        Product("matmul 128x512x2048 transposed left", 128, 512, 2048, turnA: true);
        if (ratios.All(r => r is > 0) && ratios.Count > 1)
        {
            double mean = Math.Exp(ratios.Average(r => Math.Log(r!.Value)));
            bench.Keep(bench.NewResult("geometric mean of openblas / ours") with
            {
                Peers = new Dictionary<string, double?> { ["openblas"] = mean },
            }, "≥ 1.0");
        }

        Activated(bench, 1024, 4096, 1024);
        Activated(bench, 1024, 1024, 4096);

        void Product(string name, int m, int n, int k, bool turnA = false, bool turnB = false)
        {
            Tensor a = turnA ? bench.Normal(1, k, m).Transpose() : bench.Normal(1, m, k);
            Tensor b = turnB ? bench.Normal(2, n, k).Transpose() : bench.Normal(2, k, n);
            Result? result = bench.Measure(new Case(name, bench.InPlace(() => a.MatMul(b)))
            {
                Flops = 2.0 * m * n * k,
                Bytes = 4.0 * ((double)m * k + (double)k * n + (double)m * n),
                Limit = Limit.Fma,
                Bar = "openblas ≥ 0.85",
                Peers = [OpenBlas.Product(bench.Threads, m, n, k, turnA, turnB), bench.Torch("matmul", m, n, k, turnA ? 1 : 0, turnB ? 1 : 0)],
            });
            if (result is not null)
                ratios.Add(result.Peers.GetValueOrDefault("openblas"));
        }
    }

    /// <summary>gelu(A·B + bias), measured against A·B alone.</summary>
    private static void Activated(Bench bench, int m, int n, int k)
    {
        Tensor a = bench.Normal(1, m, k), b = bench.Normal(2, k, n), bias = bench.Normal(3, n);
        bench.Measure(new Case($"gelu(matmul {m}x{n}x{k} + bias)", bench.InPlace(() => (a.MatMul(b) + bias).Gelu()))
        {
            Flops = 2.0 * m * n * k,
            Against = ("matmul", bench.InPlace(() => a.MatMul(b))),
            Bar = "≥ 0.95",
            Peers = [bench.Torch("matmul bias gelu", m, n, k)],
        });
    }
}
