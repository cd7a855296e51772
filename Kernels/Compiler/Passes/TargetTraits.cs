using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Replaces what a kernel asks about its target by constants, before any other pass: folding then drops the way not taken.</summary>
internal sealed class TargetTraits : Rewriter
{
    private readonly bool _serialGroups;

    private TargetTraits(bool serialGroups) => _serialGroups = serialGroups;

    /// <summary>The kernel for a target of this kind.</summary>
    public static Kernel Resolve(Kernel kernel, bool serialGroups) =>
        kernel.Body.Descendants().Any(n => n is Instruction { Opcode: Opcode.SerialGroups })
            ? new TargetTraits(serialGroups).Run(kernel)
            : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) =>
        old.Opcode == Opcode.SerialGroups ? Constant.Of(_serialGroups) : base.Visit(old, operands);
}
