using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Elimination with partial pivoting: on the host, in float64; in a compiled function on the device.</summary>
internal sealed record LuSolver : LinearSolver
{
    internal override Func<Tensor, Tensor> Prepare(LinearOperator a)
    {
        Tensor rows = a.TransposedMatrix();
        int n = rows.Shape[0];
        double[] transposed = rows.ToDoubles(), matrix = new double[transposed.Length];
        for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) matrix[i * n + j] = transposed[j * n + i];
        int[] order = Factor(matrix, n, Epsilon(rows.DType));
        return b => new Tensor(HostData.Leaf(
            HostData.FromDoubles(b.DType, Solve(matrix, order, b.ToDoubles())), b.Shape, b.DType, b.Device));
    }

    internal override Tensor Trace(LinearOperator a, Tensor b) =>
        Linalg.Solve(a.TransposedMatrix().T, b.Reshape(-1)).Reshape(b.Shape);

    /// <summary>Replaces a matrix by its factors, the unit lower below the diagonal; returns the rows' order.</summary>
    private static int[] Factor(double[] a, int n, double epsilon)
    {
        int[] order = [.. Enumerable.Range(0, n)];
        double[] scale = [.. Enumerable.Range(0, n).Select(i => a.AsSpan(i * n, n).ToArray().Max(Math.Abs))];
        for (int k = 0; k < n; k++)
        {
            int pivot = k;
            for (int i = k + 1; i < n; i++) if (Math.Abs(a[i * n + k]) > Math.Abs(a[pivot * n + k])) pivot = i;
            double largest = scale[order[pivot]];
            if (!(Math.Abs(a[pivot * n + k]) > n * epsilon * largest)) throw new SingularSystemException(FormattableString.Invariant(
                $"pivot {k} of {n} is {a[pivot * n + k]:G4} in a row whose largest entry was {largest:G4}."));
            if (pivot != k) Exchange(a, order, n, k, pivot);
            for (int i = k + 1; i < n; i++) Eliminate(a, n, k, i);
        }

        return order;
    }

    private static void Exchange(double[] a, int[] order, int n, int i, int j)
    {
        (order[i], order[j]) = (order[j], order[i]);
        for (int c = 0; c < n; c++) (a[i * n + c], a[j * n + c]) = (a[j * n + c], a[i * n + c]);
    }

    private static void Eliminate(double[] a, int n, int k, int row)
    {
        double factor = a[row * n + k] /= a[k * n + k];
        if (factor == 0) return;
        ReadOnlySpan<double> pivot = a.AsSpan(k * n + k + 1, n - k - 1);
        Span<double> target = a.AsSpan(row * n + k + 1, n - k - 1);
        for (int c = 0; c < target.Length; c++) target[c] -= factor * pivot[c];
    }

    private static double[] Solve(double[] lu, int[] order, double[] b)
    {
        int n = order.Length;
        double[] x = [.. order.Select(i => b[i])];
        for (int i = 0; i < n; i++) for (int j = 0; j < i; j++) x[i] -= lu[i * n + j] * x[j];
        for (int i = n - 1; i >= 0; i--)
        {
            for (int j = i + 1; j < n; j++) x[i] -= lu[i * n + j] * x[j];
            x[i] /= lu[i * n + i];
        }

        return x;
    }

    private static double Epsilon(DType type) => Math.ScaleB(1, type switch
    {
        DType.Float64 => -52,
        DType.Float32 => -23,
        DType.Float16 => -10,
        _ => -7,
    });
}
