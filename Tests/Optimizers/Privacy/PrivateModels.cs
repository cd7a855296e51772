using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Losses of one record whose parameters are used in every way that clipping knows, and some that it does not.</summary>
internal static class PrivateModels
{
    public sealed record Sequence(Tensor Tokens, Tensor Positions, Tensor Gain, Tensor Up, Tensor Bias, Tensor Down, Tensor Head);

    public sealed record Mlp(Tensor W, Tensor B, Tensor V);

    public sealed record Images(Tensor Kernel, Tensor Head);

    /// <summary>A small model over tokens: embedding, positions, norm, linear layers, bias.</summary>
    public static Sequence CreateSequence(DType type, Device device, int vocabulary = 11, int time = 5, int width = 6) =>
        new(Normal(1, type, device, vocabulary, width), Normal(2, type, device, time, width), Normal(3, type, device, width),
            Normal(4, type, device, width, 2 * width), Normal(5, type, device, 2 * width), Normal(6, type, device, 2 * width, width),
            Normal(7, type, device, width, vocabulary));

    /// <summary>Of one window of tokens, Int32 [time + 1].</summary>
    public static Tensor Loss(Sequence p, Tensor window)
    {
        Tensor x = p.Tokens.Gather(window[..^1]) + p.Positions;
        x += (Nn.RmsNorm(x, p.Gain).MatMul(p.Up) + p.Bias).Gelu().MatMul(p.Down);
        return Nn.CrossEntropy(x.MatMul(p.Head), window[1..]);
    }

    public static Tensor Windows(int count, Device device, int vocabulary = 11, int time = 5) =>
        (new RandomKey(9, device).Bits([count, time + 1]) % vocabulary).Cast(DType.Int32).Realize();

    public static Mlp CreateMlp(DType type, Device device) =>
        new(Normal(1, type, device, 4, 6), Normal(2, type, device, 6), Normal(3, type, device, 6, 3));

    public static Tensor Loss(Mlp p, (Tensor X, Tensor Y) r) =>
        Nn.CrossEntropy(((r.X.MatMul(p.W) + p.B).Tanh().MatMul(p.V) * 3).Unsqueeze(0), r.Y.Unsqueeze(0));

    public static (Tensor X, Tensor Y) Points(int count, DType type, Device device) =>
        (Normal(8, type, device, count, 4), (new RandomKey(10, device).Bits([count]) % 3).Cast(DType.Int32).Realize());

    public static Tensor Loss(Images p, Tensor image) =>
        (Tensor.Conv(image.Unsqueeze(0), p.Kernel, padding: Padding.Same).Relu().Reshape(-1).MatMul(p.Head)).Square();

    public static Tensor Normal(int seed, DType type, Device device, params int[] shape) =>
        new RandomKey(seed, device).Normal(Shape.Create(shape), type).Realize();

    public static PrivateOptions Options(long records = 8, double clip = 1) =>
        new() { Records = records, SampleRate = 1, NoiseMultiplier = 0, Clip = clip, PieceSize = 8 };

    public static double Norm(IEnumerable<Tensor> tensors) =>
        Math.Sqrt(tensors.Sum(t => t.Cast(DType.Float64).ToArray<double>().Sum(x => x * x)));

    public static double[] Doubles(Tensor x) => x.Cast(DType.Float64).ToArray<double>();
}
