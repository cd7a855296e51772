using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>Solves A·X = B or Aᵀ·X = B for batches of triangular A, block by block: 64 rows by substitution, one product for the
/// rows that are left.</summary>
internal sealed class TriangularSolver<T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly Device _device;
    private readonly Action<Index2D, ArrayView<T>, ArrayView<T>, Triangle, long, int> _substitute;
    private readonly Action<Index3D, ArrayView<T>, ArrayView<T>, long, int, int, int> _negate;

    public TriangularSolver(Device device)
    {
        _device = device;
        Action<Index2D, ArrayView<T>, ArrayView<T>, Triangle, long, int> substitute = TriangularSolveKernels.Substitute;
        Action<Index3D, ArrayView<T>, ArrayView<T>, long, int, int, int> negate = TriangularSolveKernels.Negate;
        device.Prepare(substitute, negate);
        _substitute = device.Load(substitute);
        _negate = device.Load(negate);
    }

    /// <summary>Elements of scratch memory for systems of order n with as many columns.</summary>
    public static long Scratch(int batch, int n, int columns) =>
        n <= MatrixProducts.Block ? 0 : (long)batch * MatrixProducts.Block * columns;

    /// <summary>Overwrites X by the solution.</summary>
    /// <param name="a">n × n matrices.</param>
    /// <param name="x">n rows of right sides, row by row.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    /// <param name="batch">The number of systems.</param>
    /// <param name="n">Their order.</param>
    /// <param name="columns">Right sides of each.</param>
    /// <param name="kind">Which triangle is read, and whether it is transposed and has a diagonal of ones.</param>
    public void Solve(ArrayView<T> a, ArrayView<T> x, ArrayView<T> scratch, int batch, int n, int columns, TriangleKind kind)
    {
        Operand<T> triangles = kind.Transpose ? new(a, (long)n * n, 1, n) : new(a, (long)n * n, n, 1);
        SolveBlocks(triangles, x, scratch, batch, n, columns, kind);
    }

    /// <summary>One block by substitution alone; X may be part of wider matrices.</summary>
    public void Substitute(in Operand<T> a, in Operand<T> x, int batch, int order, int columns, bool isLower, bool isUnit) =>
        _substitute(new Index2D(columns, batch), a.View, x.View,
            new Triangle(order, isLower ? 0 : order - 1, isLower ? 1 : -1, isUnit ? 1 : 0, a.Batch, (int)a.Row, (int)a.Column),
            x.Batch, (int)x.Row);

    /// <summary>Writes −from, a part of wider matrices, without gaps.</summary>
    public void Negate(in Operand<T> from, ArrayView<T> to, int batch, int rows, int columns) =>
        _negate(new Index3D(columns, rows, batch), from.View, to, from.Batch, (int)from.Row, rows, columns);

    private void SolveBlocks(
        in Operand<T> a, ArrayView<T> x, ArrayView<T> scratch, int batch, int n, int columns, TriangleKind kind)
    {
        bool forward = kind.Lower != kind.Transpose;
        int blocks = (n + MatrixProducts.Block - 1) / MatrixProducts.Block;
        for (int b = 0; b < blocks; b++)
        {
            int first = (forward ? b : blocks - 1 - b) * MatrixProducts.Block;
            int order = Math.Min(MatrixProducts.Block, n - first), end = first + order;
            Operand<T> rows = new(x.From((long)first * columns), (long)n * columns, columns, 1);
            Substitute(a with { View = a.View.From(first * (a.Row + a.Column)) }, rows, batch, order, columns, forward, kind.Unit);

            // The rows that are not solved yet: below the block or above it.
            (int left, int count) = forward ? (end, n - end) : (0, first);
            if (count == 0)
                continue;
            Negate(rows, scratch, batch, order, columns);
            MatrixProducts.Add<T>(_device, batch, (count, columns, order),
                a with { View = a.View.From(left * a.Row + first * a.Column) },
                new(scratch, (long)order * columns, columns, 1),
                rows with { View = x.From((long)left * columns) });
        }
    }
}

/// <summary>How a triangular matrix is read.</summary>
/// <param name="Lower">The triangle at and below the diagonal, before transposing; else the one above.</param>
/// <param name="Transpose">Its transpose is meant.</param>
/// <param name="Unit">The diagonal counts as ones.</param>
internal readonly record struct TriangleKind(bool Lower, bool Transpose, bool Unit);
