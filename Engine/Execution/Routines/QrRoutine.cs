using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.Qr"/>.</summary>
internal sealed class QrRoutine<T, TAdd, TMax>(Device device, Node n) : MatrixRoutine<T>("qr", n.Inputs[0])
    where T : unmanaged, IFloatingPointIeee754<T>
    where TAdd : struct, IScanReduceOperation<T>
    where TMax : struct, IScanReduceOperation<T>
{
    private readonly QrFactorisation<T, TAdd, TMax> _factorisation = new(device);

    private int Count => Math.Min(Rows, Columns);

    /// <inheritdoc/>
    public override double Flops => Batch * 2 * (EliminationFlops(Rows, Columns) + EliminationFlops(Rows, Count));

    /// <inheritdoc/>
    protected override long ScratchLength => QrFactorisation<T, TAdd, TMax>.Scratch(Batch, Rows, Columns);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call) => _factorisation.Factor(
        View(call.Inputs[0], (long)Rows * Columns), View(call.Outputs[QrAttributes.Q], (long)Rows * Count),
        View(call.Outputs[QrAttributes.R], (long)Count * Columns), Scratch(call), Batch, Rows, Columns);
}
