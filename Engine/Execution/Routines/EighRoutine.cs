using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.Eigh"/>.</summary>
internal sealed class EighRoutine<T, TAdd, TMax>(Device device, Node n) : MatrixRoutine<T>("eigh", n.Inputs[0])
    where T : unmanaged, IFloatingPointIeee754<T>
    where TAdd : struct, IScanReduceOperation<T>
    where TMax : struct, IScanReduceOperation<T>
{
    private readonly SymmetricEigensolver<T, TAdd, TMax> _solver = new(device);

    /// <inheritdoc/>
    public override double Flops => Batch * 9 * Math.Pow(Rows, 3);

    /// <inheritdoc/>
    protected override long ScratchLength => SymmetricEigensolver<T, TAdd, TMax>.Scratch(Batch, Rows);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call) => _solver.Solve(
        View(call.Inputs[0], (long)Rows * Rows), View(call.Outputs[EighAttributes.Values], Rows),
        View(call.Outputs[EighAttributes.Vectors], (long)Rows * Rows), Scratch(call), Batch, Rows);
}
