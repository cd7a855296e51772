namespace Cotangent.AutoDiff;

/// <summary>How a linear system A·x = b is solved, where A is given as a function of a tensor: matrix-free unless said.</summary>
/// <remarks>
/// <para>Iterations end when ‖b − A·x‖ ≤ tolerance·‖b‖. Outside <see cref="Jit"/> they read the residual, and a system that they do
/// not solve throws <see cref="NotConvergedException"/>. A compiled function cannot throw: there the iterations are in the program, and
/// a system they do not solve has NaN as its solution.</para>
/// <para>Solutions are differentiable in b and in what A depends on, to any order: derivatives are solutions too, with A or its
/// transpose (Christianson, Reverse accumulation and implicit functions, 1998).</para>
/// </remarks>
public abstract record LinearSolver
{
    /// <summary>Up to this many unknowns <see cref="Auto"/> makes the matrix.</summary>
    internal const int DenseLimit = 512;

    private protected LinearSolver()
    {
    }

    /// <summary><see cref="Lu"/> up to 512 unknowns; beyond, <see cref="Cg"/> where A is known to be symmetric (minima) and
    /// <see cref="Gmres"/> elsewhere.</summary>
    public static LinearSolver Auto { get; } = new AutoSolver();

    /// <summary>A dense matrix, from one batched evaluation of A, and its factors by elimination with partial pivoting, in float64 on
    /// the host. n² numbers and 2n³/3 flops for n unknowns.</summary>
    public static LinearSolver Lu { get; } = new LuSolver();

    /// <summary>Conjugate gradients (Hestenes and Stiefel, 1952), for symmetric positive definite A: one product with A and 4 vectors
    /// an iteration.</summary>
    /// <param name="tolerance">Relative to ‖b‖; by default 1e-6 for Float32 and 1e-12 for Float64.</param>
    /// <param name="maxIterations">By default 10 for each unknown, at least 100.</param>
    public static LinearSolver Cg(double? tolerance = null, int? maxIterations = null) =>
        new CgSolver(new Iterations(tolerance, maxIterations));

    /// <summary>Conjugate gradients for AᵀA·x = Aᵀb, for any A that has an inverse: one product with A and one with its transpose an
    /// iteration; the condition number is squared.</summary>
    /// <inheritdoc cref="Cg"/>
    public static LinearSolver NormalCg(double? tolerance = null, int? maxIterations = null) =>
        new NormalCgSolver(new Iterations(tolerance, maxIterations));

    /// <summary>Generalised minimal residuals (Saad and Schultz, 1986), restarted, for any A that has an inverse: one product with A an
    /// iteration, and a vector kept for each since the restart. Compiled, each cycle makes as many steps as the restart allows.</summary>
    /// <param name="tolerance">Relative to ‖b‖; by default 1e-6 for Float32 and 1e-12 for Float64.</param>
    /// <param name="restart">Vectors kept.</param>
    /// <param name="maxIterations">By default 10 for each unknown, at least 100.</param>
    public static LinearSolver Gmres(double? tolerance = null, int restart = 30, int? maxIterations = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(restart, 1);
        return new GmresSolver(new Iterations(tolerance, maxIterations), restart);
    }

    /// <summary>True if it is only for symmetric A, whose transposed systems are solved by A itself.</summary>
    internal virtual bool IsSymmetric => false;

    /// <summary>The solver to use for this many unknowns.</summary>
    internal virtual LinearSolver For(long unknowns, bool isSymmetric) => this;

    /// <summary>A function that solves for any b, reading values.</summary>
    internal abstract Func<Tensor, Tensor> Prepare(LinearOperator a);

    /// <summary>The solution as a graph that reads nothing; NaN where it was not found.</summary>
    internal abstract Tensor Trace(LinearOperator a, Tensor b);

    private sealed record AutoSolver : LinearSolver
    {
        internal override LinearSolver For(long unknowns, bool isSymmetric) =>
            unknowns <= DenseLimit ? Lu : isSymmetric ? Cg() : Gmres();

        internal override Func<Tensor, Tensor> Prepare(LinearOperator a) => throw Unresolved();

        internal override Tensor Trace(LinearOperator a, Tensor b) => throw Unresolved();

        private static InvalidOperationException Unresolved() => new("Auto chooses a solver before it solves.");
    }
}

/// <summary>When an iterative solver stops.</summary>
internal readonly record struct Iterations(double? RelativeTolerance, int? Maximum)
{
    public double Tolerance(DType type) => RelativeTolerance ?? type switch
    {
        DType.Float64 => 1e-12,
        DType.Float32 => 1e-6,
        _ => 1e-2,
    };

    public int Count(Tensor b) => Maximum ?? checked((int)Math.Max(100, 10 * b.Size));
}
