using Diff = Cotangent.AutoDiff.Diff;

namespace Cotangent.Perf.Suites;

/// <summary>Convolutions of residual networks in float32, batch 8, against a matrix product of the same work, and their gradients against
/// the peak of multiply-adds.</summary>
internal static class Convolutions
{
    public static void Run(Bench bench)
    {
        Row(bench, "3x3, 64 of 64 channels, 56x56", [8, 64, 56, 56], [64, 64, 3, 3], 1, 1);
        Row(bench, "1x1, 256 of 64 channels, 56x56", [8, 64, 56, 56], [256, 64, 1, 1], 0, 1);
        Row(bench, "3x3, 256 of 256 channels, 14x14", [8, 256, 14, 14], [256, 256, 3, 3], 1, 1);
        Row(bench, "3x3 depthwise, 64 channels, 56x56", [8, 64, 56, 56], [64, 1, 3, 3], 1, 64);
    }

    private static void Row(Bench bench, string name, int[] input, int[] kernel, int padding, int groups)
    {
        Tensor x = bench.Normal(3, input), k = bench.Normal(4, kernel);
        Tensor Run() => Tensor.Conv(x, k, padding: padding, groups: groups);
        Shape output = Run().Shape;
        int inner = kernel[1] * kernel[2] * kernel[3], positions = (int)(output.Size / kernel[0]);
        double flops = 2.0 * output.Size * inner;
        bench.Measure(new Case(name, bench.InPlace(Run))
        {
            Flops = flops,
            Limit = Limit.Fma,
            Against = groups == 1 ? ("matmul", Product(bench, kernel[0], inner, positions)) : null,
        });
        Tensor weights = bench.Normal(5, [.. output]);
        bench.Measure(new Case($"{name}, gradient", bench.InPlace(() =>
        {
            (Tensor gx, Tensor gk) = Diff.Grad(
                (Tensor a, Tensor b) => (Tensor.Conv(a, b, padding: padding, groups: groups) * weights).Sum())(x, k);
            return [gx, gk];
        }))
        {
            Flops = 2 * flops,
            Limit = Limit.Fma,
        });
    }

    private static Action Product(Bench bench, int m, int k, int n)
    {
        Tensor left = bench.Normal(6, m, k), right = bench.Normal(7, k, n);
        return bench.InPlace(() => left.MatMul(right));
    }
}
