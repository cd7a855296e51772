using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>Calls that a derivative computes anew together with what it needs of them: a loop that also carries tangents, or that also
/// stacks what its linear part reads. The new call takes the place of the old one, so that nothing runs twice.</summary>
internal sealed class Replacements
{
    private readonly Dictionary<CallKey, Node[]> _outputs = [];

    /// <summary>Says what the outputs of a call are to be computed as. The new nodes depend on the call's inputs, not on the
    /// call.</summary>
    public void Add(Node call, Node[] outputs) => _outputs[CallKey.Of(call)!] = outputs;

    /// <summary>Nodes over the new calls; null stays null.</summary>
    public Node?[] Resolve(IReadOnlyList<Node?> nodes)
    {
        if (_outputs.Count == 0) return [.. nodes];
        Dictionary<Node, Node> map = [];
        Stack<(Node Node, bool Done)> stack = new(nodes.OfType<Node>().Select(n => (n, false)));
        while (stack.TryPop(out (Node Node, bool Done) top))
        {
            Node n = top.Node;
            if (map.ContainsKey(n)) continue;
            Node? other = Replacement(n);
            if (!top.Done)
            {
                stack.Push((n, true));
                if (other is not null) stack.Push((other, false));
                else foreach (Node input in n.Inputs) stack.Push((input, false));
            }
            else
            {
                map[n] = other is not null ? map[other]
                    : n.Inputs.All(i => map[i] == i) ? n
                    : new Node(n.Op, [.. n.Inputs.Select(i => map[i])], n.Attributes);
            }
        }

        return [.. nodes.Select(n => n is null ? null : map[n])];
    }

    private Node? Replacement(Node n) => CallKey.Of(n) is { } key && _outputs.TryGetValue(key, out Node[]? outputs)
        ? outputs[n.Get<CallAttributes>().Output] is var other && other != n ? other : null
        : null;
}
