namespace Cotangent.Kernels;

/// <summary>A kernel made ready for one device. A target may specialise further (by group size, say) at the first launch.</summary>
internal abstract class CompiledKernel(Device device, Ir.Kernel source)
{
    public Device Device { get; } = device;

    /// <summary>The IR as given to Compile, before the target's passes.</summary>
    public Ir.Kernel Source { get; } = source;

    /// <summary>The text of what runs (OpenCL C, a listing of emitted IL, …), for dumps.</summary>
    public abstract string Listing { get; }
}
