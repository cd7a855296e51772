using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Runs a part of a launch. Range kernels: rows (y, z linearised) and, in each, items from x to x. Grouped kernels:
/// linear group numbers in the place of x.</summary>
internal unsafe delegate void SimdEntry(long* arguments, byte* scratch, int rowFrom, int rowTo, int from, int to);

/// <summary>A kernel compiled for one <see cref="SimdTarget"/>.</summary>
internal sealed record SimdCode(SimdTarget Target, SimdEntry Entry, int ScratchBytes)
{
    /// <summary>Rows of a range that are best done by the same part of a launch.</summary>
    public int RowsTogether { get; init; } = 1;

    // From 60,000 bytes of IL on, the JIT gives up optimising without a word: nine times slower. Quick code, which is not optimised, may be
    // longer.
    private const int LargestMethod = 58_000;
    private const int LargestQuick = 2_000_000;

    // More machine code than this makes would not stay in the instruction cache.
    private const int LargestLockstep = 24_000;

    /// <summary>Compiles; takes fewer vectors a group, and in the end quick code, where the code would get too large for the JIT's optimiser.
    /// </summary>
    /// <exception cref="KernelCompilationException">CTG1090: even that would be too large.</exception>
    public static SimdCode Compile(Kernel kernel, SimdTarget target)
    {
        if (kernel.Kind == LaunchKind.Grouped)
            GroupControl.Check(kernel, target.Group);
        if (target.Isa.Bits == 512 && Avx512F.IsSupported)
            kernel = ScaledPowers.Find(kernel);
        target = target with { Rows = RowLockstep.RowsOf(kernel, target) };
        while (true)
        {
            DynamicMethod method = NewMethod(kernel, target);
            ILGenerator il = method.GetILGenerator(4096);
            SimdEmitter emitter = new(ShuffleLowering.Lower(kernel, target), target, il);
            emitter.EmitKernel();
            if (il.ILOffset < (target.Rows > 1 ? LargestLockstep : target.Quick ? LargestQuick : LargestMethod))
                return new SimdCode(target, method.CreateDelegate<SimdEntry>(), emitter.ScratchBytes)
                {
                    RowsTogether = emitter.RowsTogether,
                };
            if (target.Rows > 1)
            {
                target = target with { Rows = 1 };
                continue;
            }

            if (target.Quick)
                throw new KernelCompilationException("CTG1090", $"The kernel '{kernel.Name}' compiles to {il.ILOffset} bytes of IL; "
                    + $"the CPU device takes up to {LargestQuick}. Split the kernel, or unroll its loops less.");
            target = target.Unroll > 1
                ? target with { Unroll = target.Unroll / 2 }
                : target with { Quick = true, Streaming = false };
        }
    }

    /// <summary>The statements of a kernel's code for a target, for people.</summary>
    public static string List(Kernel kernel, SimdTarget target)
    {
        SimdEmitter emitter = new(ShuffleLowering.Lower(kernel, target), target, NewMethod(kernel, target).GetILGenerator(), lists: true);
        emitter.EmitKernel();
        return emitter.Listing;
    }

    private static DynamicMethod NewMethod(Kernel kernel, SimdTarget target) => new(kernel.Name, typeof(void),
        [typeof(long*), typeof(byte*), typeof(int), typeof(int), typeof(int), typeof(int)],
        target.Quick ? UnoptimizedModule.Instance : typeof(SimdCode).Module, true)
    {
        InitLocals = false,
    };
}
