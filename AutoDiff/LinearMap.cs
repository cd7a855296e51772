using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>A linear function as a graph: placeholders in, nodes linear in them out (null: zero).</summary>
internal sealed record LinearMap(Node[] Inputs, Node?[] Outputs)
{
    /// <summary>The transposed map applied to cotangents of the outputs: cotangents of the inputs. Null is zero on both sides.</summary>
    /// <remarks>The nodes are walked against their order of creation, so a node's cotangent is complete when its turn comes.</remarks>
    public Node?[] Transpose(IReadOnlyList<Node?> cotangents)
    {
        Dictionary<Node, Node> ct = [];
        for (int i = 0; i < Outputs.Length; i++)
        {
            if (Outputs[i] is { } output && cotangents[i] is { } cotangent) Accumulate(ct, output, cotangent);
        }

        List<Node> order = Dependents.Of([.. ct.Keys], Inputs);
        HashSet<Node> linear = [.. order], ends = [.. Inputs];
        for (int i = order.Count - 1; i >= 0; i--)
        {
            Node n = order[i];
            if (ends.Contains(n) || !ct.Remove(n, out Node? cotangent)) continue;
            Func<Node, Node, int, Node> transpose = RuleTable.Of(n.Op).Transpose
                ?? throw new InvalidOperationException($"{n.Op} has no transpose but stands in linear position: {n}.");
            for (int argument = 0; argument < n.Inputs.Length; argument++)
            {
                Node input = n.Inputs[argument];
                if (linear.Contains(input)) Accumulate(ct, input, transpose(n, cotangent, argument));
            }
        }

        return [.. Inputs.Select(x => ct.GetValueOrDefault(x))];
    }

    /// <summary>The map applied to vectors; null is zero.</summary>
    public Node?[] Apply(IReadOnlyList<Node> inputs)
    {
        Dictionary<Node, Node> values = Inputs.Zip(inputs).ToDictionary(p => p.First, p => p.Second);
        Queue<Node> applied = new(Walk.Substitute([.. Outputs.OfType<Node>()], values));
        return [.. Outputs.Select(n => n is null ? null : applied.Dequeue())];
    }

    private static void Accumulate(Dictionary<Node, Node> cotangents, Node n, Node cotangent)
    {
        if (cotangent.Shape != n.Shape || cotangent.DType != n.DType)
        {
            throw new InvalidOperationException($"A transpose rule made {cotangent.DType}{cotangent.Shape} for {n}.");
        }

        cotangents[n] = cotangents.TryGetValue(n, out Node? sum) ? Algebra.Add(sum, cotangent) : cotangent;
    }
}
