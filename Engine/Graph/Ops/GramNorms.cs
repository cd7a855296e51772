using Cotangent.Execution;

namespace Cotangent.Graph;

// Norms of sums of outer products: of gradients of linear layers, record by record, without the gradients.
internal static partial class Ops
{
    /// <summary>gram_norms(a, g): for each b ‖Σₜ a[b, t]⊗g[b, t]‖² = Σₜₛ (a[b, t]·a[b, s])(g[b, t]·g[b, s]), and Σₜ ‖a[b, t]‖‖g[b, t]‖, see
    /// <see cref="GramNormsAttributes"/>. a [n, positions, left] and g [n, positions, right], both Float32 or both Float64 → Float64 [n].</summary>
    public static readonly Op GramNorms = new("gram_norms", OpKind.Routine)
    {
        Infer = (x, _) =>
        {
            Shape a = x[0].Shape, g = x[1].Shape;
            if (a.Rank != 3 || g.Rank != 3 || a[0] != g[0] || a[1] != g[1])
                throw new ShapeMismatchException($"gram_norms: operands {a} and {g} do not fit: they must be [n, positions, left] and [n, positions, right].");
            Real("gram_norms", x);
            return ([a[0]], DType.Float64);
        },
        Whole = (n, x) => GramValue(n.Inputs[0].Shape, n.Inputs[1].Shape[2], x[0], x[1], n.Get<GramNormsAttributes>().Output),
        Routine = GramNormsRoutines.Of,
    };

    private static double[] GramValue(Shape shape, int right, double[] a, double[] g, int output)
    {
        (int examples, int positions, int left) = (shape[0], shape[1], shape[2]);
        double[] values = new double[examples];
        for (int b = 0; b < examples; b++)
        {
            for (int t = 0; t < positions; t++)
            {
                if (output == GramNormsAttributes.Lengths) values[b] += Math.Sqrt(Dot(a, left, t, t)) * Math.Sqrt(Dot(g, right, t, t));
                for (int s = 0; s < positions && output == GramNormsAttributes.Norms; s++) values[b] += Dot(a, left, t, s) * Dot(g, right, t, s);
            }

            double Dot(double[] x, int width, int t, int s)
            {
                ReadOnlySpan<double> rows = x.AsSpan(b * positions * width, positions * width);
                double sum = 0;
                for (int i = 0; i < width; i++) sum += rows[t * width + i] * rows[s * width + i];
                return sum;
            }
        }

        return values;
    }
}
