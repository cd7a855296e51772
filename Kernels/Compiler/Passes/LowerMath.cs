using System.Collections.Immutable;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Expands calls of the mathematical library into its code: the IL of <see cref="XMath"/>'s methods, inlined.</summary>
internal sealed class LowerMath : Rewriter
{
    public static Kernel Lower(Kernel kernel) =>
        kernel.Body.Descendants().Any(n => n is Instruction { Opcode: Opcode.Call }) ? new LowerMath().Run(kernel) : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => old.Opcode == Opcode.Call
        ? FrontEnd.Inline(MathLibrary.Method(old.Function, old.Type.Scalar), operands, Output)
        : base.Visit(old, operands);
}
