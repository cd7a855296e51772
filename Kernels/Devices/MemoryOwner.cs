namespace Cotangent.Kernels;

/// <summary>Gives a block back when no buffer or view refers to it any more, or sooner when disposed. Views keep it alive, so that a
/// program may drop a buffer and go on with its view.</summary>
internal sealed class MemoryOwner : IDisposable
{
    private readonly DeviceMemory _memory;
    private readonly bool _isBorrowed;
    private int _released;

    public MemoryOwner(DeviceMemory memory)
    {
        _memory = memory;
        if (memory.ByteLength > 0)
            GC.AddMemoryPressure(memory.ByteLength);
    }

    private MemoryOwner(DeviceMemory memory, bool isBorrowed)
    {
        _memory = memory;
        _isBorrowed = isBorrowed;
        GC.SuppressFinalize(this);
    }

    ~MemoryOwner() => Release();

    /// <summary>The block.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public DeviceMemory Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_released != 0, typeof(DeviceBuffer<>));
            return _memory;
        }
    }

    /// <summary>For views of memory that someone else keeps alive and gives back. One a block: a step that runs again allocates none.</summary>
    public static MemoryOwner Borrow(DeviceMemory memory) => memory.Borrower ??= new(memory, isBorrowed: true);

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_isBorrowed || Interlocked.Exchange(ref _released, 1) != 0)
            return;
        _memory.Release();
        if (_memory.ByteLength > 0)
            GC.RemoveMemoryPressure(_memory.ByteLength);
    }
}
