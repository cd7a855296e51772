namespace Cotangent.AutoDiff;

/// <summary>Restarted GMRES: an orthonormal basis of the Krylov space by modified Gram–Schmidt, and the least squares problem by
/// Givens rotations as the basis grows.</summary>
internal sealed record GmresSolver(Iterations Iterations, int Restart) : LinearSolver
{
    internal override Func<Tensor, Tensor> Prepare(LinearOperator a) => b => Solve(a.Compute, b);

    internal override Tensor Trace(LinearOperator a, Tensor b) => NormalCgSolver.TraceNormal(a, b, Iterations);

    private Tensor Solve(Func<Tensor, Tensor> a, Tensor b)
    {
        double target = Iterations.Tolerance(b.DType) * CgSolver.Norm(b);
        int count = Iterations.Count(b), done = 0;
        Tensor x = Tensor.ZerosLike(b), r = b;
        double norm = CgSolver.Norm(r);
        while (norm > target)
        {
            if (done >= count) throw NotConverged(done, norm, target, "Allow more iterations or a larger restart, or use Lu.");
            (Tensor change, int steps) = Cycle(a, r, norm, target, count - done);
            x = (x + change).Realize();
            r = (b - a(x)).Realize();
            double next = CgSolver.Norm(r);
            done += steps;
            if (!(next < norm * 0.999) && next > target) throw NotConverged(done, next, target,
                "It makes no progress: the system is singular, or the restart is too small. Use Lu.");
            norm = next;
        }

        return x;
    }

    /// <summary>The change of x that minimises the residual in one Krylov space.</summary>
    private (Tensor Change, int Steps) Cycle(Func<Tensor, Tensor> a, Tensor r, double norm, double target, int limit)
    {
        int m = Math.Min(Restart, limit), k = 0;
        List<Tensor> basis = [(r * (1 / norm)).Realize()];
        double[,] h = new double[m + 1, m];
        double[] cosine = new double[m], sine = new double[m], g = new double[m + 1];
        g[0] = norm;
        while (k < m && Math.Abs(g[k]) > target)
        {
            Tensor w = a(basis[k]);
            for (int i = 0; i <= k; i++)
            {
                h[i, k] = CgSolver.Read(CgSolver.Inner(basis[i], w));
                w = (w - h[i, k] * basis[i]).Realize();
            }

            double below = CgSolver.Norm(w);
            Rotate(h, cosine, sine, k, below);
            (g[k], g[k + 1]) = (cosine[k] * g[k], -sine[k] * g[k]);
            k++;
            if (below <= double.Epsilon * norm || h[k - 1, k - 1] == 0) break;
            basis.Add((w * (1 / below)).Realize());
        }

        Tensor change = Tensor.ZerosLike(r);
        double[] y = BackSubstitute(h, g, k);
        for (int i = 0; i < k; i++) change += y[i] * basis[i];
        return (change, k);
    }

    /// <summary>Applies the old rotations to column k and makes the one that clears what is below its diagonal.</summary>
    private static void Rotate(double[,] h, double[] cosine, double[] sine, int k, double below)
    {
        for (int i = 0; i < k; i++)
        {
            (h[i, k], h[i + 1, k]) = (cosine[i] * h[i, k] + sine[i] * h[i + 1, k], -sine[i] * h[i, k] + cosine[i] * h[i + 1, k]);
        }

        double length = Math.Sqrt(h[k, k] * h[k, k] + below * below);
        (cosine[k], sine[k]) = length == 0 ? (1, 0) : (h[k, k] / length, below / length);
        h[k, k] = length;
    }

    private static double[] BackSubstitute(double[,] h, double[] g, int k)
    {
        double[] y = new double[k];
        for (int i = k - 1; i >= 0; i--)
        {
            double sum = g[i];
            for (int j = i + 1; j < k; j++) sum -= h[i, j] * y[j];
            y[i] = h[i, i] == 0 ? 0 : sum / h[i, i];
        }

        return y;
    }

    private static NotConvergedException NotConverged(int iterations, double norm, double target, string advice) =>
        new("Gmres", iterations, norm, target, advice);
}
