namespace Cotangent.Kernels;

// Matrix products.
internal sealed partial class CpuDevice
{
    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c) =>
        throw new NotSupportedException("The CPU device has no matrix product yet.");
}
