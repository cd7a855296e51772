using Cotangent.AutoDiff.Control;
using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Forward mode: a graph in, the graph of its tangents out.</summary>
internal static class Forward
{
    /// <summary>The tangents of the outputs, given tangents of some nodes; null is zero.</summary>
    /// <param name="outputs">Nodes of the graph.</param>
    /// <param name="seeds">The tangents of some nodes.</param>
    /// <param name="mode">What they are for.</param>
    /// <param name="replacements">Collects the calls that the tangents' graph computes anew: see <see cref="Replacements"/>.</param>
    public static Node?[] Tangents(IReadOnlyList<Node> outputs, IReadOnlyDictionary<Node, Node> seeds,
        ForwardMode mode = ForwardMode.Linear, Replacements? replacements = null)
    {
        replacements ??= new Replacements();
        Dictionary<Node, Node> tangents = new(seeds);
        Dictionary<CallKey, Node?[]> calls = [];
        foreach (Node n in Dependents.Differentiated(outputs, [.. seeds.Keys]))
        {
            if (seeds.ContainsKey(n)) continue;
            using Origins.Scope origin = Origins.Of(n, NodePart.Derivative);
            Node?[] dx = [.. n.Inputs.Select(i => tangents.GetValueOrDefault(i))];
            if (dx.All(d => d is null) || Tangent(n, dx) is not { } tangent) continue;
            if (tangent.Shape != n.Shape || tangent.DType != n.DType)
            {
                throw new InvalidOperationException($"The derivative rule of {n.Op} made {tangent.DType}{tangent.Shape} for {n}.");
            }

            tangents[n] = tangent;
        }

        return [.. outputs.Select(o => tangents.GetValueOrDefault(o))];

        Node? Tangent(Node n, Node?[] dx)
        {
            Rule rule = RuleTable.Of(n.Op);
            if (rule.JvpCall is not { } jvp) return rule.Jvp(n, dx);

            // The outputs of a call are differentiated together.
            CallKey key = CallKey.Of(n)!;
            if (!calls.TryGetValue(key, out Node?[]? all)) calls[key] = all = jvp(new ForwardCall(n, dx, mode, replacements));
            return all[n.Get<CallAttributes>().Output];
        }
    }
}
