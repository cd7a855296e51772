namespace Cotangent.Samples.HessianSpectrum;

/// <summary>Lanczos' method: what products with a symmetric matrix say about its eigenvalues.</summary>
internal static class Lanczos
{
    /// <summary>The eigenvalues of the matrix within the Krylov space of a vector, ascending, and the share of the vector that belongs to
    /// each: weights of sum 1.</summary>
    /// <param name="product">The matrix times a vector.</param>
    /// <param name="start">Any vector but 0.</param>
    /// <param name="count">The most products to take; the space may close before.</param>
    public static (double[] Values, double[] Weights) Run(Func<double[], double[]> product, double[] start, int count)
    {
        List<double[]> basis = [Scaled(start, 1 / Math.Sqrt(Dot(start, start)))];
        List<double> diagonal = [], below = [];
        for (int k = 0; k < count; k++)
        {
            double[] w = product(basis[k]);
            diagonal.Add(Dot(basis[k], w));

            // Against the whole basis, twice: without it rounding finds the largest eigenvalues again and again.
            for (int pass = 0; pass < 2; pass++) foreach (double[] v in basis) Subtract(w, Dot(v, w), v);
            double norm = Math.Sqrt(Dot(w, w));
            if (k == count - 1 || norm < 1e-10 * Math.Max(1e-300, diagonal.Max(Math.Abs))) break;
            below.Add(norm);
            basis.Add(Scaled(w, 1 / norm));
        }

        int n = diagonal.Count;
        double[,] t = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            t[i, i] = diagonal[i];
            if (i + 1 < n) t[i, i + 1] = t[i + 1, i] = below[i];
        }

        (double[] values, double[] first) = SymmetricEigen.Solve(t);
        return (values, [.. first.Select(x => x * x)]);
    }

    private static double Dot(double[] x, double[] y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }

    private static double[] Scaled(double[] x, double by) => [.. x.Select(e => e * by)];

    private static void Subtract(double[] x, double by, double[] y)
    {
        for (int i = 0; i < x.Length; i++) x[i] -= by * y[i];
    }
}
