namespace Cotangent.Kernels.Library;

/// <summary>Running values along the middle axis of arrays [A, n, C] of one shape. How lines are cut depends on the shape alone: the same bits
/// for any number of threads, and on every device.</summary>
internal sealed class Cumulative<T, TOperation>
    where T : unmanaged
    where TOperation : struct, ICumulative<T>
{
    /// <summary>Lines up to this long are one part.</summary>
    private const int ShortLine = 256;

    /// <summary>Parts that keep a device busy.</summary>
    private const int ManyParts = 2048;

    private readonly int _lines;
    private readonly int _length;
    private readonly int _inner;
    private readonly int _part;
    private readonly int _parts;
    private readonly int _isReverse;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int, int, int> _totals;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, int, int> _carries;
    private readonly Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int, int, int> _write;

    /// <summary>Compiles.</summary>
    /// <param name="device">Where the arrays will be.</param>
    /// <param name="outer">A.</param>
    /// <param name="length">n, at least 1.</param>
    /// <param name="inner">C.</param>
    /// <param name="isReverse">True to run from the end.</param>
    public Cumulative(Device device, int outer, int length, int inner, bool isReverse)
    {
        (_lines, _length, _inner, _isReverse) = (outer * inner, length, inner, isReverse ? 1 : 0);
        int wanted = length <= ShortLine ? 1 : Math.Clamp(ManyParts / _lines, 1, (length + ShortLine - 1) / ShortLine);
        _part = (length + wanted - 1) / wanted;
        _parts = (length + _part - 1) / _part;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int, int, int> write = CumulativeKernels.Write<T, TOperation>;
        Action<Index1D, ArrayView<T>, ArrayView<T>, ArrayView<T>, ArrayView<T>, int, int, int, int, int> totals = CumulativeKernels.Totals<T, TOperation>;
        Action<Index1D, ArrayView<T>, ArrayView<T>, int, int> carries = CumulativeKernels.Carries<T, TOperation>;
        device.Prepare(write, totals, carries);
        (_write, _totals, _carries) = (device.Load(write), device.Load(totals), device.Load(carries));
    }

    /// <summary>Elements of scratch memory; 0 if none is needed.</summary>
    public long Scratch => _parts == 1 ? 0 : 2L * _lines * _parts;

    /// <summary>Computes.</summary>
    /// <param name="factors">Factors of a recurrence; the elements again for other operations, which do not read them.</param>
    /// <param name="x">The elements.</param>
    /// <param name="y">Receives the running values. Not one of the others.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    public void Run(ArrayView<T> factors, ArrayView<T> x, ArrayView<T> y, ArrayView<T> scratch)
    {
        int items = _lines * _parts;
        if (_parts == 1)
        {
            _write(items, factors, x, x, y, _length, _inner, _part, _parts, _isReverse);
            return;
        }

        ArrayView<T> totals = scratch.SubView(0, items), products = scratch.SubView(items, items);
        _totals(items, factors, x, totals, products, _length, _inner, _part, _parts, _isReverse);
        _carries(_lines, totals, products, _inner, _parts);
        _write(items, factors, x, totals, y, _length, _inner, _part, _parts, _isReverse);
    }
}
