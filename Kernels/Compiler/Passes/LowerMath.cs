using System.Collections.Immutable;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Expands calls of the mathematical library into its code: the IL of <see cref="XMath"/>'s methods,
/// inlined.</summary>
internal sealed class LowerMath : Rewriter
{
    /// <summary>The kernel without calls. The library's functions may call others, never themselves, so this
    /// ends.</summary>
    public static Kernel Lower(Kernel kernel)
    {
        while (kernel.Body.Descendants().Any(n => n is Instruction { Opcode: Opcode.Call }))
        {
            kernel = new LowerMath().Run(kernel);
        }

        return kernel;
    }

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => old.Opcode == Opcode.Call
        ? FrontEnd.Inline(MathLibrary.Method(old.Function, old.Type.Scalar), operands, Output)
        : Output.Append(Keep(old, operands));
}
