using System.Collections.Immutable;
using System.Reflection.Emit;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Groups larger than the lockstep lanes. See GroupPhases: a phase is a loop over the group's chunks of lanes; between phases stand
// the cuts, which the group does once. A kept value is loaded where a phase begins and stored where it is defined.
internal sealed partial class SimdEmitter
{
    private readonly GroupPhases? _phases;
    private readonly Dictionary<Value, int> _keptAt = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Instruction, int> _localArrays = new(ReferenceEqualityComparer.Instance);
    private LocalBuilder? _chunk;
    private Label _groupEnd;

    /// <summary>Chunks of lanes, or of rows in lockstep.</summary>
    private int Chunks => (GroupItems + Lanes * Rows - 1) / (Lanes * Rows);

    private void EmitPhasedBody()
    {
        _groupEnd = _il.Label();
        _chunk = _il.Take(typeof(int));
        EmitGroupRegion(_kernel.Body);
        _il.Mark(_groupEnd);
    }

    private void EmitGroupRegion(Region region)
    {
        int from = 0;
        for (int i = 0; i < region.Nodes.Count; i++)
        {
            INode node = region.Nodes[i];
            bool isLast = i == region.Nodes.Count - 1;
            if (!_phases!.IsCut(node))
            {
                if (isLast)
                    EmitPhase(region, from, i + 1, [], null);
                continue;
            }

            EmitCut(region, from, i, node);
            foreach (Value value in _usage.DiesAt(region, i))
                Release(value);
            from = i + 1;
            if (node is Structured ended && _shapes.BreaksOf(ended).Count == 0)
                return;
        }
    }

    private void EmitCut(Region region, int from, int index, INode node)
    {
        switch (node)
        {
            case Instruction { Opcode: Opcode.Barrier }:
                EmitPhase(region, from, index, [], null);
                _il.Note(_depth, $"Barrier");
                break;
            case Instruction { Opcode: Opcode.Allocate } x:
                EmitPhase(region, from, index, [], null);
                EmitGroupAllocate(x);
                break;
            case Instruction x:
                EmitReduction(region, from, index, x);
                break;
            case Loop loop:
                EmitPhase(region, from, index, loop.Initial, () => KeepAll(loop.Parameters, loop.Initial));
                AssignUniform(loop.Parameters, loop.Initial);
                EmitGroupStructured(loop);
                break;
            case Structured structured:
                EmitPhase(region, from, index, [], null);
                EmitGroupStructured(structured);
                break;
            case Break site:
                EmitPhase(region, from, index, site.Arguments, () => KeepAll(site.Target.Results, site.Arguments));
                AssignUniform(site.Target.Results, site.Arguments);
                _il.Branch(OpCodes.Br, _frames[site.Target].Exit);
                break;
            case Continue site:
                EmitPhase(region, from, index, site.Arguments, () => KeepAll(site.Target.Parameters, site.Arguments));
                AssignUniform(site.Target.Parameters, site.Arguments);
                _il.Branch(OpCodes.Br, _frames[site.Target].Next);
                break;
            case Return:
                EmitPhase(region, from, index, [], null);
                _il.Branch(OpCodes.Br, _groupEnd);
                break;
        }
    }

    private void EmitGroupStructured(Structured node)
    {
        Frame frame = new(_il.Label()) { Next = _il.Label() };
        _frames[node] = frame;
        foreach (Result result in node.Results)
        {
            if (!_phases!.IsKept(result) && _usage.IsUsed(result) && !_locations.ContainsKey(result))
                Define(result);
        }

        _il.Note(_depth++, $"{node.GetType().Name} of the group");
        if (node is If branch)
        {
            Label otherwise = _il.Label();
            PushScalar(branch.Condition);
            _il.Branch(OpCodes.Brfalse, otherwise);
            EmitGroupRegion(branch.Then);
            _il.Mark(otherwise);
            EmitGroupRegion(branch.Else);
        }
        else
        {
            _il.Mark(frame.Next);
            foreach (Region region in node.Regions)
                EmitGroupRegion(region);
        }

        _depth--;
        _il.Mark(frame.Exit);
        foreach (LoopParameter parameter in node is Loop loop ? loop.Parameters : [])
            Release(parameter);
        _frames.Remove(node);
    }

    /// <summary>Sets the group-uniform ones of some values, all at once.</summary>
    private void AssignUniform<T>(ImmutableArray<T> targets, ImmutableArray<Value> values) where T : Value
    {
        Stack<LocalBuilder> assigned = new();
        for (int i = 0; i < targets.Length; i++)
        {
            if (_phases!.IsKept(targets[i]) || !_usage.IsUsed(targets[i]))
                continue;
            PushScalar(values[i]);
            assigned.Push((_locations.TryGetValue(targets[i], out Location? location) ? location : Define(targets[i])).Locals[0]);
        }

        while (assigned.TryPop(out LocalBuilder? target))
            _il.Store(target);
    }

    /// <summary>Stores the new values of those that are kept, for the current chunk.</summary>
    private void KeepAll<T>(ImmutableArray<T> targets, ImmutableArray<Value> values) where T : Value
    {
        for (int i = 0; i < targets.Length; i++)
        {
            if (_phases!.IsKept(targets[i]) && (Value)targets[i] != values[i])
                Keep(targets[i], values[i]);
        }
    }

    // Phases.

    /// <summary>for each chunk: load the kept values, run some nodes of a region, do what the next cut asks.</summary>
    private void EmitPhase(Region region, int from, int to, ImmutableArray<Value> alsoRead, Action? finish)
    {
        if (from == to && finish is null)
            return;

        Label head = _il.Label();
        _il.Note(_depth++, $"for {Chunks} chunks of {Rows} × {Lanes} lanes");
        _il.Int(0);
        _il.Store(_chunk!);
        _il.Mark(head);
        _return = _il.Label();
        _keptMasks.Push([]);
        _mask = ChunkMask();
        List<Value> loaded = LoadKept(region, from, to, alsoRead);
        HashSet<Value> defined = new(ReferenceEqualityComparer.Instance);
        List<Value> dead = [];
        for (int i = from; i < to; i++)
            EmitPhaseNode(region, i, defined, dead);
        finish?.Invoke();
        _il.Mark(_return);
        foreach (LocalBuilder[] kept in _keptMasks.Pop())
            _il.Give(kept);
        foreach (Value value in defined.Where(_phases!.IsKept).Concat(loaded))
            Release(value);
        Increment(_chunk!, 1);
        _il.Load(_chunk!);
        _il.Int(Chunks);
        _il.Branch(OpCodes.Blt, head);
        foreach (Value value in dead)
            Release(value);
        _depth--;
        _mask = null;
    }

    private void EmitPhaseNode(Region region, int index, HashSet<Value> defined, List<Value> dead)
    {
        INode node = region.Nodes[index];
        switch (node)
        {
            case Instruction x:
                if (!_phases!.IsRepeated(x))
                    EmitForRows(x);
                NoteDefined(x);
                break;
            case Structured structured:
                EmitForRows(structured);
                foreach (Result result in structured.Results)
                    NoteDefined(result);
                break;
            case Terminator terminator:
                EmitTerminator(terminator);
                break;
        }

        // Locals of earlier values are read again by the next chunk: they are freed after the loop.
        foreach (Value value in _usage.DiesAt(region, index))
        {
            if (defined.Contains(value))
                Release(value);
            else
                dead.Add(value);
        }

        void NoteDefined(Value value)
        {
            defined.Add(value);
            if (_phases!.IsKept(value) && _locations.ContainsKey(value))
                Keep(value, value);
        }
    }

    private Mask? ChunkMask()
    {
        if (GroupItems % Lanes == 0)
            return null;
        LocalBuilder[] mask = TakeMask();
        EmitTailMask(mask, () =>
        {
            _il.Int(GroupItems);
            PushChunkStart();
            _il.Op(OpCodes.Sub);
        });
        _keptMasks.Peek().Add(mask);
        return new Mask(mask, nonEmpty: true);
    }

    /// <summary>Pushes the group's first item in this chunk, and in this row of it.</summary>
    private void PushChunkStart()
    {
        PushChunkRow();
        _il.Int(Lanes);
        _il.Op(OpCodes.Mul);
    }

    /// <summary>Pushes the number of this row of lanes in the group.</summary>
    private void PushChunkRow()
    {
        _il.Load(_chunk!);
        if (Rows == 1)
            return;
        _il.Int(Rows);
        _il.Op(OpCodes.Mul);
        _il.Int(_locations.Row);
        _il.Op(OpCodes.Add);
    }

    private List<Value> LoadKept(Region region, int from, int to, ImmutableArray<Value> alsoRead)
    {
        HashSet<Value> read = new(ReferenceEqualityComparer.Instance);
        for (int i = from; i < to; i++)
            CollectOperands(region.Nodes[i], read);
        foreach (Value value in alsoRead)
            CollectValue(value, read);
        List<Value> loaded = [];
        foreach (Value value in read)
        {
            if (!_keptAt.ContainsKey(value))
                continue;
            ForRowsOf(value, () => LoadKept(value));
            loaded.Add(value);
        }

        return loaded;
    }

    private void LoadKept(Value value)
    {
        Location location = Define(value);
        for (int part = 0; part < location.Locals.Length; part++)
        {
            PushKeptAddress(value, part);
            if (IsVarying(value))
                _il.LoadVector(VectorOf(value.Type));
            else
                EmitScalarLoad(StorageOf(value.Type));
            _il.Store(location.Locals[part]);
        }
    }

    private void CollectOperands(INode node, HashSet<Value> read)
    {
        foreach (Value operand in Usage.OperandsOf(node))
            CollectValue(operand, read);
        foreach (Region region in node is Structured structured ? structured.Regions : [])
        {
            foreach (INode inner in region.Nodes)
                CollectOperands(inner, read);
        }
    }

    private void CollectValue(Value value, HashSet<Value> read)
    {
        if (!read.Add(value) || value is not Instruction x || !_usage.IsInlined(x))
            return;
        foreach (Value operand in x.Operands)
            CollectValue(operand, read);
    }

    /// <summary>Stores a value as a kept one, for the current chunk.</summary>
    private void Keep(Value target, Value value)
    {
        if (!_keptAt.ContainsKey(target))
            _keptAt[target] = Reserve(Chunks * Rows * KeptStride(target));
        ForRowsOf(target, () => KeepInRow(target, value));
    }

    private void KeepInRow(Value target, Value value)
    {
        int parts = IsVarying(target) ? PartsOf(target.Type) : 1;
        for (int part = 0; part < parts; part++)
        {
            PushKeptAddress(target, part);
            if (IsVarying(target))
            {
                PushVector(value, part);
                _il.StoreVector(VectorOf(target.Type));
            }
            else
            {
                PushScalar(value);
                EmitScalarStore(StorageOf(target.Type));
            }
        }
    }

    private int KeptStride(Value value) => IsVarying(value) ? PartsOf(value.Type) * _isa.Bytes : 8;

    private void PushKeptAddress(Value value, int part)
    {
        PushScratch(_keptAt[value] + part * _isa.Bytes);
        PushChunkRow();
        _il.Int(KeptStride(value));
        _il.Op(OpCodes.Mul);
        _il.Op(OpCodes.Conv_I);
        _il.Op(OpCodes.Add);
    }

    /// <summary>Reserves scratch memory.</summary>
    private int Reserve(int bytes)
    {
        int offset = (ScratchBytes + 63) & ~63;
        ScratchBytes = offset + bytes;
        return offset;
    }

    private void EmitGroupAllocate(Instruction x)
    {
        int bytes = x.Count * x.Type.Scalar.Size();
        if (x.Type.Space == AddressSpace.Local)
        {
            _localArrays[x] = Reserve(Chunks * Rows * bytes * Lanes);
            return;
        }

        PushScratch(Reserve(bytes));
        _il.Op(OpCodes.Conv_U8);
        _il.Store(Define(x).Locals[0]);
    }

    /// <summary>Pushes the address of this chunk's part of a local array.</summary>
    private void PushLocalArray(Instruction x)
    {
        PushScratch(_localArrays[x]);
        PushChunkRow();
        _il.Int(x.Count * x.Type.Scalar.Size() * Lanes);
        _il.Op(OpCodes.Mul);
        _il.Op(OpCodes.Conv_I);
        _il.Op(OpCodes.Add);
        _il.Op(OpCodes.Conv_U8);
    }

    // Group operations over memory.

    private const int MostVectorsReduced = 32;

    /// <summary>Pushes the reduction of the items in an array of scratch memory.</summary>
    private void PushReduced(Instruction x, int array, int vectors)
    {
        LocalBuilder[] parts = new LocalBuilder[vectors];
        for (int i = 0; i < vectors; i++)
        {
            PushScratch(array + i * _isa.Bytes);
            _il.LoadVector(VectorOf(x.Type));
            _il.Store(parts[i] = _il.Take(VectorOf(x.Type)));
        }

        PushReduced(x, parts);
        _il.Give(parts);
    }

    private void EmitReduction(Region region, int from, int index, Instruction x)
    {
        Value operand = x.Operands[0];
        Type element = VectorIsa.ElementOf(operand.Type);
        int size = IsWide(operand.Type) ? 8 : 4;
        int array = Reserve(Chunks * Rows * Lanes * size);
        bool broadcasts = x.Opcode == Opcode.GroupBroadcast;
        ImmutableArray<Value> read = broadcasts ? [operand, x.Operands[1]] : [operand];
        if (broadcasts && _phases!.Group[x.Operands[1]] != Shape.Uniform)
            throw new KernelCompilationException("CTG1093",
                $"In kernel '{_kernel.Name}' the source item of a broadcast differs between the items of the group.");
        EmitPhase(region, from, index, read, SpreadsRows ? () => ForEachRow(StoreOperand) : StoreOperand);
        int vectors = Chunks * Rows * PartsOf(operand.Type);
        if (!broadcasts && vectors <= MostVectorsReduced)
        {
            PushReduced(x, array, vectors);
        }
        else if (broadcasts)
        {
            PushScratch(array);
            PushScalar(x.Operands[1]);
            _il.Int(size);
            _il.Op(OpCodes.Mul);
            _il.Op(OpCodes.Conv_I);
            _il.Op(OpCodes.Add);
            EmitScalarLoad(StorageOf(x.Type));
            if (x.Type.IsBool)
                _il.Op(OpCodes.Neg);
        }
        else
        {
            PushScratch(array);
            _il.Int(Chunks * Rows * Lanes);
            _il.Call(typeof(GroupTree).GetMethod(x.Opcode.ToString()["Group".Length..])!.MakeGenericMethod(element));
        }

        _il.Store(Define(x).Locals[0]);
        _il.Note(_depth, $"{Describe(x)} = {x.Opcode}({Describe(operand)}) over the group");

        void StoreOperand()
        {
            for (int part = 0; part < PartsOf(operand.Type); part++)
            {
                PushScratch(array + part * _isa.Bytes);
                PushChunkRow();
                _il.Int(Lanes * size);
                _il.Op(OpCodes.Mul);
                _il.Op(OpCodes.Conv_I);
                _il.Op(OpCodes.Add);
                if (broadcasts)
                    PushVector(operand, part);
                else
                    PushOrIdentity(x, part);
                _il.StoreVector(_isa.Vector(element));
            }
        }
    }
}
