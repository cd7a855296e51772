namespace Cotangent;

// Attention.
public static partial class Nn
{
    /// <summary>softmax(q·kᵀ / √width)·v: q is […, time, width], k […, keys, width], v […, keys, values]; leading axes broadcast, and the
    /// last of them, heads, may be fewer for k and v. Causal: the last query sees all keys, each one before it one key less.</summary>
    /// <inheritdoc cref="Attention(Tensor, Tensor, Tensor, AttentionOptions)"/>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, bool causal = false) =>
        Attention(q, k, v, new AttentionOptions { Causal = causal });

    /// <summary>softmax(scale·q·kᵀ + bias)·v over what each query sees. q is […, heads, time, width], k […, key heads, keys, width],
    /// v […, key heads, keys, values] → […, heads, time, values]. Axes before the heads' broadcast; the number of key heads divides that
    /// of heads, and head h reads key head h / (heads / key heads). A query that sees no key gives 0.</summary>
    /// <remarks>The fused form (Dao, FlashAttention-2, 2023) holds blocks of scores in cache and computes them again in the backward
    /// pass; no derivative of any order holds all of them. float32 inside for half types. Small and float64 attentions are composed of
    /// products and a softmax, unless the options say otherwise.</remarks>
    /// <exception cref="ShapeMismatchException">The shapes do not fit, or there are fewer keys than causal queries.</exception>
    /// <exception cref="DTypeMismatchException">The mask is not Bool, or lengths are not integers.</exception>
    /// <exception cref="ArgumentException">The window is less than 1, dropout is outside [0, 1) or without a key.</exception>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, AttentionOptions options)
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        ArgumentNullException.ThrowIfNull(options);
        AttentionCall call = new(q, k, v, options);
        if (IsFused(call, options)) return call.Fused().Output;
        return options == new AttentionOptions { Causal = options.Causal, Fused = options.Fused } && CanBroadcast(q, k, v)
            ? Softmax(q, k, v, options.Causal)
            : call.Composed().Output;
    }

    /// <summary>As <see cref="Attention(Tensor, Tensor, Tensor, AttentionOptions)"/>, with the logarithm of each query's sum of exponentials,
    /// […, heads, time]: −∞ where it sees no key. Both are differentiable. Attentions over parts of the keys are merged by these.</summary>
    /// <inheritdoc cref="Attention(Tensor, Tensor, Tensor, AttentionOptions)"/>
    public static (Tensor Output, Tensor LogSumExp) AttentionWithLogSumExp(Tensor q, Tensor k, Tensor v, AttentionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        options ??= new AttentionOptions();
        AttentionCall call = new(q, k, v, options);
        return IsFused(call, options) ? call.Fused() : call.Composed();
    }

    private static bool IsFused(AttentionCall call, AttentionOptions options) => call.CanFuse && (options.Fused ?? call.PrefersFused);

    private static bool CanBroadcast(Tensor q, Tensor k, Tensor v) =>
        q.Rank < 3 || ((k.Rank < 3 || k.Shape[^3] == 1 || k.Shape[^3] == q.Shape[^3]) && (v.Rank < 3 || v.Shape[^3] == 1 || v.Shape[^3] == q.Shape[^3]));

    private static Tensor Softmax(Tensor q, Tensor k, Tensor v, bool causal)
    {
        int time = q.Shape[^2], keys = k.Shape[^2];
        Tensor scores = q.MatMul(k.Transpose()) * (1 / Math.Sqrt(q.Shape[^1]));
        if (causal)
        {
            // Each row keeps at least one finite score, so −∞ gives weight 0 and gradient 0 without NaN.
            Tensor seen = Tensor.Iota([time, keys], 1) <= Tensor.Iota([time, keys], 0) + (keys - time);
            scores = Tensor.Where(seen, scores, double.NegativeInfinity);
        }

        return scores.Softmax().MatMul(v);
    }
}
