using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The part of a graph that a derivative touches.</summary>
internal static class Dependents
{
    /// <summary>The nodes on paths from the seeds to the outputs, ends included, inputs before users.</summary>
    /// <remarks>Inputs are older than their users, so nothing older than the oldest seed depends on one: what a function captures is
    /// not walked, and the order of creation is a topological order. Explicit stack: graphs may be deeper than the call stack.</remarks>
    public static List<Node> Of(IEnumerable<Node> outputs, IReadOnlyCollection<Node> seeds)
    {
        if (seeds.Count == 0) return [];
        long oldest = seeds.Min(s => s.Id);
        List<Node> reached = Reach(outputs, oldest);
        reached.Sort((x, y) => x.Id.CompareTo(y.Id));
        HashSet<Node> dependent = [.. seeds];
        return reached.FindAll(n => dependent.Contains(n) || (DependsOn(n, dependent) && dependent.Add(n)));
    }

    private static List<Node> Reach(IEnumerable<Node> outputs, long oldest)
    {
        List<Node> reached = [];
        HashSet<Node> seen = [];
        Stack<Node> stack = new(outputs);
        while (stack.TryPop(out Node? n))
        {
            if (n.Id < oldest || !n.IsTraced || !seen.Add(n)) continue;
            reached.Add(n);
            foreach (Node input in n.Inputs) stack.Push(input);
        }

        return reached;
    }

    private static bool DependsOn(Node n, HashSet<Node> nodes)
    {
        foreach (Node input in n.Inputs)
        {
            if (nodes.Contains(input)) return true;
        }

        return false;
    }
}
