using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The part of a graph that a transform touches: the nodes on paths from the seeds to the outputs, ends included, inputs before
/// users.</summary>
/// <remarks>Inputs are older than their users, so nothing older than the oldest seed depends on one: what a function captures is
/// not walked, and the order of creation is a topological order. Explicit stack: graphs may be deeper than the call stack.</remarks>
internal static class Dependents
{
    /// <summary>The nodes whose values depend on the seeds.</summary>
    public static List<Node> Of(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds) =>
        Of(outputs, seeds, n => n.Inputs.AsSpan());

    /// <summary>The nodes that tangents come to: a function with a derivative of its own is not entered.</summary>
    public static List<Node> Differentiated(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds) =>
        Of(outputs, seeds, n => Part(n, RuleTable.Find(n.Op)?.DifferentiatedInputs));

    /// <summary>The nodes of a linear map that cotangents come to.</summary>
    public static List<Node> Linear(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds) =>
        Of(outputs, seeds, n => Part(n, RuleTable.Find(n.Op)?.LinearInputs));

    private static ReadOnlySpan<Node> Part(Node n, Func<Node, Range>? part) =>
        part is null ? n.Inputs.AsSpan() : n.Inputs.AsSpan()[part(n)];

    private static List<Node> Of(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds, Func<Node, ReadOnlySpan<Node>> inputsOf)
    {
        if (seeds.Count == 0) return [];
        long oldest = seeds.Min(s => s.Id);
        List<Node> reached = Reach(outputs, oldest, inputsOf);
        reached.Sort((x, y) => x.Id.CompareTo(y.Id));
        HashSet<Node> dependent = [.. seeds];
        return reached.FindAll(n => dependent.Contains(n) || (DependsOn(inputsOf(n), dependent) && dependent.Add(n)));
    }

    private static List<Node> Reach(IEnumerable<Node> outputs, long oldest, Func<Node, ReadOnlySpan<Node>> inputsOf)
    {
        List<Node> reached = [];
        HashSet<Node> seen = [];
        Stack<Node> stack = new(outputs);
        while (stack.TryPop(out Node? n))
        {
            if (n.Id < oldest || !n.IsTraced || !seen.Add(n)) continue;
            reached.Add(n);
            foreach (Node input in inputsOf(n)) stack.Push(input);
        }

        return reached;
    }

    private static bool DependsOn(ReadOnlySpan<Node> inputs, HashSet<Node> nodes)
    {
        foreach (Node input in inputs)
        {
            if (nodes.Contains(input)) return true;
        }

        return false;
    }
}
