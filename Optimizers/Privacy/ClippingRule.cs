namespace Cotangent.Optimizers.Privacy;

/// <summary>What a gradient of norm n is multiplied by, C the bound. Each keeps it within C.</summary>
public enum ClippingRule
{
    /// <summary>min(1, C/n): Abadi et al., arXiv 1607.00133.</summary>
    Abadi,

    /// <summary>C/(n + γ): automatic clipping, Bu et al., arXiv 2206.07136. C then only scales the learning rate.</summary>
    Automatic,

    /// <summary>C/n; a gradient of norm 0 stays 0.</summary>
    Normalised,
}
