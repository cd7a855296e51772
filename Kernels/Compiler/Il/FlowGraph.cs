using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>How control leaves a flow block.</summary>
internal enum FlowEnd : byte
{
    /// <summary>Not yet decided.</summary>
    Open,

    /// <summary>To Target.</summary>
    Jump,

    /// <summary>To Target if Condition, to Other if not.</summary>
    Branch,

    /// <summary>The end of the translated method.</summary>
    Exit,
}

/// <summary>A value that merges at the start of a block: one operand a predecessor, in the order of its Predecessors.</summary>
internal sealed class Phi(IrType type) : Value(type)
{
    public List<Value> Operands { get; } = [];
}

/// <summary>A basic block of the SSA control-flow graph of a kernel with everything inlined.</summary>
internal sealed class FlowBlock
{
    public List<Phi> Phis { get; } = [];

    public List<Instruction> Code { get; set; } = [];

    public List<FlowBlock> Predecessors { get; } = [];

    public FlowEnd End { get; private set; }

    public Value? Condition { get; private set; }

    public FlowBlock? Target { get; private set; }

    public FlowBlock? Other { get; private set; }

    /// <summary>The method activation the block comes from and the IL offset there: the order of the source.</summary>
    public Frame? Frame { get; init; }

    public int Offset { get; init; }

    /// <summary>For a loop header while it is open: the variables as its phis.</summary>
    public State? LoopState { get; set; }

    /// <summary>For a loop header: its call path and IL block, the same in every attempt.</summary>
    public (int Path, int Block) LoopKey { get; set; }

    /// <summary>For a loop header: how many allocations were made before it.</summary>
    public int AllocationsBefore { get; set; }

    /// <summary>The position in reverse postorder, once ordered.</summary>
    public int Order { get; set; }

    public IEnumerable<FlowBlock> Successors => End switch
    {
        FlowEnd.Jump => [Target!],
        FlowEnd.Branch => [Target!, Other!],
        _ => [],
    };

    public void EndWithExit() => End = FlowEnd.Exit;

    /// <summary>Ends with a jump. The caller keeps Predecessors and phi operands in step.</summary>
    public void EndWithJump(FlowBlock target) => (End, Condition, Target, Other) = (FlowEnd.Jump, null, target, null);

    /// <summary>Ends with a branch. The caller keeps Predecessors and phi operands in step.</summary>
    public void EndWithBranch(Value condition, FlowBlock target, FlowBlock other) =>
        (End, Condition, Target, Other) = (FlowEnd.Branch, condition, target, other);

    /// <summary>Ends as <paramref name="other"/> does.</summary>
    public void EndAs(FlowBlock other) =>
        (End, Condition, Target, Other) = (other.End, other.Condition, other.Target, other.Other);

    /// <summary>Redirects the edge that goes to <paramref name="from"/>.</summary>
    public void Retarget(FlowBlock from, FlowBlock to)
    {
        if (Target == from)
            Target = to;
        else if (Other == from)
            Other = to;
    }

    /// <summary>Removes predecessor number <paramref name="index"/> and its phi operands.</summary>
    public void RemovePredecessor(int index)
    {
        Predecessors.RemoveAt(index);
        foreach (Phi phi in Phis)
            phi.Operands.RemoveAt(index);
    }
}

/// <summary>The graph of one kernel or inlined function, and the allocations it makes.</summary>
internal sealed class FlowGraph
{
    public FlowBlock Entry { get; } = new();

    /// <summary>Where all returns meet: no code, only phis.</summary>
    public FlowBlock Exit { get; set; } = new();

    /// <summary>Shared and local arrays, to stand in the outermost region.</summary>
    public List<Instruction> Allocations { get; } = [];

    /// <summary>The scalars a function returns, by exit-block values; empty for a kernel.</summary>
    public List<Value> Returned { get; } = [];

    /// <summary>Values that passes replaced by others.</summary>
    public Dictionary<Value, Value> Replaced { get; } = [];

    /// <summary>The value that stands for <paramref name="value"/> now.</summary>
    public Value Resolve(Value value)
    {
        while (Replaced.TryGetValue(value, out Value? other))
            value = other;
        return value;
    }

    /// <summary>The reachable blocks in reverse postorder, numbered.</summary>
    public List<FlowBlock> Order()
    {
        List<FlowBlock> postorder = [];
        HashSet<FlowBlock> seen = [Entry];
        Stack<(FlowBlock Block, int Next)> path = new([(Entry, 0)]);
        while (path.TryPop(out (FlowBlock Block, int Next) top))
        {
            // The false side first: the true side then comes first in reverse postorder, as in the source.
            FlowBlock? next = (top.Block.End, top.Next) switch
            {
                (FlowEnd.Branch, 0) => top.Block.Other,
                (FlowEnd.Branch, 1) or (FlowEnd.Jump, 0) => top.Block.Target,
                _ => null,
            };
            if (next is null)
            {
                postorder.Add(top.Block);
                continue;
            }

            path.Push((top.Block, top.Next + 1));
            if (seen.Add(next))
                path.Push((next, 0));
        }

        postorder.Reverse();
        for (int i = 0; i < postorder.Count; i++)
            postorder[i].Order = i;
        return postorder;
    }
}
