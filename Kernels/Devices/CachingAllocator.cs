using System.Collections.Concurrent;
using System.Numerics;

namespace Cotangent.Kernels;

/// <summary>A caching allocator of a driver's memory by size class.</summary>
/// <remarks>
/// All commands go to one in-order queue, so a returned block may be handed out at once: whoever gets it issues
/// commands after those that still use it. Over budget it frees the cache, then collects garbage and waits for
/// finalisers (which return what nobody holds any more), then throws with the sizes. <see cref="Return"/> takes no
/// lock: finalisers call it, and an allocation may be waiting for those very finalisers. Blocks are given back to the
/// driver outside of the lock: that waits for the device's, whose holder may be waiting for memory.
/// </remarks>
/// <param name="device">Whose memory it is, for messages.</param>
/// <param name="budget">The most bytes given out and kept.</param>
/// <param name="maxAllocation">The most bytes of one block.</param>
internal abstract class CachingAllocator(Device device, long budget, long maxAllocation)
{
    private const long SmallestBlock = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<nint>> _free = [];
    private readonly ConcurrentQueue<(nint Handle, long Size)> _returned = new();
    private long _used;
    private long _cached;

    public Device Device => device;

    /// <summary>Bytes of blocks held by callers, and of blocks kept for reuse.</summary>
    public (long Used, long Cached) Usage
    {
        get
        {
            lock (_lock)
            {
                TakeBack();
                return (_used, _cached);
            }
        }
    }

    public PooledMemory Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes > maxAllocation)
            throw OutOfMemory(bytes, $"one buffer holds at most {maxAllocation:N0} bytes here");

        long size = Math.Min(SizeClass(bytes), maxAllocation);
        if (TryTakeOrFree(size, out nint handle))
            return new PooledMemory(this, handle, size, bytes);

        Collect();
        if (TryTakeOrFree(size, out handle) || (MakeRoomElsewhere() && TryTakeOrFree(size, out handle)))
            return new PooledMemory(this, handle, size, bytes);

        throw OutOfMemory(bytes, $"{Usage.Used:N0} of {budget:N0} bytes are in use{Detail()}");
    }

    /// <summary>Gives a block back, from any thread.</summary>
    public void Return(nint handle, long sizeClass) => _returned.Enqueue((handle, sizeClass));

    /// <summary>Has the driver as much memory as it can: for what it allocates itself.</summary>
    public void MakeRoom()
    {
        Collect();
        FreeCache();
        MakeRoomElsewhere();
    }

    /// <summary>Gives blocks that are kept for reuse back to the driver; false if there are none.</summary>
    public bool FreeCache()
    {
        nint[] blocks;
        lock (_lock)
        {
            TakeBack();
            blocks = [.. _free.Values.SelectMany(b => b)];
            _free.Clear();
            _cached = 0;
        }

        foreach (nint handle in blocks)
            Destroy(handle);
        return blocks.Length > 0;
    }

    /// <summary>The block size for a request: a quarter of a power of two or a multiple of it, so at most a quarter is
    /// wasted.</summary>
    internal static long SizeClass(long bytes)
    {
        if (bytes <= SmallestBlock)
            return SmallestBlock;

        long step = 1L << Math.Max(8, BitOperations.Log2((ulong)(bytes - 1)) - 2);
        return (bytes + step - 1) / step * step;
    }

    /// <summary>A block from the driver; 0 if it has no room.</summary>
    private protected abstract nint Create(long size);

    /// <summary>Gives a block back to the driver. Commands that use it may still be queued.</summary>
    private protected abstract void Destroy(nint handle);

    /// <summary>Has others give back what they keep of the same memory; true if they did.</summary>
    private protected virtual bool MakeRoomElsewhere() => false;

    /// <summary>What else to say where there is no room.</summary>
    private protected virtual string Detail() => "";

    private DeviceOutOfMemoryException OutOfMemory(long bytes, string reason) => new(
        $"{device.Id} ({device.Name}) has no room for {bytes:N0} bytes: {reason}. Use smaller tensors or drop references " +
        "to those no longer needed. See docs/diagnostics.md#CTG3003");

    private bool TryTake(long size, out nint handle)
    {
        lock (_lock)
        {
            TakeBack();
            if (_free.TryGetValue(size, out Stack<nint>? blocks) && blocks.TryPop(out handle))
            {
                _cached -= size;
                _used += size;
                return true;
            }

            handle = _used + _cached + size <= budget ? Create(size) : 0;
            if (handle != 0)
                _used += size;

            return handle != 0;
        }
    }

    // As long as there is something to give back for it.
    private bool TryTakeOrFree(long size, out nint handle)
    {
        do
        {
            if (TryTake(size, out handle))
                return true;
        }
        while (FreeCache());
        return false;
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private void TakeBack()
    {
        while (_returned.TryDequeue(out (nint Handle, long Size) block))
        {
            if (!_free.TryGetValue(block.Size, out Stack<nint>? blocks))
                _free.Add(block.Size, blocks = new Stack<nint>());

            blocks.Push(block.Handle);
            _used -= block.Size;
            _cached += block.Size;
        }
    }
}
