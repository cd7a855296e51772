using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Cotangent.Kernels.Cpu;

/// <summary>The rows of the head that comes next, fetched into L2 a row of each operand at a time while this head is computed: rows that lie apart are
/// not foreseen by the processor, and asked for all at once they would be waited for.</summary>
internal unsafe struct RowsAhead
{
    private const int Most = 8, Line = 64;

    private fixed long _first[Most];
    private fixed long _stride[Most];
    private fixed int _bytes[Most];
    private int _count;
    private int _row;
    private int _rows;

    /// <summary>Begins anew, with so many rows of each operand.</summary>
    public void Reset(int rows) => (_count, _row, _rows) = (0, 0, rows);

    /// <summary>Adds an operand of the next head, read or written, if its rows lie apart.</summary>
    public void Add(float* first, long stride, int width)
    {
        if (stride == width || _count == Most || !Sse.IsSupported) return;
        (_first[_count], _stride[_count], _bytes[_count]) = ((long)first, stride * sizeof(float), width * sizeof(float));
        _count++;
    }

    /// <summary>Asks for the next row of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        if (_row < _rows) Fetch();
    }

    private void Fetch()
    {
        for (int i = 0; i < _count; i++)
        {
            byte* row = (byte*)_first[i] + _row * _stride[i];
            for (int line = 0; line < _bytes[i]; line += Line) Sse.Prefetch1(row + line);
        }

        _row++;
    }
}
