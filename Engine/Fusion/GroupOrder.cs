using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>The nodes that a group computes.</summary>
internal static class GroupOrder
{
    /// <summary>The group's nodes and the boundary nodes that they read, inputs before users.</summary>
    public static List<Node> Of(FusionGroup group, Func<Node, bool> isBoundary)
    {
        List<Node> order = [];
        HashSet<Node> seen = [];
        Stack<(Node Node, bool Done)> stack = new();
        foreach (Node anchor in group.Anchors) stack.Push((anchor, false));
        while (stack.TryPop(out (Node Node, bool Done) top))
        {
            if (top.Done) order.Add(top.Node);
            else if (seen.Add(top.Node))
            {
                stack.Push((top.Node, true));
                if (isBoundary(top.Node)) continue;
                foreach (Node input in top.Node.Inputs) stack.Push((input, false));
            }
        }

        return order;
    }
}
