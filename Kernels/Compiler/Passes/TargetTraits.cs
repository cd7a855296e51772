using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Replaces what a kernel asks about its target by constants, before any other pass, and drops the way not taken, in which
/// there may be what the target has not.</summary>
internal sealed class TargetTraits : Rewriter
{
    private readonly bool _serialGroups;
    private readonly bool _matrixUnits;

    private TargetTraits(bool serialGroups, bool matrixUnits) => (_serialGroups, _matrixUnits) = (serialGroups, matrixUnits);

    /// <summary>The kernel for a target of this kind.</summary>
    public static Kernel Resolve(Kernel kernel, bool serialGroups, bool matrixUnits = false) =>
        kernel.Body.Descendants().Any(n => n is Instruction { Opcode: Opcode.SerialGroups or Opcode.MatrixUnits })
            ? new TargetTraits(serialGroups, matrixUnits).Run(kernel)
            : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => old.Opcode switch
    {
        Opcode.SerialGroups => Constant.Of(_serialGroups),
        Opcode.MatrixUnits => Constant.Of(_matrixUnits),
        Opcode.Not when operands[0] is Constant { Type.IsBool: true } known => Constant.Of(known.Bits == 0),
        _ => base.Visit(old, operands),
    };

    protected override void Visit(If old)
    {
        if (Get(old.Condition) is not Constant condition)
        {
            base.Visit(old);
            return;
        }

        Block taken = new(Types(old));
        Map(old, taken);
        Output.Within(taken.Body, () => Visit(condition.Bits != 0 ? old.Then : old.Else));
        Output.Append(taken);
        MapResults(old, [.. taken.Results]);
    }
}
