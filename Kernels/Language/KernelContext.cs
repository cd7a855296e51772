namespace Cotangent.Kernels;

/// <summary>Where a work item stands while its kernel runs as plain C# on Device.Debug. One a thread.</summary>
internal sealed class KernelContext
{
    [ThreadStatic]
    private static KernelContext? s_current;

    private readonly List<Array> _local = [];
    private int _allocations;

    /// <summary>The context of the work item that this thread runs.</summary>
    public static KernelContext Current => s_current ?? throw new InvalidOperationException(
        "Grid, Group, SharedMemory and LocalMemory exist only inside a kernel: call it through a Device.");

    public Index3D GridDimension { get; init; }

    public Index3D GroupDimension { get; init; }

    public Index3D GridIndex { get; private set; }

    public Index3D GroupIndex { get; init; }

    /// <summary>What the items of the group share; null in Range kernels.</summary>
    public GroupState? Group { get; private set; }

    private GroupState Shared => Group ?? throw new InvalidOperationException(
        "CTG1012: Group features need explicit groups. Remove the leading index parameter and launch with LoadGrouped.");

    private int LinearIndex => (GroupIndex.Z * GroupDimension.Y + GroupIndex.Y) * GroupDimension.X + GroupIndex.X;

    /// <summary>Runs one work item on this thread.</summary>
    public void Run(Action item, Index3D gridIndex = default, GroupState? group = null)
    {
        (GridIndex, Group, _allocations) = (gridIndex, group, 0);
        KernelContext? outer = s_current;
        s_current = this;
        try
        {
            item();
        }
        finally
        {
            s_current = outer;
            _local.Clear();
        }
    }

    public void Barrier() => Shared.Wait();

    /// <summary>Gathers every item's value, then gives each a function of all.</summary>
    public T Exchange<T>(T value, Func<T[], T> select)
        where T : unmanaged
    {
        GroupState group = Shared;
        T[] all = group.Slots<T>();
        all[LinearIndex] = value;
        group.Wait();
        T result = select(all);
        group.Wait();
        group.ReleaseSlots(all);
        return result;
    }

    /// <summary>The shared array that the items of this group allocate as their next one.</summary>
    public ArrayView<T> AllocateShared<T>(int count)
        where T : unmanaged => ViewOf(Shared.Allocate<T>(_allocations++, count));

    /// <summary>An array of this item alone.</summary>
    public ArrayView<T> AllocateLocal<T>(int count)
        where T : unmanaged
    {
        T[] array = GC.AllocateArray<T>(count, pinned: true);
        _local.Add(array);
        return ViewOf(array);
    }

    private static unsafe ArrayView<T> ViewOf<T>(T[] pinned)
        where T : unmanaged
    {
        fixed (T* pointer = pinned)
            return new(pointer, pinned.Length);
    }
}

/// <summary>What the work items of one group share on Device.Debug.</summary>
internal sealed class GroupState(int items) : IDisposable
{
    private readonly Barrier _barrier = new(items);
    private readonly List<Array> _arrays = [];
    private readonly Lock _lock = new();
    private Array? _slots;
    private Exception? _failure;

    /// <summary>The first exception of an item, with its stack.</summary>
    public Exception? Failure => _failure;

    public void Wait()
    {
        _barrier.SignalAndWait();
        // An item that failed leaves the barrier for good; the others must not go on with its work missing.
        if (_failure is not null)
            throw new OperationCanceledException("Another work item of the group failed.");
    }

    /// <summary>An item is done: the others no longer wait for it.</summary>
    public void Leave(Exception? failure)
    {
        if (failure is not null and not OperationCanceledException)
            Interlocked.CompareExchange(ref _failure, failure, null);
        _barrier.RemoveParticipant();
    }

    /// <summary>Shared array number <paramref name="index"/>: the first item to ask makes it.</summary>
    public T[] Allocate<T>(int index, int count)
        where T : unmanaged
    {
        lock (_lock)
        {
            if (index == _arrays.Count)
                _arrays.Add(GC.AllocateArray<T>(count, pinned: true));
            return _arrays[index] is T[] array && array.Length == count
                ? array
                : throw new InvalidOperationException("The work items of a group allocate different shared memory.");
        }
    }

    /// <summary>One slot an item for a group-wide operation.</summary>
    public T[] Slots<T>()
    {
        lock (_lock)
            return (T[])(_slots ??= new T[items]);
    }

    /// <summary>Ends a group-wide operation: the next one takes new slots.</summary>
    public void ReleaseSlots(Array slots)
    {
        lock (_lock)
        {
            if (_slots == slots)
                _slots = null;
        }
    }

    public void Dispose() => _barrier.Dispose();
}
