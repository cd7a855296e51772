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
    private readonly DeviceMemory? _memory;
    private readonly long _byteOffset;
    private readonly long _length;
    private readonly T* _pointer;

    internal ArrayView(DeviceMemory memory, long byteOffset, long length)
    {
        _memory = memory;
        _byteOffset = byteOffset;
        _length = length;
        _pointer = memory.HostPointer == 0 ? null : (T*)(memory.HostPointer + (nint)byteOffset);
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

    internal KernelArgument Argument => _memory is { } memory
        ? KernelArgument.Pointer(memory, _byteOffset)
        : throw new InvalidOperationException("This view exists inside a kernel only; it has no device memory to pass.");

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
            {
                throw new IndexOutOfRangeException($"Index {index} is outside the view's 0 … {_length - 1}.");
            }

            return ref _pointer[index];
        }
    }

    /// <summary>The element at <paramref name="index"/>.</summary>
    public ref T this[Index1D index] => ref this[(long)index.X];

    /// <summary>A part of this view.</summary>
    /// <param name="index">The first element.</param>
    /// <param name="subViewLength">The number of elements.</param>
    public ArrayView<T> SubView(long index, long subViewLength) => _memory is { } memory
        ? new(memory, _byteOffset + index * sizeof(T), subViewLength)
        : new(_pointer + index, subViewLength);
}
