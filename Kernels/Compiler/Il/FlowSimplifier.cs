using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Tidies a flow graph before it becomes structured: needless phis, chains of blocks, several back edges, short-circuit
/// conditions, small diamonds, joins that belong to inner branches.</summary>
internal static class FlowSimplifier
{
    public static void Run(FlowGraph graph)
    {
        DropUnreachable(graph);
        RemoveTrivialPhis(graph);
        MergeChains(graph);
        ShortCircuit.Run(graph);
        MergeChains(graph);
        MergeBackEdges(graph);
        SplitJoins(graph);

        // Joins of their own make small else-if chains into diamonds.
        ShortCircuit.Run(graph);
        MergeChains(graph);
        RemoveTrivialPhis(graph);
    }

    /// <summary>A phi of one value and itself is that value.</summary>
    public static void RemoveTrivialPhis(FlowGraph graph)
    {
        List<FlowBlock> blocks = graph.Order();
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (FlowBlock block in blocks)
                changed |= block.Phis.RemoveAll(phi => IsTrivial(graph, phi)) > 0;
        }
    }

    private static bool IsTrivial(FlowGraph graph, Phi phi)
    {
        Value? single = null;
        foreach (Value operand in phi.Operands)
        {
            Value value = graph.Resolve(operand);
            if (value == phi || value == single)
                continue;
            if (single is not null && !SameConstant(single, value))
                return false;
            single ??= value;
        }

        graph.Replaced[phi] = single ?? throw new InvalidOperationException("A phi refers only to itself.");
        return true;
    }

    private static bool SameConstant(Value x, Value y) =>
        x is Constant a && y is Constant b && a.Type == b.Type && a.Bits == b.Bits;

    private static void DropUnreachable(FlowGraph graph)
    {
        List<FlowBlock> blocks = graph.Order();
        HashSet<FlowBlock> reachable = [.. blocks];
        foreach (FlowBlock block in blocks)
        {
            block.LoopState = null;
            for (int i = block.Predecessors.Count - 1; i >= 0; i--)
            {
                if (!reachable.Contains(block.Predecessors[i]))
                    block.RemovePredecessor(i);
            }
        }
    }

    /// <summary>Joins a block with the only block that jumps to it.</summary>
    public static void MergeChains(FlowGraph graph)
    {
        foreach (FlowBlock block in graph.Order())
        {
            // The exit stays a block of its own: that is where returns meet.
            while (block is { End: FlowEnd.Jump, Target: { Predecessors.Count: 1 } next } && next != block && next != graph.Exit)
            {
                foreach (Phi phi in next.Phis)
                    graph.Replaced[phi] = phi.Operands[0];
                block.Code.AddRange(next.Code);
                block.EndAs(next);
                foreach (FlowBlock successor in next.Successors)
                    successor.Predecessors[successor.Predecessors.IndexOf(next)] = block;
                next.Predecessors.Clear();
            }
        }
    }

    /// <summary>Gives every loop one back edge, so that <c>continue</c> is a join inside the body.</summary>
    private static void MergeBackEdges(FlowGraph graph)
    {
        DominatorTree tree = new(graph);
        foreach (FlowBlock header in tree.Loops.Keys)
        {
            List<FlowBlock> latches = [.. header.Predecessors.Where(p => tree.IsBackEdge(p, header))];
            if (latches.Count > 1)
                InsertJoin(graph, header, latches);
        }
    }

    /// <summary>Gives each branch its own join: where some of a block's predecessors have a closer dominator, they meet first.</summary>
    private static void SplitJoins(FlowGraph graph)
    {
        // A new join is looked at in the next pass, as part of a new tree: as many passes as branches are nested.
        for (bool changed = true; changed;)
        {
            changed = false;
            DominatorTree tree = new(graph);
            foreach (FlowBlock block in tree.Blocks)
            {
                if (block.Predecessors.Count < 3 || tree.Loops.ContainsKey(block))
                    continue;
                foreach (List<FlowBlock> group in Groups(tree, block))
                {
                    InsertJoin(graph, block, group);
                    changed = true;
                }
            }
        }
    }

    /// <summary>Predecessors with a common dominator below the block's own, in the block's loop.</summary>
    private static List<List<FlowBlock>> Groups(DominatorTree tree, FlowBlock block)
    {
        FlowBlock dominator = tree.Parent(block)!;
        return [.. tree.Children(dominator)
            .Where(child => child != block && tree.LoopOf(child) == tree.LoopOf(block) && !tree.Loops.ContainsKey(child))
            .Select(child => block.Predecessors.Where(p => tree.Dominates(child, p)).ToList())
            .Where(group => group.Count > 1)];
    }

    /// <summary>Makes a new block where some predecessors of <paramref name="block"/> meet before they reach it.</summary>
    private static void InsertJoin(FlowGraph graph, FlowBlock block, List<FlowBlock> predecessors)
    {
        FlowBlock join = new() { Frame = block.Frame, Offset = block.Offset };
        List<int> positions = [.. predecessors.Select(p => block.Predecessors.IndexOf(p))];
        List<Value> merged = [];
        foreach (Phi phi in block.Phis)
        {
            Phi inner = new(phi.Type);
            inner.Operands.AddRange(positions.Select(i => phi.Operands[i]));
            join.Phis.Add(inner);
            merged.Add(inner);
        }

        foreach (int position in positions.OrderDescending())
            block.RemovePredecessor(position);
        foreach (FlowBlock from in predecessors)
        {
            from.Retarget(block, join);
            join.Predecessors.Add(from);
        }

        join.EndWithJump(block);
        block.Predecessors.Add(join);
        for (int i = 0; i < merged.Count; i++)
            block.Phis[i].Operands.Add(merged[i]);
        join.Phis.RemoveAll(phi => IsTrivial(graph, phi));
    }
}
