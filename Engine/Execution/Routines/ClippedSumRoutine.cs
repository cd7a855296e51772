using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="DeviceOps.ClippedSum"/>.</summary>
internal sealed unsafe class ClippedSumRoutine : Routine
{
    private readonly CpuClippedSum _clippedSum;
    private readonly Action<IParallel> _run;
    private ClippedSumOperands _operands;

    public ClippedSumRoutine(Node n)
        : base(n.Op.Name)
    {
        ClippedSumProblem problem = n.Get<ClippedSumAttributes>().ProblemOf(n);
        _clippedSum = CpuClippedSum.Create(n.Inputs[0].DType == DType.Float64 ? ScalarType.Float64 : ScalarType.Float32, problem);
        _run = pool => _clippedSum.Run(_operands, pool);
        Flops = problem.Flops;
    }

    /// <inheritdoc/>
    public override long ScratchBytes => _clippedSum.ScratchBytes;

    /// <inheritdoc/>
    public override double Flops { get; }

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call)
    {
        _operands = new()
        {
            Left = Address(call.Inputs[0]),
            Right = Address(call.Inputs[1]),
            Mask = (byte*)Address(call.Inputs[2]),
            Limit = (double*)Address(call.Inputs[3]),
            Scratch = (byte*)Address(call.Scratch),
            Sum = Address(call.Outputs[ClippedSumAttributes.Sum]),
            Squares = (double*)Address(call.Outputs[ClippedSumAttributes.Squares]),
        };
        ((CpuDevice)call.Device).Run(_run);
    }

    // Operands without elements have no memory, and are not read.
    private static nint Address(KernelArgument argument) => argument.Memory is { } memory ? memory.HostPointer + (nint)argument.Bits : 0;
}
