namespace Cotangent.AutoDiff;

/// <summary>Conjugate gradients for the normal equations.</summary>
internal sealed record NormalCgSolver(Iterations Iterations) : LinearSolver
{
    internal override Func<Tensor, Tensor> Prepare(LinearOperator a)
    {
        Func<Tensor, Tensor> square = v => a.Transposed.Compute(a.Compute(v));
        return b =>
        {
            double target = Iterations.Tolerance(b.DType) * CgSolver.Norm(b);
            Tensor x = CgSolver.Solve("NormalCg", square, a.Transposed.Compute(b), Iterations);

            // The residual of Aᵀ is small where A is nearly singular: that of A decides, with room for its condition.
            double residual = CgSolver.Norm(b - a.Compute(x));
            return residual <= Slack * target ? x : throw new NotConvergedException("NormalCg", Iterations.Count(b), residual, target,
                "The system is singular or ill-conditioned. Use Lu or Gmres.");
        };
    }

    internal override Tensor Trace(LinearOperator a, Tensor b)
    {
        Tensor x = CgSolver.Trace(v => a.Transposed.Apply(a.Apply(v)), a.Transposed.Apply(b), Iterations);
        double tolerance = Slack * Iterations.Tolerance(b.DType);
        Tensor r = b - a.Apply(x);
        return Tensor.Where(CgSolver.Inner(r, r) <= CgSolver.Inner(b, b) * (tolerance * tolerance), x, double.NaN);
    }

    private const double Slack = 1000;
}
