using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.CrossEntropyTests;

/// <summary>Inputs of linear cross-entropy made of integers, exactly representable in every dtype, with duplicate targets.</summary>
internal sealed class CrossEntropyData
{
    public CrossEntropyData(int n, int v, int d)
    {
        (N, V, D) = (n, v, d);
        E = [.. from i in Enumerable.Range(0, n) from j in Enumerable.Range(0, d) select (Hash(i, j, 7, 13, 5, 3, 11, 5) - 63) / 64.0];
        C = [.. from i in Enumerable.Range(0, v) from j in Enumerable.Range(0, d) select (Hash(i, j, 29, 17, 3, 19, 23, 41) - 63) / 128.0];
        Bias = [.. Enumerable.Range(0, v).Select(i => (((37 * i) + 11) % 31 - 15) / 32.0)];
        Targets = [.. Enumerable.Range(0, n).Select(i => (int)(((53L * i * i) + (29 * i) + 7) % v))];
    }

    public int N { get; }

    public int V { get; }

    public int D { get; }

    public double[] E { get; }

    public double[] C { get; }

    public double[] Bias { get; init; }

    public int[] Targets { get; init; }

    /// <summary>The targets, every fifth ignored.</summary>
    public int[] SomeTargets => [.. Targets.Select((t, i) => i % 5 == 3 ? -100 : t)];

    public Tensor Embeddings(Device device, DType type) => Of(E, [N, D], device, type);

    public Tensor Classifier(Device device, DType type) => Of(C, [V, D], device, type);

    public Tensor BiasOf(Device device, DType type) => Of(Bias, [V], device, type);

    public Tensor TargetsOf(Device device, bool some) => Tensor.From(some ? SomeTargets : Targets, [N], device);

    public static Tensor Of(double[] x, Shape shape, Device device, DType type) =>
        type == DType.Float64 ? Tensor.From(x, shape, device) : Tensor.From([.. x.Select(y => (float)y)], shape, device).Cast(type);

    private static long Hash(long i, long j, long a, long b, long c, long d, long e, long f) =>
        ((a * i) + (b * j) + (c * i * j) + (d * i * i) + (e * j * j) + f) % 127;
}
