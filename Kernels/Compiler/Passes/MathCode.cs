using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels.Il;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>The IR of a function of the mathematical library, read from its IL and simplified once a process. Without calls: the library's
/// functions may call others, never themselves.</summary>
/// <param name="Parameters">Stand for the arguments.</param>
/// <param name="Body">What it computes; without a terminator.</param>
/// <param name="Result">The value.</param>
internal sealed record MathCode(ImmutableArray<Parameter> Parameters, ImmutableArray<INode> Body, Value Result)
{
    private static readonly ConcurrentDictionary<(MathFunction Function, ScalarType Type), MathCode> s_functions = new();

    // Those of Pipeline behind the expansion: exact, so that the order in which they meet a function and a kernel changes no bit.
    private static readonly ImmutableArray<Pass> s_passes =
    [
        new("expand", LowerMath.Lower), new("fold", Folding.Fold), new("convert", IfConversion.Convert), new("fold", Folding.Fold),
        new("merge", CommonSubexpressions.Merge), new("remove", DeadCode.Remove),
    ];

    /// <summary>The code of a function on Float32 or Float64. Shared: what is written to a kernel is a copy.</summary>
    public static MathCode Of(MathFunction function, ScalarType type) =>
        s_functions.TryGetValue((function, type), out MathCode? code) ? code : s_functions.GetOrAdd((function, type), Make(function, type));

    private static MathCode Make(MathFunction function, ScalarType type)
    {
        MethodInfo method = MathLibrary.Method(function, type);
        ImmutableArray<Parameter> parameters = [.. method.GetParameters().Select((_, i) => new Parameter(type, i))];
        Parameter result = new(IrType.Pointer(type, AddressSpace.Global), parameters.Length);

        // A kernel that stores the value, so that passes find a kernel.
        Kernel kernel = new($"{function}", LaunchKind.Range1D, [.. parameters, result]);
        Builder b = new(kernel.Body);
        b.Store(result, Constant.Of(0), FrontEnd.Inline(method, [.. parameters], b));
        b.Append(new Return());
        kernel = Pipeline.Run(kernel, s_passes, PipelineOptions.Default with { Dump = null });
        Instruction store = (Instruction)kernel.Body.Nodes[^2];
        return new(parameters, [.. kernel.Body.Nodes.SkipLast(2)], store.Operands[2]);
    }
}
