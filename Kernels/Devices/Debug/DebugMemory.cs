using System.Runtime.InteropServices;

namespace Cotangent.Kernels;

/// <summary>Host memory of Device.Debug, filled with ones at first: floats that nobody wrote are NaN.</summary>
internal sealed unsafe class DebugMemory : DeviceMemory
{
    private const int Alignment = 64;

    private nint _pointer;

    public DebugMemory(Device device, long bytes)
        : base(device, bytes)
    {
        _pointer = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), Alignment);
        NativeMemory.Fill((void*)_pointer, (nuint)bytes, 0xFF);
    }

    public override nint HostPointer => _pointer;

    public override void Release()
    {
        nint pointer = Interlocked.Exchange(ref _pointer, 0);
        if (pointer != 0)
            NativeMemory.AlignedFree((void*)pointer);
    }
}
