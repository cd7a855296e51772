using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels;

/// <summary>A kernel made ready for one device. A target may specialise further (by group size, say) at the first launch.</summary>
internal abstract class CompiledKernel(Device device, Ir.Kernel source, Ir.Kernel? lowered = null)
{
    public Device Device { get; } = device;

    /// <summary>The IR as given to Compile, before the target's passes.</summary>
    public Ir.Kernel Source { get; } = source;

    /// <summary>Bytes of shared memory that the kernel allocates itself.</summary>
    public long SharedBytes { get; } = (lowered ?? source).Body.Nodes.OfType<Instruction>()
        .Where(x => x.Opcode == Opcode.Allocate && x.Type.Space == AddressSpace.Shared)
        .Sum(x => (long)x.Count * x.Type.Scalar.Size());

    /// <summary>True if the kernel has warp operations.</summary>
    public bool UsesWarps { get; } = source.Kind == LaunchKind.Grouped
        && source.Body.Descendants().Any(n => n is Instruction { Opcode: Opcode.WarpShuffle });

    /// <summary>False while later launches will, in the launch, compile other code than they have run so far.</summary>
    public virtual bool IsSettled => true;

    /// <summary>The text of what runs (OpenCL C, a listing of emitted IL, …), for dumps.</summary>
    public abstract string Listing { get; }
}
