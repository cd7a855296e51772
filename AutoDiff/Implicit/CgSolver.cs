namespace Cotangent.AutoDiff;

/// <summary>Conjugate gradients.</summary>
internal sealed record CgSolver(Iterations Iterations) : LinearSolver
{
    internal override bool IsSymmetric => true;

    internal override Func<Tensor, Tensor> Prepare(LinearOperator a) => b => Solve("Cg", a.Compute, b, Iterations);

    internal override Tensor Trace(LinearOperator a, Tensor b) => Unrolled(a.Apply, b, Iterations, r => Inner(r, r), Inner(b, b));

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

    /// <summary>A fixed number of iterations, each of which changes nothing once the residual is small.</summary>
    /// <param name="a">The function.</param>
    /// <param name="b">The right-hand side.</param>
    /// <param name="iterations">When to stop; at most as many as unknowns are unrolled.</param>
    /// <param name="measure">The square that is compared, of a residual.</param>
    /// <param name="scale">The same of what the tolerance is relative to.</param>
    internal static Tensor Unrolled(Func<Tensor, Tensor> a, Tensor b, Iterations iterations, Func<Tensor, Tensor> measure, Tensor scale)
    {
        double tolerance = iterations.Tolerance(b.DType);
        Tensor target = scale * (tolerance * tolerance), x = Tensor.ZerosLike(b), r = b, p = b, square = Inner(r, r);
        int count = Math.Min(iterations.Count(b), checked((int)b.Size) + ExtraIterations);
        for (int i = 0; i < count; i++)
        {
            Tensor ap = a(p), isActive = measure(r) > target, curvature = Inner(p, ap);
            Tensor step = Tensor.Where(isActive, square / Tensor.Where(isActive, curvature, 1), 0);
            (x, r) = (x + step * p, r - step * ap);
            Tensor next = Inner(r, r);
            p = r + Tensor.Where(isActive, next / Tensor.Where(isActive, square, 1), 0) * p;
            square = next;
        }

        return Tensor.Where(measure(r) <= target, x, double.NaN);
    }

    /// <summary>Rounding costs iterations beyond the number of unknowns.</summary>
    private const int ExtraIterations = 8;

    internal static Tensor Inner(Tensor x, Tensor y) => (x * y).Sum();

    internal static double Norm(Tensor x) => Math.Sqrt(Read(Inner(x, x)));

    internal static double Read(Tensor scalar) => scalar.Cast(DType.Float64).Item<double>();
}
