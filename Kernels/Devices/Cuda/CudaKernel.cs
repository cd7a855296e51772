using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels.Cuda;

/// <summary>A function of the driver, in a module of its own. Kernels whose text is the same share one.</summary>
internal sealed class CudaCode(CudaCompiler compiler, nint module, nint handle, PtxFunction function)
{
    // The driver is called later, by a thread that has the context.
    ~CudaCode() => compiler.Unload(module);

    /// <summary>The CUfunction.</summary>
    public nint Handle => handle;

    public PtxFunction Function => function;

    /// <summary>The largest group this kernel can run in: registers bound it.</summary>
    public required int MaxGroupSize { get; init; }

    /// <summary>Shared memory that it allocates itself.</summary>
    public required int StaticShared { get; init; }

    /// <summary>Registers an item, and bytes of local memory an item, for dumps.</summary>
    public required (int Registers, int LocalBytes) Use { get; init; }

    /// <summary>The items of a group with which a multiprocessor holds most items.</summary>
    public required int BestGroupSize { get; init; }

    /// <summary>The dynamic shared memory that the driver lets it be launched with.</summary>
    public int AllowedDynamicShared { get; set; }
}

/// <summary>A kernel compiled for a CUDA device.</summary>
/// <param name="device">The device.</param>
/// <param name="source">The kernel.</param>
/// <param name="lowered">The kernel after the target's passes.</param>
/// <param name="code">What runs.</param>
/// <param name="unaligned">Makes what runs for arguments that <paramref name="code"/> cannot take; it is asked once.</param>
internal sealed class CudaKernel(CudaDevice device, Ir.Kernel source, Ir.Kernel lowered, CudaCode code, Func<CudaCode> unaligned)
    : CompiledKernel(device, source, lowered)
{
    private readonly Lazy<CudaKernel> _unaligned = new(() => new CudaKernel(device, source, lowered, unaligned(), unaligned));

    public CudaCode Code { get; } = code;

    /// <summary>This kernel, or its form without wide accesses if memory among the arguments does not begin where those may.</summary>
    public CudaKernel For(ReadOnlySpan<ulong> arguments) => Code.Function.IsAligned(arguments) ? this : _unaligned.Value;

    public override string Listing => Code.Function.Text;
}
