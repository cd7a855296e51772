namespace Cotangent.Optimizers;

/// <summary>The numbers of <see cref="Sgd{TParameters}"/>; the defaults are PyTorch's.</summary>
public sealed record SgdOptions : OptimizerOptions
{
    /// <summary>μ: how much of the velocity stays from step to step; 0 for none.</summary>
    public double Momentum { get; init; }

    /// <summary>The part of the gradient that does not enter the velocity, from the second step on.</summary>
    public double Dampening { get; init; }

    /// <summary>Looks ahead: moves by the gradient plus μ times the new velocity. Needs momentum and no dampening.</summary>
    public bool Nesterov { get; init; }

    /// <summary>λ: λθ is added to the gradient.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Ascends instead of descending.</summary>
    public bool Maximize { get; init; }

    internal override void Validate()
    {
        base.Validate();
        Check(Momentum is >= 0 and < 1, nameof(Momentum), Momentum, "in [0, 1)");
        Check(Dampening is >= 0 and <= 1, nameof(Dampening), Dampening, "in [0, 1]");
        Check(WeightDecay >= 0, nameof(WeightDecay), WeightDecay, "0 or more");
        if (Nesterov) Check(Momentum > 0, nameof(Momentum), Momentum, "above 0 for Nesterov's momentum");
        if (Nesterov) Check(Dampening == 0, nameof(Dampening), Dampening, "0 for Nesterov's momentum");
    }
}
