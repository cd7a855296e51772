using System.Collections.Immutable;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>What a launch that is larger than the caches does about them: stores that bypass them, and loads that fetch ahead.</summary>
/// <remarks>
/// A store bypasses the caches if its parameter is stored only, each element once, whole aligned vectors in order. Loads in order fetch
/// some lines ahead: long arithmetic between loads keeps the processor from looking that far. Grouped kernels that go over a row several
/// times would leave memory idle while they work on a row that is in the cache: their second loop over a row fetches the next row.
/// </remarks>
internal sealed class MemoryTraffic
{
    // Bytes ahead: some fifty cache lines, enough for memory's latency at its full rate.
    private const int LinesAhead = 4096;

    // A row's successor is fetched if both stay in the second-level cache.
    private const long LongestRow = 1 << 18;

    private static readonly Constant s_zero = Constant.Of(0);

    private readonly Kernel _kernel;
    private readonly Lazy<Divisibility> _divisibility;
    private readonly Dictionary<Instruction, long> _ahead = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Instruction, ImmutableArray<Loop>> _loopsOf = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> _lanes = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Instruction> _guarded = new(ReferenceEqualityComparer.Instance);
    private readonly List<Instruction> _instructions = [];

    private MemoryTraffic(Kernel kernel)
    {
        _kernel = kernel;
        _divisibility = new(() => new Divisibility(kernel));
        Visit(kernel.Body, [], false);
        Streamed = FindStreamed();
        PlanFetches();
    }

    /// <summary>The parameters that are stored past the caches.</summary>
    public ImmutableArray<Parameter> Streamed { get; }

    /// <summary>Looks at a kernel after the passes.</summary>
    public static MemoryTraffic Of(Kernel kernel) => new(kernel);

    /// <summary>True for a store of whole vectors at aligned addresses, if the parameter and the launch's start are aligned, to places that are
    /// not read soon.</summary>
    public bool Streams(Instruction store) => store.Operands[0] is Parameter parameter && Streamed.Contains(parameter);

    /// <summary>How many bytes ahead of a load's address to fetch; 0: nothing.</summary>
    public long FetchesAhead(Instruction load) => _ahead.GetValueOrDefault(load);

    /// <summary>True if what is fetched ahead is a whole row: too much for the first-level cache.</summary>
    public bool FetchesRows => _kernel.Kind == LaunchKind.Grouped;

    private void Visit(Region region, ImmutableArray<Loop> loops, bool guarded)
    {
        foreach (INode node in region.Nodes)
        {
            if (node is Instruction x)
            {
                _instructions.Add(x);
                _loopsOf[x] = loops;
                if (guarded) _guarded.Add(x);
                if (_kernel.Kind != LaunchKind.Grouped && x is { Opcode: Opcode.GlobalIndex, Axis: Axis.X }) _lanes.Add(x);
            }
            else if (node is Loop loop)
            {
                if (_kernel.Kind == LaunchKind.Grouped && RangeLoop.Match(loop) is { } range && TakesTurns(range)) _lanes.Add(range.Index);
                Visit(loop.Body, loops.Add(loop), guarded);
            }
            else if (node is Structured structured)
            {
                bool isTest = loops is [.., var around] && region == around.Body && region.Terminator is Unreachable;
                foreach (Region inner in structured.Regions) Visit(inner, loops, guarded || !isTest);
            }
        }
    }

    /// <summary>True for a loop in which the items of a group take turns, 64 neighbours at a time.</summary>
    private static bool TakesTurns(RangeLoop range) => range.Step is Constant step && step.AsInteger % CpuAllocator.Alignment == 0
        && range.Loop.Initial[range.Loop.Parameters.IndexOf(range.Index)] is Instruction { Opcode: Opcode.GroupIndex, Axis: Axis.X };

    private ImmutableArray<Parameter> FindStreamed()
    {
        if (_kernel.Kind == LaunchKind.Grouped && _kernel.LargestOperand == 0) return [];
        HashSet<Value> other = new(ReferenceEqualityComparer.Instance);
        List<Parameter> streamed = [];
        foreach (Instruction x in _instructions)
        {
            if (IsStreamable(x)) streamed.Add((Parameter)x.Operands[0]);
            else other.UnionWith(x.Operands);
        }

        return [.. streamed.Distinct().Where(p => !other.Contains(p))];
    }

    /// <summary>True for a store of consecutive elements of 4 or 8 bytes, lane 0's at a multiple of the alignment of memory, that runs once for
    /// each element.</summary>
    private bool IsStreamable(Instruction store)
    {
        if (store.Opcode != Opcode.Store || store.Operands[0] is not Parameter pointer || pointer.Type.Scalar.Size() < 4) return false;
        if (_guarded.Contains(store)) return false;
        if (Split(store.Operands[1]) is not var (lane, start)) return false;
        long power = long.Log2(CpuAllocator.Alignment / pointer.Type.Scalar.Size());
        return _divisibility.Value.TrailingZeros(start) >= power
            && _loopsOf[store].All(l => l.Parameters.Any(p => p == lane || DependsOn(start, p)));
    }

    /// <summary>An index as a position that counts lanes, plus what all lanes have in common.</summary>
    private (Value Lane, Value Start)? Split(Value index)
    {
        index = Unwidened(index);
        if (_lanes.Contains(index)) return (index, s_zero);
        if (index is not Instruction { Opcode: Opcode.Add, Operands: [var x, var y] }) return null;
        (x, y) = (Unwidened(x), Unwidened(y));
        return _lanes.Contains(x) ? (x, y) : _lanes.Contains(y) ? (y, x) : null;
    }

    private static Value Unwidened(Value index) =>
        index is Instruction { Opcode: Opcode.Convert } widened && widened.Operands[0].Type.IsInteger ? widened.Operands[0] : index;

    private static bool DependsOn(Value value, Value on) =>
        value == on || (value is Instruction x && x.Opcode != Opcode.Load && x.Operands.Any(o => DependsOn(o, on)));

    private void PlanFetches()
    {
        Dictionary<(Value, Value), List<Instruction>> same = [];
        foreach (Instruction x in _instructions)
        {
            if (x.Opcode != Opcode.Load || x.Operands[0] is not Parameter p || p.Type.Scalar.Size() < 4 || _guarded.Contains(x)) continue;
            if (Split(x.Operands[1]) is not var (_, start)) continue;
            if (!same.TryGetValue((p, start), out List<Instruction>? loads)) same[(p, start)] = loads = [];
            loads.Add(x);
        }

        foreach (((Value pointer, Value start), List<Instruction> loads) in same)
        {
            if (_kernel.Kind == LaunchKind.Grouped) PlanRow(loads, RowBytes(pointer, start));
            else if (_loopsOf[loads[0]].IsEmpty && (_kernel.Kind == LaunchKind.Range1D || IsOfRow(start))) _ahead[loads[0]] = LinesAhead;
        }
    }

    private void PlanRow(List<Instruction> loads, long row)
    {
        if (row <= 0) return;
        Instruction? again = loads.Find(x => _loopsOf[x][^1] != _loopsOf[loads[0]][^1]);
        if (again is null) _ahead[loads[0]] = LinesAhead;
        else if (row <= LongestRow) _ahead[again] = row;
    }

    private static bool IsOfRow(Value start) =>
        start is Instruction x && (x is { Opcode: Opcode.GlobalIndex, Axis: Axis.Y } || x.Operands.Any(IsOfRow));

    /// <summary>How far apart the rows are that a load in order goes over; 0 if it is not known, or all the same row.</summary>
    private static long RowBytes(Value pointer, Value start) => start switch
    {
        Instruction { Opcode: Opcode.Mul, Operands: [var row, Constant c] } when IsRow(row) => c.AsInteger * pointer.Type.Scalar.Size(),
        _ => 0,
    };

    private static bool IsRow(Value value) =>
        Unwidened(value) is Instruction { Opcode: Opcode.GridIndex, Axis: Axis.X } or LoopParameter
        || (Unwidened(value) is Instruction { Opcode: Opcode.Add, Operands: [var first, Constant] } && IsRow(first));
}
