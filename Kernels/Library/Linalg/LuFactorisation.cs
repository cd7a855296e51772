using System.Numerics;

namespace Cotangent.Kernels.Library;

/// <summary>P·A = L·U with partial pivoting for a batch of m × n matrices: panels of 64 columns, the rest updated by matrix
/// products.</summary>
/// <typeparam name="T">float or double.</typeparam>
/// <typeparam name="TMax">The maximum of two elements.</typeparam>
internal sealed class LuFactorisation<T, TMax>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TMax : struct, IScanReduceOperation<T>
{
    private readonly Device _device;
    private readonly TriangularSolver<T> _solver;
    private readonly Action<KernelConfig, ArrayView<T>, ArrayView<T>, ArrayView<int>, Panel> _factor;
    private readonly Action<Index2D, ArrayView<T>, ArrayView<int>, Panel> _exchange;
    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>, int, int> _permute;

    public LuFactorisation(Device device)
    {
        _device = device;
        _solver = new(device);
        Action<ArrayView<T>, ArrayView<T>, ArrayView<int>, Panel> factor = LuKernels.Factor<T, TMax>;
        Action<Index2D, ArrayView<T>, ArrayView<int>, Panel> exchange = LuKernels.Exchange;
        Action<Index1D, ArrayView<int>, ArrayView<int>, int, int> permute = LuKernels.Permute;
        device.Prepare(factor, exchange, permute);
        _factor = device.LoadGrouped(factor);
        _exchange = device.Load(exchange);
        _permute = device.Load(permute);
    }

    /// <summary>Elements of scratch memory.</summary>
    public static long Scratch(int batch, int rows, int columns) =>
        (long)batch * Math.Min(MatrixProducts.Block, Math.Min(rows, columns)) * rows;

    /// <summary>Overwrites matrices by L below the diagonal, whose diagonal of ones is not stored, and U.</summary>
    /// <param name="a">rows × columns matrices.</param>
    /// <param name="pivots">min(rows, columns) a matrix: the row that each row was exchanged with, in turn.</param>
    /// <param name="permutation">rows a matrix: the row of A that is row i of P·A.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    /// <param name="batch">The number of matrices.</param>
    /// <param name="rows">Their rows.</param>
    /// <param name="columns">Their columns.</param>
    public void Factor(
        ArrayView<T> a, ArrayView<int> pivots, ArrayView<int> permutation, ArrayView<T> scratch, int batch, int rows, int columns)
    {
        int count = Math.Min(rows, columns);
        for (int first = 0; first < count; first += MatrixProducts.Block)
        {
            Panel panel = new(rows, columns, first, Math.Min(MatrixProducts.Block, count - first));
            _factor((batch, MatrixProducts.Items(rows)), a, scratch, pivots, panel);
            if (columns > panel.Width)
                _exchange(new Index2D(columns - panel.Width, batch), a, pivots, panel);
            Update(a, scratch, batch, panel);
        }

        _permute(batch, Lengths.OrEmpty(pivots, permutation), permutation, rows, count);
    }

    /// <summary>The panel's rows of U, and what they subtract from the rows below.</summary>
    private void Update(ArrayView<T> a, ArrayView<T> scratch, int batch, Panel panel)
    {
        int end = panel.First + panel.Width, right = panel.Columns - end, below = panel.Rows - end;
        if (right == 0)
            return;
        long matrix = (long)panel.Rows * panel.Columns;
        Operand<T> At(int row, int column) => new(a.From((long)row * panel.Columns + column), matrix, panel.Columns, 1);
        Operand<T> u = At(panel.First, end);
        _solver.Substitute(At(panel.First, panel.First), u, batch, panel.Width, right, isLower: true, isUnit: true);
        if (below == 0)
            return;
        int height = panel.Rows - panel.First;
        Operand<T> negated = new(scratch.From(panel.Width), (long)panel.Width * height, 1, height);
        MatrixProducts.Add<T>(_device, batch, (below, right, panel.Width), negated, u, At(end, end));
    }
}
