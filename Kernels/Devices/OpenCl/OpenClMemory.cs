namespace Cotangent.Kernels.OpenCl;

/// <summary>A buffer object, or a part that was asked of it: the object's size is its size class.</summary>
internal sealed class OpenClMemory(OpenClAllocator allocator, nint handle, long sizeClass, long byteLength)
    : DeviceMemory(allocator.Device, byteLength)
{
    private int _released;

    /// <summary>The cl_mem.</summary>
    public nint Handle => handle;

    public override bool IsReleased => Volatile.Read(ref _released) != 0;

    public override void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            allocator.Return(handle, sizeClass);
    }
}
