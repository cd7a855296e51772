using Cotangent.Graph;

namespace Cotangent.Fusion;

/// <summary>Moves steps that free more memory than they need to the first place where they can run.</summary>
/// <remarks>
/// <para>Steps run in the order in which their nodes were made. What is made last from what was there early, as the clipped sum of a layer's
/// per-sample gradients is, would keep all its operands until the end. After a step the users of its values are looked at: one whose own
/// needs, with those of steps that it still waits for, are less than what it frees runs at once.</para>
/// <para>A step that reads the last one's result stays next to it, as a product's consumer must. The new order is taken if its peak is
/// lower: it can only help.</para>
/// </remarks>
internal sealed class EarlyRelease
{
    /// <summary>Less than this is not worth another order.</summary>
    private const long SmallestGain = 256 << 10;

    /// <summary>The most steps that are moved together.</summary>
    private const int MostMoved = 12;

    private readonly List<FusionGroup> _order;
    private readonly Dictionary<FusionGroup, int> _index;
    private readonly Func<FusionGroup, IEnumerable<Node>> _reads;
    private readonly Func<Node, FusionGroup?> _groupOf;
    private readonly Func<FusionGroup, int> _phaseOf;
    private readonly Dictionary<Node, List<FusionGroup>> _users = [];
    private readonly HashSet<Node> _kept;

    private EarlyRelease(List<FusionGroup> order, Func<FusionGroup, IEnumerable<Node>> reads, Func<Node, FusionGroup?> groupOf,
        Func<FusionGroup, int> phaseOf, IEnumerable<Node> outputs)
    {
        (_order, _reads, _groupOf, _phaseOf) = (order, reads, groupOf, phaseOf);
        _index = order.Select((g, i) => (g, i)).ToDictionary(p => p.g, p => p.i);
        foreach (FusionGroup group in order)
        {
            foreach (Node value in ValuesRead(group))
            {
                if (!_users.TryGetValue(value, out List<FusionGroup>? users)) _users[value] = users = [];
                users.Add(group);
            }
        }

        // Outputs stay; parts of a concatenation become parts of its memory.
        _kept = [.. outputs, .. _users.Where(p => p.Value.Exists(u => u.Kind == GroupKind.Join)).Select(p => p.Key)];
    }

    /// <summary>The order to use.</summary>
    /// <param name="order">An order in which the groups can run.</param>
    /// <param name="reads">The stored nodes that a group reads.</param>
    /// <param name="groupOf">What computes a node; null for placeholders.</param>
    /// <param name="phaseOf">Phases run one after the other.</param>
    /// <param name="outputs">Stored nodes that the caller reads.</param>
    public static List<FusionGroup> Apply(List<FusionGroup> order, Func<FusionGroup, IEnumerable<Node>> reads, Func<Node, FusionGroup?> groupOf,
        Func<FusionGroup, int> phaseOf, IEnumerable<Node> outputs)
    {
        EarlyRelease release = new(order, reads, groupOf, phaseOf, outputs);
        List<FusionGroup> moved = release.Move();
        return release.PeakOf(moved) < release.PeakOf(order) ? moved : order;
    }

    private static long Bytes(Node n) => n.Shape.Size * n.DType.Size();

    private IEnumerable<Node> ValuesRead(FusionGroup group) =>
        _reads(group).Where(n => _groupOf(n) is { } from && from != group).Distinct();

    private List<FusionGroup> Move()
    {
        List<FusionGroup> result = [];
        HashSet<FusionGroup> done = [];
        foreach (FusionGroup next in _order)
        {
            if (done.Contains(next)) continue;

            // What stands next to its producer stays there.
            if (result.Count > 0 && !ValuesRead(next).Any(v => _groupOf(v) == result[^1])) RunUsers(result.Count - 1);
            if (done.Add(next)) result.Add(next);
        }

        return result;

        void RunUsers(int from)
        {
            for (int i = from; i < result.Count; i++)
            {
                foreach (FusionGroup user in result[i].Stored.SelectMany(v => _users.GetValueOrDefault(v, [])).Distinct().OrderBy(u => _index[u]).ToArray())
                {
                    if (done.Contains(user) || MissingFor(user, done, _phaseOf(result[i])) is not { } group || Gain(group, done) < SmallestGain) continue;
                    result.AddRange(group);
                    done.UnionWith(group);
                }
            }
        }
    }

    /// <summary>A group and all that must run before it, in order; null if that is too much or not of the phase.</summary>
    private List<FusionGroup>? MissingFor(FusionGroup user, HashSet<FusionGroup> done, int phase)
    {
        HashSet<FusionGroup> missing = [];
        Stack<FusionGroup> open = new([user]);
        while (open.TryPop(out FusionGroup? group))
        {
            if (done.Contains(group) || !missing.Add(group)) continue;
            if (missing.Count > MostMoved || _phaseOf(group) != phase) return null;
            foreach (Node value in ValuesRead(group)) open.Push(_groupOf(value)!);
        }

        return [.. missing.OrderBy(g => _index[g])];
    }

    /// <summary>What is freed when these groups have run, less all that they store.</summary>
    private long Gain(List<FusionGroup> groups, HashSet<FusionGroup> done)
    {
        long stored = groups.Sum(g => g.Stored.Sum(Bytes));
        long freed = groups.SelectMany(ValuesRead).Distinct()
            .Where(v => done.Contains(_groupOf(v)!) && !_kept.Contains(v) && _users[v].TrueForAll(u => done.Contains(u) || groups.Contains(u))).Sum(Bytes);
        return freed - stored;
    }

    /// <summary>The most bytes of values that are alive at once.</summary>
    private long PeakOf(List<FusionGroup> order)
    {
        Dictionary<Node, int> left = _users.ToDictionary(p => p.Key, p => p.Value.Count);
        long alive = 0, peak = 0;
        foreach (FusionGroup group in order)
        {
            if (group.Kind != GroupKind.Join) alive += group.Stored.Sum(Bytes);
            peak = Math.Max(peak, alive);
            foreach (Node value in ValuesRead(group))
            {
                if (--left[value] == 0 && !_kept.Contains(value)) alive -= Bytes(value);
            }
        }

        return peak;
    }
}
