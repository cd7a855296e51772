namespace Cotangent.Optimizers;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), as in PyTorch: 28 bytes of memory traffic a
/// float32 parameter.</summary>
/// <remarks>With c₁ = 1 − β₁ᵗ and c₂ = 1 − β₂ᵗ:
/// θ ← (1 − ηλ)θ; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; θ ← θ − (η/c₁)·m / (√v/√c₂ + ε).</remarks>
public sealed class AdamW<TParameters> : Optimizer<TParameters>
{
    private readonly AdamWOptions _options;

    /// <summary>Starts with these parameters; they are copied.</summary>
    public AdamW(TParameters parameters, AdamWOptions? options = null)
        : this(options ?? new AdamWOptions(), parameters)
    {
    }

    private AdamW(AdamWOptions options, TParameters parameters)
        : base(parameters, options, ["m", "v"], Correction("correction1", options.Beta1), Correction("correction2", options.Beta2)) =>
        _options = options;

    private protected override (Tensor Parameters, Tensor[] Slots) Update(UpdateInputs x)
    {
        (double beta1, double beta2) = (_options.Beta1, _options.Beta2);
        Tensor g = x.Gradient;
        Tensor m = x.Slots[0] * beta1 + g * (1 - beta1);
        Tensor v = x.Slots[1] * beta2 + g * g * (1 - beta2);
        Tensor step = x.Narrow(x.Rate / x.Numbers[0]);
        Tensor root = x.Narrow(x.Numbers[1].Sqrt());
        Tensor kept = x.Segment.WhereDecaying(x.Narrow(1 - x.Rate * _options.WeightDecay), 1);
        return (x.Parameters * kept - step * (m / (v.Sqrt() / root + _options.Epsilon)), [m, v]);
    }

    // 1 − βᵗ by its recurrence, which subtracts nothing: c ← βc + (1 − β) from 0.
    private static RunningNumber Correction(string name, double beta) => new(name, 0, c => c * beta + (1 - beta));
}
