namespace Cotangent.Optimizers.Privacy;

/// <summary>DiceSGD (Zhang et al., arXiv 2311.14632): what clipping took away is kept and fed back, so that training does not settle at a biased
/// point. With e the error so far and means over the expected batch,
/// v = mean(clip(gᵢ, C₁)) + clip(e, C₂); e ← e + mean(gᵢ) − v; v + noise is released.</summary>
/// <remarks>
/// <para>The noise's standard deviation is σ·C₁·√(1 + 2C₂/C₁) on the sum, as in the authors' program.</para>
/// <para><b>The accountants do not cover it</b>: the error is a hidden state that depends on all records without noise, and its guarantee is
/// the paper's own theorem, whose constants this library does not check. The error must never be released: a checkpoint with it is as
/// confidential as the data.</para>
/// </remarks>
public sealed record ErrorFeedback
{
    /// <summary>C₂: the bound on what is fed back a step; null for the clipping bound C₁.</summary>
    public double? Bound { get; init; }
}
