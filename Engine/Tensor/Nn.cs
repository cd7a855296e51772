namespace Cotangent;

/// <summary>Functions of neural networks, composed of primitives: they fuse and differentiate to any order.</summary>
public static partial class Nn
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
        targets = Indexing.AsPositions(targets);
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
}
