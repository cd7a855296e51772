using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>A fused step whose results differ from the same ops computed one by one in float64: a fault of
/// fusion.</summary>
internal sealed class StepMismatchException(string message) : CotangentException("CTG9997", message);

/// <summary>Computes a step's results again, op by op in float64 from the step's own operands, and compares.</summary>
internal sealed class StepVerifier
{
    /// <summary>Far above what sums in another order differ by, far below what a wrong index gives.</summary>
    private const double Tolerance = 2e-3;

    /// <summary>What is left of operands of size 1 that cancel, in float32.</summary>
    private const double Cancellation = 4e-6;

    private readonly ExecutionPlan _plan;
    private readonly Step _step;
    private readonly Node[] _results;
    private readonly double[][] _expected;
    private readonly bool[][]? _undefined;
    private readonly double _noise;

    private StepVerifier(ExecutionPlan plan, Step step, Node[] results, double[][] expected, bool[][]? undefined,
        double operands)
    {
        _undefined = undefined;
        _noise = Cancellation * operands;
        _plan = plan;
        _step = step;
        _results = results;
        _expected = expected;
    }

    /// <summary>Reads the operands (the step may overwrite them); null for steps that fuse nothing.</summary>
    public static StepVerifier? Before(ExecutionPlan plan, Step step, KernelArgument[] buffers, ulong[] scalars)
    {
        if (step.Operands.IsEmpty) return null;
        Node[] results = [.. step.Operands.Where(o => o.Kind == OperandKind.Write).Select(o => o.Node)];
        Dictionary<Node, Node> replaced = [];
        Dictionary<Node, double[]> values = [];
        foreach (KernelOperand operand in step.Operands.Where(o => o.Kind != OperandKind.Write))
        {
            Node n = operand.Node, leaf = Make.Input(n.Shape, n.DType, plan.Device, $"%{n.Id}");
            replaced[n] = leaf;
            values[leaf] = operand.Kind == OperandKind.Scalar
                ? [ScalarValue(n.DType, scalars[step.ScalarSlot(n)])]
                : Read(buffers[plan.BufferOf[n]], n);
        }

        double operands = values.Values.SelectMany(v => v).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();

        // What the kernel does not read (no element of it is needed) may be anything.
        double[] Value(Node n) => values.TryGetValue(n, out double[]? known) ? known : new double[n.Shape.Size];
        Node[] computed = Walk.Substitute(results, replaced);
        double[][] expected = Reference.Evaluate(computed, Value);
        bool[][]? undefined = step is UserKernelStep ? [.. computed.Select((n, k) => Undefined(n, Value, expected[k]))] : null;
        return new(plan, step, results, expected, undefined, Math.Max(1, operands));
    }

    /// <summary>Which elements a user's kernel leaves as they were: those that depend on what was there.</summary>
    private static bool[] Undefined(Node n, Func<Node, double[]> leaf, double[] expected)
    {
        KernelAttributes call = n.Get<KernelAttributes>();
        double[] other = KernelReference.Run(call, n.Inputs, Reference.Evaluate(n.Inputs, leaf), unwritten: 0)[call.Output];
        return [.. expected.Zip(other, (x, y) => !x.Equals(y))];
    }

    /// <summary>Compares the results with what they should be.</summary>
    /// <exception cref="StepMismatchException">The first element that differs.</exception>
    public void After(KernelArgument[] buffers)
    {
        for (int k = 0; k < _results.Length; k++)
        {
            double[] actual = Read(buffers[_plan.BufferOf[_results[k]]], _results[k]);
            double scale = _expected[k].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
            for (int i = 0; i < actual.Length; i++)
            {
                double x = actual[i], y = _expected[k][i];
                if (_undefined?[k][i] == true) continue;
                if (x.Equals(y) || Math.Abs(x - y) <= Tolerance * (Math.Abs(y) + scale) + _noise) continue;
                if (!double.IsFinite(x) && Math.Abs(y) > Limit(_results[k].DType)) continue;
                throw new StepMismatchException(
                    $"{_step.Name}: element {i} of {_results[k]} is {x}; computed op by op in float64 it is {y}.");
            }
        }
    }

    /// <summary>Where overflow to infinity begins.</summary>
    private static double Limit(DType type) => type == DType.Float16 ? 65000 : type == DType.Float64 ? double.MaxValue
        : 3.3e38;

    private static double ScalarValue(DType type, ulong computeBits) => type.Compute() switch
    {
        Kernels.Ir.ScalarType.Float32 => BitConverter.UInt32BitsToSingle((uint)computeBits),
        Kernels.Ir.ScalarType.Float64 => BitConverter.UInt64BitsToDouble(computeBits),
        Kernels.Ir.ScalarType.Int32 => (int)computeBits,
        Kernels.Ir.ScalarType.Int64 => (long)computeBits,
        _ => computeBits,
    };

    private static double[] Read(KernelArgument buffer, Node n)
    {
        byte[] bytes = new byte[n.Shape.Size * n.DType.Size()];
        buffer.Memory!.Device.Read(buffer.Memory, buffer.Bits, bytes);
        return HostData.ToDoubles(n.DType, bytes);
    }
}
