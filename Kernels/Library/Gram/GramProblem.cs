namespace Cotangent.Kernels.Library;

/// <summary>The norms of sums of outer products: for each example b ‖Σₜ a[b, t]⊗g[b, t]‖², with a [examples, positions, left] and g [examples,
/// positions, right].</summary>
/// <param name="Examples">How many norms there are.</param>
/// <param name="Positions">Terms of each sum.</param>
/// <param name="Left">Elements of a term's left factor.</param>
/// <param name="Right">Elements of its right factor.</param>
internal readonly record struct GramProblem(int Examples, int Positions, int Left, int Right)
{
    /// <summary>Arithmetic: both Gram matrices on and below the diagonal, and the sum of their product.</summary>
    public double Flops => (double)Examples * Positions * (Positions + 1.0) * (Left + Right + 1.0);
}
