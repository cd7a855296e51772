namespace Cotangent.Optimizers.Privacy;

/// <summary>What happened in a step, for the eyes of who holds the data: <b>these numbers are not private</b>, but for the last two.</summary>
/// <param name="Records">Records in the batch.</param>
/// <param name="Unclipped">Gradients within the bound.</param>
/// <param name="Rejected">Gradients that were NaN or infinite; they counted as 0.</param>
/// <param name="Loss">The mean loss of the others; NaN if there were none.</param>
/// <param name="Bound">C of this step; the total over groups.</param>
/// <param name="Deviation">The noise's standard deviation on each element of the gradient returned.</param>
public readonly record struct PrivateStatistics(
    int Records, int Unclipped, int Rejected, double Loss, double Bound, double Deviation);
