using Cotangent.Kernels;

namespace Cotangent.Graph;

/// <summary>A realised value's bytes: a contiguous row-major range of device memory. Shared by reference; the finaliser of the last
/// owner returns the memory to the device's allocator.</summary>
internal sealed class Storage
{
    private readonly Owner _owner;

    /// <summary>A whole block, released when the last Storage that shares it is collected or released.</summary>
    public Storage(DeviceMemory memory, long byteLength)
        : this(new Owner(memory), 0, byteLength)
    {
    }

    private Storage(Owner owner, long byteOffset, long byteLength)
    {
        _owner = owner;
        ByteOffset = byteOffset;
        ByteLength = byteLength;
    }

    public DeviceMemory Memory => _owner.Memory;

    public Device Device => _owner.Memory.Device;

    public long ByteOffset { get; }

    public long ByteLength { get; }

    public KernelArgument Argument => KernelArgument.Pointer(Memory, ByteOffset);

    /// <summary>A part of the same block (a parameter in an arena, say).</summary>
    public Storage Range(long byteOffset, long byteLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(byteOffset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(byteOffset + byteLength, ByteLength);
        return new(_owner, ByteOffset + byteOffset, byteLength);
    }

    /// <summary>Returns the memory now, for every Storage that shares it.</summary>
    public void Release() => _owner.Release();

    private sealed class Owner
    {
        private int _released;

        public Owner(DeviceMemory memory)
        {
            Memory = memory;
            if (memory.ByteLength > 0) GC.AddMemoryPressure(memory.ByteLength);
        }

        ~Owner() => Release();

        public DeviceMemory Memory { get; }

        public void Release()
        {
            if (Interlocked.Exchange(ref _released, 1) != 0) return;
            if (Memory.ByteLength > 0) GC.RemoveMemoryPressure(Memory.ByteLength);
            Memory.Release();
            GC.SuppressFinalize(this);
        }
    }
}
