using Cotangent.AutoDiff;

namespace Cotangent.Perf.Suites;

/// <summary>RMS and layer norm of 4096 rows of 8192 and their relatives, and the derivatives of all: backward reads input and cotangent
/// once, and writes the input's cotangent; those of gain and bias are small.</summary>
internal static class NormSuite
{
    private const int Rows = 4096, Columns = 8192, Batch = 4, Time = 1024, Heads = 64, HeadWidth = 128, Vocabulary = 32768, Width = 1024, Tokens = 8192;

    public static void Run(Bench bench)
    {
        Norms(bench);
        Friends(bench);
        Embeddings(bench);
    }

    private static void Norms(Bench bench)
    {
        Tensor x = bench.Normal(1, Rows, Columns), ct = bench.Normal(2, Rows, Columns);
        Tensor gain = bench.Normal(3, Columns), bias = bench.Normal(4, Columns);
        Measure("rms norm forward", 8, () => [Nn.RmsNorm(x, gain)], peer: true);
        Measure("rms norm backward", 12, () =>
        {
            (Tensor dx, Tensor dGain) = Diff.Vjp((Tensor a, Tensor g) => Nn.RmsNorm(a, g), x, gain).Pullback(ct);
            return [dx, dGain];
        }, peer: true);
        Measure("layer norm forward", 8, () => [Nn.LayerNorm(x, gain, bias)], peer: true);
        Measure("layer norm backward", 12, () =>
        {
            (Tensor dx, Tensor dGain, Tensor dBias) =
                Diff.Vjp((Tensor a, Tensor g, Tensor b) => Nn.LayerNorm(a, g, b), x, gain, bias).Pullback(ct);
            return [dx, dGain, dBias];
        }, peer: true);
        Measure("add rms norm forward", 16, () =>
        {
            (Tensor normed, Tensor sum) = Nn.AddRmsNorm(x, ct, gain);
            return [normed, sum];
        });
        Measure("add layer norm forward", 16, () =>
        {
            (Tensor normed, Tensor sum) = Nn.AddLayerNorm(x, ct, gain, bias);
            return [normed, sum];
        });

        void Measure(string name, int bytes, Func<Tensor[]> function, bool peer = false) =>
            NormSuite.Measure(bench, name, (double)bytes * x.Size, function, peer ? [bench.Torch(name, Rows, Columns)] : []);
    }

    /// <summary>Gates, rotary embedding, softmax with a temperature.</summary>
    private static void Friends(Bench bench)
    {
        Tensor x = bench.Normal(1, Rows, Columns), up = bench.Normal(2, Rows, Columns), ct = bench.Normal(3, Rows, Columns);
        Measure("swiglu forward", 12, () => [Nn.SwiGlu(x, up)]);
        Measure("swiglu backward", 20, () => Pullback((a, b) => Nn.SwiGlu(a, b)));
        Measure("geglu forward", 12, () => [Nn.GeGlu(x, up, approximate: true)]);
        Measure("geglu backward", 20, () => Pullback((a, b) => Nn.GeGlu(a, b, approximate: true)));
        Measure("temperature softmax forward", 8, () => [Nn.Softmax(x, 0.7)]);
        Measure("temperature softmax backward", 12, () => [Diff.Vjp((Tensor a) => Nn.Softmax(a, 0.7), x).Pullback(ct)]);
        RotaryTable table = new(Time, HeadWidth, device: bench.Device);
        Tensor heads = x.Reshape(Batch, Time, Heads, HeadWidth).Realize(), cotangents = ct.Reshape(Batch, Time, Heads, HeadWidth).Realize();
        Measure("rotary forward", 8, () => [Nn.Rotary(heads, table, timeAxis: 1)]);
        Measure("rotary backward", 8, () => [Diff.Vjp((Tensor a) => Nn.Rotary(a, table, timeAxis: 1), heads).Pullback(cotangents)]);
        Measure("rotary interleaved forward", 8, () => [Nn.Rotary(heads, table, interleaved: true, timeAxis: 1)]);

        Tensor[] Pullback(Func<Tensor, Tensor, Tensor> gate)
        {
            (Tensor dGate, Tensor dUp) = Diff.Vjp(gate, x, up).Pullback(ct);
            return [dGate, dUp];
        }

        void Measure(string name, int bytes, Func<Tensor[]> function) => NormSuite.Measure(bench, name, (double)bytes * x.Size, function, []);
    }

    /// <summary>Rows of a table: backward writes the whole gradient of the table, and reads the cotangents.</summary>
    private static void Embeddings(Bench bench)
    {
        Tensor table = bench.Normal(1, Vocabulary, Width), ct = bench.Normal(2, Tokens, Width);
        Random random = new(3);
        Tensor tokens = Tensor.From([.. Enumerable.Range(0, Tokens).Select(_ => random.Next(Vocabulary))], [Tokens], bench.Device);
        Measure(bench, "embedding forward", 8.0 * ct.Size, () => [Nn.Embedding(tokens, table)], []);
        Measure(bench, "embedding backward", 4.0 * (table.Size + ct.Size),
            () => [Diff.Vjp((Tensor t) => Nn.Embedding(tokens, t), table).Pullback(ct)], []);
    }

    private static void Measure(Bench bench, string name, double bytes, Func<Tensor[]> function, Peer[] peers) =>
        bench.Measure(new Case(name, bench.InPlace(function))
        {
            Bytes = bytes,
            Limit = Limit.Copy,
            Bar = "≥ 0.80",
            Peers = peers,
        });
}
