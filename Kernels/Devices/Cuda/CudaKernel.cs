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

/// <summary>What a kernel is compiled for; a launch that the standard form cannot serve has another made.</summary>
[Flags]
internal enum CudaForm : byte
{
    /// <summary>Wide accesses where arguments allow them, and as many registers as are useful.</summary>
    Standard = 0,

    /// <summary>Arguments may begin anywhere.</summary>
    Unaligned = 1,

    /// <summary>Groups may be as large as the device has them: registers are few, some values may go to memory.</summary>
    LargeGroups = 2,
}

/// <summary>A kernel compiled for a CUDA device.</summary>
/// <param name="device">The device.</param>
/// <param name="source">The kernel.</param>
/// <param name="lowered">The kernel after the target's passes.</param>
/// <param name="code">What runs.</param>
/// <param name="compile">Makes the code of another form.</param>
internal sealed class CudaKernel(CudaDevice device, Ir.Kernel source, Ir.Kernel lowered, CudaCode code, Func<CudaForm, CudaCode> compile)
    : CompiledKernel(device, source, lowered)
{
    private readonly Lazy<CudaKernel>[] _forms = [.. Enumerable.Range(0, 4).Select(form =>
        new Lazy<CudaKernel>(() => new CudaKernel(device, source, lowered, compile((CudaForm)form), compile)))];

    public CudaCode Code { get; } = code;

    /// <summary>This kernel, or the form that a launch needs: see <see cref="CudaForm"/>.</summary>
    /// <param name="arguments">The arguments' bits.</param>
    /// <param name="items">Items of a group; 0 if the device chooses.</param>
    public CudaKernel For(ReadOnlySpan<ulong> arguments, long items)
    {
        CudaForm form = (Code.Function.IsAligned(arguments) ? CudaForm.Standard : CudaForm.Unaligned)
            | (items > Code.MaxGroupSize ? CudaForm.LargeGroups : CudaForm.Standard);
        return form == CudaForm.Standard ? this : _forms[(int)form].Value;
    }

    public override string Listing => Code.Function.Text;
}
