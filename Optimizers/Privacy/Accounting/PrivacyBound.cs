namespace Cotangent.Optimizers.Privacy;

/// <summary>What an accountant says of ε at a given δ.</summary>
/// <param name="Lower">ε is no less than this; 0 where the accountant gives no lower bound.</param>
/// <param name="Estimate">The accountant's best guess.</param>
/// <param name="Upper">What may be promised: ε is no more than this. Of <see cref="GdpAccountant"/> with subsampling it is an approximation, not
/// a bound.</param>
public readonly record struct PrivacyBound(double Lower, double Estimate, double Upper);
