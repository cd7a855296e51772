using System.Runtime.InteropServices;
using Cotangent.Kernels;

namespace Cotangent.Tests.Kernels.Ir;

/// <summary>Plain memory for the interpreter: a pinned array.</summary>
internal sealed class HostMemory : DeviceMemory
{
    private readonly byte[] _bytes;

    private HostMemory(byte[] bytes) : base(null!, bytes.Length) => _bytes = bytes;

    public override nint HostPointer => Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0);

    public Span<byte> Bytes => _bytes;

    public static HostMemory Of<T>(params ReadOnlySpan<T> values) where T : unmanaged
    {
        ReadOnlySpan<byte> source = MemoryMarshal.AsBytes(values);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(source.Length, pinned: true);
        source.CopyTo(bytes);
        return new HostMemory(bytes);
    }

    public T[] Read<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(_bytes).ToArray();

    public override void Release()
    {
    }
}
