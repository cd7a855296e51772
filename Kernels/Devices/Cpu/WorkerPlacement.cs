using System.Runtime.InteropServices;

namespace Cotangent.Kernels;

/// <summary>Keeps a pool's threads off the processor on which the thread that brings their work runs.</summary>
/// <remarks>
/// <para>Linux, in a virtual machine, takes a processor that sleeps for one that is occupied, and wakes a worker where its caller runs:
/// the two then share one processor for milliseconds, while the other sleeps on. Measured on two processors: of 8 equal parts the
/// worker did 2, and a product of 1 ms took 1.9 ms on two threads.</para>
/// <para>Workers may go anywhere else, so that other programs are not crowded out. Advice only: on other systems, where there are fewer
/// processors than threads, and where it is refused, nothing happens. Thread-safe for one caller at a time.</para>
/// </remarks>
internal sealed unsafe class WorkerPlacement
{
    private const int Words = 16;
    private const int WordBits = 64;
    private const int NotYet = -1;

    private static readonly Calls? s_calls = Calls.Find();

    private readonly ulong[] _allowed;
    private readonly int[] _threads;
    private int _avoided = NotYet;

    private WorkerPlacement(ulong[] allowed, int workers)
    {
        _allowed = allowed;
        _threads = new int[workers];
    }

    /// <summary>A placement of so many workers beside the caller; null where there is none.</summary>
    public static WorkerPlacement? Create(int workers)
    {
        if (s_calls is not { } calls || workers < 1)
            return null;
        ulong[] allowed = new ulong[Words];
        fixed (ulong* mask = allowed)
        {
            if (calls.GetAffinity(0, sizeof(ulong) * Words, mask) < 0)
                return null;
        }

        return allowed.Sum(word => (int)ulong.PopCount(word)) > workers ? new WorkerPlacement(allowed, workers) : null;
    }

    /// <summary>Says that the calling thread is the worker of this number, 0, 1, ….</summary>
    public void Enter(int worker)
    {
        Volatile.Write(ref _threads[worker], s_calls!.ThreadId());
        Volatile.Write(ref _avoided, NotYet);
    }

    /// <summary>Keeps the workers off the calling thread's processor. Costs some tens of nanoseconds while that stays the same.</summary>
    public void Avoid()
    {
        int processor = s_calls!.Processor();
        if (processor == Volatile.Read(ref _avoided) || (uint)processor >= Words * WordBits)
            return;
        Volatile.Write(ref _avoided, processor);
        ulong* mask = stackalloc ulong[Words];
        _allowed.CopyTo(new Span<ulong>(mask, Words));
        mask[processor / WordBits] &= ~(1UL << (processor % WordBits));
        for (int i = 0; i < _threads.Length; i++)
        {
            if (Volatile.Read(ref _threads[i]) is > 0 and int thread)
                _ = s_calls.SetAffinity(thread, sizeof(ulong) * Words, mask);
        }
    }

    /// <summary>The system's calls.</summary>
    private sealed class Calls
    {
        private readonly delegate* unmanaged<int> _processor;
        private readonly delegate* unmanaged<int> _threadId;
        private readonly delegate* unmanaged<int, nuint, ulong*, int> _getAffinity;
        private readonly delegate* unmanaged<int, nuint, ulong*, int> _setAffinity;

        private Calls(nint processor, nint threadId, nint getAffinity, nint setAffinity)
        {
            _processor = (delegate* unmanaged<int>)processor;
            _threadId = (delegate* unmanaged<int>)threadId;
            _getAffinity = (delegate* unmanaged<int, nuint, ulong*, int>)getAffinity;
            _setAffinity = (delegate* unmanaged<int, nuint, ulong*, int>)setAffinity;
        }

        public static Calls? Find() =>
            OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library)
            && NativeLibrary.TryGetExport(library, "sched_getcpu", out nint processor)
            && NativeLibrary.TryGetExport(library, "gettid", out nint threadId)
            && NativeLibrary.TryGetExport(library, "sched_getaffinity", out nint getAffinity)
            && NativeLibrary.TryGetExport(library, "sched_setaffinity", out nint setAffinity)
                ? new Calls(processor, threadId, getAffinity, setAffinity)
                : null;

        public int Processor() => _processor();

        public int ThreadId() => _threadId();

        public int GetAffinity(int thread, nuint bytes, ulong* mask) => _getAffinity(thread, bytes, mask);

        public int SetAffinity(int thread, nuint bytes, ulong* mask) => _setAffinity(thread, bytes, mask);
    }
}
