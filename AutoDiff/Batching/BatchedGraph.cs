using Cotangent.AutoDiff.Control;
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
        Dictionary<Node, Node> batched = new(seeds), shared = [];
        Dictionary<CallKey, BatchedOutput[]> calls = [];
        foreach (Node n in Dependents.Of(outputs, [.. seeds.Keys]))
        {
            if (seeds.ContainsKey(n)) continue;
            using Origins.Scope origin = Origins.Of(n);

            // An output of a call of batches may be the same for all examples: what is made of such outputs alone is too.
            Node own = n.Inputs.Any(shared.ContainsKey)
                ? new Node(n.Op, [.. n.Inputs.Select(i => shared.GetValueOrDefault(i, i))], n.Attributes)
                : n;
            BatchedCall call = new(own, [.. n.Inputs.Select(i => batched.GetValueOrDefault(i))], size);
            BatchedOutput y = call.IsBatched ? Apply(call) : new(own, false);
            if (y.Value.DType != n.DType || y.Value.Shape != (y.IsBatched ? [size, .. n.Shape] : n.Shape))
            {
                throw new InvalidOperationException(
                    $"The batching rule of {n.Op} made {y.Value.DType}{y.Value.Shape} for {size} examples of {n}.");
            }

            (y.IsBatched ? batched : shared)[n] = y.Value;
        }

        return [.. outputs.Select(o => shared.TryGetValue(o, out Node? same) ? Repeat(same, size) : batched.GetValueOrDefault(o))];

        BatchedOutput Apply(BatchedCall call)
        {
            if (!Control.Calls.TryGetValue(call.Node.Op, out Func<BatchedCall, BatchedOutput[]>? rule))
                return new(BatchRuleTable.Of(call.Node.Op)(call), true);

            // The outputs of a call are batched together.
            CallKey key = CallKey.Of(call.Node)!;
            if (!calls.TryGetValue(key, out BatchedOutput[]? all)) calls[key] = all = rule(call);
            return all[call.Get<CallAttributes>().Output];
        }
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
