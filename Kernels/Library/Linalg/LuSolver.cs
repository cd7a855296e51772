using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>Solves A·X = B or Aᵀ·X = B for a batch of matrices from their LU factors.</summary>
internal sealed class LuSolver<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Device _device;
    private readonly TriangularSolver<T> _solver;
    private readonly Action<Index3D, ArrayView<T>, ArrayView<T>, ArrayView<int>, int, int, int> _permuteRows;

    public LuSolver(Device device)
    {
        _device = device;
        _solver = new(device);
        _permuteRows = device.Load<Index3D, ArrayView<T>, ArrayView<T>, ArrayView<int>, int, int, int>(LuKernels.PermuteRows);
    }

    /// <summary>Elements of scratch memory for systems of order n with as many columns.</summary>
    public static long Scratch(int batch, int n, int columns, bool transpose) =>
        TriangularSolver<T>.Scratch(batch, n, columns) + (transpose ? (long)batch * n * columns : 0);

    /// <summary>Writes the solution.</summary>
    /// <param name="lu">n × n matrices of <see cref="LuFactorisation{T, TMax}"/>.</param>
    /// <param name="permutation">n each.</param>
    /// <param name="b">n rows of right sides.</param>
    /// <param name="x">As many.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    /// <param name="batch">The number of systems.</param>
    /// <param name="n">Their order.</param>
    /// <param name="columns">Right sides of each.</param>
    /// <param name="transpose">Aᵀ·X = B.</param>
    public void Solve(
        ArrayView<T> lu, ArrayView<int> permutation, ArrayView<T> b, ArrayView<T> x, ArrayView<T> scratch,
        int batch, int n, int columns, bool transpose)
    {
        TriangleKind lower = new(true, transpose, true), upper = new(false, transpose, false);
        Index3D extent = new(columns, n, batch);
        if (!transpose)
        {
            _permuteRows(extent, b, x, permutation, n, columns, 0);
            _solver.Solve(lu, x, scratch, batch, n, columns, lower);
            _solver.Solve(lu, x, scratch, batch, n, columns, upper);
            return;
        }

        ArrayView<T> solved = scratch.SubView(0, b.Length), rest = scratch.From(b.Length);
        MatrixProducts.Copy(_device, b, solved);
        _solver.Solve(lu, solved, rest, batch, n, columns, upper);
        _solver.Solve(lu, solved, rest, batch, n, columns, lower);
        _permuteRows(extent, solved, x, permutation, n, columns, 1);
    }
}
