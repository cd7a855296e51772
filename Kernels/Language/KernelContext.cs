using System.Runtime.CompilerServices;

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

    /// <summary>The kernel that runs, for messages.</summary>
    public required DebugMethod Method { get; init; }

    public Index3D GridDimension { get; init; }

    public Index3D GroupDimension { get; init; }

    public Index3D GridIndex { get; private set; }

    public Index3D GroupIndex { get; init; }

    /// <summary>What the items of the group share; null in Range kernels.</summary>
    public GroupState? Group { get; private set; }

    private GroupState Shared => Group ?? throw new InvalidOperationException(
        "CTG1012: Group features need explicit groups. Remove the leading index parameter and launch with LoadGrouped.");

    /// <summary>What an index outside a view throws in a kernel; null outside of kernels.</summary>
    public static KernelIndexException? Fault(nint address, object index, object length) =>
        s_current is { } context ? context.Method.Fault(address, index, length) : null;

    /// <summary>The item's number in its group, X fastest.</summary>
    public int LinearIndex => (GroupIndex.Z * GroupDimension.Y + GroupIndex.Y) * GroupDimension.X + GroupIndex.X;

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

    public void Barrier() => Shared.Group.Wait();

    /// <summary>Gathers every item's value, then gives each a function of all.</summary>
    public T Exchange<T>(T value, Func<T[], T> select)
        where T : unmanaged => Shared.Group.Exchange(LinearIndex, value, select);

    /// <summary>Gathers the values of the own warp's items, then gives each a function of them.</summary>
    public T ExchangeInWarp<T>(T value, Func<T[], T> select)
        where T : unmanaged =>
        Shared.Warp(LinearIndex / Ir.Opcodes.WarpSize).Exchange(LinearIndex % Ir.Opcodes.WarpSize, value, select);

    /// <summary>The shared array that the items of this group allocate as their next one.</summary>
    public ArrayView<T> AllocateShared<T>(int count)
        where T : unmanaged => ViewOf(Shared.Allocate<T>(_allocations++, count));

    /// <summary>The shared memory that the launch added, as elements of a type.</summary>
    public unsafe ArrayView<T> DynamicShared<T>()
        where T : unmanaged
    {
        ArrayView<byte> bytes = ViewOf(Shared.Dynamic);
        return bytes.Length == 0 ? new(null, 0) : new((T*)Unsafe.AsPointer(ref bytes[0]), bytes.Length / sizeof(T));
    }

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
internal sealed class GroupState : IDisposable
{
    private readonly Meeting _group;
    private readonly Meeting[] _warps;
    private readonly List<Array> _arrays = [];
    private readonly Lock _lock = new();
    private Exception? _failure;

    /// <summary>The state of a group of so many items, with so much shared memory of the launch's.</summary>
    public GroupState(int items, int sharedBytes)
    {
        _group = new Meeting(items, () => _failure is not null);
        _warps = [.. Enumerable.Range(0, (items + Ir.Opcodes.WarpSize - 1) / Ir.Opcodes.WarpSize).Select(warp =>
            new Meeting(Math.Min(Ir.Opcodes.WarpSize, items - warp * Ir.Opcodes.WarpSize), () => _failure is not null))];
        Dynamic = GC.AllocateArray<byte>(sharedBytes, pinned: true);
        // What nobody wrote is NaN.
        Dynamic.AsSpan().Fill(0xFF);
    }

    /// <summary>The first exception of an item, with its stack.</summary>
    public Exception? Failure => _failure;

    /// <summary>The shared memory that the launch added.</summary>
    public byte[] Dynamic { get; }

    /// <summary>Where all items meet.</summary>
    public Meeting Group => _group;

    /// <summary>Where the items of a warp meet.</summary>
    public Meeting Warp(int warp) => _warps[warp];

    /// <summary>An item is done: the others no longer wait for it.</summary>
    public void Leave(int item, Exception? failure)
    {
        if (failure is not null and not OperationCanceledException)
            Interlocked.CompareExchange(ref _failure, failure, null);
        _group.Leave();
        _warps[item / Ir.Opcodes.WarpSize].Leave();
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

    public void Dispose()
    {
        _group.Dispose();
        foreach (Meeting warp in _warps)
            warp.Dispose();
    }
}

/// <summary>Where some work items wait for each other and exchange values.</summary>
internal sealed class Meeting(int items, Func<bool> hasFailed) : IDisposable
{
    private readonly Barrier _barrier = new(items);
    private readonly Lock _lock = new();
    private Array? _slots;

    public void Wait()
    {
        _barrier.SignalAndWait();
        // An item that failed leaves the barrier for good; the others must not go on with its work missing.
        if (hasFailed())
            throw new OperationCanceledException("Another work item of the group failed.");
    }

    public void Leave() => _barrier.RemoveParticipant();

    /// <summary>Gathers every item's value, then gives each a function of all.</summary>
    public T Exchange<T>(int item, T value, Func<T[], T> select)
    {
        T[] all;
        lock (_lock)
            all = (T[])(_slots ??= new T[items]);
        all[item] = value;
        Wait();
        T result = select(all);
        Wait();
        lock (_lock)
        {
            // The next exchange takes new slots.
            if (_slots == all)
                _slots = null;
        }

        return result;
    }

    public void Dispose() => _barrier.Dispose();
}
