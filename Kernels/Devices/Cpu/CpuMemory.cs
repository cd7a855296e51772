namespace Cotangent.Kernels;

/// <summary>A block of native memory from <see cref="CpuAllocator"/>.</summary>
internal sealed class CpuMemory(CpuDevice device, CpuAllocator allocator, nint pointer, long byteLength)
    : DeviceMemory(device, byteLength)
{
    private nint _pointer = pointer;

    /// <inheritdoc/>
    public override nint HostPointer => _pointer;

    /// <inheritdoc/>
    public override bool TryRenew()
    {
        if (_pointer != 0)
            return false;
        _pointer = allocator.Allocate(ByteLength);
        return true;
    }

    /// <inheritdoc/>
    public override void Release()
    {
        nint released = Interlocked.Exchange(ref _pointer, 0);
        if (released != 0)
            allocator.Free(released, ByteLength);
    }
}
