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

    // A multiple of any number of lanes.
    private const int StripWidth = 512;

    // Bytes written by a launch, or those of the largest operand of rows, from which on stores bypass the caches.
    private const long SmallestStream = 32 << 20;

    private readonly WorkerPool _pool;
    private readonly VectorIsa _isa;
    private readonly int? _unroll;
    private readonly (nint Memory, int Bytes)[] _scratch;

    private SimdCode? _code;
    private long* _arguments;
    private int _parts;
    private long _groups;
    private int _extent;
    private int _rows;
    private int _rowGroups;
    private bool _isGrouped;
    private int _dynamicRoom;

    public CpuLaunch(WorkerPool pool, VectorIsa isa, int? unroll)
    {
        _pool = pool;
        _isa = isa;
        _unroll = unroll;
        _scratch = new (nint, int)[pool.Threads];
    }

    public void Run(CpuKernel kernel, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        _isGrouped = kernel.Lowered.Kind == LaunchKind.Grouped;
        Index3D extent = _isGrouped ? shape.Grid : shape.Extent;
        if (extent.X <= 0 || extent.Y <= 0 || extent.Z <= 0)
            return;

        long* slots = stackalloc long[SimdEmitter.SlotCount(kernel.Lowered)];
        Pack(kernel, extent, arguments, slots);
        slots[SimdEmitter.TableSlot(kernel.Lowered)] = _isGrouped ? kernel.Table(shape.Group) : 0;
        slots[SimdEmitter.DynamicSharedSlot(kernel.Lowered)] = shape.SharedBytes;
        _dynamicRoom = SimdEmitter.DynamicRoom(shape.SharedBytes);

        long items = (long)extent.X * extent.Y * extent.Z * (_isGrouped ? shape.Group.Size : 1);
        _code = kernel.Code(_isGrouped ? GroupTarget(kernel, shape.Group, slots) : RangeTarget(kernel, extent, items, slots));
        _arguments = slots;
        _extent = extent.X;
        _rows = extent.Y * extent.Z;
        int lanes = _code.Target.Lanes;
        _rowGroups = _isGrouped ? extent.X : (int)(((long)extent.X + lanes - 1) / lanes);
        _groups = _code.RowsTogether > 1 ? (_rows + _code.RowsTogether - 1) / _code.RowsTogether : (long)_rowGroups * _rows;
        bool shares = _pool.Threads > 1 && items * kernel.Cost >= SmallestSharedWork;
        _parts = shares ? (int)Math.Min(_groups, _pool.Threads * PartsAThread) : 1;
        GrowScratch(shares ? _pool.Threads : 1, _dynamicRoom + _code.ScratchBytes);
        _pool.Run(this, _parts);
        _code = null;
    }

    void IPartedWork.Run(int part, int worker)
    {
        SimdEntry entry = _code!.Entry;
        byte* scratch = (byte*)_scratch[worker].Memory + _dynamicRoom;
        if (_parts == 1 && !_isGrouped && _code.RowsTogether == 1)
        {
            entry(_arguments, scratch, 0, _rows, 0, _extent);
            return;
        }

        long from = _groups * part / _parts;
        long to = _groups * (part + 1) / _parts;
        if (_isGrouped)
        {
            entry(_arguments, scratch, 0, 1, (int)from, (int)to);
            return;
        }

        if (_code.RowsTogether is > 1 and int together)
        {
            // In strips, so that the pages of what is read across stay in the address cache.
            int rowTo = (int)Math.Min(to * together, _rows);
            for (int x = 0; x < _extent; x += StripWidth)
                entry(_arguments, scratch, (int)from * together, rowTo, x, Math.Min(x + StripWidth, _extent));
            return;
        }

        // The end of a row, whole rows, the start of a row.
        int row = (int)(from / _rowGroups);
        int lastRow = (int)(to / _rowGroups);
        int first = Start(from % _rowGroups);
        int end = Start(to % _rowGroups);
        if (row == lastRow)
        {
            entry(_arguments, scratch, row, row + 1, first, end);
            return;
        }

        if (first > 0)
        {
            entry(_arguments, scratch, row, row + 1, first, _extent);
            row++;
        }

        if (row < lastRow)
            entry(_arguments, scratch, row, lastRow, 0, _extent);
        if (end > 0)
            entry(_arguments, scratch, lastRow, lastRow + 1, 0, end);
    }

    private int Start(long rowGroup) => (int)Math.Min(rowGroup * _code!.Target.Lanes, _extent);

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

    private SimdTarget GroupTarget(CpuKernel kernel, Index3D group, long* slots)
    {
        int unroll = 1;
        while (unroll < (_unroll ?? 4) && unroll * _isa.Lanes < group.Size && !SplitsRows(group, 2 * unroll))
            unroll *= 2;
        return new SimdTarget(_isa, unroll, group, Streaming: StreamsRows(kernel, slots));
    }

    /// <summary>True if so many vectors would span rows of the group that fewer would not.</summary>
    private bool SplitsRows(Index3D group, int unroll) =>
        group.X < group.Size && group.X % _isa.Lanes == 0 && group.X % (unroll * _isa.Lanes) != 0;

    /// <summary>Four vectors a group; fewer where the rows are so short that lanes would idle.</summary>
    private SimdTarget RangeTarget(CpuKernel kernel, Index3D extent, long items, long* slots)
    {
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

    private void GrowScratch(int threads, int bytes)
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
