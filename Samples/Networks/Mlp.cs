namespace Cotangent.Samples.Networks;

/// <summary>One layer: x·W + b.</summary>
internal sealed record Layer(Tensor W, Tensor B);

/// <summary>A small fully connected network with tanh between its layers: a tree of tensors.</summary>
internal sealed record Mlp(Layer[] Layers)
{
    /// <summary>Random weights of variance 1 / inputs, and zeros.</summary>
    public static Mlp Create(RandomKey key, params ReadOnlySpan<int> widths)
    {
        Layer[] layers = new Layer[widths.Length - 1];
        for (int i = 0; i < layers.Length; i++)
        {
            Tensor w = key.Fold(i).Normal([widths[i], widths[i + 1]]) * (1 / Math.Sqrt(widths[i]));
            layers[i] = new Layer(w.Realize(), Tensor.Zeros([widths[i + 1]], device: key.Value.Device));
        }

        return new Mlp(layers);
    }

    /// <summary>The number of parameters.</summary>
    public long Size => Layers.Sum(l => l.W.Size + l.B.Size);

    /// <summary>x [inputs] or [examples, inputs] → [outputs] or [examples, outputs].</summary>
    public Tensor Apply(Tensor x)
    {
        for (int i = 0; i < Layers.Length; i++)
        {
            x = x.MatMul(Layers[i].W) + Layers[i].B;
            if (i < Layers.Length - 1) x = x.Tanh();
        }

        return x;
    }
}
