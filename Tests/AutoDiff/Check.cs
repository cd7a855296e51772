using Cotangent.AutoDiff;
using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>What must hold of every derivative.</summary>
internal static class Check
{
    /// <summary>∛ε for float64: the step at which a central difference's truncation and rounding balance.</summary>
    private static readonly double s_step = Math.Cbrt(double.BitIncrement(1) - 1);

    /// <summary>Forward against differences, reverse against forward, and the same of the gradient.</summary>
    public static void Derivatives(GraphFunction f, int seed, double step = 0, double tolerance = 2e-7)
    {
        step = step == 0 ? s_step : step;
        First(f, seed, step, tolerance);
        Random random = new(seed + 1);
        GraphFunction gradient = f.Gradient([0.7 + random.NextDouble(), random.NextDouble()]);
        First(gradient, seed + 2, step, tolerance);
    }

    private static void First(GraphFunction f, int seed, double step, double tolerance)
    {
        Random random = new(seed);
        for (int direction = 0; direction < 2; direction++)
        {
            double[][] v = GraphFunction.Random(random, f.Shapes);
            double[] forward = f.Jvp(v), differences = f.Differences(v, step);
            Close(differences, forward, tolerance, "Jvp against central differences");

            double[] u = [.. forward.Select(_ => 2 * random.NextDouble() - 1)];
            double left = GraphFunction.Dot([forward], [u]), right = GraphFunction.Dot(v, f.Vjp(u));
            double scale = 1 + forward.Zip(u).Sum(p => Math.Abs(p.First * p.Second));
            Assert.True(Math.Abs(left - right) <= 1e-11 * scale, $"<Jv,u> = {left} but <v,J'u> = {right}");
        }
    }

    private static void Close(double[] expected, double[] actual, double tolerance, string what)
    {
        double scale = 1 + expected.Select(Math.Abs).DefaultIfEmpty().Max();
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * scale, $"{what}: element {i} is {actual[i]}, expected {expected[i]}");
        }
    }
}
