namespace Cotangent.Optimizers;

/// <summary>The numbers of <see cref="AdamW{TParameters}"/>; the defaults are PyTorch's.</summary>
public sealed record AdamWOptions : OptimizerOptions
{
    /// <summary>The decay of the mean of gradients, in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>The decay of the mean of squared gradients, in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the denominator, after the root.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>λ: each step first shrinks the parameters by the factor 1 − rate·λ.</summary>
    public double WeightDecay { get; init; } = 0.01;

    internal override void Validate()
    {
        base.Validate();
        Check(Beta1 is >= 0 and < 1, nameof(Beta1), Beta1, "in [0, 1)");
        Check(Beta2 is >= 0 and < 1, nameof(Beta2), Beta2, "in [0, 1)");
        Check(Epsilon >= 0, nameof(Epsilon), Epsilon, "0 or more");
        Check(WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "0 or more");
    }
}
