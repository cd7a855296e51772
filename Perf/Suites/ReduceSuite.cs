using System.Numerics.Tensors;

namespace Cotangent.Perf.Suites;

/// <summary>Sums and maxima: each reads its operand once.</summary>
internal static class ReduceSuite
{
    private const int All = 1 << 26, Rows = 4096, Columns = 8192;

    public static void Run(Bench bench)
    {
        Tensor line = bench.Normal(1, All), matrix = line[..(Rows * Columns)].Reshape(Rows, Columns).Realize();
        Lazy<float[]> host = new(() => line.ToArray<float>());
        Measure("sum all 64M", () => line.Sum(), line, "≥ 0.90", bench.Torch("sum all", All), bench.Primitives(() => TensorPrimitives.Sum(host.Value)));
        Measure("max all 64M", () => line.Max(), line, "≥ 0.90", bench.Torch("max all", All), bench.Primitives(() => TensorPrimitives.Max(host.Value)));
        Measure("sum all 4096x8192", () => matrix.Sum(), matrix, "≥ 0.90", bench.Torch("sum all", Rows, Columns));
        Measure("max all 4096x8192", () => matrix.Max(), matrix, "≥ 0.90", bench.Torch("max all", Rows, Columns));
        Measure("sum rows 4096x8192", () => matrix.Sum(1), matrix, "≥ 0.90", bench.Torch("sum rows", Rows, Columns));
        Measure("max rows 4096x8192", () => matrix.Max(1), matrix, "≥ 0.90", bench.Torch("max rows", Rows, Columns));
        Measure("sum columns 4096x8192", () => matrix.Sum(0), matrix, "≥ 0.80", bench.Torch("sum columns", Rows, Columns));
        Measure("max columns 4096x8192", () => matrix.Max(0), matrix, "≥ 0.80", bench.Torch("max columns", Rows, Columns));

        void Measure(string name, Func<Tensor> reduce, Tensor operand, string bar, params Peer[] peers) =>
            bench.Measure(new Case(name, bench.InPlace(reduce))
            {
                Bytes = 4.0 * operand.Size,
                Limit = Limit.Read,
                Bar = bar,
                Peers = peers,
            });
    }
}
