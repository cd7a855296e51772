using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

// Where control flow meets, variables and stack slots become phis, leaf by leaf.
internal sealed partial class Translator
{
    /// <summary>Starts an IL block from the forward edges that lead to it.</summary>
    private void Enter(Frame frame, IlBlock block, List<Edge> edges)
    {
        FlowBlock entry = EntryOf(block);
        frame.Edges[block.Order] = null;
        if (!block.IsLoopHeader)
        {
            _state = Merge(entry, edges);
            _emit.Block = entry;
            return;
        }

        // A loop header has one entry edge, from a preheader where several edges come together.
        Edge single = edges[0];
        if (edges.Count > 1)
        {
            FlowBlock preheader = new() { Frame = frame, Offset = entry.Offset };
            foreach (Edge edge in edges)
                edge.From.Retarget(entry, preheader);
            State merged = Merge(preheader, edges);
            preheader.EndWithJump(entry);
            single = new Edge(preheader, merged);
        }

        entry.Predecessors.Add(single.From);
        entry.LoopKey = (frame.Path, block.Order);
        entry.AllocationsBefore = _graph.Allocations.Count;
        _state = OpenLoop(entry, single.State);
        _emit.Block = entry;
    }

    private State Merge(FlowBlock block, List<Edge> edges)
    {
        block.Predecessors.AddRange(edges.Select(e => e.From));
        State result = edges[0].State;
        if (edges.Count == 1)
            return result;
        MergeSlots(block, edges, s => s.Variables);
        MergeSlots(block, edges, s => s.Stack);
        return result;
    }

    private void MergeSlots(FlowBlock block, List<Edge> edges, Func<State, List<AbstractValue>> slots)
    {
        List<AbstractValue> merged = slots(edges[0].State);
        AbstractValue[] incoming = new AbstractValue[edges.Count];
        for (int slot = 0; slot < merged.Count; slot++)
        {
            for (int e = 0; e < edges.Count; e++)
                incoming[e] = slots(edges[e].State)[slot];
            merged[slot] = MergeValues(block, incoming);
        }
    }

    private AbstractValue MergeValues(FlowBlock block, AbstractValue[] values)
    {
        AbstractValue first = values[0];
        if (Array.TrueForAll(values, v => ReferenceEquals(v, first)))
            return first;
        if (Array.Exists(values, v => v is Unset))
            return Unset.Instance;
        if (Array.Exists(values, v => v.GetType() != first.GetType()))
            return Conflict.Instance;
        return first switch
        {
            ScalarValue => new ScalarValue(MergeScalars(block, Array.ConvertAll(values, Scalar))),
            StructValue tree => new StructValue(tree.Type, [.. tree.Fields.Select((_, f) =>
                MergeValues(block, Array.ConvertAll(values, v => ((StructValue)v).Fields[f])))]),
            LocalAddress address => MergeLocals(address, values),
            ElementAddress => MergeAddresses(block, Array.ConvertAll(values, v => (ElementAddress)v)),
            _ => Array.TrueForAll(values, v => v == first) ? first : Conflict.Instance,
        };
    }

    private static bool Same(LocalAddress x, LocalAddress y) =>
        x.Variable == y.Variable && x.Type == y.Type && x.Delta == y.Delta && x.Path.SequenceEqual(y.Path);

    private AbstractValue MergeLocals(LocalAddress first, AbstractValue[] values)
    {
        if (Array.TrueForAll(values, v => Same(first, (LocalAddress)v)))
            return first;
        // Parts of one variable: which one is known at run time, if the variable lives in memory.
        bool isOne = Array.TrueForAll(values, v => ((LocalAddress)v).Variable == first.Variable);
        return isOne && Literals.CanFreeze(VariableType(first.Variable)) ? throw PutInMemory(first) : Conflict.Instance;
    }

    private AbstractValue MergeAddresses(FlowBlock block, ElementAddress[] addresses)
    {
        ElementAddress first = addresses[0];
        if (!Array.TrueForAll(addresses, a => a.Type == first.Type && a.Pointer.Type == first.Pointer.Type))
            return Conflict.Instance;
        Value pointer = MergeScalars(block, Array.ConvertAll(addresses, a => a.Pointer));
        if (Array.TrueForAll(addresses, a => SamePlace(a, first)))
            return first with { Pointer = pointer };
        long stride = addresses.Aggregate(0L, (g, a) => Gcd(a.Index is Constant ? g : Gcd(g, a.Stride), a.Offset - first.Offset));
        Value[] indices = new Value[addresses.Length];
        for (int i = 0; i < indices.Length; i++)
            indices[i] = AtEndOf(block.Predecessors[i], () => Steps(addresses[i], stride, first.Offset));
        return first with { Pointer = pointer, Index = MergeScalars(block, indices), Stride = stride };
    }

    /// <summary>True if two addresses are equally far from their pointers.</summary>
    private static bool SamePlace(ElementAddress x, ElementAddress y) => x.Offset == y.Offset
        && (x.Index == y.Index || SameConstant(x.Index, y.Index)) && (x.Stride == y.Stride || x.Index is Constant);

    /// <summary>How many strides from <paramref name="origin"/> an address lies.</summary>
    private Value Steps(ElementAddress address, long stride, long origin)
    {
        Value constant = Constant.Of((address.Offset - origin) / stride);
        return address.Index is Constant
            ? constant
            : _emit.Binary(Opcode.Add, Scale(address.Index, address.Stride / stride), constant);
    }

    private Value AtEndOf(FlowBlock block, Func<Value> emit)
    {
        FlowBlock current = _emit.Block;
        _emit.Block = block;
        Value result = emit();
        _emit.Block = current;
        return result;
    }

    private Value MergeScalars(FlowBlock block, Value[] values)
    {
        Value first = values[0];
        if (Array.TrueForAll(values, v => v == first || SameConstant(v, first)))
            return first;
        IrType type = first.Type;
        if (type.IsPointer && Array.Exists(values, v => v is UndefinedPointer || v.Type != type))
            return new UndefinedPointer(type);
        bool bit = Emitter.IsBit(first);
        foreach (Value value in values)
        {
            type = Emitter.Join(type, value.Type, bit, Emitter.IsBit(value));
            bit &= Emitter.IsBit(value);
        }

        Phi phi = new(type);
        for (int i = 0; i < values.Length; i++)
            {
            Value value = values[i];
            phi.Operands.Add(AtEndOf(block.Predecessors[i], () => _emit.Coerce(value, type)));
        }

        block.Phis.Add(phi);
        return phi;
    }

    private static bool SameConstant(Value x, Value y) =>
        x is Constant a && y is Constant b && a.Type == b.Type && a.Bits == b.Bits;

    /// <summary>Makes a phi of every scalar: what the loop's rounds assign is known only at the end. Needless ones go later.</summary>
    private State OpenLoop(FlowBlock header, State entry)
    {
        State result = new();
        result.Variables.AddRange(entry.Variables.Select(v => OpenValue(header, v)));
        result.Stack.AddRange(entry.Stack.Select(v => OpenValue(header, v)));
        header.LoopState = result.Clone();
        return result;
    }

    private AbstractValue OpenValue(FlowBlock header, AbstractValue value) => value switch
    {
        ScalarValue scalar => new ScalarValue(OpenScalar(header, scalar.Value)),
        StructValue tree => new StructValue(tree.Type, [.. tree.Fields.Select(f => OpenValue(header, f))]),
        ElementAddress address => OpenAddress(header, address),
        _ => value,
    };

    /// <summary>A reference stays where it is unless an earlier attempt found that it moves.</summary>
    private ElementAddress OpenAddress(FlowBlock header, ElementAddress address)
    {
        if (_findings.PointersMove(header.LoopKey))
            address = address with { Pointer = OpenScalar(header, address.Pointer) };
        if (!_findings.AddressesMove(header.LoopKey))
            return address;
        long stride = Gcd(address.Type == typeof(void) ? 1 : MemoryLayout.SizeOf(address.Type), address.Offset);
        if (address.Index is not Constant)
            stride = Gcd(stride, address.Stride);
        Value steps = AtEndOf(header.Predecessors[0], () => Steps(address, stride, 0));
        return address with { Index = OpenScalar(header, steps), Stride = stride, Offset = 0 };
    }

    /// <summary>Gives a reference its place in the next round; starts again if it was taken not to move.</summary>
    private void CloseAddress(FlowBlock header, ElementAddress open, ElementAddress next)
    {
        if (_findings.PointersMove(header.LoopKey))
            CloseScalar(header, (Phi)open.Pointer, next.Pointer);
        else if (open.Pointer != next.Pointer)
            throw _findings.LetPointersMove(header.LoopKey);
        if (_findings.AddressesMove(header.LoopKey))
        {
            bool fits = next.Offset % open.Stride == 0 && (next.Index is Constant || next.Stride % open.Stride == 0);
            CloseScalar(header, (Phi)open.Index, fits ? Steps(next, open.Stride, 0) : throw Untracked());
        }
        else if (!SamePlace(open, next))
        {
            throw _findings.LetAddressesMove(header.LoopKey);
        }
    }

    private static Phi OpenScalar(FlowBlock header, Value entry)
    {
        Phi phi = new(entry.Type);
        phi.Operands.Add(entry);
        header.Phis.Add(phi);
        return phi;
    }

    /// <summary>A back edge: gives the header's phis their values of the next round.</summary>
    private void CloseLoop(FlowBlock header, State state)
    {
        State open = header.LoopState
            ?? throw new RefusalException(Diagnostics.Irreducible, "Control flow jumps into the middle of a loop.");
        for (int i = 0; i < open.Variables.Count; i++)
            CloseValue(header, open.Variables[i], state.Variables[i]);
        for (int i = 0; i < open.Stack.Count; i++)
            CloseValue(header, open.Stack[i], state.Stack[i]);
        header.Predecessors.Add(_emit.Block);
        // A slot that is unset on this way round is not read before it is assigned again.
        foreach (Phi phi in header.Phis)
        {
            if (phi.Operands.Count < header.Predecessors.Count)
                phi.Operands.Add(phi);
        }
    }

    private void CloseValue(FlowBlock loop, AbstractValue open, AbstractValue value)
    {
        switch (open, value)
        {
            case (Unset or Conflict, _) or (_, Unset):
                break;
            case (ScalarValue header, ScalarValue next):
                CloseScalar(loop, (Phi)header.Value, next.Value);
                break;
            case (StructValue header, StructValue next):
                for (int i = 0; i < header.Fields.Length; i++)
                    CloseValue(loop, header.Fields[i], next.Fields[i]);
                break;
            case (ElementAddress header, ElementAddress next):
                CloseAddress(loop, header, next);
                break;
            case (LocalAddress header, LocalAddress next) when Same(header, next):
                break;
            case (LocalAddress header, LocalAddress next) when header.Variable == next.Variable
                && Literals.CanFreeze(VariableType(header.Variable)):
                throw PutInMemory(header);
            case (TypeValue or EmptyClosure or ClosureValue or DataAddress or InMemory, _) when open == value:
                break;
            default:
                throw Untracked();
        }
    }

    private void CloseScalar(FlowBlock header, Phi phi, Value next)
    {
        // A view that moves between memories, or an array that was made in the loop and would be made again over itself: it may be
        // a dead variable, so only a use of it is refused, once liveness is known.
        phi.Operands.Add(phi.Type.IsPointer && (phi.Type != next.Type || IsMadeIn(header, next, []))
            ? new UndefinedPointer(phi.Type)
            : _emit.Coerce(next, phi.Type));
    }

    private bool IsMadeIn(FlowBlock header, Value pointer, HashSet<Value> seen) => seen.Add(pointer) && pointer switch
    {
        Instruction { Opcode: Opcode.Allocate } allocation => allocation.Type.Space == AddressSpace.Local
            && !_constantData.Contains(allocation) && _graph.Allocations.IndexOf(allocation) >= header.AllocationsBefore,
        Instruction { Opcode: Opcode.PointerAdd or Opcode.PointerCast } step => IsMadeIn(header, step.Operands[0], seen),
        Phi phi => phi.Operands.Exists(o => IsMadeIn(header, o, seen)),
        _ => false,
    };
}
