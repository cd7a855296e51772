using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Cotangent.Perf;

/// <summary>Threads that stay on a processor each and begin together.</summary>
internal sealed partial class PinnedThreads : IDisposable
{
    private readonly Barrier _begin;
    private readonly Barrier _end;
    private readonly long[] _started;
    private readonly long[] _stopped;
    private Action<int>? _work;
    private Exception? _fault;

    public PinnedThreads(int count)
    {
        Count = count;
        (_begin, _end) = (new Barrier(count + 1), new Barrier(count + 1));
        (_started, _stopped) = (new long[count], new long[count]);
        for (int i = 0; i < count; i++)
        {
            int thread = i;
            new Thread(() => Work(thread)) { IsBackground = true, Name = $"limit {i}" }.Start();
        }
    }

    public int Count { get; }

    /// <summary>Runs the work on every thread, with the thread's number; the seconds from the first beginning to the last end.</summary>
    public double Time(Action<int> work)
    {
        _work = work;
        _begin.SignalAndWait();
        _end.SignalAndWait();
        if (_fault is { } fault)
        {
            _fault = null;
            throw new InvalidOperationException("A hand-written loop failed.", fault);
        }

        return Stopwatch.GetElapsedTime(_started.Min(), _stopped.Max()).TotalSeconds;
    }

    /// <summary>Does parts 0 … count − 1, each thread a run of them.</summary>
    public void Run(int count, Action<int> part) => Time(thread =>
    {
        for (int i = (int)((long)count * thread / Count); i < (int)((long)count * (thread + 1) / Count); i++)
            part(i);
    });

    public void Dispose()
    {
        _work = null;
        _begin.SignalAndWait();
    }

    private void Work(int thread)
    {
        Pin(thread);
        while (true)
        {
            _begin.SignalAndWait();
            if (_work is not { } work)
                return;
            _started[thread] = Stopwatch.GetTimestamp();
            try
            {
                work(thread);
            }
            catch (Exception fault)
            {
                _fault = fault;
            }

            _stopped[thread] = Stopwatch.GetTimestamp();
            _end.SignalAndWait();
        }
    }

    // Without a place of its own a thread still measures, only less evenly: where the system refuses, nothing is lost.
    private static unsafe void Pin(int processor)
    {
        if (!OperatingSystem.IsLinux() || Environment.ProcessorCount > 1024)
            return;
        Span<ulong> allowed = stackalloc ulong[16], mask = stackalloc ulong[16];
        fixed (ulong* a = allowed, m = mask)
        {
            if (GetAffinity(0, sizeof(ulong) * 16, a) < 0)
                return;
            for (int i = 0, seen = 0; i < 1024; i++)
            {
                if ((a[i / 64] >> (i % 64) & 1) == 0 || seen++ != processor)
                    continue;
                m[i / 64] = 1UL << (i % 64);
                _ = SetAffinity(0, sizeof(ulong) * 16, m);
                return;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static unsafe partial int GetAffinity(int pid, nint bytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static unsafe partial int SetAffinity(int pid, nint bytes, ulong* mask);
}
