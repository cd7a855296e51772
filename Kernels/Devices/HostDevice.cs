using System.Runtime.InteropServices;

namespace Cotangent.Kernels;

/// <summary>The process's own memory as a device, without a compiler: it holds tensors but runs no kernels.</summary>
internal sealed class HostDevice() : Device(DeviceKind.Cpu, "cpu", "host memory")
{
    public override void Synchronize()
    {
    }

    internal override DeviceMemory AllocateMemory(long bytes) => new HostMemory(this, bytes);

    internal override CompiledKernel Compile(Ir.Kernel kernel) => throw NoKernels();

    internal override void Launch(CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments) => throw NoKernels();

    internal override unsafe void Write(ReadOnlySpan<byte> source, DeviceMemory destination, long byteOffset) =>
        source.CopyTo(new Span<byte>((byte*)destination.HostPointer + byteOffset, source.Length));

    internal override unsafe void Read(DeviceMemory source, long byteOffset, Span<byte> destination) =>
        new ReadOnlySpan<byte>((byte*)source.HostPointer + byteOffset, destination.Length).CopyTo(destination);

    internal override unsafe void Copy(DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes) =>
        Buffer.MemoryCopy(
            (byte*)source.HostPointer + sourceOffset, (byte*)destination.HostPointer + destinationOffset, bytes, bytes);

    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c) => throw NoKernels();

    private static DeviceException NoKernels() => new("CTG3004", "The host device holds memory only; it runs no kernels.");

    private sealed class HostMemory : DeviceMemory
    {
        private nint _pointer;

        public unsafe HostMemory(Device device, long bytes)
            : base(device, bytes) => _pointer = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 64), 64);

        public override nint HostPointer => _pointer;

        public override unsafe void Release()
        {
            nint pointer = Interlocked.Exchange(ref _pointer, 0);
            if (pointer != 0) NativeMemory.AlignedFree((void*)pointer);
        }
    }
}
