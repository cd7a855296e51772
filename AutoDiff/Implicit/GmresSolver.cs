namespace Cotangent.AutoDiff;

/// <summary>Restarted GMRES: an orthonormal basis of the Krylov space by modified Gram–Schmidt, and the least squares problem by
/// Givens rotations as the basis grows.</summary>
internal sealed record GmresSolver(Iterations Iterations, int Restart) : LinearSolver
{
    internal override Func<Tensor, Tensor> Prepare(LinearOperator a) => b => Solve(a.Compute, b);

    internal override Tensor Trace(LinearOperator a, Tensor b) => Trace(a.Apply, b);

    /// <summary>The same as operations: a loop of cycles on the device, each of as many steps as the restart allows. NaN where it does not
    /// converge.</summary>
    private Tensor Trace(Func<Tensor, Tensor> a, Tensor b)
    {
        if (b.Size == 0) return b;
        double tolerance = Iterations.Tolerance(b.DType);
        Shape shape = b.Shape;
        int n = (int)b.Size, count = Iterations.Count(b), m = Math.Min(Math.Min(Restart, n), Math.Max(1, count));
        Tensor flat = b.Reshape(n), target = CgSolver.Inner(flat, flat) * (tolerance * tolerance);
        (Tensor x, _, Tensor last, _) = Flow.While(
            c => (c.Square > target) & (c.Round < count),
            c =>
            {
                Tensor next = c.X + TracedCycle(v => a(v.Reshape(shape)).Reshape(n), c.R, c.Square.Sqrt(), m);
                Tensor r = flat - a(next.Reshape(shape)).Reshape(n);
                return (next, r, CgSolver.Inner(r, r), c.Round + m);
            },
            (X: Tensor.ZerosLike(flat), R: flat, Square: CgSolver.Inner(flat, flat), Round: Tensor.Scalar(0, DType.Int32, b.Device)));
        return Tensor.Where(last <= target, x, double.NaN).Reshape(shape);
    }

    /// <summary>The change of x that minimises the residual in one Krylov space of m steps. Gram–Schmidt runs twice, against all rows of the
    /// basis at once: those that are still to come are zero. When the space is exhausted the rest of the basis stays zero, and its
    /// columns in the least squares problem are unit vectors, whose solutions are zero.</summary>
    private static Tensor TracedCycle(Func<Tensor, Tensor> a, Tensor r, Tensor norm, int m)
    {
        int n = r.Shape[0];
        Tensor rows = Tensor.Iota([m + 1], 0);
        Tensor Unit(Tensor index) => rows.Equal(index).Cast(r.DType);
        Tensor first = Unit(Tensor.Scalar(0, DType.Int32, r.Device));
        double nothing = r.DType == DType.Float64 ? 1e-14 : 1e-6;
        (Tensor basis, Tensor h) = Flow.ForLoop(m, (k, c) =>
        {
            Tensor v = c.Basis.Gather(k), w = a(v), start = CgSolver.Inner(w, w).Sqrt();
            Tensor once = c.Basis.MatMul(w);
            w -= once.MatMul(c.Basis);
            Tensor twice = c.Basis.MatMul(w);
            w -= twice.MatMul(c.Basis);
            Tensor below = CgSolver.Inner(w, w).Sqrt();
            Tensor goesOn = below > nothing * start;
            Tensor next = Tensor.Where(goesOn, w / below, Tensor.ZerosLike(w)), after = Unit(k + 1);
            Tensor column = Tensor.Where(CgSolver.Inner(v, v) > 0,
                once + twice + Tensor.Where(goesOn, below, Tensor.ZerosLike(below)) * after, Unit(k));
            return (c.Basis + after.Unsqueeze(1) * next, c.H + column.Unsqueeze(1) * Tensor.Iota([m], 0).Equal(k).Cast(r.DType));
        }, (Basis: first.Unsqueeze(1) * (r / norm), H: Tensor.Zeros([m + 1, m], r.DType, r.Device)));
        return Linalg.LstSq(h, first * norm).MatMul(basis[..m]);
    }

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
