using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>A = U·diag(S)·Vᵀ for a batch of matrices: singular values, descending, and k = min(m, n) orthonormal vectors of both
/// sides.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <typeparam name="TAdd">The sum of two elements.</typeparam>
/// <typeparam name="TMax">The maximum of two elements.</typeparam>
internal sealed class SingularValueSolver<T, TAdd, TMax>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TAdd : struct, IScanReduceOperation<T>
    where TMax : struct, IScanReduceOperation<T>
{
    private readonly QrFactorisation<T, TAdd, TMax> _qr;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, SvdShape> _begin;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, int, int, int, T> _orthogonalise;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, SvdShape> _norm;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
        ArrayView<T>, ArrayView<T>, ArrayView<T>, SvdShape> _sort;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, SvdShape, T> _finish;

    public SingularValueSolver(Device device)
    {
        _qr = new(device);
        Action<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, SvdShape> begin = SvdKernels.Begin<T, TMax>;
        Action<ArrayView<T>, ArrayView<T>, int, int, int, T> orthogonalise = JacobiKernels.Orthogonalise<T, TAdd>;
        Action<ArrayView<T>, ArrayView<T>, SvdShape> norm = SvdKernels.Norm<T, TAdd>;
        Action<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>,
            ArrayView<T>, ArrayView<T>, ArrayView<T>, SvdShape> sort = SvdKernels.Sort;
        Action<ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, SvdShape, T> finish = SvdKernels.Finish<T, TMax>;
        device.Prepare(begin, orthogonalise, norm, sort, finish);
        _begin = device.LoadGrouped(begin);
        _orthogonalise = device.LoadGrouped(orthogonalise);
        _norm = device.LoadGrouped(norm);
        _sort = device.LoadGrouped(sort);
        _finish = device.LoadGrouped(finish);
    }

    /// <summary>Elements of scratch memory.</summary>
    public static long Scratch(int batch, int rows, int columns)
    {
        SvdShape shape = new(rows, columns);
        long k = shape.Count, matrix = (long)rows * columns;
        return batch * (3 * matrix + 2 * k * k + k + 1) + QrFactorisation<T, TAdd, TMax>.Scratch(batch, shape.Length, shape.Count);
    }

    /// <summary>Writes the factors.</summary>
    /// <param name="a">rows × columns matrices with elements.</param>
    /// <param name="u">rows × k a matrix.</param>
    /// <param name="values">k a matrix.</param>
    /// <param name="vt">k × columns a matrix.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    /// <param name="batch">The number of matrices.</param>
    /// <param name="rows">Rows of each.</param>
    /// <param name="columns">Columns of each.</param>
    public void Solve(
        ArrayView<T> a, ArrayView<T> u, ArrayView<T> values, ArrayView<T> vt, ArrayView<T> scratch, int batch, int rows, int columns)
    {
        SvdShape shape = new(rows, columns);
        int k = shape.Count, length = shape.Length, items = MatrixProducts.Items(length);
        ArrayView<T> rest = scratch;
        ArrayView<T> w = Take(a.Length), sorted = Take(a.Length), q = Take(a.Length);
        ArrayView<T> v = Take((long)batch * k * k), rotations = Take((long)batch * k * k);
        ArrayView<T> norms = Take((long)batch * k), scales = Take(batch);
        KernelConfig matrices = (batch, items), vectors = (checked(k * batch), items);
        _begin(matrices, a, w, v, scales, shape);
        _orthogonalise(matrices, w, v, k, length, k, JacobiTolerance.Of<T>(length));
        _norm(vectors, w, norms, shape);
        _sort(vectors, w, v, norms, scales, values, sorted, rotations, shape);
        _qr.Factor(sorted, q, w.SubView(0, 0), rest, batch, length, k);
        _finish(vectors, q, rotations, u, vt, shape, T.CreateTruncating(JacobiTolerance.Near));

        ArrayView<T> Take(long count)
        {
            ArrayView<T> taken = rest.SubView(0, count);
            rest = rest.From(count);
            return taken;
        }
    }
}
