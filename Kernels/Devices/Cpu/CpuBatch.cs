using System.Runtime.InteropServices;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels;

/// <summary>Runs launches that do not need each other as one: their groups of lanes, end to end, are cut into parts of equal work, which the threads
/// share. One piece of work for the pool, however many launches there are.</summary>
/// <remarks>A launch's results do not depend on where it is cut, so they are those of launching one after the other. Allocates nothing
/// but while it grows.</remarks>
internal sealed unsafe class CpuBatch(CpuLaunch launch, WorkerPool pool) : IPartedWork
{
    private BoundLaunch[] _members = [];

    // The work up to the end of each member, and that of one of its groups.
    private long[] _ends = [];
    private long[] _costs = [];
    private long* _slots;
    private int _room;
    private int _count;
    private int _parts;

    /// <summary>Runs the launches, each of which has been checked and has work.</summary>
    public void Run(ReadOnlySpan<BatchedLaunch> launches)
    {
        Grow(launches);
        _count = launches.Length;
        long work = 0;
        long* slots = _slots;
        int scratch = 0;
        for (int i = 0; i < _count; i++)
        {
            CpuKernel kernel = (CpuKernel)launches[i].Kernel;
            _members[i] = launch.BindRange(kernel, launches[i], slots);
            _costs[i] = Math.Max(1, CpuLaunch.WorkOf(kernel, launches[i]) / _members[i].Groups);
            _ends[i] = work += _costs[i] * _members[i].Groups;
            scratch = Math.Max(scratch, _members[i].ScratchBytes);
            slots += SimdEmitter.SlotCount(kernel.Lowered);
        }

        _parts = launch.PartsOf(work, work);
        launch.GrowScratch(_parts > 1 ? pool.Threads : 1, scratch);
        pool.Run(this, _parts);
        Array.Clear(_members, 0, _count);
    }

    void IPartedWork.Run(int part, int worker)
    {
        long from = At(part), to = At(part + 1);
        int i = Array.BinarySearch(_ends, 0, _count, from + 1);
        for (i = i < 0 ? ~i : i; i < _count; i++)
        {
            long first = GroupAt(i, from), last = GroupAt(i, to);
            if (last > first)
                _members[i].Run(first, last, launch.ScratchOf(worker));
            if (_ends[i] >= to)
                break;
        }
    }

    private long At(int part) => (long)((Int128)_ends[_count - 1] * part / _parts);

    /// <summary>The group of a member in which a place in the whole work lies; its number of groups behind its end.</summary>
    private long GroupAt(int i, long work)
    {
        long begin = i == 0 ? 0 : _ends[i - 1];
        return work <= begin ? 0 : work >= _ends[i] ? _members[i].Groups : (work - begin) / _costs[i];
    }

    private void Grow(ReadOnlySpan<BatchedLaunch> launches)
    {
        int room = 0;
        foreach (BatchedLaunch one in launches)
            room += SimdEmitter.SlotCount(((CpuKernel)one.Kernel).Lowered);
        if (room > _room)
        {
            NativeMemory.Free(_slots);
            _slots = null; // freed once, whatever the next line throws
            _slots = (long*)NativeMemory.Alloc((nuint)room, sizeof(long));
            _room = room;
        }

        if (launches.Length > _members.Length)
        {
            _members = new BoundLaunch[launches.Length];
            _ends = new long[launches.Length];
            _costs = new long[launches.Length];
        }
    }
}
