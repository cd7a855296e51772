using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Turns small branches without effects into values: <c>a || b</c> into a logical operation, <c>c ? x : y</c> into a
/// select. Only operations that are cheap and cannot fault are evaluated early: never a load, which a condition may guard.</summary>
internal static class ShortCircuit
{
    private const int SpeculationLimit = 6;

    public static void Run(FlowGraph graph)
    {
        for (bool changed = true; changed;)
        {
            changed = false;
            // Postorder: the second operand of a || (b || c) before the first.
            foreach (FlowBlock block in Enumerable.Reverse(graph.Order()))
                changed |= block.End == FlowEnd.Branch && (MergeConditions(graph, block) || MergeDiamond(graph, block));
            if (changed)
                FlowSimplifier.MergeChains(graph);
        }
    }

    /// <summary>X: if (a) T else Y; Y: if (b) T else F (and the three mirrored forms).</summary>
    private static bool MergeConditions(FlowGraph graph, FlowBlock block)
    {
        foreach (FlowBlock second in new[] { block.Target!, block.Other! })
        {
            FlowBlock common = second == block.Target ? block.Other! : block.Target!;
            if (second.End != FlowEnd.Branch || second == graph.Exit || !IsCheap(second) || !second.Successors.Contains(common)
                || second == block || common == second)
            {
                continue;
            }

            Emitter emit = new(block);
            bool reachesByTrue = block.Target == common;
            Value first = reachesByTrue ? block.Condition! : emit.Not(graph.Resolve(block.Condition!));
            block.Code.AddRange(second.Code);
            Value other = second.Target == common ? second.Condition! : emit.Not(graph.Resolve(second.Condition!));
            Value either = emit.Emit(Opcode.Or, ScalarType.Bool, first, other);
            JoinOperands(graph, emit, common, block, second, first);
            FlowBlock rest = second.Target == common ? second.Other! : second.Target!;
            rest.Predecessors[rest.Predecessors.IndexOf(second)] = block;
            // Or(¬a, ¬b) as a condition is And(a, b) with the sides exchanged: that keeps loop tests upright.
            if (!reachesByTrue && second.Target != common)
            {
                Value both = emit.Emit(Opcode.And, ScalarType.Bool, graph.Resolve(block.Condition!), graph.Resolve(second.Condition!));
                block.EndWithBranch(both, rest, common);
            }
            else
            {
                block.EndWithBranch(either, common, rest);
            }

            second.Predecessors.Clear();
            return true;
        }

        return false;
    }

    /// <summary>The common target loses one of two edges: its phis choose by the first condition.</summary>
    private static void JoinOperands(FlowGraph graph, Emitter emit, FlowBlock common, FlowBlock block, FlowBlock second, Value first)
    {
        int i = common.Predecessors.IndexOf(block);
        int j = common.Predecessors.IndexOf(second);
        foreach (Phi phi in common.Phis)
            phi.Operands[i] = Choose(graph, emit, first, phi.Operands[i], phi.Operands[j]);
        common.RemovePredecessor(j);
    }

    /// <summary>X: if (c) A else B, where A and B are cheap or absent and both go to one join.</summary>
    private static bool MergeDiamond(FlowGraph graph, FlowBlock block)
    {
        FlowBlock then = block.Target!;
        FlowBlock otherwise = block.Other!;
        FlowBlock? join = IsArm(then) && then.Target == otherwise ? otherwise
            : IsArm(otherwise) && otherwise.Target == then ? then
            : IsArm(then) && IsArm(otherwise) && then.Target == otherwise.Target ? then.Target
            : null;
        // Without phis to fill the branch has no purpose left and costs nothing to drop either.
        if (join is null || join == block || then == otherwise)
            return false;
        FlowBlock fromThen = then == join ? block : then;
        FlowBlock fromElse = otherwise == join ? block : otherwise;
        int i = join.Predecessors.IndexOf(fromThen);
        int j = join.Predecessors.IndexOf(fromElse);
        if (i < 0 || j < 0 || join.Phis.Exists(p => p.Type.IsPointer && graph.Resolve(p.Operands[i]) != graph.Resolve(p.Operands[j])))
            return false;
        Emitter emit = new(block);
        if (then != join)
            block.Code.AddRange(then.Code);
        if (otherwise != join)
            block.Code.AddRange(otherwise.Code);
        foreach (Phi phi in join.Phis)
            phi.Operands[i] = Choose(graph, emit, block.Condition!, phi.Operands[i], phi.Operands[j]);
        join.Predecessors[i] = block;
        join.RemovePredecessor(j);
        foreach (FlowBlock arm in new[] { then, otherwise })
        {
            if (arm != join)
                arm.Predecessors.Clear();
        }

        block.EndWithJump(join);
        return true;
    }

    private static Value Choose(FlowGraph graph, Emitter emit, Value condition, Value x, Value y)
    {
        (condition, x, y) = (graph.Resolve(condition), graph.Resolve(x), graph.Resolve(y));
        if (x == y)
            return x;
        if (x is Constant { Type.IsBool: true } a && y.Type.IsBool)
            return a.Bits != 0 ? emit.Emit(Opcode.Or, ScalarType.Bool, condition, y) : And(emit, emit.Not(condition), y);
        if (y is Constant { Type.IsBool: true } b && x.Type.IsBool)
            return b.Bits != 0 ? emit.Emit(Opcode.Or, ScalarType.Bool, emit.Not(condition), x) : And(emit, condition, x);
        return emit.Emit(Opcode.Select, x.Type, condition, x, y);
    }

    private static Value And(Emitter emit, Value x, Value y) => emit.Emit(Opcode.And, ScalarType.Bool, x, y);

    private static bool IsArm(FlowBlock block) => block.End == FlowEnd.Jump && IsCheap(block);

    private static bool IsCheap(FlowBlock block) => block.Predecessors.Count == 1 && block.Phis.Count == 0
        && block.Code.Count <= SpeculationLimit && block.Code.TrueForAll(IsSpeculable);

    private static bool IsSpeculable(Instruction instruction) => !instruction.HasEffect
        && instruction.Opcode is not (Opcode.Load or Opcode.Call or Opcode.Div or Opcode.Rem or Opcode.Sqrt);
}
