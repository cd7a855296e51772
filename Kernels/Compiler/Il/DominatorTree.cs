namespace Cotangent.Kernels.Il;

/// <summary>Dominators and natural loops of a flow graph (Cooper, Harvey and Kennedy's iteration).</summary>
internal sealed class DominatorTree
{
    private readonly List<FlowBlock> _order;
    private readonly int[] _dominator;
    private readonly int[] _first;
    private readonly int[] _last;
    private readonly List<FlowBlock>[] _children;
    private readonly FlowBlock?[] _loop;
    private readonly Dictionary<FlowBlock, HashSet<FlowBlock>> _loops = [];

    public DominatorTree(FlowGraph graph)
    {
        _order = graph.Order();
        foreach (FlowBlock block in _order)
        {
            // Edges from blocks that cannot be reached would confuse dominance and phis alike.
            for (int i = block.Predecessors.Count - 1; i >= 0; i--)
            {
                FlowBlock from = block.Predecessors[i];
                if (from.Order >= _order.Count || _order[from.Order] != from)
                    block.RemovePredecessor(i);
            }
        }

        int count = _order.Count;
        _dominator = new int[count];
        _children = [.. _order.Select(_ => new List<FlowBlock>())];
        (_first, _last) = (new int[count], new int[count]);
        _loop = new FlowBlock?[count];
        FindDominators();
        for (int i = 1; i < count; i++)
            _children[_dominator[i]].Add(_order[i]);
        Number();
        FindLoops();
    }

    /// <summary>The blocks in reverse postorder.</summary>
    public IReadOnlyList<FlowBlock> Blocks => _order;

    /// <summary>Loop headers with the blocks of their loops.</summary>
    public IReadOnlyDictionary<FlowBlock, HashSet<FlowBlock>> Loops => _loops;

    /// <summary>The blocks immediately dominated, in reverse postorder.</summary>
    public IReadOnlyList<FlowBlock> Children(FlowBlock block) => _children[block.Order];

    public FlowBlock? Parent(FlowBlock block) => block.Order == 0 ? null : _order[_dominator[block.Order]];

    public bool Dominates(FlowBlock x, FlowBlock y) =>
        _first[x.Order] <= _first[y.Order] && _last[y.Order] <= _last[x.Order];

    /// <summary>The header of the innermost loop around a block.</summary>
    public FlowBlock? LoopOf(FlowBlock block) => _loop[block.Order];

    /// <summary>True for an edge that closes a loop.</summary>
    public bool IsBackEdge(FlowBlock from, FlowBlock to) => from.Order >= to.Order;

    /// <summary>The predecessors over edges that do not close a loop.</summary>
    public IEnumerable<FlowBlock> ForwardPredecessors(FlowBlock block) =>
        block.Predecessors.Where(p => !IsBackEdge(p, block));

    private void FindDominators()
    {
        Array.Fill(_dominator, -1);
        _dominator[0] = 0;
        for (bool changed = true; changed;)
        {
            changed = false;
            for (int i = 1; i < _order.Count; i++)
            {
                int found = -1;
                foreach (FlowBlock from in _order[i].Predecessors)
                {
                    if (_dominator[from.Order] >= 0)
                        found = found < 0 ? from.Order : Intersect(found, from.Order);
                }

                changed |= _dominator[i] != found;
                _dominator[i] = found;
            }
        }
    }

    private int Intersect(int x, int y)
    {
        while (x != y)
        {
            if (x > y)
                x = _dominator[x];
            else
                y = _dominator[y];
        }

        return x;
    }

    /// <summary>Numbers the tree so that dominance is an interval test.</summary>
    private void Number()
    {
        int clock = 0;
        Stack<(int Block, int Next)> path = new([(0, 0)]);
        _first[0] = clock++;
        while (path.TryPop(out (int Block, int Next) top))
        {
            if (top.Next == _children[top.Block].Count)
            {
                _last[top.Block] = clock++;
                continue;
            }

            path.Push((top.Block, top.Next + 1));
            int child = _children[top.Block][top.Next].Order;
            _first[child] = clock++;
            path.Push((child, 0));
        }
    }

    private void FindLoops()
    {
        // Later headers first: an inner loop claims its blocks before the loop around it does.
        for (int i = _order.Count - 1; i >= 0; i--)
        {
            FlowBlock header = _order[i];
            List<FlowBlock> work = [.. header.Predecessors.Where(p => IsBackEdge(p, header))];
            if (work.Count == 0)
                continue;
            if (work.Exists(p => !Dominates(header, p)))
                throw new RefusalException(Diagnostics.Irreducible, "Control flow jumps into the middle of a loop.");
            HashSet<FlowBlock> body = [header];
            while (work.Count > 0)
            {
                FlowBlock block = work[^1];
                work.RemoveAt(work.Count - 1);
                if (body.Add(block))
                    work.AddRange(block.Predecessors);
            }

            _loops[header] = body;
            foreach (FlowBlock block in body)
                _loop[block.Order] ??= header;
        }
    }
}
