namespace Cotangent.Optimizers.Privacy;

/// <summary>How a clipped sum of gradients is computed. The result is the same but for rounding.</summary>
public enum ClippingMethod
{
    /// <summary>The definition: the gradient of each record is computed, its norm taken, the gradients scaled and added. Memory: records times
    /// parameters.</summary>
    Materialised,

    /// <summary>Norms from what the gradients are products of, then one weighted product a parameter (Bu et al., arXiv 2210.00038); a parameter used
    /// in a way that has no such form is materialised.</summary>
    BookKeeping,
}
