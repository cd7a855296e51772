using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>The JVP of a while loop: a loop of values and tangents under the same condition. Its transpose does not exist.</summary>
internal static class WhileDerivative
{
    public static Node?[] Jvp(ForwardCall call)
    {
        WhileAttributes loop = call.Node.Get<WhileAttributes>();
        int carries = loop.OutputCount;
        Node[] x = [.. call.Node.Inputs];
        (Node?[] seeds, Node?[] tangents, Replacements replacements) = Differentiate(loop, call.Tangents);
        int[] active = [.. Enumerable.Range(0, carries).Where(c => seeds[c] is not null)];
        int[] constants = [.. Enumerable.Range(carries, x.Length - carries).Where(i => seeds[i] is not null)];
        Node[] results = replacements.Resolve([.. loop.Body.Outputs, .. active.Select(c => tangents[c] ?? Algebra.Like(loop.Body.Outputs[c], 0))])
            .OfType<Node>().ToArray();

        Node[] Order(IEnumerable<Node> all, Func<int, Node> tangent) =>
            [.. all.Take(carries), .. active.Select(tangent), .. all.Skip(carries), .. constants.Select(tangent)];
        SubGraph body = SubGraph.Close(Order(loop.Body.Inputs, i => seeds[i]!), results, 0).Graph;
        SubGraph condition = SubGraph.Close(
            Order(loop.Condition.Inputs, i => ScanDerivative.Tangent(loop.Condition.Inputs[i])), loop.Condition.Outputs, 0).Graph;
        Node[] outputs = ControlFlow.Call(Ops.While, Order(x, i => call.Tangents[i] ?? Algebra.Like(x[i], 0)), new WhileAttributes(condition, body));

        // In linear mode the values are kept apart from what depends on tangents.
        if (call.Mode == ForwardMode.Together) call.Replacements.Add(call.Node, outputs[..carries]);
        Node?[] result = new Node?[carries];
        for (int k = 0; k < active.Length; k++) result[active[k]] = outputs[carries + k];
        return result;
    }

    public static Node?[] Transpose(BackwardCall call) => throw new NotReversibleException(call.Node);

    private static (Node?[] Seeds, Node?[] Tangents, Replacements Replacements) Differentiate(WhileAttributes loop, Node?[] dx)
    {
        Node?[] seeds = [.. loop.Body.Inputs.Select((n, i) => dx[i] is null ? null : ScanDerivative.Tangent(n))];
        while (true)
        {
            Replacements replacements = new();
            Node?[] tangents = Forward.Tangents(
                loop.Body.Outputs, ScanDerivative.Seeds(loop.Body, seeds), ForwardMode.Together, replacements);
            int[] more = [.. Enumerable.Range(0, loop.OutputCount).Where(c => tangents[c] is not null && seeds[c] is null)];
            if (more.Length == 0) return (seeds, tangents, replacements);
            foreach (int c in more) seeds[c] = ScanDerivative.Tangent(loop.Body.Inputs[c]);
        }
    }
}
