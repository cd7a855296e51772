using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Evaluates constants, applies exact algebra (<see cref="Algebra"/>) and decides branches on constants.
/// Blocks whose only break is their end dissolve; results and loop parameters that can only have one value are replaced
/// by it.</summary>
internal sealed class Folding : Rewriter
{
    private readonly SinglePhis _phis;

    private readonly Func<Instruction, Value> _simplify;

    private Folding(Kernel kernel)
    {
        _phis = new SinglePhis(kernel);
        _simplify = Simplify;
    }

    public static Kernel Fold(Kernel kernel) => new Folding(kernel).RunOrKeep(kernel);

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => Simplify(Keep(old, operands));

    protected override void Visit(If old)
    {
        if (Get(old.Condition) is Constant condition)
        {
            Inline(old, condition.Bits != 0 ? old.Then : old.Else);
            return;
        }

        base.Visit(old);
        ForwardResults(old);
    }

    protected override void Visit(Block old)
    {
        Inline(old, old.Body);
        ForwardResults(old);
    }

    protected override void Visit(Loop old)
    {
        Loop copy = new(Get(old.Initial), Types(old));
        for (int i = 0; i < old.Parameters.Length; i++)
        {
            bool single = _phis.Single(old.Parameters[i]) is not null;
            HasChanged |= single && old.Body.Descendants().Any(n => n.Uses().Contains(old.Parameters[i]));
            Map(old.Parameters[i], single ? Get(old.Initial[i]) : copy.Parameters[i]);
        }

        Finish(old, copy);
        ForwardResults(old);
    }

    /// <summary>Writes a simplified instruction: an existing value, a constant or new nodes. Rules make instructions
    /// that are simplified in turn.</summary>
    private Value Simplify(Instruction node)
    {
        Value? better = Evaluate(node) ?? Algebra.Simplify(node, _simplify);
        if (better is null)
        {
            return Output.Append(node);
        }

        HasChanged = true;
        return better;
    }

    /// <summary>The instruction's value if all operands are constants. A division of integers by zero is left to the
    /// target.</summary>
    private static Value? Evaluate(Instruction node)
    {
        if (!Semantics.IsEvaluable(node.Opcode))
        {
            return null;
        }

        foreach (Value operand in node.Operands)
        {
            if (operand is not Constant)
            {
                return null;
            }
        }

        ulong[] bits = [.. node.Operands.Select(x => ((Constant)x).Bits)];
        bool undefined = node.Opcode is Opcode.Div or Opcode.Rem && !node.Type.IsFloat && bits[1] == 0;
        return undefined ? null : new Constant(node.Type, Semantics.Evaluate(node, bits));
    }

    /// <summary>Replaces a structured node by one of its regions, as a Block. If control leaves the block only at its
    /// end, its nodes go to the outer region.</summary>
    private void Inline(Structured old, Region region)
    {
        Block block = new(Types(old));
        Map(old, block);
        Output.Within(block.Body, () => Visit(region));
        int breaks = block.Body.Descendants().Count(n => n is Break leave && leave.Target == block);
        bool endsInBreak = block.Body.Terminator is Break last && last.Target == block;
        bool remains = breaks > (endsInBreak ? 1 : 0);
        HasChanged |= !remains || old is not Block;
        if (remains)
        {
            Output.Append(block);
            MapResults(old, [.. block.Results]);
            return;
        }

        Output.Region.Nodes.AddRange(endsInBreak ? block.Body.Nodes.SkipLast(1) : block.Body.Nodes);
        if (endsInBreak)
        {
            MapResults(old, block.Body.Terminator.Arguments);
        }
    }

    private void ForwardResults(Structured old)
    {
        foreach (Result result in old.Results)
        {
            if (_phis.Single(result) is { } value)
            {
                HasChanged = true;
                Map(result, Get(value));
            }
        }
    }
}
