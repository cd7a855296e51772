namespace Cotangent.Kernels.Library;

/// <summary>One matrix C in memory, as a kernel reads and writes it: what lies outside of it is left alone.</summary>
internal readonly struct GemmResult<T>
    where T : unmanaged
{
    private readonly ArrayView<T> _elements;
    private readonly long _start;
    private readonly long _rowStride;
    private readonly long _columnStride;
    private readonly int _rows;
    private readonly int _columns;

    public GemmResult(ArrayView<T> elements, long start, long rowStride, long columnStride, int rows, int columns)
    {
        _elements = elements;
        _start = start;
        _rowStride = rowStride;
        _columnStride = columnStride;
        _rows = rows;
        _columns = columns;
    }

    /// <summary>An element; 0 where there is none.</summary>
    public T ReadElement(int row, int column)
    {
        T value = default;
        if (row < _rows & column < _columns)
            value = _elements[_start + row * _rowStride + column * _columnStride];
        return value;
    }

    /// <summary>Writes an element if there is one.</summary>
    public void WriteElement(int row, int column, T value)
    {
        if (row < _rows & column < _columns)
            _elements[_start + row * _rowStride + column * _columnStride] = value;
    }

    /// <summary>Four elements of a row; 0 where there are none.</summary>
    public Quad<T> Read(int row, int column)
    {
        Quad<T> quad = default;
        if (row < _rows)
        {
            long at = _start + row * _rowStride + column * _columnStride;
            if (column < _columns)
                quad.X = _elements[at];
            if (column + 1 < _columns)
                quad.Y = _elements[at + _columnStride];
            if (column + 2 < _columns)
                quad.Z = _elements[at + 2 * _columnStride];
            if (column + 3 < _columns)
                quad.W = _elements[at + 3 * _columnStride];
        }

        return quad;
    }

    /// <summary>Writes four elements of a row, as far as there are so many.</summary>
    public void Write(int row, int column, Quad<T> quad)
    {
        if (row < _rows)
        {
            long at = _start + row * _rowStride + column * _columnStride;
            if (column < _columns)
                _elements[at] = quad.X;
            if (column + 1 < _columns)
                _elements[at + _columnStride] = quad.Y;
            if (column + 2 < _columns)
                _elements[at + 2 * _columnStride] = quad.Z;
            if (column + 3 < _columns)
                _elements[at + 3 * _columnStride] = quad.W;
        }
    }
}
