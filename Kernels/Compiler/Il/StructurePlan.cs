using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>What structured output needs to know of a flow graph, computed once: which values are live, where each block stands,
/// and which values leave loops. Read-only afterwards, so one plan serves every place where a function is inlined.</summary>
/// <remarks>
/// The output follows the dominator tree (Ramsey, "Beyond Relooper", ICFP 2022): a loop header becomes a Loop, a block with several
/// predecessors stands behind an If or Block that its predecessors leave by Break, any other block stands where its predecessor
/// jumps to it. One thing is different: a loop's exits stand behind the Loop, not inside it, so that code after a loop is no
/// part of its body. Values of the loop that are used there leave it as results: the plan's <see cref="Carried"/> values.
/// </remarks>
internal sealed class StructurePlan
{
    private readonly HashSet<Value> _live = [];
    private readonly Dictionary<Value, FlowBlock> _definition = [];
    private readonly Dictionary<FlowBlock, FlowBlock> _owner = [];
    private readonly Dictionary<FlowBlock, List<FlowBlock>> _exits = [];
    private readonly Dictionary<FlowBlock, List<Value>> _carried = [];

    // A kernel's exit is reached from inside a loop and from behind it: each way ends in a Return of its own.
    private bool _returnsInPlace;

    public StructurePlan(FlowGraph graph, bool isKernel)
    {
        Graph = graph;
        IsKernel = isKernel;
        Normalise(graph);
        Tree = new DominatorTree(graph);
        foreach (FlowBlock header in Tree.Loops.Keys)
            TurnUpright(graph, header);
        FindDefinitions();
        FindLive();
        foreach (FlowBlock header in Tree.Loops.Keys.OrderBy(h => h.Order))
            FindExits(header);
        FindCarried();
    }

    public FlowGraph Graph { get; }

    /// <summary>True for a kernel, whose exit is Return; false for a function, whose exit continues behind it.</summary>
    public bool IsKernel { get; }

    public DominatorTree Tree { get; }

    public bool IsLive(Value value) => _live.Contains(value);

    /// <summary>The blocks that stand behind the loop of <paramref name="header"/>, in order.</summary>
    public IReadOnlyList<FlowBlock> Exits(FlowBlock header) => _exits.TryGetValue(header, out List<FlowBlock>? exits) ? exits : [];

    /// <summary>True if the block stands behind a loop rather than behind a branch.</summary>
    public bool IsLoopExit(FlowBlock block) => _owner.ContainsKey(block);

    /// <summary>The values defined in a loop that must be passed to <paramref name="exit"/>, one of its exits.</summary>
    public IReadOnlyList<Value> Carried(FlowBlock exit) => _carried.TryGetValue(exit, out List<Value>? values) ? values : [];

    /// <summary>The phis of a block that are needed.</summary>
    public IEnumerable<Phi> LivePhis(FlowBlock block) => block.Phis.Where(IsLive);

    /// <summary>The exit of a loop, between <paramref name="use"/> and the definition, through which a value arrives at a block;
    /// null if it is visible there directly.</summary>
    public FlowBlock? CarrierOf(Value value, FlowBlock use)
    {
        if (!_definition.TryGetValue(value, out FlowBlock? definition) || Tree.LoopOf(definition) is null)
            return null;
        for (FlowBlock block = use; block != definition; block = Tree.Parent(block)!)
        {
            if (_owner.TryGetValue(block, out FlowBlock? header) && Tree.Dominates(header, definition))
                return block;
        }

        return null;
    }

    /// <summary>The blocks that stand behind the branch at the end of <paramref name="block"/>, in order.</summary>
    public List<FlowBlock> JoinsAfter(FlowBlock block)
    {
        List<FlowBlock> joins = [.. Tree.Children(block)
            .Where(c => !IsLoopExit(c) && Tree.ForwardPredecessors(c).Take(2).Count() > 1)];
        // The kernel's end needs no join where several are nested: Return says the same.
        if (_returnsInPlace || (IsKernel && joins.Count > 1))
            joins.Remove(Graph.Exit);
        return joins;
    }

    /// <summary>Gives a loop a block of its own to be entered from where a branch leads to its header.</summary>
    private static void Normalise(FlowGraph graph)
    {
        DominatorTree tree = new(graph);
        foreach (FlowBlock header in tree.Loops.Keys)
        {
            FlowBlock before = tree.ForwardPredecessors(header).Single();
            if (before.End != FlowEnd.Branch)
                continue;
            FlowBlock preheader = new() { Frame = header.Frame, Offset = header.Offset };
            before.Retarget(header, preheader);
            preheader.Predecessors.Add(before);
            preheader.EndWithJump(header);
            header.Predecessors[header.Predecessors.IndexOf(before)] = preheader;
        }
    }

    /// <summary>The test at a loop's head is true while the loop goes on: the shape of a counted loop.</summary>
    private void TurnUpright(FlowGraph graph, FlowBlock header)
    {
        if (header.End != FlowEnd.Branch || Tree.Loops[header].Contains(header.Target!) || !Tree.Loops[header].Contains(header.Other!))
            return;
        Value condition = new Emitter(header).Not(graph.Resolve(header.Condition!));
        header.EndWithBranch(condition, header.Other!, header.Target!);
    }

    private void FindDefinitions()
    {
        foreach (FlowBlock block in Tree.Blocks)
        {
            foreach (Phi phi in block.Phis)
                _definition[phi] = block;
            foreach (Instruction instruction in block.Code)
                _definition[instruction] = block;
        }
    }

    private void FindLive()
    {
        Stack<Value> work = new();
        foreach (FlowBlock block in Tree.Blocks)
        {
            foreach (Instruction instruction in block.Code.Where(i => i.HasEffect))
                work.Push(instruction);
            if (block.Condition is { } condition)
                work.Push(Graph.Resolve(condition));
        }

        foreach (Value value in Graph.Returned)
            work.Push(Graph.Resolve(value));
        while (work.TryPop(out Value? value))
        {
            if (!_live.Add(value))
                continue;
            IEnumerable<Value> operands = value switch
            {
                Instruction instruction => instruction.Operands,
                Phi phi => phi.Operands,
                UndefinedPointer => throw Emitter.UndefinedView(),
                _ => [],
            };
            foreach (Value operand in operands)
                work.Push(Graph.Resolve(operand));
        }
    }

    private void FindExits(FlowBlock header)
    {
        HashSet<FlowBlock> body = Tree.Loops[header];
        List<FlowBlock> candidates = [.. body.SelectMany(Tree.Children).Where(c => !body.Contains(c) && !_owner.ContainsKey(c))];
        List<FlowBlock> exits = [.. candidates.Where(c => Tree.ForwardPredecessors(c).Take(2).Count() > 1)];
        // Of the exits with one way in, the last in the source follows the loop; the others are code on the way out (a break or
        // return with statements before it) and stay where they are.
        FlowBlock? last = candidates
            .Where(c => c.Frame == header.Frame || exits.Count == 0)
            .OrderBy(c => c.Frame == header.Frame).ThenBy(c => c.Offset).ThenBy(c => c.Order)
            .LastOrDefault();
        if (last is not null && !exits.Contains(last))
            exits.Add(last);
        if (IsKernel && exits.Count > 1)
            _returnsInPlace |= exits.Remove(Graph.Exit);
        exits.Sort((x, y) => x.Order.CompareTo(y.Order));
        _exits[header] = exits;
        foreach (FlowBlock exit in exits)
            _owner[exit] = header;
    }

    private void FindCarried()
    {
        Stack<(Value Value, FlowBlock Use)> work = new();
        foreach (FlowBlock block in Tree.Blocks)
        {
            foreach (Value operand in block.Code.Where(IsLive).SelectMany(i => i.Operands))
                work.Push((operand, block));
            if (block.Condition is { } condition)
                work.Push((condition, block));
            foreach (Phi phi in LivePhis(block))
            {
                for (int i = 0; i < phi.Operands.Count; i++)
                    work.Push((phi.Operands[i], block.Predecessors[i]));
            }
        }

        foreach (Value value in Graph.Returned)
            work.Push((value, Graph.Exit));
        while (work.TryPop(out (Value Value, FlowBlock Use) item))
        {
            Value value = Graph.Resolve(item.Value);
            if (CarrierOf(value, item.Use) is not { } exit)
                continue;
            if (!_carried.TryGetValue(exit, out List<Value>? values))
                _carried[exit] = values = [];
            if (values.Contains(value))
                continue;
            values.Add(value);
            foreach (FlowBlock from in exit.Predecessors)
                work.Push((value, from));
        }
    }
}
