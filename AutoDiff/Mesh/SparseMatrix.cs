namespace Cotangent.AutoDiff.Mesh;

/// <summary>A square matrix by its entries that may differ from zero, in compressed sparse rows (CSR): entry k is
/// <c>Values[k]</c> at (<c>Rows[k]</c>, <c>Columns[k]</c>), sorted by row and then column; row r has the entries from
/// <c>RowOffsets[r]</c> up to <c>RowOffsets[r + 1]</c>.</summary>
public sealed class SparseMatrix
{
    internal SparseMatrix(int size, Tensor rowOffsets, Tensor rows, Tensor columns, Tensor values) =>
        (Size, RowOffsets, Rows, Columns, Values) = (size, rowOffsets, rows, columns, values);

    /// <summary>The number of rows, and of columns.</summary>
    public int Size { get; }

    /// <summary>Where each row begins, and the number of entries: [size + 1], Int32.</summary>
    public Tensor RowOffsets { get; }

    /// <summary>The row of each entry (with columns and values, the coordinate form, COO): [entries], Int32.</summary>
    public Tensor Rows { get; }

    /// <summary>The column of each entry: [entries], Int32.</summary>
    public Tensor Columns { get; }

    /// <summary>The entries: [entries].</summary>
    public Tensor Values { get; }

    /// <summary>The product with a vector of any shape with size elements; the result has its shape.</summary>
    /// <exception cref="ShapeMismatchException">It has another number of elements.</exception>
    public Tensor Multiply(Tensor vector)
    {
        ArgumentNullException.ThrowIfNull(vector);
        if (vector.Size != Size) throw new ShapeMismatchException(
            $"SparseMatrix: the vector has shape {vector.Shape}; it must have {Size} elements.");
        Tensor products = Values * vector.Reshape(Size).Gather(Columns);
        return Tensor.Zeros([Size], products.DType, products.Device).ScatterAdd(Rows, products).Reshape(vector.Shape);
    }

    /// <summary>All entries: [size, size].</summary>
    public Tensor ToDense() =>
        Tensor.Zeros([checked(Size * Size)], Values.DType, Values.Device).ScatterAdd(Rows * Size + Columns, Values).Reshape(Size, Size);
}
