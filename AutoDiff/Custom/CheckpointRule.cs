using Cotangent.Graph;

namespace Cotangent.AutoDiff.Custom;

/// <summary>A function whose backward pass begins with a part of the forward pass. Its results are what they are; its tangents in reverse
/// mode are a linear node whose transpose is the function's own, of values computed again.</summary>
/// <remarks>What is computed again begins with barriers: on the arguments and on the values that the policy keeps, each waiting for the
/// cotangents of the results. So it is no common subexpression of the forward pass, and runs when the cotangents are there (Griewank
/// and Walther, Algorithm 799: revolve, 2000; Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016). The arguments include
/// all that the function captures.</remarks>
internal sealed class CheckpointRule(string name, CheckpointPolicy policy) : CustomRule(name)
{
    private sealed record Made(CustomCall Call, Node?[] Dx, Node?[] Values);

    // The results of one call are asked for one after the other.
    private Made? _last;

    /// <inheritdoc/>
    public override bool IsWhole => true;

    public override Node? Tangent(CustomCall call, int output, Node?[] dx)
    {
        if (_last is not { } made || !made.Call.IsSame(call) || !made.Dx.SequenceEqual(dx)) _last = made = new Made(call, dx, Values(call, dx));
        return made.Values[output] is { } value ? call.Tangent(this, output, value, dx) : null;
    }

    public override Node?[] Transpose(CustomCall call, Shape along, Node?[] ct)
    {
        // Arguments that have values already, as in a pullback outside any trace, are no placeholders to derive by.
        if (along.Any(i => !call.Arguments[i].IsTraced)) return OfPlaceholders(call, along, ct);

        // A node that is several arguments has one tangent, and all of its cotangent goes to the first of them.
        Node[] arguments = [.. along.Select(i => call.Arguments[i]).Distinct()];

        // Derived over placeholders for the cotangents, which may depend on the call's results.
        Node[] tangents = [.. arguments.Select(x => CustomCall.Like(x, "tangent"))];
        Node[] cotangents = [.. ct.Select((c, i) => CustomCall.Like(call.Results[i], "cotangent"))];
        Dictionary<Node, Node> seeds = arguments.Zip(tangents).ToDictionary(p => p.First, p => p.Second);
        LinearMap derivative = new(tangents, Forward.Tangents(call.Results, seeds));
        Node?[] back = derivative.Transpose([.. ct.Select((c, i) => c is null ? null : cotangents[i])]);

        // Barriers and copies: where values are computed again. Cotangents have edges of their own, as arguments have: one that is, or comes to
        // be, made of an argument is another argument of what is made here.
        using Origins.Recomputing recomputing = Origins.Recompute();
        ct = [.. ct.Select(c => c is null ? null : CustomCall.Edge(c))];
        Node[] given = [.. ct.OfType<Node>()];
        Dictionary<Node, Node> again = [];
        foreach (Node x in call.Arguments) again[x] = Barrier(x, given);
        foreach (Node n in Dependents.Of(call.Results, call.Arguments))
        {
            if (again.ContainsKey(n) || !policy.Saves(n)) continue;
            again[n] = Barrier(n, given);

            // A derivative that uses the result, as tanh's does, uses the node before it was named.
            for (Node x = n; x.Op == Ops.Named && !again.ContainsKey(x.Inputs[0]); x = x.Inputs[0]) again[x.Inputs[0]] = again[n];
        }

        for (int i = 0; i < ct.Length; i++)
        {
            if (ct[i] is { } c) again[cotangents[i]] = c;
        }

        Queue<Node> results = new(Walk.Substitute([.. back.OfType<Node>()], again));
        back = Region([.. call.Arguments, .. given], [.. back.Select(b => b is null ? null : results.Dequeue())]);
        HashSet<Node> done = [];
        return [.. along.Select(i => done.Add(call.Arguments[i]) ? back[Array.IndexOf(arguments, call.Arguments[i])] : null)];
    }

    /// <summary>As <see cref="Transpose"/>, over placeholders in the place of the arguments, which then take theirs again. Nothing is kept
    /// for it by the policy: the values are there, or computed again.</summary>
    private Node?[] OfPlaceholders(CustomCall call, Shape along, Node?[] ct)
    {
        Dictionary<Node, Node> placeholders = call.Arguments.Distinct().ToDictionary(x => x, x => CustomCall.Like(x, "argument"));
        CustomCall traced = new([.. call.Arguments.Select(x => placeholders[x])], [], Walk.Substitute(call.Results, placeholders), []);
        Node?[] back = Transpose(traced, along, ct);
        Queue<Node> bound = new(Walk.Substitute([.. back.OfType<Node>()], placeholders.ToDictionary(p => p.Value, p => p.Key)));
        return [.. back.Select(b => b is null ? null : bound.Dequeue())];
    }

    /// <summary>Calls a function.</summary>
    public Node[] Call(Func<Node[], Node[]> f, Node[] arguments) => CustomCall.Make(this, p => (f(p), []), arguments, close: true);

    // Made from the graph, which is the batch's.
    protected override CustomRule Batched(BatchMask mask) => this;

    private static Node Barrier(Node x, Node[] after) => new(Ops.Barrier, [x, .. after]);

    /// <summary>The tangents of the results in forward mode, which computes nothing again.</summary>
    private Node?[] Values(CustomCall call, Node?[] dx)
    {
        // Over placeholders for the tangents: what is built on a tangent may reach past it.
        Dictionary<Node, Node> seeds = [], tangents = [];
        for (int i = 0; i < dx.Length; i++)
        {
            if (dx[i] is not { } d) continue;
            Node placeholder = seeds[call.Arguments[i]] = CustomCall.Like(d, "tangent");
            tangents[placeholder] = CustomCall.Edge(d);
        }

        Node?[] values = Forward.Tangents(call.Results, seeds);
        Queue<Node> bound = new(Walk.Substitute([.. values.OfType<Node>()], tangents));
        return Region([.. call.Arguments, .. tangents.Values], [.. values.Select(v => v is null ? null : bound.Dequeue())]);
    }

    /// <summary>Results of arguments as a checkpointed function too: its derivatives keep as little.</summary>
    private Node?[] Region(Node[] arguments, Node?[] results)
    {
        Queue<Node> nodes = new(new CustomCall([.. arguments.Distinct()], [], [.. results.OfType<Node>()], []).Nodes(this));
        return [.. results.Select(r => r is null ? null : nodes.Dequeue())];
    }
}
