using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>Replaces float remainders by integer code, for targets without an exact one.</summary>
internal sealed class ExpandRemainders : Rewriter
{
    private static readonly MethodInfo s_single = ((Func<float, float, float>)FloatRemainder.Remainder).Method;
    private static readonly MethodInfo s_double = ((Func<double, double, double>)FloatRemainder.Remainder).Method;

    public static Kernel Expand(Kernel kernel) =>
        kernel.Body.Descendants().Any(n => n is Instruction x && IsRemainder(x)) ? new ExpandRemainders().Run(kernel) : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands) => IsRemainder(old)
        ? FrontEnd.Inline(old.Type.Scalar == ScalarType.Float32 ? s_single : s_double, operands, Output)
        : base.Visit(old, operands);

    private static bool IsRemainder(Instruction x) => x.Opcode == Opcode.Rem && x.Type.IsFloat;
}
