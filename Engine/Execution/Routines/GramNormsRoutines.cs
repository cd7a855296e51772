using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.GramNorms"/>.</summary>
internal static unsafe class GramNormsRoutines
{
    public static Routine Of(Device device, Node n)
    {
        if (device is CpuDevice) return new OnCpu(n);
        DType type = n.Inputs[0].DType;
        return (n.Get<GramNormsAttributes>().ByTiles && HasTiles(device, type), type) switch
        {
            (true, DType.Float64) => ByTiles<double, DoubleElement, WidenDouble>(device, n),
            (true, _) => ByTiles<float, SingleElement, WidenSingle>(device, n),
            (_, DType.Float64) => ByProducts<double, WidenDouble>(device, n),
            _ => ByProducts<float, WidenSingle>(device, n),
        };
    }

    /// <summary>True if a device has norms by tiles.</summary>
    public static bool HasTiles(Device device, DType type) => type == DType.Float64
        ? OuterNorms<double, DoubleElement, WidenDouble>.RunsOn(device)
        : OuterNorms<float, SingleElement, WidenSingle>.RunsOn(device);

    /// <summary>How many launches norms are on devices that have no form of their own.</summary>
    public static int Launches(GramProblem problem, DType type, bool byTiles) => (byTiles, type) switch
    {
        (true, _) => OuterNorms<float, SingleElement, WidenSingle>.Launches(problem),
        (_, DType.Float64) => GramNorms<double, WidenDouble>.Launches(problem),
        _ => GramNorms<float, WidenSingle>.Launches(problem),
    };

    private static GramProblem ProblemOf(Node n) =>
        new(n.Shape[0], n.Inputs[0].Shape[1], n.Inputs[0].Shape[2], n.Inputs[1].Shape[2]);

    // By tiles of the sums themselves.
    private static OnDevice<T> ByTiles<T, TElement, TWidening>(Device device, Node n)
        where T : unmanaged
        where TElement : struct, IGemmElement<T>
        where TWidening : struct, IWidening<T>
    {
        GramProblem p = ProblemOf(n);
        OuterNorms<T, TElement, TWidening> norms = new(device, p);
        return new(n.Op.Name, p, norms.ScratchBytes, 2.0 * p.Examples * p.Positions * p.Left * p.Right, norms.Run);
    }

    // By products of the device and the kernel library.
    private static OnDevice<T> ByProducts<T, TWidening>(Device device, Node n)
        where T : unmanaged
        where TWidening : struct, IWidening<T>
    {
        GramProblem p = ProblemOf(n);
        GramNorms<T, TWidening> norms = new(device, p);
        return new(n.Op.Name, p, norms.ScratchBytes, 2 * p.Flops, norms.Run);
    }

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
            (_left, _right, _scratch) = (RoutineCall.Address(call.Inputs[0]), RoutineCall.Address(call.Inputs[1]), RoutineCall.Address(call.Scratch));
            (_sums, _lengths) = (RoutineCall.Address(call.Outputs[GramNormsAttributes.Norms]), RoutineCall.Address(call.Outputs[GramNormsAttributes.Lengths]));
            ((CpuDevice)call.Device).Run(_run);
        }
    }

    /// <summary>By kernels of the library, whichever form of them.</summary>
    private sealed class OnDevice<T>(
        string name,
        GramProblem problem,
        long scratchBytes,
        double flops,
        Action<ArrayView<T>, ArrayView<T>, ArrayView<byte>, ArrayView<double>, ArrayView<double>> run) : Routine(name)
        where T : unmanaged
    {
        /// <inheritdoc/>
        public override long ScratchBytes => scratchBytes;

        /// <inheritdoc/>
        public override double Flops => flops;

        /// <inheritdoc/>
        public override void Launch(in RoutineCall call)
        {
            if (problem.Examples == 0) return;
            long rows = (long)problem.Examples * problem.Positions;
            run(RoutineCall.View<T>(call.Inputs[0], rows * problem.Left), RoutineCall.View<T>(call.Inputs[1], rows * problem.Right),
                RoutineCall.View<byte>(call.Scratch, scratchBytes), RoutineCall.View<double>(call.Outputs[GramNormsAttributes.Norms], problem.Examples),
                RoutineCall.View<double>(call.Outputs[GramNormsAttributes.Lengths], problem.Examples));
        }
    }
}
