using Cotangent.Graph;

namespace Cotangent.AutoDiff.Batching;

/// <summary>A graph of one example in, the graph of a batch of them out.</summary>
internal static class BatchedGraph
{
    /// <summary>The outputs with the batch as a new first axis; null for an output that depends on no seed: all examples share it.</summary>
    /// <param name="outputs">Nodes of one example.</param>
    /// <param name="seeds">Nodes of one example → what they are for the batch, with the batch as first axis.</param>
    /// <param name="size">The number of examples.</param>
    /// <remarks>What does not depend on a seed is computed once. It meets the batch as an expanded view.</remarks>
    public static Node?[] Of(IReadOnlyList<Node> outputs, IReadOnlyDictionary<Node, Node> seeds, int size)
    {
        Dictionary<Node, Node> batched = new(seeds);
        foreach (Node n in Dependents.Of(outputs, [.. seeds.Keys]))
        {
            if (seeds.ContainsKey(n)) continue;
            Node y = BatchRuleTable.Of(n.Op)(new BatchedCall(n, [.. n.Inputs.Select(i => batched.GetValueOrDefault(i))], size));
            if (y.DType != n.DType || y.Shape != [size, .. n.Shape])
            {
                throw new InvalidOperationException($"The batching rule of {n.Op} made {y.DType}{y.Shape} for {size} examples of {n}.");
            }

            batched[n] = y;
        }

        return [.. outputs.Select(o => batched.GetValueOrDefault(o))];
    }

    /// <summary>A node repeated along a new first axis: a view.</summary>
    public static Node Repeat(Node x, int size) => Make.Expand(Make.Reshape(x, [1, .. x.Shape]), [size, .. x.Shape]);

    /// <summary>Moves one axis; the others stay in order.</summary>
    public static Node MoveAxis(Node x, int from, int to)
    {
        List<int> axes = [.. Enumerable.Range(0, x.Shape.Rank)];
        axes.RemoveAt(from);
        axes.Insert(to, from);
        return Algebra.Permute(x, [.. axes]);
    }
}
