using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff.Composition;

/// <summary>A random smooth function of one tensor, written as a user writes it. The same seed makes the same choices each time it is
/// called, whatever it is called with: values, placeholders, examples of a batch.</summary>
internal sealed class RandomProgram(int seed, int steps = 5)
{
    /// <summary>The shape that the function takes.</summary>
    public Shape InputShape { get; } = (seed % 3) switch { 0 => [3], 1 => [2, 2], _ => [2, 1, 2] };

    /// <summary>A tensor for the function, or with <paramref name="batch"/> examples of one.</summary>
    public Tensor Input(Device device, int? batch = null)
    {
        Random random = new(seed + 1000);
        Shape shape = batch is { } n ? [n, .. InputShape] : InputShape;
        return Tensor.From(Enumerable.Range(0, (int)shape.Size).Select(_ => 2 * random.NextDouble() - 1).ToArray(), shape, device);
    }

    /// <summary>The function: any shape out.</summary>
    public Tensor Run(Tensor x)
    {
        Random random = new(seed);
        List<Tensor> values = [x];
        for (int i = 0; i < steps; i++)
        {
            Tensor operand = values[random.Next(values.Count)], other = values[random.Next(values.Count)];
            Func<Random, Tensor, Tensor, Tensor> step = Steps.All[random.Next(Steps.All.Length)];
            Tensor y = step(random, operand, other);
            if (y.Size > 60) y = y.Mean(0);

            // Tame: products of products would leave the range where differences say anything.
            values.Add((0.9 * y).Tanh());
        }

        Tensor all = values[1].Sum();
        foreach (Tensor value in values.Skip(2)) all += (value * 1.3).Sin().Sum();
        return values[^1] * all + x.Mean();
    }

    /// <summary>The function as a scalar.</summary>
    public Tensor Scalar(Tensor x) => (Run(x) * 0.7).Sin().Sum();
}
