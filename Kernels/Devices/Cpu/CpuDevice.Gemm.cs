using Cotangent.Kernels.Cpu;

namespace Cotangent.Kernels;

// Matrix products.
internal sealed partial class CpuDevice
{
    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c)
    {
        lock (_queue)
            CpuGemm.Run(problem, Address(a), Address(b), Address(c), _pool);
    }

    private static nint Address(KernelArgument argument)
    {
        if (argument.Memory is not { } memory)
            throw new ArgumentException("The operands of a matrix product must be memory.", nameof(argument));
        ObjectDisposedException.ThrowIf(memory.HostPointer == 0, memory);
        return memory.HostPointer + (nint)argument.Bits;
    }
}
