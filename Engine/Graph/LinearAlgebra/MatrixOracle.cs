namespace Cotangent.Graph;

/// <summary>The float64 meaning of the linear-algebra ops: short textbook algorithms on row-major arrays, other ones than the
/// kernels' where there is a choice.</summary>
internal static partial class MatrixOracle
{
    /// <summary>Calls <paramref name="f"/> with each matrix of a batch, the same one of both inputs (the last one if there is
    /// one), and joins the results.</summary>
    public static double[] Each(Node n, double[][] x, Func<double[], double[], double[]> f) =>
        Each(n, x, slices => f(slices[0], slices[^1]));

    /// <summary>Calls <paramref name="f"/> with each matrix of a batch, the same one of all inputs, and joins the results. What
    /// is before the last two axes of the first input counts the matrices.</summary>
    public static double[] Each(Node n, double[][] x, Func<double[][], double[]> f)
    {
        long batch = n.Inputs[0].Shape.SkipLast(2).Aggregate(1L, (size, extent) => size * extent);
        double[] result = new double[n.Shape.Size];
        for (long b = 0; b < batch; b++)
        {
            double[][] slices = [.. x.Select(all => all[(int)(b * all.Length / batch)..(int)((b + 1) * all.Length / batch)])];
            f(slices).CopyTo(result, b * result.Length / batch);
        }

        return result;
    }

    /// <summary>x with op(A)·x = b, for k right sides.</summary>
    public static double[] TriangularSolve(double[] a, double[] b, int n, int k, TriangularAttributes kind)
    {
        double[] x = [.. b];
        bool forward = kind.Lower != kind.Transpose;
        for (int step = 0; step < n; step++)
        {
            int i = forward ? step : n - 1 - step;
            for (int c = 0; c < k; c++)
            {
                double sum = x[i * k + c];
                for (int p = forward ? 0 : i + 1; p < (forward ? i : n); p++)
                    sum -= (kind.Transpose ? a[p * n + i] : a[i * n + p]) * x[p * k + c];
                x[i * k + c] = kind.UnitDiagonal ? sum : sum / a[i * n + i];
            }
        }

        return x;
    }

    /// <summary>Row by row (Cholesky–Banachiewicz), from the upper triangle.</summary>
    public static double[] Cholesky(double[] a, int n)
    {
        double[] l = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = a[j * n + i];
                for (int p = 0; p < j; p++) sum -= l[i * n + p] * l[j * n + p];
                if (i == j && !(sum > 0)) return NDIndex.Fill([n, n], at => at[0] < at[1] ? 0 : double.NaN);
                l[i * n + j] = i == j ? Math.Sqrt(sum) : sum / l[j * n + j];
            }
        }

        return l;
    }

    /// <summary>Column by column, left-looking (Crout's order): packed factors, pivots, permutation.</summary>
    public static double[][] Lu(double[] a, int m, int n)
    {
        int count = Math.Min(m, n);
        double[] lu = [.. a], pivots = new double[count], permutation = [.. Enumerable.Range(0, m).Select(i => (double)i)];
        for (int j = 0; j < n; j++)
        {
            for (int i = 0; i < m; i++)
            {
                for (int p = 0; p < Math.Min(i, j); p++) lu[i * n + j] -= lu[i * n + p] * lu[p * n + j];
            }

            if (j >= count) continue;
            int pivot = j;
            for (int i = j + 1; i < m; i++)
            {
                if (Math.Abs(lu[i * n + j]) > Math.Abs(lu[pivot * n + j])) pivot = i;
            }

            pivots[j] = pivot;
            for (int c = 0; c < n; c++) (lu[j * n + c], lu[pivot * n + c]) = (lu[pivot * n + c], lu[j * n + c]);
            (permutation[j], permutation[pivot]) = (permutation[pivot], permutation[j]);
            for (int i = j + 1; i < m && lu[j * n + j] != 0; i++) lu[i * n + j] /= lu[j * n + j];
        }

        return [lu, pivots, permutation];
    }

    /// <summary>x with A·x = b or Aᵀ·x = b from P·A = L·U.</summary>
    public static double[] Solve(double[] lu, double[] permutation, double[] b, int n, int k, bool transpose)
    {
        TriangularAttributes lower = new(true, transpose, true), upper = new(false, transpose, false);
        double[] Row(double[] x, int i) => x[(i * k)..((i + 1) * k)];
        if (!transpose)
        {
            double[] permuted = [.. permutation.SelectMany(p => Row(b, (int)p))];
            return TriangularSolve(lu, TriangularSolve(lu, permuted, n, k, lower), n, k, upper);
        }

        double[] solved = TriangularSolve(lu, TriangularSolve(lu, b, n, k, upper), n, k, lower), x = new double[n * k];
        for (int i = 0; i < n; i++) Row(solved, i).CopyTo(x, (int)permutation[i] * k);
        return x;
    }
}
