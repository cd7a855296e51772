using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Forward mode: a graph in, the graph of its tangents out.</summary>
internal static class Forward
{
    /// <summary>The tangents of the outputs, given tangents of some nodes; null is zero.</summary>
    public static Node?[] Tangents(IReadOnlyList<Node> outputs, IReadOnlyDictionary<Node, Node> seeds)
    {
        Dictionary<Node, Node> tangents = new(seeds);
        foreach (Node n in Dependents.Differentiated(outputs, [.. seeds.Keys]))
        {
            if (seeds.ContainsKey(n)) continue;
            Node?[] dx = [.. n.Inputs.Select(i => tangents.GetValueOrDefault(i))];
            if (dx.All(d => d is null) || RuleTable.Of(n.Op).Jvp(n, dx) is not { } tangent) continue;
            if (tangent.Shape != n.Shape || tangent.DType != n.DType)
            {
                throw new InvalidOperationException($"The derivative rule of {n.Op} made {tangent.DType}{tangent.Shape} for {n}.");
            }

            tangents[n] = tangent;
        }

        return [.. outputs.Select(o => tangents.GetValueOrDefault(o))];
    }
}
