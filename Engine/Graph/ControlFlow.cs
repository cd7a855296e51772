using System.Collections.Immutable;

namespace Cotangent.Graph;

/// <summary>What the functions of <see cref="Flow"/> have in common: trees to nodes and back, checks, closing, calls.</summary>
internal static class ControlFlow
{
    /// <summary>The number of rounds over some sequences.</summary>
    public static int Length<T>(T xs, Tensor[] sequences, int? length)
    {
        if (length < 0) throw new ArgumentOutOfRangeException(nameof(length), length, "Scan: the length is negative.");
        if (sequences.Length == 0)
        {
            return length ?? throw new ControlFlowException("Scan: xs has no tensors, so the number of rounds is not known. Pass length.");
        }

        string[] names = xs is Tensor ? ["xs"] : [.. Trees.Names(xs).Select(n => $"xs '{n}'")];
        int? rounds = length;
        for (int i = 0; i < sequences.Length; i++)
        {
            Tensor x = sequences[i];
            if (x.Rank == 0) throw new ControlFlowException(
                $"Scan: {names[i]} is a {x.DType} scalar; a scan takes slices along the first axis. Let the body capture it instead.");
            rounds ??= x.Shape[0];
            if (x.Shape[0] != rounds) throw new ControlFlowException(
                $"Scan: {names[i]} has shape {x.Shape}: {x.Shape[0]} slices for {rounds} rounds. All sequences have one first extent, and it is the length.");
        }

        return rounds!.Value;
    }

    /// <summary>The nodes of a tree.</summary>
    public static Node[] Nodes<T>(T tree) => [.. Trees.Flatten(tree).Select(t => t.Node)];

    /// <summary>A tree of other nodes.</summary>
    public static T Tree<T>(T like, Node[] nodes) => Trees.Rebuild(like, [.. nodes.Select(n => new Tensor(n))]);

    /// <summary>A placeholder for a node or a slice of it.</summary>
    public static Node Like(Node n, Shape shape, string name) => Make.Input(shape, n.DType, n.Device, name, n.IsAnywhere);

    /// <summary>Greater than the number of any node so far.</summary>
    public static long NextId() => new Node(Ops.Number, [], Numbers.Of(DType.Bool, 0L)).Id;

    /// <summary>A Bool scalar.</summary>
    public static Node Predicate(string what, Tensor test) => test is not null && test.DType == DType.Bool && test.Rank == 0 ? test.Node
        : throw new ControlFlowException(test is null ? $"{what} is null."
            : $"{what} is {test.DType}{test.Shape}; it must be a Bool scalar. Compare, and reduce to one answer.");

    /// <summary>The next carries: C# numbers among them take the carry's dtype.</summary>
    public static Node[] Next<T>(string op, T init, T next, Node[] carries) =>
        Same($"{op}: the carry changes", "body", "init", init, next, carries);

    /// <summary>The nodes of a tree that must have the structure of another and its shapes and dtypes.</summary>
    /// <param name="fault">What it means if it has not.</param>
    /// <param name="who">What returned the tree.</param>
    /// <param name="other">What the other tree is.</param>
    /// <param name="expected">The other tree.</param>
    /// <param name="actual">The tree.</param>
    /// <param name="like">The other tree's nodes.</param>
    /// <exception cref="ControlFlowException">It differs; the message names the first leaf.</exception>
    public static Node[] Same<T>(string fault, string who, string other, T expected, T actual, Node[] like)
    {
        List<(string Path, object? Leaf)> left = Leaves(expected), right = Leaves(actual);
        if (left.Count != right.Count) throw new ControlFlowException(
            $"{fault}: {who} returned a tree of {right.Count} leaves where {other} has {left.Count}.");

        List<Node> nodes = [];
        foreach (((string path, object? before), (string name, object? after)) in left.Zip(right))
        {
            string leaf = path.Length == 0 ? "it" : $"'{path}'";
            if (path != name) throw new ControlFlowException($"{fault}: {who} returned '{name}' where {other} has '{path}'.");
            if (before is Tensor && after is Tensor tensor)
            {
                Node expectedNode = like[nodes.Count];
                Node node = tensor.Weak is { } weak && (!expectedNode.DType.IsInteger() || weak.IsInteger) && expectedNode.Shape.Rank == 0
                    ? weak.ToNode(expectedNode.DType)
                    : tensor.Node;
                if (node.Shape != expectedNode.Shape || node.DType != expectedNode.DType) throw new ControlFlowException(
                    $"{fault}: {leaf} is {expectedNode.DType}{expectedNode.Shape} in {other}, and {who} returned {node.DType}{node.Shape}. " +
                    "Shapes and dtypes must be the same: cast or broadcast one of them.");
                nodes.Add(node);
            }
            else if (before is Tensor || after is Tensor || !Equals(before, after))
            {
                throw new ControlFlowException(
                    $"{fault}: {leaf} is {before ?? "null"} in {other}, and {who} returned {after ?? "null"}. What is no tensor must stay the same.");
            }
        }

        return [.. nodes];
    }

    /// <summary>Functions of the same placeholders as closed graphs of the same inputs.</summary>
    /// <param name="placeholders">What stood for the arguments.</param>
    /// <param name="outputs">What each function returned.</param>
    /// <param name="keepFrom">See <see cref="SubGraph.Close"/>.</param>
    public static (ImmutableArray<SubGraph> Graphs, Node[] Captured) Close(
        Node[] placeholders, Node[][] outputs, long keepFrom = long.MaxValue)
    {
        (SubGraph all, Node[] captured) = SubGraph.Close(placeholders, [.. outputs.SelectMany(o => o)], keepFrom);
        int first = 0;
        List<SubGraph> graphs = [];
        foreach (Node[] own in outputs)
        {
            graphs.Add(new SubGraph(all.Inputs, all.Outputs.Skip(first).Take(own.Length)));
            first += own.Length;
        }

        return ([.. graphs], captured);
    }

    /// <summary>The outputs of a call.</summary>
    public static Node[] Call(Op op, Node[] inputs, ControlAttributes attributes) =>
        [.. Enumerable.Range(0, attributes.OutputCount).Select(i => new Node(op, [.. inputs], attributes.At(i)))];

    private static List<(string Path, object? Leaf)> Leaves<T>(T tree)
    {
        List<(string, object?)> leaves = [];
        Trees.Visit(tree, "", (path, leaf) => leaves.Add((path, leaf)));
        return leaves;
    }
}
