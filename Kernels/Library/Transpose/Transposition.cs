namespace Cotangent.Kernels.Library;

/// <summary>Transposes of matrices.</summary>
public static class Transposition
{
    /// <summary>OpenCL and CUDA bound a grid's Y less than its X.</summary>
    private const int LargestGridY = 65_535;

    /// <summary>output[c, r] = input[r, c], both row by row.</summary>
    /// <typeparam name="T">A scalar or a struct of scalars.</typeparam>
    /// <param name="device">Where the views are.</param>
    /// <param name="input">rows × columns elements; may be empty.</param>
    /// <param name="output">columns × rows elements. Must not overlap the input.</param>
    /// <param name="rows">Rows of the input.</param>
    /// <param name="columns">Columns of the input.</param>
    /// <exception cref="ViewLengthException">A view does not have rows × columns elements.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or there are more than 2,097,120 rows.</exception>
    public static void Transpose<T>(Device device, ArrayView<T> input, ArrayView<T> output, int rows, int columns)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, LargestGridY * TransposeTiles.Side);
        RequireElements(nameof(input), input.Length);
        RequireElements(nameof(output), output.Length);
        if (input.Length == 0)
            return;

        Index3D grid = new(Lengths.Tiles(columns, TransposeTiles.Side), Lengths.Tiles(rows, TransposeTiles.Side), 1);
        device.LoadGrouped<ArrayView<T>, ArrayView<T>, int, int>(TransposeTiles.Run)(
            new KernelConfig(grid, new Index3D(TransposeTiles.Side, TransposeTiles.ItemRows, 1)), input, output, rows, columns);

        void RequireElements(string view, long length)
        {
            if (length != (long)rows * columns)
                throw new ViewLengthException("Transposition.Transpose", view, length, $"{rows} × {columns}");
        }
    }
}
