using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>A carry of a scan that becomes itself plus matrix products, and is read for nothing else.</summary>
/// <param name="Carry">Its place among the carries.</param>
/// <param name="Input">Its value before the round.</param>
/// <param name="Output">Its value after it: a tree of additions.</param>
/// <param name="Products">The dots of the tree, each under permutations and reshapes.</param>
internal sealed record SumOfProducts(int Carry, Node Input, Node Output, Node[] Products)
{
    /// <summary>The most elements that a product contracts.</summary>
    public long Contracted => Products.Max(p => p.Get<DotAttributes>().LeftContract.Select(axis => (long)p.Inputs[0].Shape[axis]).Aggregate(1L, (a, b) => a * b));

    /// <summary>All of a scan's.</summary>
    public static IEnumerable<SumOfProducts> Find(ScanAttributes scan)
    {
        SubGraph body = scan.Body;
        Dictionary<Node, int> uses = CountUses(body);
        for (int c = 0; c < scan.Carries; c++)
        {
            List<Node> leaves = [];
            CollectLeaves(body.Outputs[c], uses, leaves);
            Node carry = body.Inputs[c];
            Node[] terms = [.. leaves.Where(n => n != carry)];
            if (terms.Length == 0 || terms.Length != leaves.Count - 1 || uses[carry] != 1) continue;
            Node?[] products = [.. terms.Select(t => DotUnder(t, uses))];
            if (products.All(p => p is not null && p.Inputs.All(x => IsNoConstant(scan, Stored(x))))) yield return new(c, carry, body.Outputs[c], products!);
        }
    }

    /// <summary>What is in memory of a factor: it without permutations and reshapes.</summary>
    public static Node Stored(Node factor)
    {
        while (IsView(factor)) factor = factor.Inputs[0];
        return factor;
    }

    /// <summary>The sum after a block of rounds.</summary>
    /// <param name="start">The sum before it.</param>
    /// <param name="stackOf">The factors of its rounds, by what <see cref="Stored"/> gives: the first axis counts rounds.</param>
    public Node OfBlock(Node start, IReadOnlyDictionary<Node, Node> stackOf)
    {
        return Rebuild(Output);

        Node Rebuild(Node n) => n == Input ? start
            : n.Op == Ops.Dot ? DotOfBlock(n, stackOf)
            : new Node(n.Op, [.. n.Inputs.Select(Rebuild)], n.Attributes);
    }

    private static Node DotOfBlock(Node dot, IReadOnlyDictionary<Node, Node> stackOf)
    {
        DotAttributes axes = dot.Get<DotAttributes>();
        return Make.Dot(Stack(dot.Inputs[0]), Stack(dot.Inputs[1]), axes with
        {
            LeftBatch = Next(axes.LeftBatch),
            RightBatch = Next(axes.RightBatch),
            LeftContract = [0, .. Next(axes.LeftContract)],
            RightContract = [0, .. Next(axes.RightContract)],
        });

        Node Stack(Node factor)
        {
            if (stackOf.TryGetValue(factor, out Node? stack)) return stack;
            Node inner = Stack(factor.Inputs[0]);
            return factor.Op == Ops.Reshape ? Make.Reshape(inner, [inner.Shape[0], .. factor.Shape])
                : Make.Permute(inner, [0, .. Next(factor.Get<AxesAttributes>().Axes)]);
        }

        static Shape Next(Shape axes) => Shape.From(axes.Select(axis => axis + 1));
    }

    /// <summary>How often a node is read, outputs included.</summary>
    private static Dictionary<Node, int> CountUses(SubGraph body)
    {
        Dictionary<Node, int> uses = [];
        foreach (Node n in body.Outputs.Concat(Walk.Topological(body.Outputs).SelectMany(n => n.Inputs)))
            uses[n] = uses.GetValueOrDefault(n) + 1;
        return uses;
    }

    /// <summary>What a tree of additions adds; sums that something else reads are leaves.</summary>
    private static void CollectLeaves(Node n, Dictionary<Node, int> uses, List<Node> leaves)
    {
        Stack<Node> open = new([n]);
        while (open.TryPop(out Node? top))
        {
            if (top.Op == Ops.Add && uses[top] == 1) foreach (Node x in top.Inputs) open.Push(x);
            else leaves.Add(top);
        }
    }

    private static Node? DotUnder(Node term, Dictionary<Node, int> uses)
    {
        while (IsView(term) && uses[term] == 1) term = term.Inputs[0];
        return term.Op == Ops.Dot && uses[term] == 1 ? term : null;
    }

    private static bool IsView(Node n) => n.Op == Ops.Permute || n.Op == Ops.Reshape;

    private static bool IsNoConstant(ScanAttributes scan, Node n) => scan.Body.Inputs.IndexOf(n) < scan.Carries + scan.Sequences;
}
