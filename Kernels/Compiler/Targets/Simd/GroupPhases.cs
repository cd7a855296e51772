using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>How a kernel whose groups do not fit the lockstep lanes is cut: at barriers and group operations the whole group
/// must have come so far. What lies between two cuts, a phase, runs for one chunk of lanes after the other. Values that live
/// across a cut and differ within the group are kept in memory, one place a chunk.</summary>
internal sealed class GroupPhases
{
    private readonly HashSet<INode> _cuts = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Value, int> _definedIn = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> _kept = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Value> _computed = new(ReferenceEqualityComparer.Instance);
    private int _phase;

    /// <summary>Cuts a kernel; the shapes are those over the whole group, and those in a chunk's lanes.</summary>
    public GroupPhases(Kernel kernel, Uniformity group, Uniformity lanes)
    {
        Group = group;
        Region body = kernel.Body;
        FindComputed(kernel, lanes);
        int last = body.Nodes.FindLastIndex(HasCut);
        for (int i = 0; i <= last; i++)
            FindCuts(body.Nodes[i]);
        Number(body);
        FindKept(body);
    }

    /// <summary>The shapes of values over the whole group.</summary>
    public Uniformity Group { get; }

    /// <summary>True for a node that is not part of a phase: the whole group does it together.</summary>
    public bool IsCut(INode node) => _cuts.Contains(node);

    /// <summary>True for a value that lives across a cut, in memory.</summary>
    public bool IsKept(Value value) => _kept.Contains(value);

    /// <summary>True for an instruction that is done again at each use instead of being kept.</summary>
    public bool IsRepeated(Value value) => IsPosition(value) || value is Instruction { Opcode: Opcode.Allocate } || IsComputed(value);

    /// <summary>True for index arithmetic on positions and arguments that is one number a chunk.</summary>
    public bool IsComputed(Value value) => _computed.Contains(value);

    private static bool IsPosition(Value value) => value is Instruction { Opcode: >= Opcode.GlobalIndex and <= Opcode.GridExtent };

    private void FindComputed(Kernel kernel, Uniformity lanes)
    {
        const int LargestExpression = 12;
        Dictionary<Value, int> sizes = new(ReferenceEqualityComparer.Instance);
        foreach (Instruction x in kernel.Body.Descendants().OfType<Instruction>())
        {
            bool isCheap = x.Opcode is Opcode.Add or Opcode.Sub or Opcode.Mul or Opcode.ShiftLeft or Opcode.Convert
                && x.Type.IsInteger && x.Operands[0].Type.IsInteger;
            if (!isCheap || Group[x] == Shape.Uniform || lanes[x] == Shape.Varying || !x.Operands.All(IsAtHand))
                continue;
            int size = 1 + x.Operands.Sum(o => sizes.GetValueOrDefault(o));
            if (size > LargestExpression)
                continue;
            sizes[x] = size;
            _computed.Add(x);
        }

        bool IsAtHand(Value value) => value is Constant or Parameter || IsPosition(value) || _computed.Contains(value);
    }

    private static bool HasCut(INode node) => node switch
    {
        Instruction x => (x.Opcode.IsGroupWide() && x.Opcode != Opcode.WarpShuffle) || x.Opcode == Opcode.Allocate,
        Structured s => s.Regions.Any(r => r.Nodes.Any(HasCut)),
        _ => false,
    };

    /// <summary>Cuts: group operations, what contains them, and what may leave for an outer target before the last of them.</summary>
    private void FindCuts(INode node)
    {
        if (node is Structured structured)
        {
            if (!HasCut(node) && !GroupControl.Leaves(structured))
                return;
            _cuts.Add(node);
            foreach (Region region in structured.Regions)
            {
                foreach (INode inner in region.Nodes)
                    FindCuts(inner);
            }
        }
        else if (node is Terminator || HasCut(node))
        {
            _cuts.Add(node);
        }
    }

    // Phases are numbered in order; a cut's operands are read at the end of the phase before it.

    private void Number(Region region)
    {
        foreach (INode node in region.Nodes)
        {
            if (!IsCut(node))
            {
                NumberAll(node);
                continue;
            }

            if (node is Structured structured)
            {
                foreach (Result result in structured.Results)
                    _definedIn[result] = -1;
                foreach (LoopParameter parameter in node is Loop loop ? loop.Parameters : [])
                    _definedIn[parameter] = -1;
                foreach (Region inner in structured.Regions)
                {
                    _phase++;
                    Number(inner);
                }
            }
            else if (node is Instruction x)
            {
                _definedIn[x] = -1;
            }

            _phase++;
        }
    }

    private void NumberAll(INode node)
    {
        if (node is Instruction x)
            _definedIn[x] = _phase;
        if (node is not Structured structured)
            return;
        foreach (Value value in structured.Results)
            _definedIn[value] = _phase;
        foreach (LoopParameter value in node is Loop loop ? loop.Parameters : [])
            _definedIn[value] = _phase;
        foreach (Region region in structured.Regions)
            region.Nodes.ForEach(NumberAll);
    }

    private void FindKept(Region body)
    {
        _phase = 0;
        Walk(body);

        void Walk(Region region)
        {
            foreach (INode node in region.Nodes)
            {
                Use(node);
                if (node is Structured structured)
                {
                    foreach (Region inner in structured.Regions)
                    {
                        if (IsCut(node))
                            _phase++;
                        Walk(inner);
                    }
                }

                if (IsCut(node))
                    _phase++;
            }
        }

        void Use(INode node)
        {
            foreach (Value operand in Usage.OperandsOf(node))
                Note(operand);
            if (!IsCut(node))
                return;

            // What a cut defines is used elsewhere by nature.
            foreach (Value value in node is Structured s ? s.Results.Concat<Value>(node is Loop l ? l.Parameters : []) : [])
                Note(value);
        }

        void Note(Value value)
        {
            if (_definedIn.TryGetValue(value, out int phase) && phase != _phase && Group[value] != Shape.Uniform && !IsRepeated(value))
                _kept.Add(value);
        }
    }
}
