using Cotangent.AutoDiff;

namespace Cotangent.Perf.Suites;

/// <summary>RMS and layer norm of 4096 rows of 8192, and their derivatives: backward reads input and cotangent once, and writes the
/// input's cotangent; those of gain and bias are small.</summary>
internal static class NormSuite
{
    private const int Rows = 4096, Columns = 8192;

    public static void Run(Bench bench)
    {
        Tensor x = bench.Normal(1, Rows, Columns), ct = bench.Normal(2, Rows, Columns);
        Tensor gain = bench.Normal(3, Columns), bias = bench.Normal(4, Columns);
        Measure("rms norm forward", 8, bench.InPlace(() => Nn.RmsNorm(x, gain)), "rms norm forward");
        Measure("rms norm backward", 12, bench.InPlace(() =>
        {
            (Tensor dx, Tensor dGain) = Diff.Vjp((Tensor a, Tensor g) => Nn.RmsNorm(a, g), x, gain).Pullback(ct);
            return [dx, dGain];
        }), "rms norm backward");
        Measure("layer norm forward", 8, bench.InPlace(() => Nn.LayerNorm(x, gain, bias)), "layer norm forward");
        Measure("layer norm backward", 12, bench.InPlace(() =>
        {
            (Tensor dx, Tensor dGain, Tensor dBias) =
                Diff.Vjp((Tensor a, Tensor g, Tensor b) => Nn.LayerNorm(a, g, b), x, gain, bias).Pullback(ct);
            return [dx, dGain, dBias];
        }), "layer norm backward");

        void Measure(string name, int bytes, Action run, string torch) => bench.Measure(new Case(name, run)
        {
            Bytes = (double)bytes * x.Size,
            Limit = Limit.Copy,
            Bar = "≥ 0.75",
            Peers = [bench.Torch(torch, Rows, Columns)],
        });
    }
}
