using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels.OpenCl;

/// <summary>A kernel object of the driver. Kernels whose text is the same share one.</summary>
internal sealed unsafe class OpenClCode(OpenClApi api, nint handle, int maxGroupSize, OpenClFunction function)
{
    ~OpenClCode() => api.ReleaseKernel(handle);

    /// <summary>The cl_kernel; its arguments are set under the device's lock.</summary>
    public nint Handle => handle;

    /// <summary>The largest group this kernel can run in.</summary>
    public int MaxGroupSize => maxGroupSize;

    public OpenClFunction Function => function;
}

/// <summary>A kernel compiled for an OpenCL device.</summary>
internal sealed class OpenClKernel(OpenClDevice device, Ir.Kernel source, Ir.Kernel lowered, OpenClCode code)
    : CompiledKernel(device, source, lowered)
{
    public OpenClCode Code { get; } = code;

    public override string Listing => Code.Function.Text;
}
