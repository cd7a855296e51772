namespace Cotangent.Kernels;

/// <summary>One IR parameter's value at a launch: memory at a byte offset for a pointer, raw bits for a scalar.</summary>
internal readonly struct KernelArgument
{
    // Keeps a user's buffer from being finalised while the launch that uses it is being issued.
    private readonly object? _owner;

    private KernelArgument(DeviceMemory? memory, long bits, object? owner = null)
    {
        Memory = memory;
        Bits = bits;
        _owner = owner;
    }

    /// <summary>The memory behind a pointer parameter; null for a scalar.</summary>
    public DeviceMemory? Memory { get; }

    /// <summary>The byte offset into Memory, or the scalar's bits, zero-extended.</summary>
    public long Bits { get; }

    public static KernelArgument Pointer(DeviceMemory memory, long byteOffset = 0, object? owner = null) =>
        new(memory, byteOffset, owner);

    public static KernelArgument Scalar(float x) => new(null, BitConverter.SingleToUInt32Bits(x));

    public static KernelArgument Scalar(double x) => new(null, BitConverter.DoubleToInt64Bits(x));

    public static KernelArgument Scalar(int x) => new(null, (uint)x);

    public static KernelArgument Scalar(long x) => new(null, x);

    public static KernelArgument Raw(ulong bits) => new(null, (long)bits);
}
