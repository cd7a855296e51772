using System.Numerics.Tensors;

namespace Cotangent.Perf.Suites;

/// <summary>Softmax and log-sum-exp of 4096 rows of 8192: one pass over memory, a row fits into the second cache.</summary>
internal static class SoftmaxSuite
{
    private const int Rows = 4096, Columns = 8192;

    public static void Run(Bench bench)
    {
        Tensor x = bench.Normal(1, Rows, Columns);
        Lazy<(float[] X, float[] Y)> host = new(() => (x.ToArray<float>(), new float[Rows * Columns]));
        bench.Measure(new Case("softmax 4096x8192", bench.InPlace(() => x.Softmax()))
        {
            Bytes = 8.0 * x.Size,
            Limit = Limit.Copy,
            Bar = "≥ 0.75",
            Peers =
            [
                bench.Torch("softmax", Rows, Columns),
                bench.Primitives(() =>
                {
                    for (int r = 0; r < Rows; r++)
                        TensorPrimitives.SoftMax(host.Value.X.AsSpan(r * Columns, Columns), host.Value.Y.AsSpan(r * Columns, Columns));
                }),
            ],
        });
        bench.Measure(new Case("log-sum-exp 4096x8192", bench.InPlace(() => x.LogSumExp(-1)))
        {
            Bytes = 4.0 * x.Size,
            Limit = Limit.Copy,
            Bar = "≥ 0.75",
            Peers = [bench.Torch("logsumexp", Rows, Columns)],
        });
    }
}
