using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Execution;

/// <summary>Runs <see cref="Ops.Lu"/>.</summary>
internal sealed class LuRoutine<T, TMax>(Device device, Node n) : MatrixRoutine<T>("lu", n.Inputs[0])
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMax : struct, IScanReduceOperation<T>
{
    private readonly LuFactorisation<T, TMax> _factorisation = new(device);

    /// <inheritdoc/>
    public override double Flops => Batch * EliminationFlops(Rows, Columns);

    /// <inheritdoc/>
    protected override long ScratchLength => LuFactorisation<T, TMax>.Scratch(Batch, Rows, Columns);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call)
    {
        ArrayView<T> lu = View(call.Outputs[LuAttributes.Packed], (long)Rows * Columns);
        if (lu.Length > 0) MatrixProducts.Copy(call.Device, View(call.Inputs[0], (long)Rows * Columns), lu);
        _factorisation.Factor(lu, Integers(call.Outputs[LuAttributes.Pivots], Math.Min(Rows, Columns)),
            Integers(call.Outputs[LuAttributes.Permutation], Rows), Scratch(call), Batch, Rows, Columns);
    }

    private ArrayView<int> Integers(KernelArgument memory, long length) => RoutineCall.View<int>(memory, Batch * length);
}
