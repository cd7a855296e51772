using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Expands calls of the mathematical library into its code: <see cref="XMath"/>'s methods, inlined.</summary>
internal sealed class LowerMath : Rewriter
{
    private bool _isInFunction;

    /// <summary>The kernel without calls.</summary>
    public static Kernel Lower(Kernel kernel) => kernel.Body.Descendants().Any(n => n is Instruction { Opcode: Opcode.Call })
        ? new LowerMath().Run(kernel)
        : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => old.Opcode == Opcode.Call
        ? Expand(MathCode.Of(old.Function, old.Type.Scalar), operands)
        : Output.Append(_isInFunction ? Clone(old, operands) : Keep(old, operands));

    /// <summary>Copies a function's code, which may be needed again and has no calls itself.</summary>
    private Value Expand(MathCode function, ImmutableArray<Value> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
            Map(function.Parameters[i], arguments[i]);
        _isInFunction = true;
        foreach (INode node in function.Body)
            Visit(node);
        _isInFunction = false;
        return Get(function.Result);
    }
}
