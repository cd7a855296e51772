namespace Cotangent.Kernels.Cpu;

/// <summary>Hands out strips of chunks: the chunks of a strip in their order, by one thread at a time, whichever that is.</summary>
/// <remarks>What is summed over a strip needs room, so strips are few, and threads are not equally fast. A thread stays with its strip, whose sums are
/// in its cache, until another has clearly more left: so all strips end at about the same time.</remarks>
internal sealed class StripQueue
{
    private readonly Lock _lock = new();
    private int[] _next = [];
    private int[] _left = [];
    private bool[] _isTaken = [];
    private int _strips;

    /// <summary>Begins anew.</summary>
    /// <param name="strips">The number of strips.</param>
    /// <param name="chunks">The number of chunks of a strip.</param>
    public void Begin(int strips, Func<int, int> chunks)
    {
        if (_next.Length < strips) (_next, _left, _isTaken) = (new int[strips], new int[strips], new bool[strips]);
        _strips = strips;
        for (int s = 0; s < strips; s++) (_next[s], _left[s], _isTaken[s]) = (0, chunks(s), false);
    }

    /// <summary>The next chunk for a thread.</summary>
    /// <param name="strip">The strip that the thread had, −1 at first; receives that of the chunk.</param>
    /// <param name="chunk">The number of the chunk in its strip.</param>
    /// <returns>False if there is nothing left that no other thread has.</returns>
    public bool TryTake(ref int strip, out int chunk)
    {
        lock (_lock)
        {
            int most = -1;
            for (int s = 0; s < _strips; s++)
            {
                if (!_isTaken[s] && s != strip && _left[s] > 0 && (most < 0 || _left[s] > _left[most])) most = s;
            }

            if (strip >= 0)
            {
                int own = _left[strip];
                if (own > 0 && (most < 0 || _left[most] <= own + Math.Max(1, own / 4))) most = strip;
                _isTaken[strip] = false;
            }

            (strip, chunk) = (most, 0);
            if (most < 0) return false;
            _isTaken[most] = true;
            _left[most]--;
            chunk = _next[most]++;
            return true;
        }
    }
}
