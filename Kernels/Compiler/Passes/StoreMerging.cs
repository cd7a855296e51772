using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Where both arms of an If end by storing to the same element, the arms yield the value and one Store follows the If; then
/// the If may become a Select.</summary>
internal sealed class StoreMerging : Rewriter
{
    private readonly HashSet<Instruction> _moved = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Break, Value> _stored = new(ReferenceEqualityComparer.Instance);

    public static Kernel Merge(Kernel kernel) =>
        kernel.Body.Contains<If>() ? new StoreMerging().RunOrKeep(kernel) : kernel;

    protected override void Visit(If old)
    {
        if (LastStore(old, old.Then) is not { } first || LastStore(old, old.Else) is not { } second
            || !AreSame(first.Operands[0], second.Operands[0]) || !AreSame(first.Operands[1], second.Operands[1])
            || first.Operands[2].Type != second.Operands[2].Type || Exits(old) != 2)
        {
            base.Visit(old);
            return;
        }

        HasChanged = true;
        HashSet<INode> inside = [.. old.Then.Nodes];
        Value pointer = Outside(first.Operands[0], inside);
        Value index = Outside(first.Operands[1], inside);
        _moved.Add(first);
        _moved.Add(second);
        _stored[(Break)old.Then.Terminator] = first.Operands[2];
        _stored[(Break)old.Else.Terminator] = second.Operands[2];
        If copy = new(Get(old.Condition), [.. Types(old), first.Operands[2].Type]);
        Finish(old, copy);
        Output.Store(pointer, index, copy.Results[^1]);
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) =>
        _moved.Contains(old) ? old : base.Visit(old, operands);

    protected override void Visit(Break old)
    {
        if (_stored.TryGetValue(old, out Value? value))
            Output.Append(new Break(GetTarget(old.Target), [.. Get(old.Arguments), Get(value)]));
        else
            base.Visit(old);
    }

    private static int Exits(If branch) => branch.Regions.SelectMany(Nodes.Descendants).Count(n => n is Break b && b.Target == branch);

    /// <summary>The store that is an arm's last act before it ends normally.</summary>
    private static Instruction? LastStore(If branch, Region arm)
    {
        if (arm.Terminator is not Break end || end.Target != branch)
            return null;
        for (int i = arm.Nodes.Count - 2; i >= 0; i--)
        {
            if (arm.Nodes[i] is Instruction { Opcode: Opcode.Store } store)
                return store;
            if (arm.Nodes[i] is not Instruction x || !Semantics.IsEvaluable(x.Opcode))
                return null;
        }

        return null;
    }

    /// <summary>True for one value, or the same pure computation in both arms.</summary>
    private static bool AreSame(Value x, Value y) => x == y
        || (x is Constant c && y is Constant d && c.Type == d.Type && c.Bits == d.Bits)
        || (x is Instruction a && y is Instruction b && IsMovable(a) && a.Opcode == b.Opcode && a.Type == b.Type
            && a.Function == b.Function && a.Axis == b.Axis && a.Operands.Length == b.Operands.Length
            && a.Operands.Zip(b.Operands).All(p => AreSame(p.First, p.Second)));

    private static bool IsMovable(Instruction x) => Semantics.IsEvaluable(x.Opcode)
        || x.Opcode is (>= Opcode.GlobalIndex and <= Opcode.GridExtent) or Opcode.PointerAdd or Opcode.PointerCast;

    /// <summary>A value of the first arm, computed before the If; <see cref="AreSame"/> has seen that it can be.</summary>
    private Value Outside(Value value, HashSet<INode> inside) => value is Instruction x && inside.Contains(x)
        ? Output.Append(Clone(x, [.. x.Operands.Select(o => Outside(o, inside))]))
        : Get(value);
}
