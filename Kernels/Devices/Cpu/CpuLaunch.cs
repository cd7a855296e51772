using System.Diagnostics;
using System.Runtime.InteropServices;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Targets;

namespace Cotangent.Kernels;

/// <summary>Runs one launch at a time on the pool: chooses the code, packs the arguments, cuts the work into contiguous parts.</summary>
/// <remarks>Parts are whole groups of lanes, so where the cuts fall changes no result. A launch allocates nothing.</remarks>
internal sealed unsafe class CpuLaunch : IPartedWork
{
    // Handing a part to another thread costs a few microseconds: work below this many instructions of one lane stays here.
    private const long SmallestSharedWork = 200_000;
    private const int PartsAThread = 4;

    // Long launches have more parts: a thread that is done waits for the others' last ones.
    private const int MostPartsAThread = 16;
    private const long PartWork = 1_000_000;

    // Bytes written by a launch, or those of the largest operand of rows, from which on stores bypass the caches.
    private const long SmallestStream = 32 << 20;

    private readonly WorkerPool _pool;
    private readonly VectorIsa _isa;
    private readonly int? _unroll;
    private readonly bool? _quick;
    private readonly (nint Memory, int Bytes)[] _scratch;

    private BoundLaunch _bound;
    private int _parts;

    public CpuLaunch(WorkerPool pool, VectorIsa isa, int? unroll, bool? quick)
    {
        _pool = pool;
        _isa = isa;
        _unroll = unroll;
        _quick = quick;
        _scratch = new (nint, int)[pool.Threads];
    }

    public void Run(CpuKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        bool isGrouped = kernel.Lowered.Kind == LaunchKind.Grouped;
        Index3D extent = isGrouped ? shape.Grid : shape.Extent;
        if (extent.X <= 0 || extent.Y <= 0 || extent.Z <= 0)
            return;

        long* slots = stackalloc long[SimdEmitter.SlotCount(kernel.Lowered)];
        Pack(kernel, extent, arguments, slots);
        slots[SimdEmitter.TableSlot(kernel.Lowered)] = isGrouped ? kernel.Table(shape.Group) : 0;
        slots[SimdEmitter.DynamicSharedSlot(kernel.Lowered)] = shape.SharedBytes;
        long items = (long)extent.X * extent.Y * extent.Z * (isGrouped ? shape.Group.Size : 1);
        bool quick = IsQuick(kernel, items);
        SimdCode code = kernel.Code(
            isGrouped ? GroupTarget(kernel, shape.Group, slots, quick) : RangeTarget(kernel, extent, items, slots, quick));
        _bound = new BoundLaunch(code, slots, isGrouped, 0, extent.X, extent.Y * extent.Z, SimdEmitter.DynamicRoom(shape.SharedBytes));
        _parts = PartsOf(items * kernel.Cost, _bound.Groups);
        GrowScratch(_parts > 1 ? _pool.Threads : 1, _bound.ScratchBytes);
        long start = quick ? Stopwatch.GetTimestamp() : 0;
        _pool.Run(this, _parts);
        if (quick)
            kernel.Heat.AddTime(Stopwatch.GetElapsedTime(start).TotalSeconds);
        _bound = default;
    }

    void IPartedWork.Run(int part, int worker) =>
        _bound.Run(_bound.Groups * part / _parts, _bound.Groups * (part + 1) / _parts, ScratchOf(worker));

    /// <summary>A launch over a range made ready to run.</summary>
    /// <param name="kernel">Its kernel.</param>
    /// <param name="launch">The launch; it has work.</param>
    /// <param name="slots">Memory for its arguments.</param>
    public BoundLaunch BindRange(CpuKernel kernel, in BatchedLaunch launch, long* slots)
    {
        Index3D extent = launch.Shape.Extent;
        Pack(kernel, extent, launch.Arguments, slots);
        slots[SimdEmitter.TableSlot(kernel.Lowered)] = 0;
        slots[SimdEmitter.DynamicSharedSlot(kernel.Lowered)] = 0;
        long items = launch.Items is var (start, end, _) ? end - start : extent.LongSize;
        SimdTarget target = RangeTarget(kernel, extent, extent.LongSize, slots, IsQuick(kernel, items));
        if (launch.Items is not (var from, var to, var parameter))
            return new BoundLaunch(kernel.Code(target), slots, false, 0, extent.X, extent.Y * extent.Z, 0);

        // Stores past the caches count on whole aligned vectors.
        if (from % target.Lanes != 0)
            target = target with { Streaming = false };
        if (parameter >= 0)
            slots[parameter] -= (long)from * kernel.Lowered.Parameters[parameter].Type.Scalar.Size();
        return new BoundLaunch(kernel.Code(target), slots, false, from, to, 1, 0);
    }

    /// <summary>A guess at the instructions of a launch over a range.</summary>
    public static long WorkOf(CpuKernel kernel, in BatchedLaunch launch) =>
        (launch.Items is var (from, to, _) ? to - from : launch.Shape.Extent.LongSize) * kernel.Cost;

    /// <summary>Into how many parts work is cut.</summary>
    /// <param name="work">A guess at its instructions.</param>
    /// <param name="most">Parts at most.</param>
    public int PartsOf(long work, long most) =>
        _pool.Threads > 1 && work >= SmallestSharedWork ? (int)Math.Min(most, Math.Clamp(work / PartWork, _pool.Threads * PartsAThread, _pool.Threads * MostPartsAThread)) : 1;

    /// <summary>A thread's scratch memory.</summary>
    public byte* ScratchOf(int worker) => (byte*)_scratch[worker].Memory;

    /// <summary>The code of a kernel over a range, for items that the caller chooses, and its arguments in their slots.</summary>
    public SimdCode Bind(CpuKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments, long* slots)
    {
        Pack(kernel, shape.Extent, arguments, slots);
        slots[SimdEmitter.TableSlot(kernel.Lowered)] = 0;
        slots[SimdEmitter.DynamicSharedSlot(kernel.Lowered)] = 0;
        return kernel.Code(new SimdTarget(_isa, _unroll ?? 4));
    }

    private static void Pack(CpuKernel kernel, Index3D extent, ReadOnlySpan<KernelArgument> arguments, long* slots)
    {
        slots[SimdEmitter.ExtentSlot(kernel.Lowered, Axis.X)] = extent.X;
        slots[SimdEmitter.ExtentSlot(kernel.Lowered, Axis.Y)] = extent.Y;
        slots[SimdEmitter.ExtentSlot(kernel.Lowered, Axis.Z)] = extent.Z;
        for (int i = 0; i < arguments.Length; i++)
        {
            KernelArgument argument = arguments[i];
            slots[i] = argument.Memory is null ? argument.Bits : argument.Memory.HostPointer + (nint)argument.Bits;
        }
    }

    private bool IsQuick(CpuKernel kernel, long items) => _quick ?? !kernel.Heat.Add(items);

    private SimdTarget GroupTarget(CpuKernel kernel, Index3D group, long* slots, bool quick)
    {
        int unroll = 1;
        while (!quick && unroll < (_unroll ?? 4) && unroll * _isa.Lanes < group.Size && !SplitsRows(group, 2 * unroll))
            unroll *= 2;
        return new SimdTarget(_isa, unroll, group, Streaming: StreamsRows(kernel, slots), Quick: quick);
    }

    /// <summary>True if so many vectors would span rows of the group that fewer would not.</summary>
    private bool SplitsRows(Index3D group, int unroll) =>
        group.X < group.Size && group.X % _isa.Lanes == 0 && group.X % (unroll * _isa.Lanes) != 0;

    /// <summary>Four vectors a group; fewer where the rows are so short that lanes would idle.</summary>
    private SimdTarget RangeTarget(CpuKernel kernel, Index3D extent, long items, long* slots, bool quick)
    {
        if (quick)
            return new SimdTarget(_isa, 1, Quick: true);
        int unroll = _unroll ?? 4;
        if (_unroll is null)
        {
            while (unroll > 1 && extent.X <= unroll / 2 * _isa.Lanes)
                unroll /= 2;
        }

        return new SimdTarget(_isa, unroll, Streaming: Streams(kernel, items, slots));
    }

    /// <summary>True if the launch writes more than the caches hold, so that keeping what it writes there only costs reads.</summary>
    private static bool Streams(CpuKernel kernel, long items, long* slots)
    {
        if (items * kernel.Lowered.Parameters.Length * sizeof(long) < SmallestStream)
            return false;
        long bytes = 0;
        foreach (Parameter parameter in kernel.Traffic.Streamed)
            bytes += items * parameter.Type.Scalar.Size();
        return bytes >= SmallestStream && AreAligned(kernel, slots);
    }

    private static bool StreamsRows(CpuKernel kernel, long* slots) =>
        kernel.Lowered.LargestOperand >= SmallestStream && AreAligned(kernel, slots);

    private static bool AreAligned(CpuKernel kernel, long* slots)
    {
        foreach (Parameter parameter in kernel.Traffic.Streamed)
        {
            if (slots[parameter.Index] % CpuAllocator.Alignment != 0)
                return false;
        }

        return true;
    }

    /// <summary>Makes room for so many bytes a thread.</summary>
    public void GrowScratch(int threads, int bytes)
    {
        for (int i = 0; i < threads; i++)
        {
            if (_scratch[i].Bytes >= bytes)
                continue;
            NativeMemory.AlignedFree((void*)_scratch[i].Memory);
            _scratch[i] = ((nint)NativeMemory.AlignedAlloc((nuint)bytes, CpuAllocator.Alignment), bytes);
        }
    }
}
