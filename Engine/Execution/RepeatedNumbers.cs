using Cotangent.Fusion;
using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>Lets numbers that are given back be computed again where they are used: a kernel that uses one then needs no launch before it.</summary>
internal static class RepeatedNumbers
{
    /// <summary>A number that costs more (a simple operation costs 1, a load 4) is computed once.</summary>
    private const int Cheap = 28;

    /// <summary>The graph with another node for each output that is a cheap number with users of its own.</summary>
    public static PlanGraph Separate(PlanGraph graph)
    {
        HashSet<Node> used = [.. Walk.Topological(graph.Outputs).SelectMany(n => n.Inputs)];
        Dictionary<Node, Node> copies = [];
        foreach (Node output in graph.Outputs)
        {
            if (output.Shape.Size == 1 && output.Op.Kind == OpKind.Elementwise && used.Contains(output) && CostOf(output, Cheap) <= Cheap)
                copies.TryAdd(output, new Node(output.Op, output.Inputs, output.Attributes, output.Device));
        }

        return copies.Count == 0 ? graph : graph with { Outputs = [.. graph.Outputs.Select(o => copies.GetValueOrDefault(o, o))] };
    }

    /// <summary>What computing a number from leaves costs; more than the limit if it is not made of numbers alone.</summary>
    private static int CostOf(Node n, int limit)
    {
        bool isPlain = n.Op.Kind is OpKind.Elementwise or OpKind.Leaf || n.Op == Ops.Reshape || n.Op == Ops.Expand;
        if (!isPlain || n.Shape.Size != 1) return limit + 1;
        int cost = n.Op.Kind == OpKind.Leaf && n.Op != Ops.Number ? 4 : Anchors.OwnCost(n);
        foreach (Node input in n.Inputs)
        {
            if (cost > limit) break;
            cost += CostOf(input, limit - cost);
        }

        return cost;
    }
}
