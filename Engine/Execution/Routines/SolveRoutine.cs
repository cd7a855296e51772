using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.Solve"/>.</summary>
internal sealed class SolveRoutine<T>(Device device, Node n) : MatrixRoutine<T>("solve", n)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly LuSolver<T> _solver = new(device);
    private readonly bool _transpose = n.Get<SolveAttributes>().Transpose;

    /// <inheritdoc/>
    public override double Flops => 2.0 * Batch * Rows * Rows * Columns;

    /// <inheritdoc/>
    protected override long ScratchLength => LuSolver<T>.Scratch(Batch, Rows, Columns, _transpose);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call) => _solver.Solve(
        View(call.Inputs[1], (long)Rows * Rows), RoutineCall.View<int>(call.Inputs[2], (long)Batch * Rows),
        View(call.Inputs[3], (long)Rows * Columns), View(call.Outputs[0], (long)Rows * Columns), Scratch(call),
        Batch, Rows, Columns, _transpose);
}
