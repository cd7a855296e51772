using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>A function as a graph over placeholders of its own. What it captured of enclosing traces has become parameters too, so that
/// derivatives and batches reach it.</summary>
/// <param name="Parameters">The arguments, then what was captured.</param>
/// <param name="Body">The result.</param>
internal sealed record ClosedGraph(Node[] Parameters, Node Body)
{
    /// <summary>Calls a function once, with placeholders like the arguments.</summary>
    /// <returns>Its graph, and the nodes for the parameters after the arguments.</returns>
    public static (ClosedGraph Graph, Node[] Captured) Of(string name, Func<Node[], Node> f, IReadOnlyList<Node> arguments)
    {
        Node[] placeholders = [.. arguments.Select((x, i) => Like(x, $"{name} argument {i}"))];
        Node body = f(placeholders);

        // What is older than the placeholders and traced belongs to an enclosing trace.
        HashSet<Node> captured = [];
        List<Node> order = Walk.Topological(body);
        long oldest = placeholders.Length == 0 ? long.MaxValue : placeholders.Min(p => p.Id);
        foreach (Node n in order)
        {
            if (n.Id >= oldest) captured.UnionWith(n.Inputs.Where(IsOuter));
        }

        if (IsOuter(body)) captured.Add(body);
        Node[] outer = [.. captured.OrderBy(n => n.Id)];
        Node[] parameters = [.. outer.Select((x, i) => Like(x, $"{name} captured {i}"))];
        Node closed = Walk.Substitute([body], outer.Zip(parameters).ToDictionary(p => p.First, p => p.Second))[0];
        return (new ClosedGraph([.. placeholders, .. parameters], closed), outer);

        bool IsOuter(Node n) => n.IsTraced && n.Id < oldest;
    }

    /// <summary>A placeholder like a node.</summary>
    public static Node Like(Node x, string name) => Make.Input(x.Shape, x.DType, x.Device, name, x.IsAnywhere);

    /// <summary>The result for values of the first parameters; the others stay as they are.</summary>
    public Node Invoke(params IReadOnlyList<Node> values) =>
        Walk.Substitute([Body], Parameters.Zip(values).ToDictionary(p => p.First, p => p.Second))[0];

    /// <summary>The derivative of the result for values of all parameters, along the tangents that are not null; null is zero.</summary>
    public Node? Tangent(IReadOnlyList<Node> values, IReadOnlyList<Node?> tangents)
    {
        // Taken over placeholders: values may depend on each other, and tangents are along the parameters as if they did not.
        Dictionary<Node, Node> seeds = [], replacements = [];
        for (int i = 0; i < Parameters.Length; i++)
        {
            replacements[Parameters[i]] = values[i];
            if (tangents[i] is not { } tangent) continue;
            Node seed = Like(Parameters[i], "tangent");
            seeds[Parameters[i]] = seed;
            replacements[seed] = tangent;
        }

        return seeds.Count > 0 && Forward.Tangents([Body], seeds)[0] is { } y ? Walk.Substitute([y], replacements)[0] : null;
    }

    /// <summary>The derivative by the first parameter, as a function of its tangent and all parameters; null if there is none.</summary>
    public ClosedGraph? Derivative()
    {
        Node seed = Like(Parameters[0], "tangent");
        Node? tangent = Forward.Tangents([Body], new Dictionary<Node, Node> { [Parameters[0]] = seed })[0];
        return tangent is null ? null : new ClosedGraph([seed, .. Parameters], tangent);
    }

    /// <summary>The transpose of a function linear in its first parameter; null if it is zero.</summary>
    public ClosedGraph? Transpose()
    {
        Node cotangent = Like(Body, "cotangent");
        Node? result = new LinearMap([Parameters[0]], [Body]).Transpose([cotangent])[0];
        return result is null ? null : new ClosedGraph([cotangent, .. Parameters.Skip(1)], result);
    }
}
