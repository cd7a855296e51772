using System.Runtime.CompilerServices;

namespace Cotangent.Kernels;

/// <summary>A typed window on device memory (ILGPU's <c>ArrayView</c>). Inside a kernel the indexer reads and writes elements; on the
/// host a view is only passed to kernels.</summary>
/// <typeparam name="T">The element type: a scalar or a struct of scalars.</typeparam>
/// <remarks>The compiler knows this type: in IR a view is the pair (pointer, Int64 length). As plain C# (Device.Debug) the indexer
/// checks bounds.</remarks>
public readonly unsafe struct ArrayView<T>
    where T : unmanaged
{
    private readonly MemoryOwner? _owner;
    private readonly long _byteOffset;
    private readonly long _length;
    private readonly T* _pointer;

    internal ArrayView(MemoryOwner owner, long byteOffset, long length)
    {
        _owner = owner;
        _byteOffset = byteOffset;
        _length = length;
        nint pointer = owner.Memory.HostPointer;
        _pointer = pointer == 0 ? null : (T*)(pointer + (nint)byteOffset);
    }

    internal ArrayView(T* pointer, long length)
    {
        _pointer = pointer;
        _length = length;
    }

    /// <summary>The number of elements.</summary>
    public long Length => _length;

    /// <summary>The number of elements as an int.</summary>
    public int IntLength => (int)_length;

    internal KernelArgument Argument => _owner is { } owner
        ? KernelArgument.Pointer(owner.Memory, _byteOffset, owner)
        : throw new InvalidOperationException(
            "This view has no device memory: it is default, or was allocated inside a kernel. Pass a DeviceBuffer's view.");

    /// <summary>The element at <paramref name="index"/>.</summary>
    /// <exception cref="IndexOutOfRangeException">On Device.Debug: outside 0 … Length − 1.</exception>
    public ref T this[int index] => ref this[(long)index];

    /// <summary>The element at <paramref name="index"/>.</summary>
    /// <exception cref="IndexOutOfRangeException">On Device.Debug: outside 0 … Length − 1.</exception>
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)_length)
                throw new IndexOutOfRangeException($"Index {index} is outside the view's 0 … {_length - 1}.");
            if (_pointer == null)
                throw new InvalidOperationException("This memory is on a device that the host cannot read. Copy it with DeviceBuffer.CopyTo.");
            return ref _pointer[index];
        }
    }

    /// <summary>The element at <paramref name="index"/>.</summary>
    public ref T this[Index1D index] => ref this[(long)index.X];

    /// <summary>A part of this view.</summary>
    /// <param name="index">The first element.</param>
    /// <param name="subViewLength">The number of elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">On the host and Device.Debug: the part is not inside the view.</exception>
    public ArrayView<T> SubView(long index, long subViewLength)
    {
        if (index < 0 || subViewLength < 0 || index > _length - subViewLength)
        {
            throw new ArgumentOutOfRangeException(nameof(index),
                $"{subViewLength} elements from {index} are not inside the view's {_length}.");
        }

        return _owner is { } owner
            ? new(owner, _byteOffset + index * sizeof(T), subViewLength)
            : new(_pointer + index, subViewLength);
    }

    /// <summary>The rest of this view from <paramref name="index"/>.</summary>
    public ArrayView<T> SubView(long index) => SubView(index, _length - index);
}
