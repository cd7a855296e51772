using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>Chooses the nodes that may be stored ("anchors"). All others are computed where they are used, again for
/// each kernel that uses them.</summary>
internal sealed class Anchors
{
    /// <summary>A node with several users is stored if computing it again costs more than this; a simple operation
    /// costs 1, a load 4.</summary>
    private const int CheapCost = 28;

    /// <summary>A node repeated this often, of this cost, over this many elements is stored.</summary>
    private const int MinRepeats = 16, MinRepeatedCost = 11, MinRepeatedSize = 2048;

    /// <summary>A chain is cut when it grows beyond this cost: kernels stay small and recursion shallow.</summary>
    private const int MaxCost = 400;

    private readonly PlanGraph _graph;
    private readonly Dictionary<Node, int> _users = [];
    private readonly Dictionary<Node, Node?> _onlyUser = [];
    private readonly Dictionary<Node, int> _cost = [];

    /// <summary>What routines read as views, null where there is none.</summary>
    private readonly Dictionary<Node, StridedView?> _views = [];

    private readonly IReadOnlySet<Node> _cuts;

    private Anchors(PlanGraph graph, IReadOnlySet<Node> cuts)
    {
        _graph = graph;
        _cuts = cuts;
    }

    /// <summary>All nodes of the plan, inputs before users.</summary>
    public List<Node> Order { get; private set; } = [];

    public Dictionary<Node, string> Reasons { get; } = [];

    /// <summary>The dots by the node that their product is stored as.</summary>
    public Dictionary<Node, DotPlan> Dots { get; } = [];

    /// <summary>Concatenations whose parts are computed into their places.</summary>
    public HashSet<Node> Joins { get; } = [];

    /// <summary>Chooses.</summary>
    /// <param name="graph">The canonical graph.</param>
    /// <param name="cuts">Nodes that must be stored because kernels got too large without.</param>
    public static Anchors Choose(PlanGraph graph, IReadOnlySet<Node> cuts)
    {
        Anchors anchors = new(graph, cuts);
        anchors.Run();
        return anchors;
    }

    /// <summary>The node whose storage holds a node's elements: a reshape has those of its input.</summary>
    public static Node StorageOf(Node n)
    {
        while (n.Op == Ops.Reshape) n = n.Inputs[0];
        return n;
    }

    /// <summary>What an operation costs, a float addition being 1.</summary>
    public static int OwnCost(Node n) => n.Op.Kind switch
    {
        OpKind.Elementwise when n.Op == Ops.Threefry0 || n.Op == Ops.Threefry1 => 100,
        OpKind.Elementwise when n.Op == Ops.Div || n.Op == Ops.Sqrt || n.Op == Ops.Rem => 4,
        OpKind.Elementwise when IsTranscendental(n.Op) => n.Op == Ops.Pow || n.Op == Ops.Sin || n.Op == Ops.Cos
            || n.Op == Ops.Tan ? 40 : 16,
        OpKind.Elementwise => 1,
        OpKind.Indexing => 8,
        OpKind.Movement => IsGuarded(n) ? 3 : n.Op == Ops.Concat ? 3 * n.Inputs.Length : 0,
        OpKind.Leaf when n.Op == Ops.Number || n.Op == Ops.Iota || n.Shape.Rank == 0 => 0,
        _ => 4,
    };

    public static bool IsTranscendental(Op op) => op == Ops.Exp || op == Ops.Expm1 || op == Ops.Log || op == Ops.Log1p
        || op == Ops.Sin
        || op == Ops.Cos || op == Ops.Tan || op == Ops.Atan || op == Ops.Tanh || op == Ops.Erf || op == Ops.Pow;

    /// <summary>True for movements whose elements may have to be zeros.</summary>
    public static bool IsGuarded(Node n) =>
        n.Op == Ops.Pad || (n.Op == Ops.Skew && !n.Get<SkewAttributes>().IsInside(n.Inputs[0].Shape));

    private void Run()
    {
        List<Node> order = Walk.Topological(_graph.Outputs);
        CountUsers(order);
        foreach (Node output in _graph.Outputs.Where(o => o.Shape.Size > 0)) Store(output, "output");
        foreach (Node n in order.Where(IsJoin)) PlanJoin(n);
        foreach (Node n in order.Where(n => n.Op == Ops.Dot)) PlanDot(n);

        foreach (Node n in order.Where(n => n.Op == Ops.UserKernel)) PlanKernel(n);
        foreach (Node n in order.Where(n => n.Op.Kind == OpKind.Routine)) PlanRoutine(n);

        foreach (Node n in order.Where(n => n.Attributes is BarrierAttributes)) PlanBarrier(n);

        foreach (Node cut in _cuts) Store(cut, "the kernel would be too large");

        // Planning dots may have added copies.
        Order = Walk.Topological([.. _graph.Outputs, .. Reasons.Keys]);
        foreach (Node n in Order) Consider(n);
    }

    private void CountUsers(List<Node> order)
    {
        // Through movement ops: what two views of a node read is computed twice.
        foreach (Node output in _graph.Outputs) Add(output, 1);
        for (int i = order.Count - 1; i >= 0; i--)
        {
            int users = order[i].Op.Kind == OpKind.Movement ? _users[order[i]] : 1;
            if (order[i].Op == Ops.Skew && order[i].Inputs[0].Op == Ops.Expand) users *= 2; // windows overlap
            foreach (Node input in order[i].Inputs)
            {
                Add(input, users);
                if (!_onlyUser.TryAdd(input, order[i])) _onlyUser[input] = null;
            }
        }

        void Add(Node n, int count) => _users[n] = Math.Min(1000, _users.GetValueOrDefault(n) + count);
    }

    /// <summary>True for a concatenation along the outermost axis that is too large to choose a part for each
    /// element.</summary>
    private static bool IsJoin(Node n) => n.Op == Ops.Concat
        && n.Shape.Take(n.Get<AxisAttributes>().Axis).All(e => e == 1)
        && (n.Inputs.Length > 4 || n.Shape.Size >= 1 << 14);

    private void PlanJoin(Node n)
    {
        Joins.Add(n);
        Store(n, "concatenation");
        foreach (Node part in n.Inputs) Store(part, "part of a concatenation");
    }

    private void PlanDot(Node dot)
    {
        Node result = dot;
        if (!Reasons.ContainsKey(dot) && _onlyUser.GetValueOrDefault(dot) is { } user
            && user.Op == Ops.Permute) result = user;
        DotPlan plan = DotPlan.Of(dot, result, Dots.ContainsKey);
        Dots[plan.Result] = plan;
        Store(plan.Result, "dot");
        Store(plan.Left.Base, "dot operand");
        Store(plan.Right.Base, "dot operand");
    }

    private void PlanKernel(Node n)
    {
        UserKernel kernel = n.Get<KernelAttributes>().Kernel;
        Store(n, "kernel");
        foreach (Node input in kernel.InputsOf(n).Where(i => i.Shape.Size > 0)) Store(input, "kernel operand");
        foreach (Node number in kernel.NumbersOf(n).Where(x => ScalarArgument.Of(x, _graph) is null))
        {
            Store(number, "kernel number");
        }
    }

    private void PlanRoutine(Node n)
    {
        Store(n, "routine");
        for (int i = 0; i < n.Inputs.Length; i++)
        {
            Node input = n.Inputs[i];
            if (input.Shape.Size == 0) continue;
            if (n.Op.ReadsViews?.Invoke(_graph.Device, n, i) == true && !_views.ContainsKey(input)) _views[input] = StoredView(input);
            Store(ViewOf(n, i)?.Base ?? input, "routine operand");
        }
    }

    /// <summary>The view of stored elements that a routine reads an input as; null if it reads the input's own.</summary>
    public StridedView? ViewOf(Node call, int input) =>
        call.Op.ReadsViews?.Invoke(_graph.Device, call, input) == true ? _views.GetValueOrDefault(call.Inputs[input]) : null;

    /// <summary>A node as rows of what is stored anyway, or is no larger; null if it is not, or needs no view.</summary>
    private StridedView? StoredView(Node n)
    {
        StridedView view = StridedView.Of(n, Dots.ContainsKey);
        Node stored = StorageOf(view.Base);
        bool isStored = Reasons.ContainsKey(stored) || _graph.IsTensor(stored) || stored.Shape.Size <= n.Shape.Size;
        return isStored && stored != StorageOf(n) && view.Strides[^1] == 1 ? view : null;
    }

    /// <summary>What a recomputation begins with is stored: it would keep alive, and compute again, what that is made from.</summary>
    private void PlanBarrier(Node n)
    {
        Node x = n.Inputs[0];
        while (x.Op == Ops.Reshape || x.Op == Ops.Expand || x.Op == Ops.Permute) x = x.Inputs[0];
        if (x.Op.Kind != OpKind.Leaf && x.Shape.Size > 1) Store(x, "saved to recompute from");
    }

    /// <summary>What costs much and is repeated along an axis is stored, if a step then computes it once: elsewhere it is computed again for
    /// each element.</summary>
    private void ConsiderRepeated(Node n)
    {
        Node x = n.Inputs[0];
        while (x.Op == Ops.Reshape || x.Op == Ops.Permute) x = x.Inputs[0];
        if (x.Op.Kind != OpKind.Elementwise || x.Shape.Size <= 1 || Reasons.ContainsKey(x)) return;
        if (n.Shape.Size >= MinRepeats * x.Shape.Size && _cost[x] > MinRepeatedCost && n.Shape.Size >= MinRepeatedSize)
            Store(x, $"repeated {n.Shape.Size / x.Shape.Size} times, cost {_cost[x]}");
    }

    private void Consider(Node n)
    {
        if (n.Op == Ops.Expand) ConsiderRepeated(n);
        if (_graph.Leaves.ContainsKey(n))
        {
            _cost[n] = OwnCost(n);
            return;
        }

        long cost = OwnCost(n) + n.Inputs.Sum(i => (long)_cost[i]);
        if (n.Op.Kind == OpKind.Reduce) Store(n, "reduction");
        else if (Domain.IsScatter(n.Op) || n.Op == SegmentOps.SegmentAdd) Store(n, "scatter");
        else if (n.Op.Kind != OpKind.Movement && n.Shape.Size > 1)
        {
            if (cost > MaxCost) Store(n, $"chain of cost {cost}");
            else if (_users.GetValueOrDefault(n) > 1 && cost > CheapCost) Store(n, $"{_users[n]} users, cost {cost}");
        }

        _cost[n] = Reasons.ContainsKey(n) ? 4 : (int)Math.Min(cost, 1 << 20);
    }

    private void Store(Node n, string reason)
    {
        n = StorageOf(n);
        if (!_graph.IsTensor(n)) Reasons.TryAdd(n, reason);
    }
}
