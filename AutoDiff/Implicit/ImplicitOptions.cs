namespace Cotangent.AutoDiff;

/// <summary>How an implicit function is differentiated.</summary>
public sealed record ImplicitOptions
{
    /// <summary>How the derivative's linear systems are solved.</summary>
    public LinearSolver Solver { get; init; } = LinearSolver.Auto;

    /// <summary>If given, the largest norm of the residual at the solver's result: a larger one throws
    /// <see cref="NotConvergedException"/>. Compiled functions do not check it.</summary>
    public double? ResidualTolerance { get; init; }
}
