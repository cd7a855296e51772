namespace Cotangent.Samples.HessianSpectrum;

/// <summary>Eigenvalues of a small symmetric matrix, ascending, with the first entries of the eigenvectors, by Jacobi's
/// rotations.</summary>
internal static class SymmetricEigen
{
    private const int Sweeps = 30;

    public static (double[] Values, double[] First) Solve(double[,] matrix)
    {
        int n = matrix.GetLength(0);
        double[,] a = (double[,])matrix.Clone();
        double[] first = new double[n];
        if (n > 0) first[0] = 1;
        double norm = a.Cast<double>().Sum(x => x * x);
        for (int sweep = 0; sweep < Sweeps && OffDiagonal(a, n) > 1e-28 * norm; sweep++)
        {
            for (int p = 0; p < n; p++) for (int q = p + 1; q < n; q++) Rotate(a, first, n, p, q);
        }

        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => a[i, i])];
        return ([.. order.Select(i => a[i, i])], [.. order.Select(i => first[i])]);
    }

    private static double OffDiagonal(double[,] a, int n)
    {
        double sum = 0;
        for (int p = 0; p < n; p++) for (int q = p + 1; q < n; q++) sum += 2 * a[p, q] * a[p, q];
        return sum;
    }

    private static void Rotate(double[,] a, double[] first, int n, int p, int q)
    {
        if (a[p, q] == 0) return;
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1)), c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        for (int k = 0; k < n; k++) (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]);
        for (int k = 0; k < n; k++) (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]);
        (first[p], first[q]) = (c * first[p] - s * first[q], s * first[p] + c * first[q]);
    }
}
