using System.Numerics;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>A routine on batches of matrices whose elements are <typeparamref name="T"/>.</summary>
/// <param name="name">The name of the step.</param>
/// <param name="matrices">The node whose last two axes are the matrices.</param>
internal abstract class MatrixRoutine<T>(string name, Node matrices) : Routine(name)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    protected int Rows { get; } = matrices.Shape[^2];

    protected int Columns { get; } = matrices.Shape[^1];

    protected int Batch { get; } = (int)matrices.Shape.SkipLast(2).Aggregate(1L, (size, extent) => size * extent);

    /// <summary>What a factorisation gives need not be near what float64 gives: rounding decides between equal pivots and between the
    /// vectors of equal eigenvalues, and an ill-conditioned matrix magnifies it.</summary>
    public sealed override bool IsVerifiable => false;

    /// <inheritdoc/>
    public sealed override long ScratchBytes => ScratchLength * DTypes.Of<T>().Size();

    /// <summary>Elements of scratch memory.</summary>
    protected virtual long ScratchLength => 0;

    /// <summary>Arithmetic of eliminating below the diagonal of a matrix: an LU factorisation; twice that for R of a QR one.</summary>
    protected static double EliminationFlops(double rows, double columns)
    {
        double k = Math.Min(rows, columns);
        return 2 * k * (rows * columns - (rows + columns) * k / 2 + k * k / 3);
    }

    /// <summary>The scratch memory.</summary>
    protected ArrayView<T> Scratch(in RoutineCall call) => RoutineCall.View<T>(call.Scratch, ScratchLength);

    /// <summary>An operand of so many elements for each matrix.</summary>
    protected ArrayView<T> View(KernelArgument memory, long length) => RoutineCall.View<T>(memory, Batch * length);
}
