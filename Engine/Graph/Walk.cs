namespace Cotangent.Graph;

/// <summary>Orders of a graph. Explicit stacks: graphs may be deeper than the call stack.</summary>
internal static class Walk
{
    /// <summary>Every node reachable from the outputs, inputs before users.</summary>
    public static List<Node> Topological(params IEnumerable<Node> outputs) => Topological(outputs, n => n.Inputs.AsSpan());

    /// <summary>Every node whose value the outputs are computed from: of transparent nodes the first input alone.</summary>
    public static List<Node> Values(IEnumerable<Node> outputs) =>
        Topological(outputs, n => n.Op.IsTransparent && n.Inputs is [_, ..] inputs ? inputs.AsSpan()[..1] : n.Inputs.AsSpan());

    private static List<Node> Topological(IEnumerable<Node> outputs, Func<Node, ReadOnlySpan<Node>> inputsOf)
    {
        List<Node> order = [];
        HashSet<Node> seen = [];
        Stack<(Node Node, bool Done)> stack = new();
        foreach (Node output in outputs.Reverse()) stack.Push((output, false));
        while (stack.TryPop(out (Node Node, bool Done) top))
        {
            if (top.Done) order.Add(top.Node);
            else if (seen.Add(top.Node))
            {
                stack.Push((top.Node, true));
                ReadOnlySpan<Node> inputs = inputsOf(top.Node);
                for (int i = inputs.Length - 1; i >= 0; i--) stack.Push((inputs[i], false));
            }
        }

        return order;
    }

    /// <summary>The outputs with some nodes replaced by others: users of a replaced node are made anew, the rest is shared.</summary>
    public static Node[] Substitute(IReadOnlyList<Node> outputs, IReadOnlyDictionary<Node, Node> replacements)
    {
        Dictionary<Node, Node> map = [];
        foreach (Node n in Topological(outputs, n => replacements.ContainsKey(n) ? [] : n.Inputs.AsSpan()))
        {
            if (replacements.TryGetValue(n, out Node? other)) map[n] = other;
            else if (n.Inputs.All(i => map[i] == i)) map[n] = n;
            else
            {
                using (Origins.Of(n)) map[n] = new Node(n.Op, [.. n.Inputs.Select(i => map[i])], n.Attributes, null);
            }
        }

        return [.. outputs.Select(o => map[o])];
    }
}
