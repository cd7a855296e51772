using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels.Cpu;

/// <summary>An elementwise kernel as an epilogue: it runs on each finished piece of C, for the work items whose numbers are the places of
/// the piece's elements.</summary>
internal sealed unsafe class MapEpilogue : GemmEpilogue
{
    private SimdCode? _code;
    private long* _arguments;
    private int _rowItems;
    private byte* _c;
    private int _elementBytes;
    private nint _first;
    private nint _second;

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override (nint First, nint Second) Beside => (_first, _second);

    /// <summary>Turns to a kernel, its packed arguments and the items of a row of its range, and the product's result.</summary>
    public void Set(SimdCode? code, long* arguments, int rowItems, nint c, int elementBytes)
    {
        _code = code;
        _arguments = arguments;
        _rowItems = rowItems;
        _c = (byte*)c;
        _elementBytes = elementBytes;
        _first = _second = 0;
    }

    /// <summary>Says that an array so many bytes after the result is read or written element by element as the result is.</summary>
    public void AddBeside(nint distance)
    {
        if (_first == 0)
            _first = distance;
        else if (_second == 0)
            _second = distance;
    }

    /// <inheritdoc/>
    public override void Apply(byte* tile, long row, long column, int rows, int columns, long rowStride, int batch0, int batch1)
    {
        byte* scratch = (byte*)GemmScratch.Current.Epilogue(_code!.ScratchBytes);
        long first = (tile - _c) / _elementBytes;
        if (rowStride == columns)
        {
            Run(first, (long)rows * columns, scratch);
            return;
        }

        (long y, long x) = Math.DivRem(first, _rowItems);
        if (rowStride == _rowItems && x + columns <= _rowItems)
        {
            _code.Entry(_arguments, scratch, (int)y, (int)y + rows, (int)x, (int)x + columns);
            return;
        }

        for (int i = 0; i < rows; i++, first += rowStride)
            Run(first, columns, scratch);
    }

    /// <summary>A range of items, however many rows it goes over.</summary>
    private void Run(long first, long count, byte* scratch)
    {
        while (count > 0)
        {
            (long y, long x) = Math.DivRem(first, _rowItems);
            long rows = x == 0 ? Math.Max(1, count / _rowItems) : 1, items = Math.Min(rows == 1 ? count : _rowItems, _rowItems - x);
            _code!.Entry(_arguments, scratch, (int)y, (int)(y + rows), (int)x, (int)(x + items));
            first += rows * items;
            count -= rows * items;
        }
    }
}
