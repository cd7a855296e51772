namespace Cotangent;

/// <summary>Functions of neural networks, composed of primitives: they fuse and differentiate to any order.</summary>
public static class Nn
{
    /// <summary>(x − mean) / √(variance + eps) · gain + bias over the last axis. Half types are normalised in
    /// float32.</summary>
    public static Tensor LayerNorm(Tensor x, Tensor gain, Tensor? bias = null, double eps = 1e-5)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gain);
        CheckFeatures("layer_norm", x, gain, bias);
        Tensor wide = Wide(x), centred = wide - wide.Mean(-1, keepDims: true);
        Tensor scale = (centred.Square().Mean(-1, keepDims: true) + eps).Rsqrt();
        Tensor y = (centred * scale).Cast(x.DType.Floating()) * gain;
        return bias is null ? y : y + bias;
    }

    /// <summary>x / √(mean of x² + eps) · gain over the last axis. Half types are normalised in float32.</summary>
    public static Tensor RmsNorm(Tensor x, Tensor gain, double eps = 1e-5)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(gain);
        CheckFeatures("rms_norm", x, gain, null);
        Tensor wide = Wide(x), scale = (wide.Square().Mean(-1, keepDims: true) + eps).Rsqrt();
        return (wide * scale).Cast(x.DType.Floating()) * gain;
    }

    /// <summary>softmax(q·kᵀ / √width)·v: q is […, time, width], k […, keys, width], v […, keys, values]; leading axes
    /// broadcast. Causal: the last query sees all keys, each one before it one key less.</summary>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, bool causal = false)
    {
        ArgumentNullException.ThrowIfNull(q);
        ArgumentNullException.ThrowIfNull(k);
        ArgumentNullException.ThrowIfNull(v);
        CheckAttention(q, k, v, causal);
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

    /// <summary>The mean over all targets of −ln softmax(logits)[target], in nats: logits are […, classes], targets […]
    /// integers. A target outside 0 … classes − 1 makes the loss NaN.</summary>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        if (!targets.DType.IsInteger())
            throw new DTypeMismatchException($"cross_entropy: targets are {targets.DType}; they must be integers. " +
                "Cast them.");

        if (logits.Rank == 0 || !logits.Shape.Take(logits.Rank - 1).SequenceEqual(targets.Shape))
        {
            throw new ShapeMismatchException($"cross_entropy: logits {logits.Shape} and targets {targets.Shape} " +
                "do not fit: logits need the " +
                "axes of targets and one more, the classes.");
        }

        // The one-hot comparison fuses with the sum and has a dense transpose; gathering would need a scatter-add
        // backwards.
        int classes = logits.Shape[^1];
        Tensor x = Wide(logits).Shifted("cross_entropy", -1);
        Tensor hit = targets.Unsqueeze(-1).Equal(Tensor.Arange(classes, targets.DType));
        Tensor picked = Tensor.Where(hit, x, 0).Sum(-1);
        Tensor loss = x.Exp().Sum(-1).Log() - picked;
        Tensor isClass = (targets >= 0) & (targets < classes);
        return Tensor.Where(isClass, loss, double.NaN).Mean().Cast(logits.DType.Floating());
    }

    private static Tensor Wide(Tensor x) =>
        x.DType is DType.Float16 or DType.BFloat16 ? x.Cast(DType.Float32) : x.AsFloat();

    private static void CheckFeatures(string op, Tensor x, Tensor gain, Tensor? bias)
    {
        if (x.Rank == 0) throw new ShapeMismatchException($"{op}: a scalar has no last axis to normalise.");
        foreach (Tensor parameter in bias is null ? new[] { gain } : [gain, bias])
        {
            if (parameter.Rank != 1 || parameter.Shape[0] != x.Shape[^1])
            {
                throw new ShapeMismatchException($"{op}: a parameter of shape {parameter.Shape} for an input of " +
                    $"shape {x.Shape}; it must be " +
                    $"[{x.Shape[^1]}].");
            }
        }
    }

    private static void CheckAttention(Tensor q, Tensor k, Tensor v, bool causal)
    {
        string shapes = $"attention: q {q.Shape}, k {k.Shape} and v {v.Shape}";
        if (q.Rank < 2 || k.Rank < 2 || v.Rank < 2)
            throw new ShapeMismatchException($"{shapes} need two axes at least: time and width.");
        if (q.Shape[^1] != k.Shape[^1])
            throw new ShapeMismatchException($"{shapes}: q and k must have the same width.");
        if (k.Shape[^2] != v.Shape[^2]) throw new ShapeMismatchException($"{shapes}: k and v must have as many rows.");
        if (causal && q.Shape[^2] > k.Shape[^2])
            throw new ShapeMismatchException($"{shapes}: causal attention needs at least as many keys as queries.");
    }
}
