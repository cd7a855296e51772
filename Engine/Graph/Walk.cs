namespace Cotangent.Graph;

/// <summary>Orders of a graph. Explicit stacks: graphs may be deeper than the call stack.</summary>
internal static class Walk
{
    /// <summary>Every node reachable from the outputs, inputs before users.</summary>
    public static List<Node> Topological(params IEnumerable<Node> outputs) => Topological(outputs, n => n.Inputs.AsSpan());

    /// <summary>Every node whose value the outputs are computed from: of transparent nodes the first input alone.</summary>
    public static List<Node> Values(IEnumerable<Node> outputs) =>
        Topological(outputs, n => n.Op.IsTransparent && n.Inputs is [_, ..] inputs ? inputs.AsSpan()[..1] : n.Inputs.AsSpan());

    /// <summary>The traced nodes on paths from the seeds to the outputs, ends included, inputs before users.</summary>
    public static List<Node> Dependents(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds) =>
        Dependents(outputs, seeds, n => n.Inputs.AsSpan());

    /// <summary>As <see cref="Dependents(IEnumerable{Node}, IReadOnlyCollection{Node})"/>, along some inputs of each node.</summary>
    /// <remarks>Inputs are older than their users, so nothing older than the oldest seed depends on one: what a function captures is
    /// not walked, and the order of creation is a topological order.</remarks>
    public static List<Node> Dependents(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds, Func<Node, ReadOnlySpan<Node>> inputsOf)
    {
        if (seeds.Count == 0) return [];
        long oldest = seeds.Min(s => s.Id);
        List<Node> reached = [];
        HashSet<Node> seen = [], dependent = [.. seeds];
        Stack<Node> open = new(outputs);
        while (open.TryPop(out Node? n))
        {
            if (n.Id < oldest || !n.IsTraced || !seen.Add(n)) continue;
            reached.Add(n);
            foreach (Node input in inputsOf(n)) open.Push(input);
        }

        reached.Sort((x, y) => x.Id.CompareTo(y.Id));
        return reached.FindAll(n => dependent.Contains(n) || (ContainsAny(dependent, inputsOf(n)) && dependent.Add(n)));
    }

    private static bool ContainsAny(HashSet<Node> nodes, ReadOnlySpan<Node> some)
    {
        foreach (Node n in some)
        {
            if (nodes.Contains(n)) return true;
        }

        return false;
    }

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
