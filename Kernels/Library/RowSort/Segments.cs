namespace Cotangent.Kernels.Library;

/// <summary>Finds which positions of a list of small integers hold each value: their stable order by value, and where in that order each
/// value begins. Nothing depends on the number of items at work.</summary>
internal sealed class Segments
{
    private readonly int _extent;
    private readonly RowSort<int, SmallestFirst<int>>? _sort;
    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>>? _findStarts;
    private readonly Action<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>>? _count;

    /// <summary>Compiles.</summary>
    /// <param name="device">Where the arrays will be.</param>
    /// <param name="length">The length of the list, at least 1.</param>
    /// <param name="extent">Values from 0 to below this have segments.</param>
    public Segments(Device device, int length, int extent)
    {
        (Length, _extent) = (length, extent);
        if (device.Kind == DeviceKind.Cpu)
        {
            // One core counts faster than a few sort.
            Action<Index1D, ArrayView<int>, ArrayView<int>, ArrayView<int>, ArrayView<int>> count = Count;
            device.Prepare(count);
            _count = device.Load(count);
            return;
        }

        _sort = new(device, 1, length, 1);
        Action<Index1D, ArrayView<int>, ArrayView<int>> findStarts = FindStarts;
        device.Prepare(findStarts);
        _findStarts = device.Load(findStarts);
    }

    /// <summary>The length of the list.</summary>
    public int Length { get; }

    /// <summary>Elements of the scratch array.</summary>
    public long Scratch => _sort is null ? _extent + 2L : 4L * Length;

    /// <summary>Finds the segments.</summary>
    /// <param name="values">The list; may have negative and large values, which are in no segment.</param>
    /// <param name="order">Receives the positions, those of smaller values first; those of negative values, and of large ones, are in any
    /// order.</param>
    /// <param name="starts">Receives, for each value v from 0 to the extent, how many elements are smaller: value v stands at places
    /// starts[v] to starts[v + 1] − 1 of the order.</param>
    /// <param name="scratch"><see cref="Scratch"/> elements.</param>
    public void Find(ArrayView<int> values, ArrayView<int> order, ArrayView<int> starts, ArrayView<int> scratch)
    {
        if (_sort is null)
        {
            _count!(1, values, order, starts, scratch);
            return;
        }

        ArrayView<int> Part(int i) => scratch.SubView(i * (long)Length, Length);
        ArrayView<int> sorted = _sort.Run(values, order, Part(0), Part(1), Part(2), Part(3));
        _findStarts!(_extent + 1, sorted, starts);
    }

    /// <summary>Counts the elements of each value, sums the counts, and puts each position into its place.</summary>
    /// <param name="item">One does all; no address depends on it.</param>
    /// <param name="values">The list.</param>
    /// <param name="order">Receives the positions.</param>
    /// <param name="starts">Receives where each value begins, and how many elements are below the extent.</param>
    /// <param name="next">For negative values, each value of a segment, and larger ones: the place of the next element.</param>
    internal static void Count(Index1D item, ArrayView<int> values, ArrayView<int> order, ArrayView<int> starts, ArrayView<int> next)
    {
        int buckets = starts.IntLength + 1;
        for (int b = 0; b < buckets; b++)
            next[b] = 0;
        for (int i = 0; i < values.IntLength; i++)
        {
            int b = Math.Max(-1, Math.Min(values[i], buckets - 2)) + 1;
            next[b] = next[b] + 1;
        }

        int sum = next[0];
        next[0] = 0;
        for (int b = 1; b < buckets; b++)
        {
            int count = next[b];
            next[b] = sum;
            starts[b - 1] = sum;
            sum += count;
        }

        for (int i = 0; i < values.IntLength; i++)
        {
            int b = Math.Max(-1, Math.Min(values[i], buckets - 2)) + 1;
            int place = next[b];
            next[b] = place + 1;
            order[place] = i;
        }
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
