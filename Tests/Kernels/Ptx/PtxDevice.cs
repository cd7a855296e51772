using System.Collections.Concurrent;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Kernels.Targets;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>Host memory and kernels that run as PTX in <see cref="PtxExecutor"/>. Keeps all that it compiles.</summary>
internal sealed class PtxDevice(string id = "ptx", PtxTraits? traits = null, Func<Kernel, Kernel>? lower = null)
    : InterpreterDevice(id, "PTX, executed on the host")
{
    /// <summary>As it is by default; for the oldest capability; and with as few passes as possible.</summary>
    public static PtxDevice[] Executors { get; } =
        [new(), new("ptx70", new PtxTraits(70)), new("ptx-bare", lower: LowerMath.Lower)];

    public PtxTraits Traits { get; } = traits ?? new PtxTraits();

    /// <summary>Everything compiled so far, by name.</summary>
    public ConcurrentDictionary<string, PtxFunction> Functions { get; } = [];

    internal override bool HasMatrixUnits => Traits.MatrixUnits;

    private protected override Device With(DeviceOptions options) => new PtxDevice(Id, Traits, lower) { Options = options };

    internal override CompiledKernel Compile(Kernel kernel)
    {
        Kernel lowered = PtxFunction.Lower(kernel, lower, Traits);
        return new PtxKernel(this, kernel, lowered);
    }

    private PtxFunction Translate(Kernel lowered, bool aligned)
    {
        PtxFunction function = PtxFunction.Translate(lowered, Traits with { AlignedArguments = aligned });
        Functions.TryAdd(function.Name, function);
        return function;
    }

    internal override void Launch(CompiledKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        if (!DeviceChecks.Launch(this, kernel, shape, arguments))
            return;
        List<ulong> values = [];
        List<(ulong Start, long Bytes)> memory = [];
        foreach (KernelArgument argument in arguments)
        {
            if (argument.Memory is { } block)
                memory.Add(((ulong)block.HostPointer, block.ByteLength));
            values.Add((argument.Memory is { } m ? (ulong)m.HostPointer : 0) + (ulong)argument.Bits);
        }

        // Small groups, so that there are many and the last is not full.
        int rank = kernel.Source.Kind.Rank();
        Index3D group = rank switch { 0 => shape.Group, 1 => new(24, 1, 1), 2 => new(8, 3, 1), _ => new(4, 2, 3) };
        Index3D grid = shape.Grid;
        if (rank > 0)
        {
            Index3D e = shape.Extent;
            grid = new(Groups(e.X, group.X) * Groups(e.Y, group.Y) * Groups(e.Z, group.Z), 1, 1);
            values.AddRange(new[] { e.X, e.Y, e.Z }.Take(rank).Select(x => (ulong)x));
        }

        PtxKernel ptx = (PtxKernel)kernel;
        ulong[] bits = [.. values];
        int scratch = (ptx.Function.ScratchBytes * group.X * group.Y * group.Z + 15) / 16 * 16;
        ptx.For(bits).Run(grid, group, scratch + shape.SharedBytes, bits, [.. memory]);

        static int Groups(int extent, int size) => (extent + size - 1) / size;
    }

    private sealed class PtxKernel : CompiledKernel
    {
        private readonly Lazy<PtxExecutor> _executor;
        private readonly Lazy<PtxExecutor> _unaligned;

        public PtxKernel(PtxDevice device, Kernel source, Kernel lowered) : base(device, source, lowered)
        {
            Function = device.Translate(lowered, aligned: true);
            _executor = new(() => Executor(Function));
            _unaligned = new(() => Executor(device.Translate(lowered, aligned: false)));
        }

        public PtxFunction Function { get; }

        public override string Listing => Function.Text;

        /// <summary>What runs with these arguments.</summary>
        public PtxExecutor For(ulong[] arguments) => (Function.IsAligned(arguments) ? _executor : _unaligned).Value;

        private static PtxExecutor Executor(PtxFunction function) => new(PtxEntry.Parse(function.Text, function.Name));
    }
}
