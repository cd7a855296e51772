using Cotangent.Graph;

namespace Cotangent.Tests.Engine;

/// <summary>The reference value of a graph in which every result is rounded: what operations one by one would give.</summary>
internal static class RoundedReference
{
    /// <summary>The values of nodes.</summary>
    /// <param name="outputs">The nodes.</param>
    /// <param name="leaves">The values of placeholders.</param>
    /// <param name="round">Rounds a floating result to its dtype.</param>
    public static double[][] Evaluate(IReadOnlyList<Node> outputs, IReadOnlyDictionary<Node, double[]> leaves, Func<DType, double, double> round)
    {
        Dictionary<Node, double[]> values = new(leaves);
        foreach (Node n in Walk.Topological(outputs))
        {
            if (values.ContainsKey(n)) continue;
            double[][] x = [.. n.Inputs.Select(i => values[i])];
            double[] whole = n.Op.Whole is { } rule ? rule(n, x)
                : n.Op.Element is { } element ? NDIndex.Fill(n.Shape, at => element(n, [.. x.Select(v => v[NDIndex.Flatten(n.Shape, at)])]))
                : HostData.ToDoubles(n);
            values[n] = n.DType.IsFloat() ? [.. whole.Select(v => round(n.DType, v))] : whole;
        }

        return [.. outputs.Select(o => values[o])];
    }
}
