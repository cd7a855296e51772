using Cotangent.Kernels.Cpu;

namespace Cotangent.Kernels;

/// <summary>Work in numbered parts, done in any order by any thread.</summary>
internal interface IPartedWork
{
    /// <summary>Does one part; worker is 0 for the caller of Run and 1, 2, … for the pool's threads.</summary>
    void Run(int part, int worker);
}

/// <summary>Threads that share the parts of one piece of work with the thread that brings it. They spin for a short while
/// between pieces, since launches follow each other closely, and then sleep.</summary>
/// <remarks>A worker joins a piece if it wakes in time; the caller never waits for a thread that has not begun. One caller at a time.</remarks>
internal sealed class WorkerPool : IParallel
{
    // Some tens of microseconds: longer than the gap between launches, shorter than a time slice.
    private const int SpinRounds = 2000;
    private const int Closed = -1;

    // The caller's share of waiting for parts that others have begun, before it lets others run: a system that has others takes
    // milliseconds to come back.
    private const int PatientRounds = 300;

    private readonly object _gate = new();
    private readonly WorkerPlacement? _placement;
    private readonly Tasks _tasks = new();
    private IPartedWork? _work;
    private int _parts;
    private int _next;
    private int _joined = Closed;
    private int _finished;
    private int _epoch;
    private int _sleepers;
    private Exception? _error;

    /// <summary>A pool in which this many threads work, the caller among them.</summary>
    public WorkerPool(int threads)
    {
        Threads = threads;
        _placement = WorkerPlacement.Create(threads - 1);
        for (int i = 1; i < threads; i++)
        {
            int worker = i;
            Thread thread = new(() => Work(worker)) { IsBackground = true, Name = $"Cotangent worker {worker}" };
            thread.Start();
        }
    }

    public int Threads { get; }

    /// <summary>Returns when all parts are done. An exception in a part is thrown here after the others have ended.</summary>
    public void Run(IPartedWork work, int parts)
    {
        if (Threads == 1 || parts <= 1)
        {
            for (int part = 0; part < parts; part++)
                work.Run(part, 0);
            return;
        }

        _placement?.Avoid();
        _work = work;
        _parts = parts;
        _next = 0;
        _finished = 0;
        _error = null;
        Volatile.Write(ref _joined, 0);
        Interlocked.Increment(ref _epoch);
        if (Volatile.Read(ref _sleepers) > 0)
        {
            lock (_gate)
                Monitor.PulseAll(_gate);
        }

        RunParts(0);
        int joined = Interlocked.Exchange(ref _joined, Closed);
        WaitFor(joined);
        _work = null;
        if (_error is { } error)
            throw new DeviceException("CTG3010", $"A kernel failed on the CPU device: {error.Message}", error);
    }

    /// <inheritdoc/>
    public void Run(int tasks, Action<int> body)
    {
        _tasks.Body = body;
        Run(_tasks, tasks);
        _tasks.Body = null;
    }

    private void WaitFor(int joined)
    {
        for (int i = 0; i < PatientRounds; i++)
        {
            if (Volatile.Read(ref _finished) == joined)
                return;
            Thread.SpinWait(8);
        }

        SpinWait spin = default;
        while (Volatile.Read(ref _finished) != joined)
            spin.SpinOnce(sleep1Threshold: -1);
    }

    private void RunParts(int worker)
    {
        try
        {
            int part;
            while ((part = Interlocked.Increment(ref _next) - 1) < _parts)
                _work!.Run(part, worker);
        }
        catch (Exception error)
        {
            // Thrown to the caller of Run; the parts not begun are dropped.
            Interlocked.CompareExchange(ref _error, error, null);
            Volatile.Write(ref _next, _parts);
        }
    }

    private void Work(int worker)
    {
        int seen = 0;
        _placement?.Enter(worker - 1);
        while (true)
        {
            seen = WaitForWork(seen);
            if (!TryJoin())
                continue;
            RunParts(worker);
            Interlocked.Increment(ref _finished);
        }
    }

    private bool TryJoin()
    {
        while (true)
        {
            int joined = Volatile.Read(ref _joined);
            if (joined == Closed)
                return false;
            if (Interlocked.CompareExchange(ref _joined, joined + 1, joined) == joined)
                return true;
        }
    }

    private int WaitForWork(int seen)
    {
        for (int i = 0; i < SpinRounds; i++)
        {
            int epoch = Volatile.Read(ref _epoch);
            if (epoch != seen)
                return epoch;
            Thread.SpinWait(8);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _sleepers);
            while (Volatile.Read(ref _epoch) == seen)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _sleepers);
            return Volatile.Read(ref _epoch);
        }
    }

    private sealed class Tasks : IPartedWork
    {
        public Action<int>? Body { get; set; }

        public void Run(int part, int worker) => Body!(part);
    }
}
