namespace Cotangent.Kernels.Cpu;

/// <summary>The panels of a matrix, dealt to threads that go over all of them again and again: a thread keeps its range from one round to the next, for
/// its cache holds a part of it, and goes through it the other way, beginning with what it touched last. Who is done takes from the far end of what
/// others have left.</summary>
internal sealed class PanelRanges
{
    private const int Free = 0;

    /// <summary>A range's place in <see cref="_left"/>: a cache line of its own.</summary>
    private const int Stride = 8;

    // The panels of a range that nobody has claimed: the first in the upper half of a number, the end in the lower.
    private readonly long[] _left;

    // The threads that had the ranges last, and those that have them in this round.
    private readonly int[] _owners;
    private readonly int[] _takers;
    private readonly int _panels;
    private bool _isBackward = true;

    /// <summary>Deals so many panels into so many ranges.</summary>
    public PanelRanges(int panels, int count)
    {
        (_panels, Count) = (panels, count);
        _left = new long[count * Stride];
        _owners = new int[count];
        _takers = new int[count];
    }

    /// <summary>How many ranges there are.</summary>
    public int Count { get; }

    /// <summary>Begins a round, when the last one has ended.</summary>
    public void Start()
    {
        _isBackward = !_isBackward;
        for (int range = 0; range < Count; range++)
        {
            _left[range * Stride] = Between((int)((long)_panels * range / Count), (int)((long)_panels * (range + 1) / Count));
            _takers[range] = Free;
        }
    }

    /// <summary>A range for the calling thread, once for each of them in a round: that of the last round if it is still to be had.</summary>
    public int Take()
    {
        int thread = Environment.CurrentManagedThreadId;
        for (int range = 0; range < Count; range++)
        {
            if (_owners[range] == thread && Interlocked.CompareExchange(ref _takers[range], thread, Free) == Free)
                return range;
        }

        int found = 0;
        while (Interlocked.CompareExchange(ref _takers[found], thread, Free) != Free)
            found++;
        _owners[found] = thread;
        return found;
    }

    /// <summary>The next panel of a range, or of another one when it has none; −1 when there are no more.</summary>
    public int Next(int range)
    {
        int panel = Claim(range, _isBackward);
        for (int other = 1; panel < 0 && other < Count; other++)
            panel = Claim((range + other) % Count, !_isBackward);
        return panel;
    }

    private int Claim(int range, bool isLast)
    {
        ref long left = ref _left[range * Stride];
        while (true)
        {
            long seen = Volatile.Read(ref left);
            (int first, int end) = ((int)(seen >> 32), (int)seen);
            if (first >= end)
                return -1;
            long rest = isLast ? Between(first, end - 1) : Between(first + 1, end);
            if (Interlocked.CompareExchange(ref left, rest, seen) == seen)
                return isLast ? end - 1 : first;
        }
    }

    private static long Between(int first, int end) => (long)first << 32 | (uint)end;
}
