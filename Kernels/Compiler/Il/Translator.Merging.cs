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
            LocalAddress address => Array.TrueForAll(values, v => Same(address, (LocalAddress)v)) ? first : Conflict.Instance,
            ElementAddress => MergeAddresses(block, Array.ConvertAll(values, v => (ElementAddress)v)),
            _ => Array.TrueForAll(values, v => v == first) ? first : Conflict.Instance,
        };
    }

    private static bool Same(LocalAddress x, LocalAddress y) =>
        x.Variable == y.Variable && x.Type == y.Type && x.Path.SequenceEqual(y.Path);

    private AbstractValue MergeAddresses(FlowBlock block, ElementAddress[] addresses)
    {
        ElementAddress first = addresses[0];
        bool compatible = Array.TrueForAll(addresses, a => a.Element == first.Element && a.Offset == first.Offset
            && a.Type == first.Type && a.Pointer.Type == first.Pointer.Type);
        return compatible
            ? first with
            {
                Pointer = MergeScalars(block, Array.ConvertAll(addresses, a => a.Pointer)),
                Index = MergeScalars(block, Array.ConvertAll(addresses, a => a.Index)),
            }
            : Conflict.Instance;
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
            phi.Operands.Add(CoerceAtEnd(block.Predecessors[i], values[i], type));
        block.Phis.Add(phi);
        return phi;
    }

    private static bool SameConstant(Value x, Value y) =>
        x is Constant a && y is Constant b && a.Type == b.Type && a.Bits == b.Bits;

    /// <summary>Converts a value at the end of a finished block.</summary>
    private Value CoerceAtEnd(FlowBlock block, Value value, IrType type)
    {
        FlowBlock current = _emit.Block;
        _emit.Block = block;
        Value result = _emit.Coerce(value, type);
        _emit.Block = current;
        return result;
    }

    /// <summary>Makes a phi of every scalar: what the loop's rounds assign is known only at the end. Needless ones go later.</summary>
    private static State OpenLoop(FlowBlock header, State entry)
    {
        State result = new();
        result.Variables.AddRange(entry.Variables.Select(v => OpenValue(header, v)));
        result.Stack.AddRange(entry.Stack.Select(v => OpenValue(header, v)));
        header.LoopState = result.Clone();
        return result;
    }

    private static AbstractValue OpenValue(FlowBlock header, AbstractValue value) => value switch
    {
        ScalarValue scalar => new ScalarValue(OpenScalar(header, scalar.Value)),
        StructValue tree => new StructValue(tree.Type, [.. tree.Fields.Select(f => OpenValue(header, f))]),
        ElementAddress address => address with
        {
            Pointer = OpenScalar(header, address.Pointer),
            Index = OpenScalar(header, address.Index),
        },
        _ => value,
    };

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
            CloseValue(open.Variables[i], state.Variables[i]);
        for (int i = 0; i < open.Stack.Count; i++)
            CloseValue(open.Stack[i], state.Stack[i]);
        header.Predecessors.Add(_emit.Block);
        // A slot that is unset on this way round is not read before it is assigned again.
        foreach (Phi phi in header.Phis)
        {
            if (phi.Operands.Count < header.Predecessors.Count)
                phi.Operands.Add(phi);
        }
    }

    private void CloseValue(AbstractValue open, AbstractValue value)
    {
        switch (open, value)
        {
            case (Unset or Conflict, _) or (_, Unset):
                break;
            case (ScalarValue header, ScalarValue next):
                CloseScalar((Phi)header.Value, next.Value);
                break;
            case (StructValue header, StructValue next):
                for (int i = 0; i < header.Fields.Length; i++)
                    CloseValue(header.Fields[i], next.Fields[i]);
                break;
            case (ElementAddress header, ElementAddress next) when header.Element == next.Element
                && header.Offset == next.Offset && header.Type == next.Type:
                CloseScalar((Phi)header.Pointer, next.Pointer);
                CloseScalar((Phi)header.Index, next.Index);
                break;
            case (LocalAddress header, LocalAddress next) when Same(header, next):
                break;
            case (TypeValue or EmptyClosure, _) when open == value:
                break;
            default:
                throw Untracked();
        }
    }

    private void CloseScalar(Phi phi, Value next)
    {
        // A view that moves between memories may be a dead variable: only a use of it is refused, once liveness is known.
        phi.Operands.Add(phi.Type.IsPointer && phi.Type != next.Type
            ? new UndefinedPointer(phi.Type)
            : _emit.Coerce(next, phi.Type));
    }
}
