using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="DeviceOps.ClippedSum"/>.</summary>
internal static unsafe class ClippedSumRoutines
{
    /// <summary>True if a device has it.</summary>
    public static bool RunsOn(Device device) => device is CpuDevice || TiledClippedSum<double, DoubleElement, WidenDouble>.RunsOn(device);

    /// <summary>What computes a node.</summary>
    public static Routine Of(Device device, Node n) => (device, n.Inputs[0].DType) switch
    {
        (CpuDevice, _) => new OnCpu(n),
        (_, DType.Float64) => OnGroups<double, DoubleElement, WidenDouble>(device, n),
        _ => OnGroups<float, SingleElement, WidenSingle>(device, n),
    };

    private static ClippedSumProblem ProblemOf(Node n) => n.Get<ClippedSumAttributes>().ProblemOf(n);

    private static OnDevice<T> OnGroups<T, TElement, TWidening>(Device device, Node n)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>
    {
        ClippedSumProblem problem = ProblemOf(n);
        TiledClippedSum<T, TElement, TWidening> sum = new(device, problem);
        return new(n.Op.Name, problem, sum.ScratchBytes, sum.Run);
    }

    /// <summary>On the processor's vectors.</summary>
    private sealed class OnCpu : Routine
    {
        private readonly CpuClippedSum _clippedSum;
        private readonly Action<IParallel> _run;
        private ClippedSumOperands _operands;

        public OnCpu(Node n)
            : base(n.Op.Name)
        {
            ClippedSumProblem problem = ProblemOf(n);
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
                Left = RoutineCall.Address(call.Inputs[0]),
                Right = RoutineCall.Address(call.Inputs[1]),
                Mask = (byte*)RoutineCall.Address(call.Inputs[2]),
                Limit = (double*)RoutineCall.Address(call.Inputs[3]),
                Scratch = (byte*)RoutineCall.Address(call.Scratch),
                Sum = RoutineCall.Address(call.Outputs[ClippedSumAttributes.Sum]),
                Squares = (double*)RoutineCall.Address(call.Outputs[ClippedSumAttributes.Squares]),
            };
            ((CpuDevice)call.Device).Run(_run);
        }
    }

    /// <summary>By kernels of the library.</summary>
    private sealed class OnDevice<T>(
        string name,
        ClippedSumProblem problem,
        long scratchBytes,
        Action<ArrayView<T>, ArrayView<T>, ArrayView<byte>, ArrayView<double>, ArrayView<byte>, ArrayView<T>, ArrayView<double>> run) : Routine(name)
        where T : unmanaged
    {
        /// <inheritdoc/>
        public override long ScratchBytes => scratchBytes;

        /// <inheritdoc/>
        public override double Flops => problem.Flops;

        /// <inheritdoc/>
        public override void Launch(in RoutineCall call)
        {
            long rows = (long)problem.Examples * problem.Positions;
            run(RoutineCall.View<T>(call.Inputs[0], rows * problem.Left), RoutineCall.View<T>(call.Inputs[1], rows * problem.Right),
                RoutineCall.View<byte>(call.Inputs[2], problem.Examples), RoutineCall.View<double>(call.Inputs[3], 1),
                RoutineCall.View<byte>(call.Scratch, scratchBytes),
                RoutineCall.View<T>(call.Outputs[ClippedSumAttributes.Sum], (long)problem.Left * problem.Right),
                RoutineCall.View<double>(call.Outputs[ClippedSumAttributes.Squares], problem.Examples));
        }
    }
}
