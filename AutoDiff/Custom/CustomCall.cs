using System.Collections.Immutable;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Custom;

/// <summary>What a function with a derivative of its own was called with and gave.</summary>
/// <param name="Arguments">The arguments.</param>
/// <param name="Captured">Nodes of enclosing traces that the function used without taking them.</param>
/// <param name="Results">All results, by the function's own graph.</param>
/// <param name="Saved">What else its rule is given.</param>
internal sealed record CustomCall(Node[] Arguments, Node[] Captured, Node[] Results, Node[] Saved)
{
    /// <summary>The call that a node, a result or the tangent of one, belongs to.</summary>
    public static CustomCall Of(Node n)
    {
        var (arguments, captured, results, saved) = n.Get<CustomAttributes>().PartsOf(n);
        return new([.. arguments], [.. captured], [.. results], [.. saved]);
    }

    /// <summary>Calls a function once, with placeholders. Its results carry its rule if a derivative may ever ask for it.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="f">Arguments → results, and what the rule is given besides.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="close">True if what the function captures becomes an argument: rules that are made from its graph.</param>
    public static Node[] Make(CustomRule rule, Func<Node[], (Node[] Results, Node[] Saved)> f, Node[] arguments, bool close = false)
    {
        Node[] placeholders = [.. arguments.Select((x, i) => Like(x, $"{rule.Name} argument {i}"))];
        (Node[] results, Node[] saved) = f(placeholders);
        Node[] captured = Captures([.. results, .. saved], placeholders, close);

        // What depends on no placeholder is never differentiated.
        if (!arguments.Concat(captured).Any(x => x.IsTraced))
            return Walk.Substitute(results, placeholders.Zip(arguments).ToDictionary(p => p.First, p => p.Second));

        Node[] inside = [.. arguments.Concat(captured).Select(Edge)];
        Dictionary<Node, Node> map = placeholders.Concat(captured).Zip(inside).ToDictionary(p => p.First, p => p.Second);
        Node[] bound = Walk.Substitute([.. results, .. saved], map);
        int count = close ? inside.Length : arguments.Length;
        return new CustomCall(inside[..count], inside[count..], bound[..results.Length], bound[results.Length..]).Nodes(rule);
    }

    /// <summary>The results as nodes that carry a rule.</summary>
    public Node[] Nodes(CustomRule rule)
    {
        CustomAttributes attributes = new(rule, Arguments.Length, Captured.Length, Results.Length);
        ImmutableArray<Node> parts = [.. Arguments, .. Captured, .. Results, .. Saved];
        return [.. Results.Select((y, i) => y.DType.IsFloat() ? new Node(Ops.Custom, [y, .. parts], attributes.At(i)) : y)];
    }

    /// <summary>The tangent of a result whose transpose is the rule's.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="output">Which result.</param>
    /// <param name="value">The tangent in operations of forward mode.</param>
    /// <param name="dx">The arguments' tangents; null is zero.</param>
    public Node Tangent(CustomRule rule, int output, Node value, Node?[] dx)
    {
        Shape along = Shape.From(Enumerable.Range(0, dx.Length).Where(i => dx[i] is not null));
        CustomAttributes attributes = new(rule, Arguments.Length, Captured.Length, Results.Length) { Along = along };
        return new Node(Ops.CustomTangent,
            [value, .. dx.OfType<Node>(), .. Arguments, .. Captured, .. Results, .. Saved], attributes.At(output));
    }

    /// <summary>True for the call itself: one that was bound to other arguments is another.</summary>
    public bool IsSame(CustomCall other) => Arguments.SequenceEqual(other.Arguments) && Results.SequenceEqual(other.Results);

    /// <summary>A node as an argument: it keeps rewrites of what is built on top from reaching past it, and is one node for one argument.</summary>
    public static Node Edge(Node x) => new(Ops.Named, [x], new NameAttributes(null));

    /// <summary>A placeholder like a node.</summary>
    public static Node Like(Node x, string name) => Graph.Make.Input(x.Shape, x.DType, x.Device, name, x.IsAnywhere);

    /// <summary>What a function used without taking it: nodes older than its placeholders. If it is to be closed also what is not
    /// traced, but for numbers.</summary>
    private static Node[] Captures(Node[] outputs, Node[] placeholders, bool close)
    {
        if (placeholders.Length == 0) return [];
        long oldest = placeholders.Min(p => p.Id);
        HashSet<Node> captured = [.. outputs.Where(IsOuter)], seen = [];
        Stack<Node> rest = new(outputs.Where(n => !IsOuter(n)));
        while (rest.TryPop(out Node? n))
        {
            if (n.Id < oldest || !seen.Add(n)) continue;
            foreach (Node input in n.Inputs)
            {
                if (IsOuter(input)) captured.Add(input);
                else rest.Push(input);
            }
        }

        return [.. captured.OrderBy(n => n.Id)];

        bool IsOuter(Node n) => n.Id < oldest && (n.IsTraced || (close && !n.IsAnywhere));
    }
}
