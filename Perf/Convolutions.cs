using Cotangent.Kernels;
using Diff = Cotangent.AutoDiff.Diff;

namespace Cotangent.Perf;

/// <summary>Convolutions of residual networks in float32, batch 8, against the peak of multiply-adds (CPU) and a matrix product of the same
/// work in the same run.</summary>
internal static class Convolutions
{
    public static void Print(SuiteOptions options)
    {
        Device device = options.Device;
        Console.WriteLine($"{"case",-44} {"forward",9} {"product",9} {"ratio",6} {"gradient",9}   GFLOP/s ({device.Name})");
        Row(device, "3x3, 64 of 64 channels, 56x56", [8, 64, 56, 56], [64, 64, 3, 3], 1, 1);
        Row(device, "1x1, 256 of 64 channels, 56x56", [8, 64, 56, 56], [256, 64, 1, 1], 0, 1);
        Row(device, "3x3, 256 of 256 channels, 14x14", [8, 256, 14, 14], [256, 256, 3, 3], 1, 1);
        Row(device, "3x3 depthwise, 64 channels, 56x56", [8, 64, 56, 56], [64, 1, 3, 3], 1, 64);
    }

    private static void Row(Device device, string name, Shape input, Shape kernel, int padding, int groups)
    {
        RandomKey key = new(3);
        Tensor x = key.Normal(input).To(device).Realize(), k = key.Uniform(kernel).To(device).Realize();
        Tensor Run() => Tensor.Conv(x, k, padding: padding, groups: groups);
        Tensor output = Run();
        int inner = kernel[1] * kernel[2] * kernel[3], positions = (int)(output.Size / kernel[0]);
        double flops = 2.0 * output.Size * inner;
        double forward = flops / Suites.MedianInPlace(device, Run) / 1e9;
        double product = double.NaN;
        if (groups == 1)
        {
            Tensor left = key.Normal([kernel[0], inner]).To(device).Realize(), right = key.Normal([inner, positions]).To(device).Realize();
            product = flops / Suites.MedianInPlace(device, () => left.MatMul(right)) / 1e9;
        }

        Tensor weights = key.Normal(output.Shape).To(device).Realize();
        double gradient = 3 * flops / Suites.MedianInPlace(device, () =>
        {
            (Tensor gx, Tensor gk) = Diff.Grad(
                (Tensor a, Tensor b) => (Tensor.Conv(a, b, padding: padding, groups: groups) * weights).Sum())(x, k);
            return gx.Sum() + gk.Sum();
        }) / 1e9;
        Console.WriteLine(FormattableString.Invariant($"{name,-44} {forward,9:F1} {product,9:F1} {forward / product,6:F2} {gradient,9:F1}"));
    }
}
