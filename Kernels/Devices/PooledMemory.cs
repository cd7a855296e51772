namespace Cotangent.Kernels;

/// <summary>A block of a <see cref="CachingAllocator"/>, or the part that was asked of it: its size is its size
/// class.</summary>
internal sealed class PooledMemory(CachingAllocator allocator, nint handle, long sizeClass, long byteLength)
    : DeviceMemory(allocator.Device, byteLength)
{
    private int _released;

    /// <summary>The driver's name for the block: a cl_mem, or a device pointer of CUDA.</summary>
    public nint Handle => handle;

    public override bool IsReleased => Volatile.Read(ref _released) != 0;

    public override void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            allocator.Return(handle, sizeClass);
    }
}
