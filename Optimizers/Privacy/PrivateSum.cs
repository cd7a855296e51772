namespace Cotangent.Optimizers.Privacy;

/// <summary>A sum of clipped gradients and what was counted on the way: a tree of tensors. <b>None of it is private</b> before noise is added, and
/// the counts never are.</summary>
/// <param name="Sum">Σᵢ fᵢ·gᵢ, one tensor a parameter, in the order of <see cref="Trees.Flatten"/>; Float64 where the parameter is, else Float32.</param>
/// <param name="Raw">Σᵢ gᵢ without clipping, where error feedback needs it; else empty.</param>
/// <param name="Unclipped">How many gradients were within the bound in every group: a Float64 scalar.</param>
/// <param name="Rejected">How many were NaN or infinite, and count as 0: a Float64 scalar.</param>
/// <param name="Loss">The sum of the losses of the others: a Float64 scalar.</param>
public sealed record PrivateSum(Tensor[] Sum, Tensor[] Raw, Tensor Unclipped, Tensor Rejected, Tensor Loss)
{
    /// <summary>The sum over the records of both.</summary>
    public PrivateSum Add(PrivateSum other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Trees.Map(this, other, (x, y) => x + y);
    }
}
