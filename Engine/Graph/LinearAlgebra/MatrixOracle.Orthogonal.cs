namespace Cotangent.Graph;

// Factorisations into orthogonal matrices.
internal static partial class MatrixOracle
{
    /// <summary>Elements that are at least so large in proportion may carry a vector's sign.</summary>
    private const double Near = 0.9;

    /// <summary>Gram–Schmidt, twice; columns that depend on earlier ones get any direction that is left. Q and R.</summary>
    public static double[][] Qr(double[] a, int m, int n)
    {
        int k = Math.Min(m, n);
        double[] q = new double[m * k], r = new double[k * n];
        for (int j = 0; j < n; j++)
        {
            double[] column = Column(a, m, n, j);
            double size = Norm(column);
            for (int i = 0; i < Math.Min(j, k); i++) r[i * n + j] = Project(column, q, m, k, i);
            if (j >= k) continue;
            for (int i = 0; i < j; i++) r[i * n + j] += Project(column, q, m, k, i);
            r[j * n + j] = Norm(column);
            if (r[j * n + j] <= 1e-14 * size)
            {
                r[j * n + j] = 0;
                column = Complete(q, m, k, j);
            }

            double norm = Norm(column);
            for (int i = 0; i < m; i++) q[i * k + j] = column[i] / norm;
        }

        return [q, r];
    }

    /// <summary>Cyclic two-sided Jacobi. Values in ascending order, and vectors.</summary>
    public static double[][] Eigh(double[] a, int n)
    {
        double[] d = [.. a], v = new double[n * n];
        for (int i = 0; i < n; i++) v[i * n + i] = 1;
        double size = Norm(d);
        for (int sweep = 0; sweep < 60 && OffDiagonal(d, n) > 1e-17 * size; sweep++)
        {
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++) Rotate(d, v, n, p, q);
            }
        }

        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => double.IsNaN(d[i * n + i])).ThenBy(i => d[i * n + i])];
        return
        [
            [.. order.Select(i => d[i * n + i])],
            NDIndex.Fill([n, n], at => v[at[0] * n + order[at[1]]] * Sign(Column(v, n, n, order[at[1]]))),
        ];
    }

    /// <summary>By the eigenvectors (u, v) of [0, A; Aᵀ, 0], whose eigenvalues are ± the singular values. U, values, Vᵀ.</summary>
    public static double[][] Svd(double[] a, int m, int n)
    {
        int k = Math.Min(m, n), size = m + n;
        double[][] both = Eigh(NDIndex.Fill([size, size], at => (at[0] < m, at[1] < m) switch
        {
            (true, false) => a[at[0] * n + at[1] - m],
            (false, true) => a[at[1] * n + at[0] - m],
            _ => 0,
        }), size);
        double[] u = new double[m * k], v = new double[n * k];
        double[] values = [.. Enumerable.Range(0, k).Select(i => Math.Max(both[0][size - 1 - i], 0))];
        if (a.Any(double.IsNaN)) values.AsSpan().Fill(double.NaN);
        for (int i = 0; i < k; i++)
        {
            double[] column = Column(both[1], size, size, size - 1 - i);
            bool isNull = values[i] <= 1e-14 * values[0];
            double[] left = isNull ? Complete(u, m, k, i) : column[..m], right = isNull ? Complete(v, n, k, i) : column[m..];
            double sign = Sign(left), leftNorm = Norm(left), rightNorm = Norm(right);
            for (int r = 0; r < m; r++) u[r * k + i] = sign * left[r] / leftNorm;
            for (int r = 0; r < n; r++) v[r * k + i] = sign * right[r] / rightNorm;
        }

        return [u, values, NDIndex.Fill([k, n], at => v[at[1] * k + at[0]])];
    }

    private static void Rotate(double[] d, double[] v, int n, int p, int q)
    {
        double off = d[p * n + q];
        if (off == 0 || !double.IsFinite(off)) return;
        double theta = (d[q * n + q] - d[p * n + p]) / (2 * off);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1)), c = 1 / Math.Sqrt(t * t + 1), s = c * t;
        for (int i = 0; i < n; i++) (d[i * n + p], d[i * n + q]) = (c * d[i * n + p] - s * d[i * n + q], s * d[i * n + p] + c * d[i * n + q]);
        for (int i = 0; i < n; i++) (d[p * n + i], d[q * n + i]) = (c * d[p * n + i] - s * d[q * n + i], s * d[p * n + i] + c * d[q * n + i]);
        for (int i = 0; i < n; i++) (v[i * n + p], v[i * n + q]) = (c * v[i * n + p] - s * v[i * n + q], s * v[i * n + p] + c * v[i * n + q]);
    }

    private static double OffDiagonal(double[] d, int n) =>
        Math.Sqrt(d.Select((x, i) => i / n == i % n ? 0 : x * x).Sum());

    /// <summary>Takes the part along a column of q away; returns how much it was.</summary>
    private static double Project(double[] x, double[] q, int m, int k, int column)
    {
        double product = 0;
        for (int i = 0; i < m; i++) product += q[i * k + column] * x[i];
        for (int i = 0; i < m; i++) x[i] -= product * q[i * k + column];
        return product;
    }

    /// <summary>A direction orthogonal to the first columns of q: of the axes the one with most left.</summary>
    private static double[] Complete(double[] q, int m, int k, int columns)
    {
        double[] best = [];
        for (int axis = 0; axis < m; axis++)
        {
            double[] x = new double[m];
            x[axis] = 1;
            for (int i = 0; i < 2 * columns; i++) Project(x, q, m, k, i % columns);
            if (best.Length == 0 || Norm(x) > Norm(best) + 1e-8) best = x;
        }

        return best;
    }

    /// <summary>The sign of the first large element.</summary>
    private static double Sign(double[] x)
    {
        double largest = x.Length == 0 ? 0 : x.Max(Math.Abs);
        return x.FirstOrDefault(e => Math.Abs(e) >= Near * largest) < 0 ? -1 : 1;
    }

    private static double Norm(double[] x) => Math.Sqrt(x.Sum(e => e * e));

    private static double[] Column(double[] a, int rows, int columns, int j) => [.. Enumerable.Range(0, rows).Select(i => a[i * columns + j])];
}
