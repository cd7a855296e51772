namespace Cotangent.Kernels.Library;

/// <summary>Finds which positions of a list of small integers hold each value: their stable order by value, and where in that order each
/// value begins. Nothing depends on the number of items at work.</summary>
internal sealed class Segments
{
    private readonly RowSort<int, SmallestFirst<int>> _sort;
    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>> _findStarts;

    /// <summary>Compiles.</summary>
    /// <param name="device">Where the arrays will be.</param>
    /// <param name="length">The length of the list, at least 1.</param>
    public Segments(Device device, int length)
    {
        Length = length;
        _sort = new(device, 1, length, 1);
        Action<Index1D, ArrayView<int>, ArrayView<int>> findStarts = FindStarts;
        device.Prepare(findStarts);
        _findStarts = device.Load(findStarts);
    }

    /// <summary>The length of the list.</summary>
    public int Length { get; }

    /// <summary>Elements of the scratch array.</summary>
    public long Scratch => 4L * Length;

    /// <summary>Finds the segments.</summary>
    /// <param name="values">The list; may have negative and large values, which are in no segment.</param>
    /// <param name="order">Receives the positions, those of smaller values first.</param>
    /// <param name="starts">Receives, for each value v from 0 on, how many elements are smaller: value v stands at places starts[v] to
    /// starts[v + 1] − 1 of the order.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    public void Find(ArrayView<int> values, ArrayView<int> order, ArrayView<int> starts, ArrayView<int> scratch)
    {
        ArrayView<int> Part(int i) => scratch.SubView(i * (long)Length, Length);
        ArrayView<int> sorted = _sort.Run(values, order, Part(0), Part(1), Part(2), Part(3));
        _findStarts((int)starts.Length, sorted, starts);
    }

    /// <summary>starts[v] = how many of the sorted values are below v.</summary>
    internal static void FindStarts(Index1D v, ArrayView<int> sorted, ArrayView<int> starts)
    {
        int low = 0;
        int high = sorted.IntLength;
        while (low < high)
        {
            int between = low + (high - low) / 2;
            bool isBelow = sorted[between] < v.X;
            low = isBelow ? between + 1 : low;
            high = isBelow ? high : between;
        }

        starts[v] = low;
    }
}
