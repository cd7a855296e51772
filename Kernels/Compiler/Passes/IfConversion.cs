using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Turns an If whose arms only compute a few pure values into Selects: both sides run, no lane branches.
/// Nothing traps, so this is exact; memory accesses and library calls stay guarded.</summary>
internal sealed class IfConversion : Rewriter
{
    /// <summary>The most that both arms may cost together, in simple operations.</summary>
    private const int MostCost = 24;

    public static Kernel Convert(Kernel kernel) =>
        kernel.Body.Contains<If>() ? new IfConversion().RunOrKeep(kernel) : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => Output.Append(Keep(old, operands));

    protected override void Visit(If old)
    {
        Value condition = Get(old.Condition);
        If copy = new(condition, Types(old));
        Map(old, copy);
        Output.Within(copy.Then, () => Visit(old.Then));
        Output.Within(copy.Else, () => Visit(old.Else));
        if (Cost(copy, copy.Then) + Cost(copy, copy.Else) > MostCost)
        {
            Output.Append(copy);
            MapResults(old, [.. copy.Results]);
            return;
        }

        HasChanged = true;
        Output.Region.Nodes.AddRange(copy.Then.Nodes.SkipLast(1));
        Output.Region.Nodes.AddRange(copy.Else.Nodes.SkipLast(1));
        MapResults(old, [.. copy.Then.Terminator.Arguments.Zip(copy.Else.Terminator.Arguments,
            (x, y) => ReferenceEquals(x, y) ? x : Output.Select(condition, x, y))]);
    }

    private static int Cost(If branch, Region arm)
    {
        if (arm.Terminator is not Break leave || leave.Target != branch)
        {
            return int.MaxValue / 2;
        }

        return arm.Nodes.SkipLast(1).Sum(n => n switch
        {
            Instruction { Opcode: Opcode.Div or Opcode.Rem or Opcode.Sqrt } => 12,
            Instruction instruction when Semantics.IsEvaluable(instruction.Opcode) => 1,
            _ => MostCost + 1,
        });
    }
}
