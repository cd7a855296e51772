using System.Numerics;
using System.Runtime.InteropServices;

namespace Cotangent.Kernels;

/// <summary>Native memory in size classes, four an octave, so that at most a fifth of a block is waste. Freed blocks are kept
/// for reuse up to a limit. The CPU device runs launches before they return, so a freed block can be given out at once.</summary>
/// <param name="budget">The most bytes given out and kept.</param>
/// <param name="cacheLimit">The most bytes kept for reuse.</param>
/// <param name="leisure">Bytes that may be given out before garbage is first collected for it.</param>
internal sealed unsafe class CpuAllocator(long budget, long cacheLimit, long leisure = CpuAllocator.DefaultLeisure)
{
    /// <summary>Half a gibibyte.</summary>
    public const long DefaultLeisure = 1L << 29;

    /// <summary>The alignment of every block: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<nint>> _free = [];
    private uint _blocks;

    // The garbage collector's own measure of native memory adapts to the rest of the process: in one with a large heap, dropped
    // tensors would stay for gigabytes. Twice what was in use after the last collection keeps its cost in proportion.
    private long _collectAt;

    /// <summary>Bytes given out.</summary>
    public long BytesInUse { get; private set; }

    /// <summary>Bytes kept for reuse.</summary>
    public long BytesCached { get; private set; }

    /// <summary>A block of at least this many bytes. Over budget it collects garbage, so that dropped owners release theirs.</summary>
    /// <exception cref="DeviceOutOfMemoryException">There is no room even then.</exception>
    public nint Allocate(long bytes)
    {
        long size = SizeClass(bytes);
        if (BytesInUse + size > Math.Max(leisure, Interlocked.Read(ref _collectAt)))
        {
            Collect();
            Interlocked.Exchange(ref _collectAt, 2 * (BytesInUse + size));
        }

        if (TryAllocate(size, out nint block))
            return block;

        Trim();
        Collect();
        if (TryAllocate(size, out block))
            return block;

        throw new DeviceOutOfMemoryException($"The CPU device has no room for {bytes:N0} bytes: {BytesInUse:N0} bytes are in use "
            + $"and its budget is {budget:N0}. Release tensors that are no longer needed, or use smaller batches.");
    }

    public void Free(nint block, long bytes)
    {
        long size = SizeClass(bytes);
        lock (_lock)
        {
            BytesInUse -= size;
            if (BytesCached + size <= cacheLimit)
            {
                if (!_free.TryGetValue(size, out Stack<nint>? blocks))
                    _free[size] = blocks = new();
                blocks.Push(block);
                BytesCached += size;
                return;
            }
        }

        FreeBlock(block);
    }

    /// <summary>Returns the kept blocks to the system.</summary>
    public void Trim()
    {
        lock (_lock)
        {
            foreach (Stack<nint> blocks in _free.Values)
            {
                while (blocks.TryPop(out nint block))
                    FreeBlock(block);
            }

            BytesCached = 0;
        }
    }

    /// <summary>Lets owners that nobody holds release their blocks.</summary>
    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// <summary>The bytes behind a request.</summary>
    public static long SizeClass(long bytes)
    {
        if (bytes <= Alignment)
            return Alignment;
        int octave = BitOperations.Log2((ulong)(bytes - 1));
        long step = Math.Max(Alignment, 1L << Math.Max(0, octave - 2));
        return (bytes + step - 1) / step * step;
    }

    /// <summary>A block from the system. Large blocks all start at a page; ours start at different distances from one, since
    /// loads and stores at the same place of different pages hold each other up. The word before a block is the system's address.</summary>
    private nint AllocateBlock(long size)
    {
        const int Smallest = 1 << 14;
        const int Distance = 256;
        const long SmallestLarge = 8 << 20;
        int shift = Alignment + (size >= Smallest ? (int)(_blocks++ % 16) * Distance : 0);
        bool isLarge = size >= SmallestLarge;
        nint start = (nint)NativeMemory.AlignedAlloc((nuint)(size + shift), isLarge ? LargePages.Size : Alignment);
        if (isLarge)
            LargePages.Advise(start, (nuint)(size + shift));
        nint block = start + shift;
        ((nint*)block)[-1] = start;
        return block;
    }

    private static void FreeBlock(nint block) => NativeMemory.AlignedFree((void*)((nint*)block)[-1]);

    private bool TryAllocate(long size, out nint block)
    {
        lock (_lock)
        {
            if (_free.TryGetValue(size, out Stack<nint>? blocks) && blocks.TryPop(out block))
            {
                BytesCached -= size;
                BytesInUse += size;
                return true;
            }

            block = 0;
            if (BytesInUse + BytesCached + size > budget)
                return false;
            try
            {
                block = AllocateBlock(size);
            }
            catch (OutOfMemoryException)
            {
                return false; // the caller frees what it can and tries again
            }

            BytesInUse += size;
            return true;
        }
    }
}
