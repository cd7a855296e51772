using System.Collections.Concurrent;
using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Fusion;

/// <summary>The instructions of one elementwise op or mathematical function once it is expanded: counted on the code itself,
/// so that a shorter formula is a smaller weight.</summary>
internal static class LoweredSize
{
    private static readonly ConcurrentDictionary<(string Op, DType Result, DType Input), int> s_ops = new();
    private static readonly ConcurrentDictionary<(MathFunction, ScalarType), int> s_functions = new();

    /// <summary>The size of an elementwise node, without what it reads.</summary>
    public static int Of(Node n) => s_ops.GetOrAdd((n.Op.Name, n.DType, n.Inputs[0].DType), static (_, n) => Measure(
        [.. n.Inputs.Select(i => i.DType.Compute())], n.DType.Compute(), (b, x) => n.Op.Emit!(n, b, x)), n);

    /// <summary>The size of a call of a function of one or two arguments.</summary>
    public static int Of(Instruction call) => s_functions.GetOrAdd((call.Function, call.Type.Scalar), static (key, count) =>
        Measure([.. Enumerable.Repeat(key.Item2, count)], key.Item2, (b, x) => b.Call(key.Item1, [.. x])), call.Operands.Length);

    private static int Measure(ImmutableArray<ScalarType> inputs, ScalarType result, Func<Builder, Value[], Value> emit)
    {
        Parameter output = new(IrType.Pointer(result, AddressSpace.Global), 0);
        Parameter[] x = [.. inputs.Select((type, i) => new Parameter(type, i + 1))];
        Kernel kernel = new("size", LaunchKind.Range1D, [output, .. x]);
        Builder b = new(kernel.Body);
        b.Store(output, b.Position(Opcode.GlobalIndex), emit(b, x));
        b.Append(new Return());
        const int storing = 2;
        return Math.Max(1, CodeSize.Of(Pipeline.Run(kernel).Body) - storing);
    }
}
