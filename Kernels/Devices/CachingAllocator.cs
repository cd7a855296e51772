using System.Collections.Concurrent;
using System.Numerics;

namespace Cotangent.Kernels;

/// <summary>A caching allocator of a driver's memory by size class.</summary>
/// <remarks>
/// All commands go to one in-order queue, so a returned block may be handed out at once: whoever gets it issues
/// commands after those that still use it. Over budget it frees the cache, then collects garbage and waits for
/// finalisers (which return what nobody holds any more), then throws with the sizes. <see cref="Return"/> takes no
/// lock: finalisers call it, and an allocation may be waiting for those very finalisers.
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
        if (TryTake(size, out nint handle))
            return new PooledMemory(this, handle, size, bytes);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        if (TryTake(size, out handle))
            return new PooledMemory(this, handle, size, bytes);

        throw OutOfMemory(bytes, $"{Usage.Used:N0} of {budget:N0} bytes are in use{Detail()}");
    }

    /// <summary>Gives a block back, from any thread.</summary>
    public void Return(nint handle, long sizeClass) => _returned.Enqueue((handle, sizeClass));

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

            if (_used + _cached + size > budget)
                FreeCache();

            handle = _used + size <= budget ? CreateOrFree(size) : 0;
            if (handle != 0)
                _used += size;

            return handle != 0;
        }
    }

    private nint CreateOrFree(long size)
    {
        nint handle = Create(size);
        if (handle != 0 || _cached == 0)
            return handle;
        FreeCache();
        return Create(size);
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

    private void FreeCache()
    {
        foreach (nint handle in _free.Values.SelectMany(blocks => blocks))
            Destroy(handle);

        _free.Clear();
        _cached = 0;
    }
}
