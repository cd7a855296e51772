using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>A = Q·R for a batch of m × n matrices: k = min(m, n) orthonormal columns, and an upper triangle whose diagonal is not
/// negative.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <typeparam name="TAdd">The sum of two elements.</typeparam>
/// <typeparam name="TMax">The maximum of two elements.</typeparam>
internal sealed class QrFactorisation<T, TAdd, TMax>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TAdd : struct, IScanReduceOperation<T>
    where TMax : struct, IScanReduceOperation<T>
{
    private readonly Device _device;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, int, int> _factor;
    private readonly Action<Index2D, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int> _formQ;
    private readonly Action<Index3D, ArrayView<T>, ArrayView<T>, int, int> _formR;

    public QrFactorisation(Device device)
    {
        _device = device;
        Action<ArrayView<T>, ArrayView<T>, int, int> factor = QrKernels.Factor<T, TAdd, TMax>;
        Action<Index2D, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int> formQ = QrKernels.FormQ;
        Action<Index3D, ArrayView<T>, ArrayView<T>, int, int> formR = QrKernels.FormR;
        device.Prepare(factor, formQ, formR);
        _factor = device.LoadGrouped(factor);
        _formQ = device.Load(formQ);
        _formR = device.Load(formR);
    }

    /// <summary>Elements of scratch memory.</summary>
    public static long Scratch(int batch, int rows, int columns) => (long)batch * ((long)rows * columns + Math.Min(rows, columns));

    /// <summary>Writes the factors.</summary>
    /// <param name="a">rows × columns matrices with elements.</param>
    /// <param name="q">rows × k a matrix.</param>
    /// <param name="r">k × columns a matrix; empty if it is not wanted.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    /// <param name="batch">The number of matrices.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    public void Factor(ArrayView<T> a, ArrayView<T> q, ArrayView<T> r, ArrayView<T> scratch, int batch, int rows, int columns)
    {
        int count = Math.Min(rows, columns);
        ArrayView<T> reduced = scratch.SubView(0, a.Length), factors = scratch.SubView(a.Length, (long)batch * count);
        MatrixProducts.Copy(_device, a, reduced);
        _factor((batch, MatrixProducts.Items(columns)), reduced, factors, rows, columns);
        _formQ(new Index2D(count, batch), reduced, factors, q, rows, columns);
        if (r.Length > 0)
            _formR(new Index3D(columns, count, batch), reduced, r, rows, columns);
    }
}
