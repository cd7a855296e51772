namespace Cotangent.Kernels;

/// <summary>A block of a device's memory, owned by its device's allocator.</summary>
internal abstract class DeviceMemory(Device device, long byteLength)
{
    public Device Device { get; } = device;

    /// <summary>Usable bytes.</summary>
    public long ByteLength { get; } = byteLength;

    /// <summary>What views of this block name as their owner where another object keeps it alive, see <see cref="MemoryOwner.Borrow"/>.</summary>
    public MemoryOwner? Borrower { get; set; }

    /// <summary>The address, where the host can read and write the memory directly (CPU and Debug devices); else 0.</summary>
    public virtual nint HostPointer => 0;

    /// <summary>True after <see cref="Release"/>.</summary>
    public virtual bool IsReleased => HostPointer == 0;

    /// <summary>Takes a block of the same size again, after <see cref="Release"/>, contents undefined; false if it has one or this kind of memory cannot.
    /// Saves those that need memory for a while, again and again, an object each time.</summary>
    public virtual bool TryRenew() => false;

    /// <summary>Returns the block to the allocator. Work already launched still may use it: reuse is stream-ordered.
    /// A second call does nothing. Called by the owner's Dispose or finaliser.</summary>
    public abstract void Release();
}
