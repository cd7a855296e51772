using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Cotangent.Perf.Suites;

/// <summary>One fused chain, tanh(x·y + 0.5)·x + y, over 32 M floats, its second operand laid out in four ways.</summary>
internal static class ElementwiseSuite
{
    private const int Rows = 8192, Columns = 4096;

    public static void Run(Bench bench)
    {
        const double size = (double)Rows * Columns;
        Tensor x = bench.Normal(1, Rows, Columns), full = bench.Normal(2, Rows, Columns);
        Tensor row = bench.Normal(3, Columns), column = bench.Normal(4, Rows, 1), turned = bench.Normal(5, Columns, Rows);
        Measure("contiguous", full, 12, "≥ 0.90", [.. ByHand(bench), bench.Torch("chain contiguous", Rows, Columns)]);
        Measure("broadcast row", row, 8, "≥ 0.90", bench.Torch("chain row", Rows, Columns));
        Measure("broadcast column", column, 8, "≥ 0.90", bench.Torch("chain column", Rows, Columns));
        Measure("transposed", turned.Transpose(), 12, "≥ 0.50", bench.Torch("chain transposed", Rows, Columns));

        void Measure(string name, Tensor y, int bytes, string bar, params Peer[] peers) =>
            bench.Measure(new Case($"chain, {name}", bench.InPlace(() => (x * y + 0.5f).Tanh() * x + y))
            {
                Bytes = bytes * size,
                Limit = Limit.Copy,
                Bar = bar,
                Peers = peers,
            });
    }

    // Two peers over the host's memory: the chain in registers, and call by call.
    private static IEnumerable<Peer> ByHand(Bench bench)
    {
        const int length = Rows * Columns;
        Lazy<(float[] X, float[] Y, float[] Z)> arrays = new(() => (Fill(1), Fill(2), new float[length]));
        yield return bench.ByHand(Rows, r => Chain(arrays.Value.X, arrays.Value.Y, arrays.Value.Z, r * Columns));
        yield return bench.Primitives(() =>
        {
            (float[] x, float[] y, float[] z) = arrays.Value;
            TensorPrimitives.Multiply(x, y, z);
            TensorPrimitives.Add(z, 0.5f, z);
            TensorPrimitives.Tanh(z, z);
            TensorPrimitives.MultiplyAdd(z, x, y, z);
        });

        float[] Fill(int seed)
        {
            float[] values = new float[length];
            Random random = new(seed);
            for (int i = 0; i < length; i++)
                values[i] = 4 * random.NextSingle() - 2;
            return values;
        }
    }

    // Sixteen lanes; a row is a multiple of them. tanh u = 1 − 2/(exp 2u + 1), which saturates rightly at both ends.
    private static void Chain(float[] x, float[] y, float[] z, int from)
    {
        Vector512<float> one = Vector512<float>.One, two = Vector512.Create(2f), half = Vector512.Create(0.5f);
        for (int i = from; i < from + Columns; i += 16)
        {
            Vector512<float> a = Vector512.Create(x, i), b = Vector512.Create(y, i);
            Vector512<float> u = Vector512.FusedMultiplyAdd(a, b, half);
            Vector512<float> tanh = one - two / (Vector512.Exp(two * u) + one);
            Vector512.FusedMultiplyAdd(tanh, a, b).CopyTo(z, i);
        }
    }
}
