using Cotangent.Kernels;
using Xunit;

namespace Cotangent.Tests.Kernels.Language;

/// <summary>The mathematical library, by each of the names under which kernels may call it.</summary>
public static class CorpusMath
{
    private static void Check(Device d, Action<Index1D, ArrayView<float>, ArrayView<float>> kernel, Func<double, double> expected)
    {
        float[] x = [.. Enumerable.Range(0, 50).Select(i => i * 0.11f)];
        DeviceBuffer<float> a = d.Allocate<float>(x);
        DeviceBuffer<float> b = d.Allocate<float>(x.Length);
        d.Load(kernel)(x.Length, a, b);
        float[] y = b.ToArray();
        for (int i = 0; i < x.Length; i++)
            Assert.Equal(expected(x[i]), y[i], 1e-5 * (1 + Math.Abs(expected(x[i]))));
    }

    [Feature]
    public static void ExponentialAndLogarithm(Device d) => Check(d,
        (i, x, y) => y[i] = MathF.Exp(-x[i]) + (float)Math.Log(1.0 + x[i]) + float.Exp2(x[i]) * XMath.Rsqrt(1 + x[i]),
        v => Math.Exp(-v) + Math.Log(1 + v) + Math.Pow(2, v) / Math.Sqrt(1 + v));

    [Feature]
    public static void PowerAndHyperbolic(Device d) => Check(d,
        (i, x, y) => y[i] = MathF.Pow(x[i], 1.5f) + MathF.Tanh(x[i]) + MathF.Cbrt(x[i]),
        v => Math.Pow(v, 1.5) + Math.Tanh(v) + Math.Cbrt(v));

    [Feature]
    public static void Trigonometric(Device d) => Check(d,
        (i, x, y) => y[i] = MathF.Sin(x[i]),
        Math.Sin);

    [Feature]
    public static void InverseTrigonometric(Device d) => Check(d,
        (i, x, y) => y[i] = MathF.Atan2(x[i], 2f) + MathF.Asin(x[i] * 0.1f),
        v => Math.Atan2(v, 2) + Math.Asin(v * 0.1));
}
