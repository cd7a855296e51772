using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>Interprets kernels' IR on host memory: the oracle of the compiler, as a device.</summary>
internal unsafe class InterpreterDevice(string id, string name) : Device(DeviceKind.Debug, id, name)
{
    // Calls on one device are serialised. A kernel on Device.Debug may itself run only once at a time.
    private readonly Lock _lock = new();

    private protected Lock Lock => _lock;

    /// <inheritdoc/>
    public override void Synchronize()
    {
        // Everything has finished when its call returned.
    }

    private protected override Device With(DeviceOptions options) => new InterpreterDevice(Id, Name) { Options = options };

    internal override DeviceMemory AllocateMemory(long bytes) => new DebugMemory(this, bytes);

    internal override CompiledKernel Compile(Kernel kernel)
    {
        Verifier.Verify(kernel);
        return new DebugKernel(this, kernel);
    }

    internal override void Launch(CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        if (!DeviceChecks.Launch(this, kernel, shape, arguments))
            return;
        lock (_lock)
            Interpreter.Run(kernel.Source, shape, arguments, seed: Options.RandomOrder, detectRaces: Options.DetectRaces);
    }

    internal override void Write(ReadOnlySpan<byte> source, DeviceMemory destination, long byteOffset)
    {
        DeviceChecks.Range(this, destination, byteOffset, source.Length);
        lock (_lock)
            source.CopyTo(new Span<byte>((void*)(destination.HostPointer + (nint)byteOffset), source.Length));
    }

    internal override void Read(DeviceMemory source, long byteOffset, Span<byte> destination)
    {
        DeviceChecks.Range(this, source, byteOffset, destination.Length);
        lock (_lock)
            new ReadOnlySpan<byte>((void*)(source.HostPointer + (nint)byteOffset), destination.Length).CopyTo(destination);
    }

    internal override void Copy(DeviceMemory source, long sourceOffset, DeviceMemory destination, long destinationOffset, long bytes)
    {
        DeviceChecks.Range(this, source, sourceOffset, bytes);
        DeviceChecks.Range(this, destination, destinationOffset, bytes);
        lock (_lock)
        {
            Buffer.MemoryCopy((void*)(source.HostPointer + (nint)sourceOffset),
                (void*)(destination.HostPointer + (nint)destinationOffset), bytes, bytes);
        }
    }

    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        lock (_lock)
        {
            if (problem.Type == ScalarType.Float32)
                NaiveGemm<float>(problem, a, b, c);
            else
                NaiveGemm<double>(problem, a, b, c);
        }
    }

    private static void NaiveGemm<T>(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        T* pa = Pointer<T>(a);
        T* pb = Pointer<T>(b);
        T* pc = Pointer<T>(c);
        for (int b0 = 0; b0 < problem.Batch0; b0++)
        {
            for (int b1 = 0; b1 < problem.Batch1; b1++)
            {
                for (int m = 0; m < problem.M; m++)
                {
                    for (int n = 0; n < problem.N; n++)
                    {
                        T sum = T.Zero;
                        for (int k = 0; k < problem.K; k++)
                            sum += pa[At(problem.A, b0, b1, m, k)] * pb[At(problem.B, b0, b1, k, n)];
                        ref T cell = ref pc[At(problem.C, b0, b1, m, n)];
                        cell = problem.Accumulate ? cell + sum : sum;
                    }
                }
            }
        }
    }

    private static long At(in MatrixLayout layout, int b0, int b1, int row, int column) =>
        b0 * layout.Batch0 + b1 * layout.Batch1 + row * layout.Row + column * layout.Column;

    private static T* Pointer<T>(KernelArgument argument)
        where T : unmanaged => (T*)(argument.Memory!.HostPointer + (nint)argument.Bits);
}
