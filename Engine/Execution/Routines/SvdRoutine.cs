using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.Svd"/>.</summary>
internal sealed class SvdRoutine<T, TAdd, TMax>(Device device, Node n) : MatrixRoutine<T>("svd", n.Inputs[0])
    where T : unmanaged, IFloatingPointIeee754<T>
    where TAdd : struct, IScanReduceOperation<T>
    where TMax : struct, IScanReduceOperation<T>
{
    private readonly SingularValueSolver<T, TAdd, TMax> _solver = new(device);

    private int Count => Math.Min(Rows, Columns);

    /// <inheritdoc/>
    public override double Flops => Batch * (14.0 * Math.Max(Rows, Columns) + 8 * Count) * Count * Count;

    /// <inheritdoc/>
    protected override long ScratchLength => SingularValueSolver<T, TAdd, TMax>.Scratch(Batch, Rows, Columns);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call) => _solver.Solve(
        View(call.Inputs[0], (long)Rows * Columns), View(call.Outputs[SvdAttributes.U], (long)Rows * Count),
        View(call.Outputs[SvdAttributes.Values], Count), View(call.Outputs[SvdAttributes.Vt], (long)Count * Columns),
        Scratch(call), Batch, Rows, Columns);
}
