using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cotangent.Kernels;

/// <summary>A typed window on device memory (ILGPU's <c>ArrayView</c>). Inside a kernel the indexer reads and writes elements; on the
/// host a view is passed to kernels, cut, and copied to and from.</summary>
/// <typeparam name="T">The element type: a scalar or a struct of scalars.</typeparam>
/// <remarks>The compiler knows this type: in IR a view is the pair (pointer, Int64 length). As plain C# (Device.Debug) the indexer
/// checks bounds. Views of more dimensions are in ArrayView.Shapes.cs.</remarks>
public readonly unsafe partial struct ArrayView<T> : IDeviceView
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

    /// <summary>The view of nothing.</summary>
    public static ArrayView<T> Empty => default;

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize => sizeof(T);

    /// <summary>The number of elements.</summary>
    public long Length => _length;

    /// <summary>The number of elements as an int.</summary>
    public int IntLength => (int)_length;

    /// <summary>The number of bytes.</summary>
    public long LengthInBytes => Length * ElementSize;

    /// <summary>The length as an index.</summary>
    public LongIndex1D Extent => new(Length);

    /// <summary>The length as a 32-bit index.</summary>
    public Index1D IntExtent => new(IntLength);

    /// <summary>True if the view has elements.</summary>
    public bool IsValid => Length > 0;

    internal KernelArgument Argument => KernelArgument.Pointer(Owner.Memory, _byteOffset, _owner);

    /// <summary>The first byte that the host can read; null if it can read none.</summary>
    nint IDeviceView.Address => (nint)_pointer;

    /// <summary>The number of bytes.</summary>
    long IDeviceView.Bytes => _length * sizeof(T);

    private MemoryOwner Owner => _owner ?? throw new InvalidOperationException(
        "This view has no device memory: it is default, or was allocated inside a kernel. Pass a DeviceBuffer's view.");

    /// <summary>The element at <paramref name="index"/>.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside 0 … Length − 1. Other devices throw it at the launch, if they
    /// check.</exception>
    [OverloadResolutionPriority(1)]
    public ref T this[int index] => ref this[(long)index];

    /// <summary>The element at <paramref name="index"/>.</summary>
    /// <exception cref="KernelIndexException">On Device.Debug: outside 0 … Length − 1. Other devices throw it at the launch, if they
    /// check.</exception>
    [OverloadResolutionPriority(1)]
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)_length)
                throw Fault(index, _length);
            if (_pointer == null)
                throw new InvalidOperationException("This memory is on a device that the host cannot read. Copy it with DeviceBuffer.CopyTo.");
            return ref _pointer[index];
        }
    }

    /// <summary>The element at <paramref name="index"/>.</summary>
    public ref T this[Index1D index] => ref this[(long)index.X];

    /// <summary>The element at <paramref name="index"/>.</summary>
    public ref T this[LongIndex1D index] => ref this[index.X];

    /// <summary>What an index outside the view throws: in a kernel the exception that names it.</summary>
    internal Exception Fault(object index, object length) => (Exception?)KernelContext.Fault((nint)_pointer, index, length)
        ?? new IndexOutOfRangeException($"Index {index} is outside the view's {length}.");

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

    /// <inheritdoc cref="SubView(long, long)"/>
    public ArrayView<T> SubView(int index, int subViewLength) => SubView((long)index, subViewLength);

    /// <summary>The rest of this view from <paramref name="index"/>.</summary>
    public ArrayView<T> SubView(long index) => SubView(index, _length - index);

    /// <summary>One element of this view.</summary>
    public VariableView<T> VariableView(LongIndex1D index) => new(SubView(index.X, 1));

    /// <summary>The same memory as elements of another type; bytes that do not fill one are left out. A struct of four floats is one
    /// wide access where the device has it.</summary>
    /// <typeparam name="TOther">A scalar or a struct of scalars.</typeparam>
    /// <exception cref="InvalidOperationException">On the host and Device.Debug: the view begins where no <typeparamref name="TOther"/>
    /// may begin.</exception>
    public ArrayView<TOther> Cast<TOther>()
        where TOther : unmanaged
    {
        long start = _pointer != null ? (long)_pointer : _byteOffset;
        int alignment = sizeof(Aligned<TOther>) - sizeof(TOther);
        if (start % alignment != 0)
        {
            throw new InvalidOperationException(
                $"The view begins {start % alignment} bytes beyond the {alignment}-byte alignment of '{typeof(TOther).Name}'.");
        }

        long length = LengthInBytes / sizeof(TOther);
        return _owner is { } owner ? new(owner, _byteOffset, length) : new((TOther*)_pointer, length);
    }

    /// <summary>Host to device: exactly <see cref="Length"/> elements.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void CopyFrom(ReadOnlySpan<T> source)
    {
        RequireLength(source.Length, nameof(source));
        MemoryOwner owner = Owner;
        owner.Memory.Device.Write(MemoryMarshal.AsBytes(source), owner.Memory, _byteOffset);
        GC.KeepAlive(owner);
    }

    /// <summary>Device to host: exactly <see cref="Length"/> elements. Waits for launches issued before.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public void CopyTo(Span<T> destination)
    {
        RequireLength(destination.Length, nameof(destination));
        MemoryOwner owner = Owner;
        owner.Memory.Device.Read(owner.Memory, _byteOffset, MemoryMarshal.AsBytes(destination));
        GC.KeepAlive(owner);
    }

    /// <summary>To another view of the same length on the same device; the two do not overlap.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    /// <exception cref="DeviceException">CTG3008: the views are on different devices.</exception>
    public void CopyTo(ArrayView<T> destination)
    {
        destination.RequireLength(_length, nameof(destination));
        MemoryOwner from = Owner;
        MemoryOwner to = destination.Owner;
        from.Memory.Device.Copy(from.Memory, _byteOffset, to.Memory, destination._byteOffset, LengthInBytes);
        GC.KeepAlive(from);
        GC.KeepAlive(to);
    }

    /// <summary>Sets all bytes to 0.</summary>
    public void Clear()
    {
        byte[] zeros = new byte[Math.Min(LengthInBytes, 1 << 20)];
        MemoryOwner owner = Owner;
        for (long at = 0; at < LengthInBytes; at += zeros.Length)
        {
            int count = (int)Math.Min(zeros.Length, LengthInBytes - at);
            owner.Memory.Device.Write(zeros.AsSpan(0, count), owner.Memory, _byteOffset + at);
        }

        GC.KeepAlive(owner);
    }

    /// <summary>The elements, copied to the host.</summary>
    public T[] ToArray()
    {
        T[] result = new T[_length];
        CopyTo(result);
        return result;
    }

    private void RequireLength(long length, string parameter)
    {
        if (length != _length)
        {
            throw new ArgumentException(
                $"There are {length} elements and the view has {_length}; they must be equal. Slice the span or take a SubView.",
                parameter);
        }
    }

    /// <summary>Its size less T's is T's alignment.</summary>
    private struct Aligned<TElement>
        where TElement : unmanaged
    {
#pragma warning disable CS0169 // Only the layout matters.
        private readonly byte _first;
        private readonly TElement _element;
#pragma warning restore CS0169
    }
}
