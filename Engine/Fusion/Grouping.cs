using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>Joins anchors into steps: producers with their users, then neighbours that read the same data, wherever
/// every value is used at the point of the iteration space where it is computed.</summary>
internal sealed class Grouping
{
    private const int MaxAnchors = 12;

    private readonly PlanGraph _graph;
    private readonly Anchors _anchors;
    private readonly Dictionary<Node, FusionGroup> _groupOf = [];
    private readonly Dictionary<Node, Node[]> _reads = [];
    private readonly Dictionary<Node, int> _position = [];
    private readonly HashSet<FusionGroup> _groups = [];

    // An order in which the groups could run: their edges go from lower to higher ranks.
    private readonly List<FusionGroup> _ranked = [];

    private readonly IReadOnlySet<Node> _alone;

    private readonly IReadOnlyDictionary<Node, int> _phases;

    private Grouping(PlanGraph graph, Anchors anchors, IReadOnlySet<Node> alone)
    {
        _graph = graph;
        _anchors = anchors;
        _alone = alone;
        _phases = BarrierAttributes.Phases(anchors.Order);
    }

    /// <summary>Why nodes were stored and groups not joined, for the plan's report.</summary>
    public List<string> Notes { get; } = [];

    public IReadOnlyDictionary<Node, FusionGroup> GroupOf => _groupOf;

    /// <summary>The steps in an order in which they can run.</summary>
    /// <param name="graph">The plan's graph.</param>
    /// <param name="anchors">The nodes that may be stored.</param>
    /// <param name="alone">Anchors that are not to be joined with others.</param>
    public static (List<FusionGroup> Steps, Grouping Grouping) Of(PlanGraph graph, Anchors anchors,
        IReadOnlySet<Node> alone)
    {
        Grouping grouping = new(graph, anchors, alone);
        grouping.MakeGroups();
        grouping.JoinUsers();
        grouping.JoinNeighbours();
        grouping.FindStored();
        return (grouping.ReleaseEarly(grouping.Sort()), grouping);
    }

    /// <summary>The anchors and placeholders that computing an anchor reads, through what is computed on the
    /// way.</summary>
    public Node[] ReadsOf(Node anchor) => _reads[anchor];

    private void MakeGroups()
    {
        foreach (Node n in _anchors.Order)
        {
            if (!_anchors.Reasons.ContainsKey(n)) continue;
            _position[n] = _position.Count;
            FusionGroup group = _groups.FirstOrDefault(g => IsOutputOf(n, g)) ?? MakeGroup(n);
            if (_groups.Add(group))
            {
                group.Rank = _ranked.Count;
                _ranked.Add(group);
            }
            else
            {
                group.Anchors.Add(n);
            }

            _groupOf[n] = group;
            _reads[n] = FindReads(n);
        }
    }

    private FusionGroup MakeGroup(Node n) =>
        _anchors.Dots.ContainsKey(n) ? new(GroupKind.Product, n, Domain.Map(n.Shape.Size))
        : _anchors.Joins.Contains(n) ? new(GroupKind.Join, n, Domain.Map(n.Shape.Size))
        : Domain.IsScatter(n.Op) ? new(GroupKind.Scatter, n, Domain.OfScatter(n))
        : n.Op == Ops.UserKernel ? new(GroupKind.Kernel, n, Domain.Map(n.Shape.Size))
        : n.Op.Kind == OpKind.Routine ? new(GroupKind.Routine, n, Domain.Map(n.Shape.Size))
        : new(GroupKind.Fused, n, n.Op.Kind == OpKind.Reduce ? Domain.OfReduction(n) : Domain.Map(n.Shape.Size));

    /// <summary>True for another output of the call that a group is.</summary>
    private static bool IsOutputOf(Node n, FusionGroup group) =>
        group.Kind is GroupKind.Kernel or GroupKind.Routine && group.Anchors[0].Op == n.Op
        && n.Attributes is CallAttributes call && group.Anchors[0].Get<CallAttributes>().IsSameCall(call)
        && group.Anchors[0].Inputs.SequenceEqual(n.Inputs);

    private bool IsStored(Node n) => _groupOf.ContainsKey(n) || _graph.Leaves.ContainsKey(n);

    private Node[] FindReads(Node anchor)
    {
        if (_anchors.Dots.TryGetValue(anchor, out DotPlan? dot))
        {
            return [.. new[] { Anchors.StorageOf(dot.Left.Base), Anchors.StorageOf(dot.Right.Base) }.Distinct()];
        }

        HashSet<Node> seen = [], reads = [];
        Stack<Node> rest = new(anchor.Inputs);
        while (rest.TryPop(out Node? n))
        {
            if (!seen.Add(n)) continue;
            if (_anchors.Reasons.ContainsKey(n) || _graph.Leaves.ContainsKey(n)) reads.Add(n);
            else foreach (Node input in n.Inputs) rest.Push(input);
        }

        return [.. reads];
    }

    private IEnumerable<FusionGroup> GroupsBefore(FusionGroup group) =>
        group.Anchors.SelectMany(a => _reads[a]).Where(_groupOf.ContainsKey).Select(n => _groupOf[n])
            .Where(g => g != group).Distinct();

    private void JoinUsers()
    {
        foreach (Node user in _anchors.Order.Where(_groupOf.ContainsKey))
        {
            foreach (Node producer in _reads[user].Where(_groupOf.ContainsKey).OrderByDescending(n => _position[n]))
            {
                TryJoin(_groupOf[producer], _groupOf[user], "");
            }
        }
    }

    private void JoinNeighbours()
    {
        Dictionary<Node, List<Node>> readers = [];
        foreach (Node anchor in _anchors.Order.Where(_groupOf.ContainsKey))
        {
            if (_groupOf[anchor].Kind != GroupKind.Fused) continue;
            foreach (Node read in _reads[anchor].Where(n => n.Shape.Size > 1))
            {
                if (!readers.TryGetValue(read, out List<Node>? list)) readers[read] = list = [];
                list.Add(anchor);
            }
        }

        foreach (List<Node> list in readers.Values)
        {
            for (int i = 1; i < list.Count; i++)
            {
                for (int j = Math.Max(0, i - 8); j < i; j++)
                {
                    TryJoin(_groupOf[list[j]], _groupOf[list[i]], " as neighbours");
                }
            }
        }
    }

    private void TryJoin(FusionGroup first, FusionGroup second, string how)
    {
        if (first == second || first.Kind != GroupKind.Fused || second.Kind != GroupKind.Fused) return;
        if (PhaseOf(first) != PhaseOf(second)) return;
        if (first.Anchors.Exists(_alone.Contains) || second.Anchors.Exists(_alone.Contains)) return;
        if (CommonDomain(first, second) is not { } domain) return;
        List<Node> anchors = [.. first.Anchors.Concat(second.Anchors).OrderBy(a => _position[a])];
        string? fault = anchors.Count > MaxAnchors ? "too many results"
            : Reaches(first, second)
                || (how.Length > 0 && (Reaches(second, first) || GroupsBefore(first).Contains(second)))
                ? "a step stands between them"
            : Misfit(anchors, domain);
        if (fault is not null)
        {
            Notes.Add($"{Names(first)} and {Names(second)} are not joined{how}: {fault}");
            return;
        }

        Merge(first, second);
        first.Anchors = anchors;
        first.Domain = domain;
        foreach (Node a in second.Anchors) _groupOf[a] = first;
        _groups.Remove(second);
    }

    /// <summary>Gives the first of two groups, between which no third one stands, a rank where both can run: what depends on
    /// either comes after it.</summary>
    private void Merge(FusionGroup first, FusionGroup second)
    {
        int low = Math.Min(first.Rank, second.Rank), high = Math.Max(first.Rank, second.Rank);
        HashSet<FusionGroup> after = [_ranked[low]];
        List<FusionGroup> before = [], dependent = [];
        for (int rank = low + 1; rank < high; rank++)
        {
            FusionGroup group = _ranked[rank];
            if (GroupsBefore(group).Any(after.Contains)) after.Add(group);
            (after.Contains(group) ? dependent : before).Add(group);
        }

        FusionGroup[] ordered = [.. before, first, .. dependent];
        for (int i = 0; i < ordered.Length; i++) Place(ordered[i], low + i);

        // The place that is left over stays empty: it is never compared.
        Place(second, high);

        void Place(FusionGroup group, int rank)
        {
            group.Rank = rank;
            _ranked[rank] = group;
        }
    }

    private static string Names(FusionGroup group) => string.Join("+", group.Anchors.Select(a => $"{a.Op}%{a.Id}"));

    private static Domain? CommonDomain(FusionGroup first, FusionGroup second)
    {
        Domain x = first.Domain, y = second.Domain;
        if (x == y) return x;
        if (x with { Block = 0 } == y with { Block = 0 } && (x.Block == 0 || y.Block == 0)) return x.Block > 0 ? x : y;
        if (first.HasReduction && second.HasReduction) return null;
        (Domain domain, Domain map) = first.HasReduction ? (x, y) : (y, x);
        if (!first.HasReduction && !second.HasReduction) return null;
        if (map.A == domain.Outer) return domain;

        // Storing whole rows or columns makes sense where the reduction leaves enough work items.
        bool parallel = domain.C == 1 ? domain.A >= 8 || domain.K <= 1 << 16 : domain.Outer >= 512 || domain.K <= 64;
        return map.A == domain.Full && parallel ? domain : null;
    }

    /// <summary>True if a path leads from one group to another through a third.</summary>
    private bool Reaches(FusionGroup from, FusionGroup to)
    {
        HashSet<FusionGroup> seen = [to];
        Stack<FusionGroup> rest = new(GroupsBefore(to).Where(g => g != from));
        while (rest.TryPop(out FusionGroup? group))
        {
            if (group == from) return true;
            if (group.Rank < from.Rank || !seen.Add(group)) continue;
            foreach (FusionGroup before in GroupsBefore(group)) rest.Push(before);
        }

        return false;
    }

    /// <summary>What keeps anchors from being computed together over a domain; null if nothing does.</summary>
    private string? Misfit(List<Node> anchors, Domain domain)
    {
        HashSet<Node> set = [.. anchors], counted = [];
        int size = 0;
        foreach (Node anchor in anchors)
        {
            if (AlignmentOf(anchor, domain) is not { } own) return $"{anchor.Op} has another size";
            foreach ((Node read, Alignment alignment) in Reads(anchor, own, domain, n => size += counted.Add(n)
                ? CodeSize.Of(n) : 0))
            {
                bool fits = !set.Contains(read) || alignment == AlignmentOf(read, domain);
                if (!fits) return $"{anchor.Op} reads {read.Op} elsewhere";
            }
        }

        return size > CodeSize.LargestJoined ? $"the kernel would have {size} instructions" : null;
    }

    /// <summary>Where an anchor of a fused kernel is computed.</summary>
    public static Alignment? AlignmentOf(Node anchor, Domain domain) =>
        anchor.Op.Kind == OpKind.Reduce ? domain.AlignmentOf(anchor)
        : anchor.Shape.Size == domain.Full ? Alignment.Full
        : anchor.Shape.Size == domain.Outer ? Alignment.Outer
        : null;

    /// <summary>The stored nodes that an anchor reads, with the alignment of each read.</summary>
    public IEnumerable<(Node Read, Alignment Alignment)> Reads(Node anchor, Alignment own, Domain domain,
        Action<Node>? visit = null)
    {
        HashSet<(Node, Alignment)> seen = [(anchor, own)];
        Stack<(Node, Alignment)> rest = new(seen);
        while (rest.TryPop(out (Node Node, Alignment Alignment) at))
        {
            visit?.Invoke(at.Node);
            foreach (Node input in at.Node.Inputs)
            {
                Alignment alignment = Alignments.OfInput(at.Node, input, at.Alignment, domain);
                if (!seen.Add((input, alignment))) continue;
                if (IsStored(input)) yield return (input, alignment);
                else rest.Push((input, alignment));
            }
        }
    }

    private void FindStored()
    {
        HashSet<Node> stored = [.. _graph.Outputs.Select(Anchors.StorageOf).Where(_groupOf.ContainsKey)];
        foreach ((Node anchor, FusionGroup group) in _groupOf)
        {
            stored.UnionWith(_reads[anchor]
                .Where(r => _groupOf.TryGetValue(r, out FusionGroup? from) && from != group));
        }

        foreach (FusionGroup group in _groups) group.Stored.AddRange(group.Anchors.Where(stored.Contains));
    }

    private List<FusionGroup> Sort()
    {
        // Depth first from the outputs' side keeps values short-lived; explicit stack as elsewhere.
        List<FusionGroup> order = [];
        HashSet<FusionGroup> seen = [], done = [];
        Stack<(FusionGroup Group, bool Done)> stack = new();
        foreach (FusionGroup group in _groups.OrderByDescending(g => g.Anchors.Max(a => _position[a])))
        {
            stack.Push((group, false));
        }

        while (stack.TryPop(out (FusionGroup Group, bool Done) top))
        {
            if (top.Done)
            {
                RequireInputs(top.Group, done);
                order.Add(top.Group);
                done.Add(top.Group);
            }
            else if (seen.Add(top.Group))
            {
                stack.Push((top.Group, true));
                foreach (FusionGroup before in GroupsBefore(top.Group)) stack.Push((before, false));
            }
        }

        return [.. order.OrderBy(PhaseOf)];
    }

    private List<FusionGroup> ReleaseEarly(List<FusionGroup> order) => EarlyRelease.Apply(order, g => g.Anchors.SelectMany(a => _reads[a]),
        n => _groupOf.GetValueOrDefault(n), PhaseOf, _graph.Outputs.Select(Anchors.StorageOf));

    /// <summary>No user is of an earlier phase than what it reads.</summary>
    private int PhaseOf(FusionGroup group) => _phases[group.Anchors[0]];

    /// <summary>Groups that need each other have no order: never run them in some order.</summary>
    private void RequireInputs(FusionGroup group, HashSet<FusionGroup> done)
    {
        if (GroupsBefore(group).FirstOrDefault(g => !done.Contains(g)) is { } missing)
        {
            throw new InvalidOperationException(
                $"A fault of fusion: the step of {Names(group)} and that of {Names(missing)} need each other's results.");
        }
    }
}
