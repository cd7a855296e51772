namespace Cotangent;

/// <summary>What an attention sees and how it weighs: see <see cref="Nn.Attention(Tensor, Tensor, Tensor, AttentionOptions)"/>.</summary>
public sealed record AttentionOptions
{
    /// <summary>No query sees a key behind its own. The last query stands at the last key, each one before it one key before.</summary>
    public bool Causal { get; init; }

    /// <summary>A query sees the keys at a distance less than this from its own: with <see cref="Causal"/> the last
    /// <c>Window</c> keys, its own included, without it as many on the other side too. All, unless given.</summary>
    public int? Window { get; init; }

    /// <summary>What products of queries and keys are multiplied by; 1 / √width, unless given.</summary>
    public double? Scale { get; init; }

    /// <summary>Added to the scaled products: broadcasts to […, heads, time, keys]. Differentiable; may hold −∞.</summary>
    public Tensor? Bias { get; init; }

    /// <summary>Bool, true for what is seen: broadcasts to […, heads, time, keys].</summary>
    public Tensor? Mask { get; init; }

    /// <summary>Integers: how many keys of each sequence there are, the others being padding. Broadcasts to the axes before the
    /// heads'. What is behind a sequence's end is never read.</summary>
    public Tensor? Lengths { get; init; }

    /// <summary>The probability with which a weight becomes 0 after the softmax, the others growing by 1 / (1 − it). Needs
    /// <see cref="Key"/>.</summary>
    public double Dropout { get; init; }

    /// <summary>Decides what <see cref="Dropout"/> keeps: the weights for which key.Bernoulli(1 − dropout) of shape
    /// […, heads, time, keys] is true, here and in the derivatives.</summary>
    public RandomKey? Key { get; init; }

    /// <summary>Whether the scores are never held as a whole: true for the fused form, false for the composition of products and a
    /// softmax, null for what is faster. The values are the same to rounding.</summary>
    public bool? Fused { get; init; }
}
