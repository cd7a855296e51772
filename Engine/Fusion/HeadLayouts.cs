using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Fusion;

/// <summary>Has attention on the CPU write its results as the products of a layer read them: [batch, time, heads, width], the cotangents of q, k and v
/// beside each other. Its rows may lie anywhere; a copy that moves them is a pass over memory before or after each call.</summary>
/// <remarks>Where a layer puts q, k and v into one product, their gradient is a sum of three, each between zeros: that sum is what the call writes.</remarks>
internal sealed class HeadLayouts
{
    /// <summary>[batch, heads, time, width] from [batch, time, heads, width], and back.</summary>
    private static readonly Shape s_swap = [0, 2, 1, 3];

    /// <summary>[3, batch, heads, time, width] from [batch, time, 3, heads, width].</summary>
    private static readonly Shape s_unstack = [2, 0, 3, 1, 4];

    private readonly List<Node> _order;
    private readonly Dictionary<Node, List<Node>> _users = [];

    /// <summary>Sums of the three cotangents of a call, each at its place between zeros.</summary>
    private readonly HashSet<Node> _stacks = [];

    /// <summary>Nodes whose results are laid out otherwise.</summary>
    private readonly HashSet<Node> _chosen = [];
    private readonly Dictionary<Node, Node> _map = [];

    /// <summary>An output of each gradient that is chosen, and the stacked call instead.</summary>
    private readonly List<(Node Output, Node Stacked)> _stacked = [];

    private HeadLayouts(List<Node> order, IEnumerable<Node> outputs)
    {
        _order = order;
        foreach (Node n in order)
        {
            foreach (Node input in n.Inputs) UsersOf(input).Add(n);
        }

        // The program's own outputs are wanted as they are.
        foreach (Node output in outputs) UsersOf(output).Add(output);
    }

    /// <summary>The graph with other layouts where nobody needs those that are there.</summary>
    /// <param name="graph">The canonical graph.</param>
    /// <param name="replaced">Called with each node that is made again, and the one that holds its value now.</param>
    public static PlanGraph Choose(PlanGraph graph, Action<Node, Node>? replaced = null)
    {
        if (graph.Device is not CpuDevice) return graph;
        List<Node> order = Walk.Topological(graph.Outputs);
        if (!order.Exists(n => n.Op == Ops.Attention || n.Op == Ops.AttentionGrad)) return graph;
        HeadLayouts layouts = new(order, graph.Outputs);
        layouts.Choose(graph.Device);
        return layouts._chosen.Count == 0 ? graph : graph with { Outputs = layouts.Rebuild(graph, replaced) };
    }

    private List<Node> UsersOf(Node n) => _users.TryGetValue(n, out List<Node>? users) ? users : _users[n] = [];

    private void Choose(Device device)
    {
        foreach (Node n in _order.Where(n => n.Op == Ops.Add && IsStack(n))) _stacks.Add(n);
        foreach (Node n in _order.Where(n => n.Op == Ops.Attention || n.Op == Ops.AttentionGrad))
        {
            if (!AttentionShapes.TakesRowsApart(device, n)) continue;
            if (n.Attributes is AttentionAttributes { Output: AttentionAttributes.Value } && UsersOf(n).TrueForAll(u => IsSwap(u) || Reads(u, n))
                && UsersOf(n).Exists(IsSwap))
            {
                _chosen.Add(n);
                foreach (Node other in _order.Where(m => IsOfCall(m, n))) _chosen.Add(other);
            }
            else if (n.Op == Ops.AttentionGrad && !_chosen.Contains(n) && Siblings(n) is var all && all.TrueForAll(IsStackable))
            {
                _chosen.UnionWith(all);
            }
        }
    }

    private static bool IsSwap(Node n) => n.Op == Ops.Permute && n.Get<AxesAttributes>().Axes == s_swap;

    /// <summary>True for a gradient that reads an attention's output as such: it takes any layout.</summary>
    private static bool Reads(Node user, Node output) => user.Attributes is AttentionGradAttributes call
        && user.Inputs.Select((x, i) => (x, i)).All(p => p.x != output || p.i == call.Form.Inputs);

    private static bool IsOfCall(Node n, Node output) => n.Op == output.Op && n.Inputs.SequenceEqual(output.Inputs)
        && n.Get<CallAttributes>().IsSameCall(output.Get<CallAttributes>());

    private List<Node> Siblings(Node n) => _order.FindAll(m => IsOfCall(m, n));

    /// <summary>True if an output of a gradient can be a part of a stack: it is moved, or stacked, by all who use it.</summary>
    private bool IsStackable(Node n)
    {
        (Shape q, Shape k, Shape v) = (n.Inputs[0].Shape, n.Inputs[1].Shape, n.Inputs[2].Shape);
        return q == k && q == v && UsersOf(n).TrueForAll(u => IsSwap(u) || (u.Op == Ops.Reshape && UsersOf(u).TrueForAll(IsStacked)));

        bool IsStacked(Node pad) => pad.Op == Ops.Pad && UsersOf(pad).TrueForAll(sum => _stacks.Any(s => Terms(s).Contains(pad) && (sum == s || s.Inputs.Contains(sum))));
    }

    /// <summary>True for the sum of all three cotangents of a call, each at its place between zeros.</summary>
    private static bool IsStack(Node sum)
    {
        Node[] terms = [.. Terms(sum)];
        if (terms.Length != 3) return false;
        Node?[] parts = [.. terms.Select(PartOf)];
        return parts[0] is { } first && parts.All(p => p is not null && IsOfCall(p, first))
            && parts.Select(p => p!.Get<CallAttributes>().Output).Distinct().Count() == 3;
    }

    /// <summary>The terms of a sum of sums.</summary>
    private static IEnumerable<Node> Terms(Node sum) => sum.Inputs.SelectMany(x => x.Op == Ops.Add ? x.Inputs.AsEnumerable() : [x]);

    /// <summary>The cotangent that a term of a stack has at its place; null if it is none.</summary>
    private static Node? PartOf(Node term)
    {
        if (term.Op != Ops.Pad || term.Inputs[0].Op != Ops.Reshape || term.Inputs[0].Inputs[0] is not { } part) return null;
        if (part.Attributes is not AttentionGradAttributes { IsStacked: false } call) return null;
        Shape one = term.Inputs[0].Shape;
        PadAttributes pad = term.Get<PadAttributes>();
        bool isPlaced = one.Rank == 5 && one[0] == 1 && one.Skip(1).SequenceEqual(part.Shape) && pad.Low[0] == call.Output && pad.High[0] == 2 - call.Output
            && pad.Low.Skip(1).Concat(pad.High.Skip(1)).Concat(pad.Interior).All(p => p == 0);
        return isPlaced ? part : null;
    }

    private Node[] Rebuild(PlanGraph graph, Action<Node, Node>? replaced)
    {
        foreach (Node n in _order)
        {
            Node made = _map[n] = Rebuilt(n, graph.Device);
            if (made == n || replaced is null) continue;

            // What moves a result of a chosen call computes nothing: the call's output is what is stored.
            bool isMoved = _chosen.Contains(n) || _stacks.Contains(n);
            while (isMoved && made.Op.Kind == OpKind.Movement) made = made.Inputs[0];
            replaced(n, made);
        }

        return [.. graph.Outputs.Select(o => _map[o])];
    }

    private Node Rebuilt(Node n, Device device)
    {
        ImmutableArray<Node> x = [.. n.Inputs.Select(i => _map[i])];
        if (_chosen.Contains(n))
        {
            if (n.Attributes is AttentionGradAttributes) return PartOfStack(n, x, device);
            AttentionAttributes call = n.Get<AttentionAttributes>() with { IsByTime = true };
            Node made = new(n.Op, x, call, device);
            return call.Output == AttentionAttributes.Value ? Permute(made, s_swap, device) : made;
        }

        if (_stacks.Contains(n) && PartOf(Terms(n).First()) is { } part && _chosen.Contains(part))
            return Permute(Stacked(part), s_unstack, device);
        if (n.Op == Ops.Permute && x[0] != n.Inputs[0]) return Permute(x[0], n.Get<AxesAttributes>().Axes, device);
        return x.SequenceEqual(n.Inputs) ? n : new Node(n.Op, x, n.Attributes, device);
    }

    /// <summary>One of the cotangents, as a part of the stack.</summary>
    private Node PartOfStack(Node n, ImmutableArray<Node> x, Device device)
    {
        AttentionGradAttributes call = n.Get<AttentionGradAttributes>();
        if (!_stacked.Exists(s => IsOfCall(s.Output, n)))
            _stacked.Add((n, new Node(n.Op, x, call with { IsStacked = true, Output = 0 }, device)));
        Node stacked = Stacked(n);
        Shape shape = stacked.Shape;
        Node slice = new(Ops.Slice, [stacked], new SliceAttributes([0, 0, call.Output, 0, 0], [shape[0], shape[1], 1, shape[3], shape[4]], [1, 1, 1, 1, 1]), device);
        return Permute(new Node(Ops.Reshape, [slice], new ShapeAttributes([shape[0], shape[1], shape[3], shape[4]]), device), s_swap, device);
    }

    private Node Stacked(Node output) => _stacked.Find(s => IsOfCall(s.Output, output)).Stacked;

    /// <summary>A permutation, which undoes one before it.</summary>
    private static Node Permute(Node x, Shape axes, Device device)
    {
        if (x.Op == Ops.Permute)
        {
            Shape inner = x.Get<AxesAttributes>().Axes;
            return Permute(x.Inputs[0], [.. axes.Select(i => inner[i])], device);
        }

        return axes.Select((axis, i) => axis == i).All(same => same) ? x : new Node(Ops.Permute, [x], new AxesAttributes(axes), device);
    }
}
