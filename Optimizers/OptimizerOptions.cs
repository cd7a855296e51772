namespace Cotangent.Optimizers;

/// <summary>What all optimizers have in common.</summary>
public abstract record OptimizerOptions
{
    /// <summary>The learning rate of steps that are not given one.</summary>
    public double Rate { get; init; } = 1e-3;

    /// <summary>If set, gradients of a larger global norm are scaled down to it before each step, as by
    /// <see cref="Clip.ByGlobalNorm"/>.</summary>
    public double? MaximumNorm { get; init; }

    /// <summary>Name and value of a parameter → whether weight decay applies to it. All by default; <see cref="MatricesOnly"/> spares
    /// biases and gains.</summary>
    public Func<string, Tensor, bool> Decays { get; init; } = (_, _) => true;

    /// <summary>Weight decay for parameters of two axes and more, not for biases and gains.</summary>
    public static Func<string, Tensor, bool> MatricesOnly { get; } = (_, parameter) => parameter.Rank > 1;

    /// <summary>Throws for numbers outside their range.</summary>
    internal virtual void Validate()
    {
        Check(Rate >= 0, nameof(Rate), Rate, "0 or more");
        if (MaximumNorm is { } norm) Check(norm > 0, nameof(MaximumNorm), norm, "above 0");
        ArgumentNullException.ThrowIfNull(Decays);
    }

    private protected static void Check(bool holds, string name, double value, string expected)
    {
        if (!holds) throw new ArgumentOutOfRangeException(name, value, $"{name} must be {expected}.");
    }
}
