using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>The lower triangular L with A = L·Lᵀ for a batch of symmetric positive definite A, of which the upper triangle is
/// read. NaN at and below the diagonal of L for an A that is not positive definite.</summary>
internal sealed class CholeskyFactorisation<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Device _device;
    private readonly Action<KernelConfig, ArrayView<T>, int, int, int> _eliminate;
    private readonly Action<Index3D, ArrayView<T>, ArrayView<T>, int, int, int> _scale;
    private readonly Action<Index3D, ArrayView<T>, ArrayView<T>, int> _finish;

    public CholeskyFactorisation(Device device)
    {
        _device = device;
        Action<ArrayView<T>, int, int, int> eliminate = CholeskyKernels.Eliminate;
        Action<Index3D, ArrayView<T>, ArrayView<T>, int, int, int> scale = CholeskyKernels.Scale;
        Action<Index3D, ArrayView<T>, ArrayView<T>, int> finish = CholeskyKernels.Finish;
        device.Prepare(eliminate, scale, finish);
        _eliminate = device.LoadGrouped(eliminate);
        _scale = device.Load(scale);
        _finish = device.Load(finish);
    }

    /// <summary>Elements of scratch memory.</summary>
    public static long Scratch(int batch, int n) => (long)batch * n * n + Scaled(batch, n);

    /// <summary>Writes L.</summary>
    /// <param name="a">n × n matrices.</param>
    /// <param name="l">As many.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    /// <param name="batch">The number of matrices.</param>
    /// <param name="n">Their order.</param>
    public void Factor(ArrayView<T> a, ArrayView<T> l, ArrayView<T> scratch, int batch, int n)
    {
        long matrix = (long)n * n;
        ArrayView<T> u = scratch.SubView(0, batch * matrix), scaled = scratch.From(batch * matrix);
        MatrixProducts.Copy(_device, a, u);
        for (int first = 0; first < n; first += MatrixProducts.Block)
        {
            int end = Math.Min(first + MatrixProducts.Block, n), left = n - end;
            _eliminate((batch, MatrixProducts.Items(n)), u, n, first, end);
            if (left == 0)
                break;
            _scale(new Index3D(left, end - first, batch), u, scaled, n, first, end);
            MatrixProducts.Add<T>(_device, batch, (left, left, end - first),
                new(scaled, (long)(end - first) * left, 1, left),
                new(u.From((long)first * n + end), matrix, n, 1),
                new(u.From((long)end * n + end), matrix, n, 1));
        }

        _finish(new Index3D(n, n, batch), u, l, n);
    }

    private static long Scaled(int batch, int n) =>
        n <= MatrixProducts.Block ? 0 : (long)batch * MatrixProducts.Block * (n - MatrixProducts.Block);
}
