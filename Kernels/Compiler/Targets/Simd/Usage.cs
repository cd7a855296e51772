using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Where values are used: which are evaluated in place, as part of their only user's expression, and up to which node
/// of its region a value must be kept.</summary>
internal sealed class Usage
{
    private readonly Uniformity _shapes;
    private readonly int _largestExpression;
    private readonly Func<Instruction, bool> _mayInline;
    private readonly Func<INode, bool> _isCut;
    private readonly Func<Value, bool> _isShared;
    private readonly IdentityMap<Value, Definition> _definitions;
    private readonly Dictionary<Region, (Region Region, int Index)> _owners = new(ReferenceEqualityComparer.Instance);

    // By region and node, the first and the last of those that die there.
    private readonly IdentityMap<Region, (Definition? First, Definition? Last)[]> _dying = new();

    /// <summary>Analyses a kernel. No value is evaluated past a node that <paramref name="isCut"/> names, nor one that
    /// <paramref name="isShared"/> in the expression of one that is not.</summary>
    public Usage(Kernel kernel, Uniformity shapes, Func<Instruction, bool> mayInline, Func<INode, bool> isCut,
        Func<Value, bool> isShared, int largestExpression)
    {
        _largestExpression = largestExpression;
        _isShared = isShared;
        _isCut = isCut;
        _shapes = shapes;
        _mayInline = mayInline;
        _definitions = new(kernel.Body.Nodes.Count);
        Define(kernel.Body);
        Count(kernel.Body);
        Inline(kernel.Body);
        foreach ((_, Definition d) in _definitions.Pairs())
        {
            if (d.Index >= 0)
                NoteDeath(d);
        }
    }

    public bool IsUsed(Value value) => _definitions.TryGetValue(value, out Definition? d) && d.Uses > 0;

    public bool IsInlined(Value value) => _definitions.TryGetValue(value, out Definition? d) && d.Inlined;

    /// <summary>The values of <paramref name="region"/> that nothing after node <paramref name="index"/> needs.</summary>
    public DyingValues DiesAt(Region region, int index) =>
        new(_dying.TryGetValue(region, out (Definition? First, Definition? Last)[]? dying) ? dying[index].First : null);

    /// <summary>Values to go through with foreach.</summary>
    public struct DyingValues
    {
        private Definition? _next;

        internal DyingValues(object? first) => (_next, Current) = ((Definition?)first, null!);

        public Value Current { get; private set; }

        public readonly DyingValues GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next is not { } definition)
                return false;
            (Current, _next) = (definition.Value, definition.NextDying);
            return true;
        }
    }

    private sealed class Definition(Value value, Region region, int index)
    {
        public readonly Value Value = value;
        public Definition? NextDying;
        public readonly Region Region = region;
        public readonly int Index = index;
        public int Uses;
        public int LastUse = index;
        public int Root = index;
        public int Size = 1;
        public INode? User;
        public int UserIndex = -1;
        public bool Inlined;
    }

    /// <summary>The operands of a node itself, not of its regions.</summary>
    public static IReadOnlyList<Value> OperandsOf(INode node) => node switch
    {
        Instruction x => x.Operands,
        If x => [x.Condition],
        Loop x => x.Initial,
        Terminator x => x.Arguments,
        _ => [],
    };

    private void Define(Region region)
    {
        for (int i = 0; i < region.Nodes.Count; i++)
        {
            switch (region.Nodes[i])
            {
                case Instruction x:
                    _definitions[x] = new(x, region, i);
                    break;
                case Structured x:
                    foreach (Result result in x.Results)
                        _definitions[result] = new(result, region, i);
                    foreach (Region inner in x.Regions)
                    {
                        _owners[inner] = (region, i);
                        Define(inner);
                    }

                    if (x is Loop loop)
                    {
                        foreach (LoopParameter parameter in loop.Parameters)
                            _definitions[parameter] = new(parameter, loop.Body, -1);
                    }

                    break;
            }
        }
    }

    private void Count(Region region)
    {
        for (int i = 0; i < region.Nodes.Count; i++)
        {
            foreach (Value operand in OperandsOf(region.Nodes[i]))
            {
                if (!_definitions.TryGetValue(operand, out Definition? d))
                    continue;
                d.Uses++;
                d.LastUse = Math.Max(d.LastUse, Climb(region, i, d.Region));
                if (d.Region == region)
                    (d.User, d.UserIndex) = (region.Nodes[i], i);
            }

            if (region.Nodes[i] is Structured structured)
            {
                foreach (Region inner in structured.Regions)
                    Count(inner);
            }
        }
    }

    /// <summary>The index, in <paramref name="outer"/>, of the node that contains a position in a nested region.</summary>
    private int Climb(Region region, int index, Region outer)
    {
        while (region != outer)
            (region, index) = _owners[region];
        return index;
    }

    private void Inline(Region region)
    {
        for (int i = region.Nodes.Count - 1; i >= 0; i--)
        {
            switch (region.Nodes[i])
            {
                case Structured structured:
                    foreach (Region inner in structured.Regions)
                        Inline(inner);
                    break;
                case Instruction x:
                    Decide(x, _definitions[x], region, i);
                    break;
            }
        }
    }

    private void NoteDeath(Definition d)
    {
        if (!_dying.TryGetValue(d.Region, out (Definition? First, Definition? Last)[]? dying))
            _dying[d.Region] = dying = new (Definition?, Definition?)[d.Region.Nodes.Count];
        ref (Definition? First, Definition? Last) place = ref dying[d.LastUse];
        if (place.Last is { } last)
            last.NextDying = d;
        else
            place.First = d;
        place.Last = d;
    }

    private void Decide(Instruction x, Definition d, Region region, int index)
    {
        if (d.Uses == 1 && d.User is { } user && CanMove(x, region, index, RootOf(user, d.UserIndex)) && Fits(x, d, user))
        {
            d.Inlined = true;
            d.Root = RootOf(user, d.UserIndex);
            d.LastUse = d.Root;
            if (user is Instruction consumer)
            {
                Definition top = Top(consumer);
                top.Size += d.Size;
            }
        }

        foreach (Value operand in x.Operands)
        {
            if (_definitions.TryGetValue(operand, out Definition? o))
                o.LastUse = Math.Max(o.LastUse, Climb(region, d.Root, o.Region));
        }
    }

    private Definition Top(Instruction x)
    {
        Definition d = _definitions[x];
        while (d.Inlined && d.User is Instruction user)
            d = _definitions[user];
        return d;
    }

    private int RootOf(INode user, int index) => user is Instruction x ? _definitions[x].Root : index;

    private bool Fits(Instruction x, Definition d, INode user)
    {
        if (!_mayInline(x))
            return false;
        if (user is not Instruction consumer)
            return true;
        if (_isShared(x) && (!_isShared(consumer) || consumer.HasEffect))
            return false;

        // A scalar for one vector: part of its instruction.
        if (x.Opcode == Opcode.Load && _shapes[x] == Shape.Uniform)
            return _shapes[consumer] == Shape.Varying && Semantics.IsEvaluable(consumer.Opcode) && !Wide(x.Type);

        // Only into a consumer that is evaluated as often as this value: once if uniform, once a vector if varying.
        Shape shape = _shapes[x];
        bool sameShape = _shapes[consumer] == shape && consumer.Type != ScalarType.Void;
        return consumer.Opcode is not (Opcode.Load or Opcode.Store) && !consumer.Opcode.IsAtomic() && _mayInline(consumer)
            ? sameShape && (shape != Shape.Varying || HasSameParts(x, consumer)) && Top(consumer).Size + d.Size <= _largestExpression
            : consumer.Opcode == Opcode.Store && consumer.Operands[2] == x && shape == Shape.Varying;
    }

    /// <summary>True if a value, its consumer and the consumer's other operands are of equally many vectors.</summary>
    private static bool HasSameParts(Instruction x, Instruction consumer)
    {
        if (Wide(consumer.Type) != Wide(x.Type))
            return false;
        foreach (Value operand in consumer.Operands)
        {
            if (x.Type.IsBool ? Wide(operand.Type) : !operand.Type.IsBool && Wide(operand.Type) != Wide(x.Type))
                return false;
        }

        return true;
    }

    private static bool Wide(IrType type) => type.IsPointer || type.Scalar.Size() == 8;

    private bool CanMove(Instruction x, Region region, int from, int to)
    {
        if (x.HasEffect)
            return false;

        for (int i = from + 1; i < to; i++)
        {
            INode node = region.Nodes[i];
            if (_isCut(node) || (x.Opcode == Opcode.Load && node is Structured or Instruction { HasEffect: true }))
                return false;
        }

        return true;
    }
}
