using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels;

/// <summary>A kernel on the CPU device: compiled at its first launch, for the group's shape or the width of the rows.</summary>
internal sealed class CpuKernel : CompiledKernel
{
    private readonly ConcurrentDictionary<SimdTarget, Recent> _codes = new();
    private readonly ConcurrentDictionary<Index3D, nint> _tables = new();
    private readonly Kernel _kernel;
    private Recent? _last;
    private MemoryTraffic? _traffic;

    public CpuKernel(CpuDevice device, Kernel source, Kernel lowered)
        : base(device, source, lowered)
    {
        _kernel = lowered;
        Cost = CostOf(lowered.Body);
        Heat = new KernelHeat(lowered, Cost);
    }

    /// <summary>The IR after the target's passes.</summary>
    public Kernel Lowered => _kernel;

    /// <summary>A guess at the instructions of one work item.</summary>
    public int Cost { get; }

    /// <summary>How much it has run.</summary>
    public KernelHeat Heat { get; }

    /// <inheritdoc/>
    public override bool IsSettled => Heat.IsWarm && _codes.Values.Any(r => !r.Key.Quick);

    /// <summary>What large launches store past the caches.</summary>
    public MemoryTraffic Traffic => _traffic ??= MemoryTraffic.Of(_kernel);

    /// <inheritdoc/>
    public override string Listing
    {
        get
        {
            if (_codes.IsEmpty && _kernel.Kind != LaunchKind.Grouped)
                Code(new SimdTarget(VectorIsa.Best, 4));
            return string.Join("\n", _codes.Values.Select(r => r.Code).Select(c => $"{TitleOf(_kernel, c)}\n{SimdCode.List(_kernel, c.Target)}"));
        }
    }

    public SimdCode Code(SimdTarget target)
    {
        if (_last is { } last && last.Key == target)
            return last.Code;
        _last = _codes.GetOrAdd(target, static (key, kernel) => new(key, Compile(kernel, key)), _kernel);
        return _last.Code;
    }

    /// <summary>The positions of a group's items, X, then Y, then Z, as the compiled code reads them. Kept for the process' life.</summary>
    public nint Table(Index3D group) => _tables.TryGetValue(group, out nint table) ? table : _tables.GetOrAdd(group, MakeTable);

    private static SimdCode Compile(Kernel kernel, SimdTarget target)
    {
        SimdCode code = SimdCode.Compile(kernel, target);
        if (EngineEnvironment.Debug >= 4)
            Console.Error.WriteLine($"{TitleOf(kernel, code)}\n{SimdCode.List(kernel, code.Target)}");
        if (EngineEnvironment.Debug >= 6)
            Console.Error.WriteLine($"  {kernel.Name}: {code.ScratchBytes} bytes of shared memory and kept values a group");
        return code;
    }

    private static string TitleOf(Kernel kernel, SimdCode code) =>
        $"// {kernel.Name}: {code.Target.Unroll} × {code.Target.Isa.Bits} bits, group {code.Target.Group}";

    private static unsafe nint MakeTable(Index3D group)
    {
        int stride = SimdEmitter.TableStride(group.Size) / sizeof(int);
        int* table = (int*)NativeMemory.AlignedAlloc((nuint)(3 * stride * sizeof(int)), CpuAllocator.Alignment);
        for (int i = 0; i < stride; i++)
        {
            table[i] = i % group.X;
            table[stride + i] = i / group.X % group.Y;
            table[2 * stride + i] = i / group.X / group.Y % group.Z;
        }

        return (nint)table;
    }

    private static int CostOf(Region region)
    {
        const int GuessedRounds = 32, Most = 1 << 20;
        long cost = 0;
        foreach (INode node in region.Nodes)
        {
            cost += node switch
            {
                Loop loop => Math.Min(CountedLoop.Match(loop)?.RoundsFromZero ?? GuessedRounds, Most) * CostOf(loop.Body),
                Structured structured => structured.Regions.Sum(CostOf),
                _ => 1,
            };
        }

        return (int)Math.Min(cost, Most);
    }

    /// <summary>Code that was asked for; launches mostly repeat. The target asked for may differ from the code's own.</summary>
    private sealed record Recent(SimdTarget Key, SimdCode Code);
}
