namespace Cotangent.Graph;

/// <summary>The oracle: a graph's value in float64, op by op, with no fusion, no plan and no kernels.</summary>
internal static class Reference
{
    /// <summary>The row-major values of <paramref name="outputs"/>, given those of the leaves of data and placeholders.</summary>
    public static double[][] Evaluate(IReadOnlyList<Node> outputs, Func<Node, double[]> leaf)
    {
        Dictionary<Node, double[]> values = [];
        foreach (Node n in Walk.Values(outputs))
        {
            if (n.Op.IsTransparent)
            {
                values[n] = values[n.Inputs[0]];
                continue;
            }

            double[][] x = [.. n.Inputs.Select(i => values[i])];
            values[n] = n.Op.Element is { } element ? Elementwise(n, element, x)
                : n.Op.Whole is { } whole ? whole(n, x)
                : leaf(n);
        }

        return [.. outputs.Select(o => values[o])];
    }

    private static double[] Elementwise(Node n, Func<Node, double[], double> element, double[][] x)
    {
        double[] result = new double[n.Shape.Size], operands = new double[x.Length];
        for (long i = 0; i < result.LongLength; i++)
        {
            for (int k = 0; k < x.Length; k++) operands[k] = x[k][i];
            result[i] = element(n, operands);
        }

        return result;
    }
}
