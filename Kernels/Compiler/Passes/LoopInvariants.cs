using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Moves pure instructions whose operands do not change in a loop before it. Only what every round computes
/// moves: the body's outermost region, and in a counted loop the arm that stays. Nothing pure traps, so a loop of no
/// rounds costs time only.</summary>
internal sealed class LoopInvariants : Rewriter
{
    private readonly HashSet<INode> _hoisted = new(ReferenceEqualityComparer.Instance);

    public static Kernel Hoist(Kernel kernel) =>
        kernel.Body.Contains<Loop>() ? new LoopInvariants().RunOrKeep(kernel) : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => Output.Append(Keep(old, operands));

    protected override void Visit(Region region)
    {
        foreach (INode node in region.Nodes.Where(n => !_hoisted.Contains(n)))
        {
            Visit(node);
        }
    }

    protected override void Visit(Loop old)
    {
        HashSet<Value> inside = new(old.Parameters, ReferenceEqualityComparer.Instance);
        foreach (INode node in old.Body.Descendants())
        {
            switch (node)
            {
                case Instruction instruction:
                    inside.Add(instruction);
                    break;
                case Structured structured:
                    inside.UnionWith(structured.Results);
                    if (structured is Loop loop)
                        inside.UnionWith(loop.Parameters);
                    break;
            }
        }

        IEnumerable<INode> everyRound = old.Body.Nodes;
        if (CountedLoop.Match(old) is { } counted)
        {
            everyRound = everyRound.Concat(counted.StaysIfTrue ? counted.Test.Then.Nodes : counted.Test.Else.Nodes);
        }

        foreach (Instruction candidate in everyRound.OfType<Instruction>())
        {
            if (!_hoisted.Contains(candidate) && IsMovable(candidate) && !UsesAny(candidate, inside))
            {
                HasChanged = true;
                inside.Remove(candidate);
                _hoisted.Add(candidate);
                Map(candidate, Visit(candidate, Get(candidate.Operands)));
            }
        }

        base.Visit(old);
    }

    private static bool UsesAny(Instruction node, HashSet<Value> values)
    {
        foreach (Value operand in node.Operands)
        {
            if (values.Contains(operand))
                return true;
        }

        return false;
    }

    private static bool IsMovable(Instruction node) =>
        Semantics.IsEvaluable(node.Opcode) || node.Opcode is Opcode.PointerAdd or Opcode.PointerCast or Opcode.Call;
}
