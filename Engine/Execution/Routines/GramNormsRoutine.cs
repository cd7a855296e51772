using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.GramNorms"/>.</summary>
internal static unsafe class GramNormsRoutines
{
    public static Routine Of(Device device, Node n) => (device, n.Inputs[0].DType) switch
    {
        (CpuDevice, _) => new OnCpu(n),
        (_, DType.Float64) when n.Get<GramNormsAttributes>().ByTiles && OuterNorms<double, DoubleElement, WidenDouble>.RunsOn(device) =>
            new ByTiles<double, DoubleElement, WidenDouble>(device, n),
        (_, DType.Float32) when n.Get<GramNormsAttributes>().ByTiles && OuterNorms<float, SingleElement, WidenSingle>.RunsOn(device) =>
            new ByTiles<float, SingleElement, WidenSingle>(device, n),
        (_, DType.Float64) => new OnDevice<double, WidenDouble>(device, n),
        _ => new OnDevice<float, WidenSingle>(device, n),
    };

    /// <summary>True if a device has norms by tiles.</summary>
    public static bool HasTiles(Device device, DType type) => type == DType.Float64
        ? OuterNorms<double, DoubleElement, WidenDouble>.RunsOn(device)
        : OuterNorms<float, SingleElement, WidenSingle>.RunsOn(device);

    private static GramProblem ProblemOf(Node n) =>
        new(n.Shape[0], n.Inputs[0].Shape[1], n.Inputs[0].Shape[2], n.Inputs[1].Shape[2]);

    /// <summary>On the processor's vectors.</summary>
    private sealed class OnCpu : Routine
    {
        private readonly CpuGramNorms _norms;
        private readonly GramProblem _problem;
        private readonly Action<IParallel> _run;
        private nint _left;
        private nint _right;
        private nint _scratch;
        private nint _sums;
        private nint _lengths;

        public OnCpu(Node n)
            : base(n.Op.Name)
        {
            _problem = ProblemOf(n);
            _norms = CpuGramNorms.Create(n.Inputs[0].DType == DType.Float64 ? ScalarType.Float64 : ScalarType.Float32, _problem);
            _run = pool => _norms.Run(_left, _right, (double*)_scratch, (double*)_sums, (double*)_lengths, pool);
        }

        /// <inheritdoc/>
        public override long ScratchBytes => _norms.ScratchBytes;

        /// <inheritdoc/>
        public override double Flops => _problem.Flops;

        /// <inheritdoc/>
        public override void Launch(in RoutineCall call)
        {
            if (_problem.Examples == 0) return;
            (_left, _right, _scratch) = (Address(call.Inputs[0]), Address(call.Inputs[1]), Address(call.Scratch));
            (_sums, _lengths) = (Address(call.Outputs[GramNormsAttributes.Norms]), Address(call.Outputs[GramNormsAttributes.Lengths]));
            ((CpuDevice)call.Device).Run(_run);
        }

        // Operands without elements have no memory, and are not read.
        private static nint Address(KernelArgument argument) => argument.Memory is { } memory ? memory.HostPointer + (nint)argument.Bits : 0;
    }

    /// <summary>By tiles of the sums themselves.</summary>
    private sealed class ByTiles<T, TElement, TWidening>(Device device, Node n) : Routine(n.Op.Name)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>
    {
        private readonly GramProblem _problem = ProblemOf(n);
        private readonly OuterNorms<T, TElement, TWidening> _norms = new(device, ProblemOf(n));

        /// <inheritdoc/>
        public override long ScratchBytes => _norms.ScratchBytes;

        /// <inheritdoc/>
        public override double Flops => 2.0 * _problem.Examples * _problem.Positions * _problem.Left * _problem.Right;

        /// <inheritdoc/>
        public override void Launch(in RoutineCall call)
        {
            if (_problem.Examples == 0) return;
            long rows = (long)_problem.Examples * _problem.Positions;
            _norms.Run(RoutineCall.View<T>(call.Inputs[0], rows * _problem.Left), RoutineCall.View<T>(call.Inputs[1], rows * _problem.Right),
                RoutineCall.View<byte>(call.Scratch, ScratchBytes), RoutineCall.View<double>(call.Outputs[GramNormsAttributes.Norms], _problem.Examples),
                RoutineCall.View<double>(call.Outputs[GramNormsAttributes.Lengths], _problem.Examples));
        }
    }

    /// <summary>By products of the device and the kernel library.</summary>
    private sealed class OnDevice<T, TWidening>(Device device, Node n) : Routine(n.Op.Name)
        where T : unmanaged
        where TWidening : struct, IWidening<T>
    {
        private readonly GramProblem _problem = ProblemOf(n);
        private readonly GramNorms<T, TWidening> _norms = new(device, ProblemOf(n));

        /// <inheritdoc/>
        public override long ScratchBytes => _norms.ScratchBytes;

        /// <inheritdoc/>
        public override double Flops => 2 * _problem.Flops;

        /// <inheritdoc/>
        public override void Launch(in RoutineCall call)
        {
            if (_problem.Examples == 0) return;
            long rows = (long)_problem.Examples * _problem.Positions;
            _norms.Run(RoutineCall.View<T>(call.Inputs[0], rows * _problem.Left), RoutineCall.View<T>(call.Inputs[1], rows * _problem.Right),
                RoutineCall.View<byte>(call.Scratch, ScratchBytes), RoutineCall.View<double>(call.Outputs[GramNormsAttributes.Norms], _problem.Examples),
                RoutineCall.View<double>(call.Outputs[GramNormsAttributes.Lengths], _problem.Examples));
        }
    }
}
