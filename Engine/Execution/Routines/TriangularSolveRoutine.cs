using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.TriangularSolve"/>.</summary>
internal sealed class TriangularSolveRoutine<T>(Device device, Node n) : MatrixRoutine<T>("triangular_solve", n)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly TriangularSolver<T> _solver = new(device);
    private readonly TriangularAttributes _kind = n.Get<TriangularAttributes>();

    /// <inheritdoc/>
    public override double Flops => (double)Batch * Rows * Rows * Columns;

    /// <inheritdoc/>
    protected override long ScratchLength => TriangularSolver<T>.Scratch(Batch, Rows, Columns);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call)
    {
        ArrayView<T> x = View(call.Outputs[0], (long)Rows * Columns);
        MatrixProducts.Copy(call.Device, View(call.Inputs[1], (long)Rows * Columns), x);
        _solver.Solve(View(call.Inputs[0], (long)Rows * Rows), x, Scratch(call), Batch, Rows, Columns,
            new TriangleKind(_kind.Lower, _kind.Transpose, _kind.UnitDiagonal));
    }
}
