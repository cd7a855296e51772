using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.Cholesky"/>.</summary>
internal sealed class CholeskyRoutine<T>(Device device, Node n) : MatrixRoutine<T>("cholesky", n)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly CholeskyFactorisation<T> _factorisation = new(device);

    /// <inheritdoc/>
    public override double Flops => Batch * Math.Pow(Rows, 3) / 3;

    /// <inheritdoc/>
    protected override long ScratchLength => CholeskyFactorisation<T>.Scratch(Batch, Rows);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call) => _factorisation.Factor(
        View(call.Inputs[0], (long)Rows * Rows), View(call.Outputs[0], (long)Rows * Rows), Scratch(call), Batch, Rows);
}
