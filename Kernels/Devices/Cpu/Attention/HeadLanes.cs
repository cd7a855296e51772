namespace Cotangent.Kernels.Cpu;

/// <summary>The parts of heads, handed out so that a thread stays with a head while it is in its caches: each lane begins with heads of its own,
/// in order, and then helps with the others'. Who computes a part decides nothing about it.</summary>
internal readonly unsafe struct HeadLanes
{
    private readonly int* _taken;
    private readonly int _heads;
    private readonly int _parts;

    /// <param name="heads">The heads.</param>
    /// <param name="parts">Parts of a head.</param>
    /// <param name="threads">Threads that may take part.</param>
    public HeadLanes(int heads, int parts, int threads)
    {
        (_heads, _parts) = (heads, parts);
        _taken = GemmScratch.Current.States(heads);
        Count = (int)Math.Min(threads, (long)heads * parts);
    }

    /// <summary>Lanes to run.</summary>
    public int Count { get; }

    /// <summary>The heads of a lane in its order, from 0 to their number: all heads.</summary>
    public int Head(int lane, int i) => (int)(((long)_heads * lane / Count + i) % _heads);

    /// <summary>A part of a head that nobody has taken yet; −1 if there is none.</summary>
    public int Take(int head)
    {
        if (Volatile.Read(ref _taken[head]) >= _parts) return -1;
        int part = Interlocked.Increment(ref _taken[head]) - 1;
        return part < _parts ? part : -1;
    }
}
