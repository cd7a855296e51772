using Cotangent.Kernels;

namespace Cotangent.AutoDiff;

/// <summary>A solver did not reach its tolerance (CTG2040). Iterative solvers say how far they came.</summary>
public sealed class NotConvergedException : CotangentException
{
    internal NotConvergedException(string solver, int iterations, double residual, double tolerance, string advice)
        : base("CTG2040", FormattableString.Invariant(
            $"{solver}: after {iterations} iterations the residual's norm is {residual:G4}; the tolerance is {tolerance:G4}. {advice}")) =>
        (Iterations, ResidualNorm) = (iterations, residual);

    /// <summary>The iterations made; 0 for a solver of the user's.</summary>
    public int Iterations { get; }

    /// <summary>The norm of the residual at the end.</summary>
    public double ResidualNorm { get; }
}
