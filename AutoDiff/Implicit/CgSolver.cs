namespace Cotangent.AutoDiff;

/// <summary>Conjugate gradients.</summary>
internal sealed record CgSolver(Iterations Iterations) : LinearSolver
{
    internal override bool IsSymmetric => true;

    internal override Func<Tensor, Tensor> Prepare(LinearOperator a) => b => Solve("Cg", a.Compute, b, Iterations);

    internal override Tensor Trace(LinearOperator a, Tensor b) => Trace(a.Apply, b, Iterations);

    /// <summary>Solves, reading scalars.</summary>
    internal static Tensor Solve(string name, Func<Tensor, Tensor> a, Tensor b, Iterations iterations)
    {
        double target = iterations.Tolerance(b.DType) * Norm(b);
        int count = iterations.Count(b);
        Tensor x = Tensor.ZerosLike(b), r = b, p = b;
        double square = Read(Inner(r, r));
        for (int i = 0; Math.Sqrt(square) > target; i++)
        {
            if (i == count) throw new NotConvergedException(name, i, Math.Sqrt(square), target, "Allow more iterations or a larger tolerance, or use Lu.");
            Tensor ap = a(p);
            double curvature = Read(Inner(p, ap));
            if (!(curvature > 0)) throw new NotConvergedException(name, i, Math.Sqrt(square), target,
                FormattableString.Invariant($"A direction has curvature {curvature:G4}: the function is not symmetric positive definite. Use Gmres or Lu."));
            double step = square / curvature;
            (x, r) = (x + step * p, r - step * ap);
            Tensor norm = Inner(r, r);
            Tensor.Realize([x, r, norm]);
            double next = Read(norm);
            p = (r + next / square * p).Realize();
            square = next;
        }

        return x;
    }

    /// <summary>The same as operations: a loop on the device. NaN where it does not converge.</summary>
    internal static Tensor Trace(Func<Tensor, Tensor> a, Tensor b, Iterations iterations)
    {
        double tolerance = iterations.Tolerance(b.DType);
        Tensor first = Inner(b, b), target = first * (tolerance * tolerance);
        int count = iterations.Count(b);
        (Tensor x, _, _, Tensor last, _) = Flow.While(
            c => (c.Square > target) & (c.Round < count),
            c =>
            {
                Tensor ap = a(c.P), step = c.Square / Inner(c.P, ap), r = c.R - step * ap, next = Inner(r, r);
                return (c.X + step * c.P, r, r + next / c.Square * c.P, next, c.Round + 1);
            },
            (X: Tensor.ZerosLike(b), R: b, P: b, Square: first, Round: Tensor.Scalar(0, DType.Int32, b.Device)));
        return Tensor.Where(last <= target, x, double.NaN);
    }

    internal static Tensor Inner(Tensor x, Tensor y) => (x * y).Sum();

    internal static double Norm(Tensor x) => Math.Sqrt(Read(Inner(x, x)));

    internal static double Read(Tensor scalar) => scalar.Cast(DType.Float64).Item<double>();
}
