using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>How a value differs between the work items that run in lockstep.</summary>
internal enum Shape : byte
{
    /// <summary>Not reached yet (only while the analysis runs).</summary>
    None,

    /// <summary>The same for all.</summary>
    Uniform,

    /// <summary>A uniform base plus the lane number (for pointers: plus that many elements). Integers and pointers only.</summary>
    Linear,

    /// <summary>A uniform base plus a constant times the lane number, see <see cref="Uniformity.StrideOf"/>. Integers
    /// only.</summary>
    Strided,

    /// <summary>Anything.</summary>
    Varying,
}

/// <summary>Finds the shape of each value, and at which terminators only a part of the work items leaves ("masked" ones).</summary>
/// <remarks>
/// A forward fixpoint from the optimistic side. A terminator is unmasked, so that it can be a jump, if no work item that has entered
/// its target can be waiting elsewhere in the target: in the other arm of a varying If, or parked at the end of a structured
/// operation that others left before. Widening keeps Linear, although a number that wraps around between lanes does not, for positions,
/// which do not wrap, and for what indices are computed from: an index that wrapped is out of range anyway.
/// </remarks>
internal sealed class Uniformity
{
    private readonly Func<Instruction, Shape> _position;
    private readonly IdentityMap<Value, Shape> _shapes;
    private readonly Dictionary<Value, long> _strides = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<INode> _maskedSites = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Structured> _maskedBreak = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Loop> _maskedContinue = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Structured> _escapes = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Structured, List<Break>> _breaks = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Loop, List<Continue>> _continues = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Terminator> _fromInnerLoop = new(ReferenceEqualityComparer.Instance);
    private readonly List<Structured> _path = [];
    private readonly Lazy<HashSet<Value>> _addresses;
    private bool _changed;

    /// <summary>Analyses <paramref name="kernel"/>; <paramref name="position"/> gives the shape of GlobalIndex … GridExtent and of
    /// the pointers that Allocate makes.</summary>
    public Uniformity(Kernel kernel, Func<Instruction, Shape> position)
    {
        _position = position;
        _shapes = new(kernel.Body.Nodes.Count);
        _addresses = new(() => AddressValues.Of(kernel));
        Collect(kernel.Body);
        bool isStraight = !kernel.Body.Nodes.Exists(n => n is Structured);
        do
        {
            _changed = false;
            Visit(kernel.Body);
        }
        while (_changed && !isStraight);
    }

    /// <summary>The shape of a value. Values in code that never runs count as uniform.</summary>
    public Shape this[Value value] => value is Constant or Parameter ? Shape.Uniform : Find(value) switch
    {
        Shape.None => Shape.Uniform,
        Shape shape => shape,
    };

    /// <summary>How much an integer that is not varying grows from one work item to the next.</summary>
    public long StrideOf(Value value) => this[value] switch
    {
        Shape.Linear => 1,
        Shape.Strided => _strides[value],
        _ => 0,
    };

    /// <summary>True if only a part of the work items in the terminator's target may leave here at a time.</summary>
    public bool IsMasked(Terminator site) => _maskedSites.Contains(site);

    /// <summary>True if work items leave <paramref name="target"/> by Break at different times.</summary>
    public bool HasMaskedBreak(Structured target) => _maskedBreak.Contains(target);

    /// <summary>True if work items reach the next round of <paramref name="loop"/> from different places.</summary>
    public bool HasMaskedContinue(Loop loop) => _maskedContinue.Contains(loop);

    /// <summary>True if some, not all, work items may leave <paramref name="node"/> for an outer target.</summary>
    public bool HasEscapes(Structured node) => _escapes.Contains(node);

    /// <summary>True if the site stands in a loop inside its target, so that lanes may leave there in different rounds.</summary>
    public bool LeavesInnerLoop(Terminator site) => _fromInnerLoop.Contains(site);

    /// <summary>The Breaks that name <paramref name="target"/>.</summary>
    public IReadOnlyList<Break> BreaksOf(Structured target) => _breaks.TryGetValue(target, out List<Break>? list) ? list : [];

    /// <summary>The Continues that name <paramref name="loop"/>.</summary>
    public IReadOnlyList<Continue> ContinuesOf(Loop loop) =>
        _continues.TryGetValue(loop, out List<Continue>? list) ? list : [];

    private Shape Find(Value value) => _shapes.GetValueOrDefault(value, Shape.None);

    private Shape Of(Value value) => value is Constant or Parameter ? Shape.Uniform : Find(value);

    private void Collect(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Structured structured:
                    _path.Add(structured);
                    foreach (Region inner in structured.Regions)
                        Collect(inner);
                    _path.RemoveAt(_path.Count - 1);
                    break;
                case Break site:
                    ListOf(_breaks, site.Target).Add(site);
                    NoteInnerLoop(site, site.Target);
                    break;
                case Continue site:
                    ListOf(_continues, site.Target).Add(site);
                    NoteInnerLoop(site, site.Target);
                    break;
            }
        }
    }

    private static List<T> ListOf<TKey, T>(Dictionary<TKey, List<T>> map, TKey key) where TKey : notnull
    {
        if (!map.TryGetValue(key, out List<T>? list))
            map[key] = list = [];
        return list;
    }

    private void NoteInnerLoop(Terminator site, Structured target)
    {
        for (int i = _path.Count - 1; i >= 0 && _path[i] != target; i--)
        {
            if (_path[i] is Loop)
                _fromInnerLoop.Add(site);
        }
    }

    private void Visit(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            switch (node)
            {
                case Instruction instruction:
                    Raise(instruction, ShapeOf(instruction));
                    break;
                case Structured structured:
                    VisitStructured(structured);
                    break;
                case Break site:
                    VisitSite(site, site.Target);
                    break;
                case Continue site:
                    VisitSite(site, site.Target);
                    break;
                case Return site:
                    VisitSite(site, null);
                    break;
            }
        }
    }

    private void VisitStructured(Structured node)
    {
        if (node is Loop loop)
            RaiseParameters(loop);

        _path.Add(node);
        foreach (Region region in node.Regions)
            Visit(region);
        _path.RemoveAt(_path.Count - 1);

        if (node is Loop again)
            RaiseParameters(again);
        RaiseResults(node);
    }

    private void VisitSite(Terminator site, Structured? target)
    {
        bool masked = site is Break && target switch
        {
            If branch => Of(branch.Condition) == Shape.Varying,
            Loop loop => _maskedContinue.Contains(loop),
            _ => false,
        };
        int inside = _path.Count;
        while (inside > 0 && _path[inside - 1] != target)
        {
            inside--;
            masked |= Parks(_path[inside]);
        }

        if (!masked || !_maskedSites.Add(site))
            return;

        _changed = true;
        for (int i = inside; i < _path.Count; i++)
            _escapes.Add(_path[i]);
        if (site is Break)
            _maskedBreak.Add(target!);
        else if (site is Continue)
            _maskedContinue.Add((Loop)target!);
    }

    private bool Parks(Structured node) => _maskedBreak.Contains(node)
        || (node is If branch && Of(branch.Condition) == Shape.Varying)
        || (node is Loop loop && _maskedContinue.Contains(loop));

    private void RaiseParameters(Loop loop)
    {
        IReadOnlyList<Continue> sites = ContinuesOf(loop);
        bool mixes = _maskedContinue.Contains(loop)
            && (sites.Count > 1 || sites.Any(s => _fromInnerLoop.Contains(s)));
        for (int i = 0; i < loop.Parameters.Length; i++)
        {
            Shape shape = Of(loop.Initial[i]);
            foreach (Continue site in sites)
            {
                Value next = site.Arguments[i];
                if (next == loop.Parameters[i])
                    continue;
                shape = mixes ? Shape.Varying : Join(shape, Of(next));
            }

            Raise(loop.Parameters[i], Merged(shape));
        }
    }

    private void RaiseResults(Structured node)
    {
        IReadOnlyList<Break> sites = BreaksOf(node);
        bool mixes = _maskedBreak.Contains(node)
            && (node is Loop || sites.Count > 1 || sites.Any(s => _fromInnerLoop.Contains(s)));
        for (int i = 0; i < node.Results.Length; i++)
        {
            Shape shape = Shape.None;
            foreach (Break site in sites)
                shape = mixes ? Shape.Varying : Join(shape, Of(site.Arguments[i]));
            Raise(node.Results[i], Merged(shape));
        }
    }

    // Only instructions have strides.
    private static Shape Merged(Shape shape) => shape == Shape.Strided ? Shape.Varying : shape;

    private void Raise(Value value, Shape shape)
    {
        Shape old = Find(value);
        shape = Join(old, shape);
        if (shape != old)
        {
            _shapes[value] = shape;
            _changed = true;
        }
    }

    private static Shape Join(Shape a, Shape b) => a == Shape.None ? b : b == Shape.None || a == b ? a : Shape.Varying;

    private Shape ShapeOf(Instruction x)
    {
        ImmutableArray<Value> operands = x.Operands;
        switch (x.Opcode)
        {
            case (>= Opcode.GlobalIndex and <= Opcode.GridExtent) or Opcode.Allocate:
                return _position(x);
            case Opcode.GroupAdd or Opcode.GroupMin or Opcode.GroupMax or Opcode.GroupBroadcast:
                return Shape.Uniform;
            case Opcode.GroupShuffle or Opcode.WarpShuffle:
                return Of(operands[0]) is Shape.None or Shape.Uniform ? Of(operands[0]) : Shape.Varying;
            case >= Opcode.AtomicAdd and <= Opcode.AtomicCompareExchange:
                return Shape.Varying;
            case Opcode.Load when operands[0].Type.Space == AddressSpace.Local:
                return Shape.Varying;
        }

        bool uniform = true;
        foreach (Value operand in operands)
        {
            Shape shape = Of(operand);
            if (shape == Shape.None)
                return Shape.None;
            uniform &= shape == Shape.Uniform;
        }

        return uniform ? Shape.Uniform : IsLinear(x) ? Shape.Linear : IsStrided(x) ? Shape.Strided : Shape.Varying;
    }

    /// <summary>True for index arithmetic that multiplies the lane number by a constant. A conversion to more bits would have to know
    /// that no lane wraps around: it makes Varying.</summary>
    private bool IsStrided(Instruction x)
    {
        const long Largest = 1 << 20;
        if (x.Type.IsPointer || x.Type.Scalar is not (>= ScalarType.Int32 and <= ScalarType.UInt64))
            return false;
        long? stride = x.Opcode switch
        {
            Opcode.Add => Stride(x.Operands[0]) + Stride(x.Operands[1]),
            Opcode.Sub => Stride(x.Operands[0]) - Stride(x.Operands[1]),
            Opcode.Neg => -Stride(x.Operands[0]),
            Opcode.Mul when x.Operands[1] is Constant c => Stride(x.Operands[0]) * Factor(c),
            Opcode.Mul when x.Operands[0] is Constant c => Stride(x.Operands[1]) * Factor(c),
            Opcode.ShiftLeft when x.Operands[1] is Constant c && c.AsInteger is >= 0 and < 20 =>
                Stride(x.Operands[0]) << (int)c.AsInteger,
            _ => null,
        };
        if (stride is not { } found || found is 0 or 1 || Math.Abs(found) > Largest
            || (_strides.TryGetValue(x, out long before) && before != found))
            return false;
        _strides[x] = found;
        return true;

        long? Stride(Value value) => Of(value) switch
        {
            Shape.Uniform => 0,
            Shape.Linear => 1,
            Shape.Strided => _strides[value],
            _ => null,
        };

        long? Factor(Constant c) => Math.Abs((double)c.AsInteger) <= Largest ? c.AsInteger : null;
    }

    private bool IsLinear(Instruction x)
    {
        if (!x.Type.IsPointer && x.Type.Scalar is not (>= ScalarType.Int32 and <= ScalarType.UInt64))
            return false;

        Shape first = Of(x.Operands[0]);
        Shape second = x.Operands.Length > 1 ? Of(x.Operands[1]) : Shape.None;
        return x.Opcode switch
        {
            Opcode.Add => IsUniformAndLinear(first, second),
            Opcode.PointerAdd => x.Type.Space != AddressSpace.Local
                && IsUniformAndLinear(first, second),
            Opcode.Sub => first == Shape.Linear && second == Shape.Uniform,
            Opcode.Select => first == Shape.Uniform && second == Shape.Linear && Of(x.Operands[2]) == Shape.Linear,
            Opcode.Convert => first == Shape.Linear && x.Operands[0].Type.IsInteger
                && (x.Type.Scalar.Size() <= x.Operands[0].Type.Scalar.Size() || MayWiden(x)),
            Opcode.BitCast => first == Shape.Linear && x.Operands[0].Type.IsInteger,
            Opcode.PointerCast => first == Shape.Linear && x.Type.Scalar.Size() == x.Operands[0].Type.Scalar.Size(),
            _ => false,
        };
    }

    // A UInt32 index below zero wraps to the top and is meant to; widened as a base it would not.
    private bool MayWiden(Instruction x) => x.Operands[0].Type.Scalar != ScalarType.UInt32
        && (NeverWraps(x.Operands[0]) || _addresses.Value.Contains(x) || _addresses.Value.Contains(x.Operands[0]));

    private static bool NeverWraps(Value value)
    {
        const long SmallOffset = 1 << 20;
        return value is Instruction x && (x.Opcode is >= Opcode.GlobalIndex and <= Opcode.GridExtent
            || (x.Opcode is Opcode.Add or Opcode.Sub && x.Operands[1] is Constant { AsInteger: >= -SmallOffset and <= SmallOffset }
                && NeverWraps(x.Operands[0])));
    }

    private static bool IsUniformAndLinear(Shape first, Shape second) =>
        (first, second) is (Shape.Uniform, Shape.Linear) or (Shape.Linear, Shape.Uniform);
}
