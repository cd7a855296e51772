using System.Reflection.Emit;
using System.Runtime.Intrinsics.X86;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

// Memory. Access is uniform (one scalar), contiguous (a uniform or linear address: whole vectors), gathered by hardware, or done
// lane by lane in lane order. Local arrays are interleaved: element e of lane l is at (e·lanes + l), so a uniform index is contiguous.
internal sealed partial class SimdEmitter
{
    private static bool IsLocal(Value pointer) => pointer.Type.Space == AddressSpace.Local;

    private bool IsUniformAccess(Instruction x) => !IsLocal(x.Operands[0]) && IsUniform(x.Operands[0]) && IsUniform(x.Operands[1]);

    /// <summary>True if a load or store is of consecutive 4- or 8-byte elements.</summary>
    private bool IsContiguous(Instruction x)
    {
        Shape pointer = _shapes[x.Operands[0]];
        Shape index = _shapes[x.Operands[1]];
        if (x.Operands[0].Type.Scalar.Size() < 4)
            return false;
        if (IsLocal(x.Operands[0]))
            return pointer == Shape.Uniform && index == Shape.Uniform && (_mask is null || _isa.HasMaskedMemory);
        return (pointer, index) is (Shape.Uniform, Shape.Linear) or (Shape.Linear, Shape.Uniform);
    }

    private void EmitLoad(Instruction x)
    {
        if (TryTileLoad(x))
            return;
        if (IsUniformAccess(x))
            EmitUniformLoad(x);
        else if (IsContiguous(x))
            EmitContiguousLoad(x);
        else if (_isa.HasGather && IsStrided(x))
            EmitStridedLoad(x);
        else if (IsGather(x))
            EmitGather(x);
        else if (IsNarrowContiguous(x))
            EmitNarrowLoad(x);
        else
            EmitByLane(x);
    }

    private void EmitUniformLoad(Instruction x)
    {
        Label end = _il.Label();
        LocalBuilder result = Define(x).Locals[0];
        if (_mask is { NonEmpty: false })
        {
            PushZero(x.Type);
            _il.Store(result);
            SkipIfEmpty(end);
        }

        PushAddress(x);
        EmitScalarLoad(x.Type.Scalar);
        _il.Store(result);
        _il.Mark(end);
    }

    private void PushZero(IrType type) => PushConstant(new Constant(type, 0));

    private void EmitContiguousLoad(Instruction x)
    {
        LocalBuilder address = TakeAddress(x);
        Location location = Define(x);
        for (int part = 0; part < location.Locals.Length; part++)
        {
            PushContiguous(x, address, part);
            _il.Store(location.Locals[part]);
        }

        _il.Give(address);
    }

    /// <summary>Computes the address at most: the load is done where its value is used.</summary>
    private void DeferLoad(Instruction x)
    {
        if (_mask is not null && IsUniform(x))
        {
            EmitUniformLoad(x);
            return;
        }

        _il.Note(_depth, $"{Describe(x)} = Load({string.Join(", ", x.Operands.Select(Describe))}){(_mask is null ? "" : " masked")}");
        // An address that is used once or twice is computed there too, which leaves the constants to the load.
        LocalBuilder[] address = IsUniform(x) || (Rows > 1 && _unroll == 1) ? [] : [TakeAddress(x)];
        _locations.Set(x, new Location(address, IsDeferredLoad: true), shared: SpreadsRows && IsSameInRows(x));
    }

    private LocalBuilder TakeAddress(Instruction x)
    {
        LocalBuilder address = _il.Take(typeof(nint));
        PushAddress(x);
        _il.Store(address);
        if (x.Opcode == Opcode.Load && _mask is null && Sse.IsSupported && _traffic?.FetchesAhead(x) is > 0 and var ahead)
            EmitPrefetch(x.Type, address, (int)ahead);
        return address;
    }

    private void EmitPrefetch(IrType type, LocalBuilder address, int ahead)
    {
        for (int part = 0; part < PartsOf(type); part++)
        {
            _il.Load(address);
            _il.AddBytes(ahead + part * _isa.Bytes);
            _il.Call(typeof(Sse).GetMethod(_traffic!.FetchesRows ? nameof(Sse.Prefetch1) : nameof(Sse.Prefetch0))!);
        }
    }

    /// <summary>Pushes one vector of a contiguous load, under the mask if there is one.</summary>
    private void PushContiguous(Instruction x, LocalBuilder? address, int part)
    {
        Type element = VectorIsa.ElementOf(x.Type);
        if (address is null)
            PushAddress(x);
        else
            _il.Load(address);
        _il.AddBytes(part * _isa.Bytes);
        if (_mask is null)
        {
            _il.LoadVector(_isa.Vector(element));
            return;
        }

        PushMask(_mask.Parts, x.Type, part);
        if (_isa.MaskedLoad(element) is { } load)
        {
            if (load.GetParameters().Length == 3)
                _il.Call(_isa.Property("Zero", element));
            _il.Call(load);
        }
        else
        {
            _il.Call(typeof(MaskedMemory).GetMethod("Load" + _isa.Bits)!.MakeGenericMethod(element));
        }
    }

    /// <summary>Pushes the address of a load or store: of the only element, or of the first lane's.</summary>
    private void PushAddress(Instruction x)
    {
        (Value index, int constant) = SplitIndex(x);
        PushScalar(x.Operands[0]);
        PushScaledIndex(x.Operands[0].Type, index.Type, () => PushScalar(index));
        _il.Op(OpCodes.Add);
        _il.Op(OpCodes.Conv_I);
        _il.AddBytes(constant * x.Operands[0].Type.Scalar.Size());
    }

    /// <summary>Takes a constant off an index that is computed here, so that it becomes part of the address. Exact: a sum that is an
    /// index, at least −2^24, did not wrap around when less than 2^24 was added.</summary>
    private (Value Index, int Constant) SplitIndex(Instruction x) =>
        x.Operands[1] is Instruction { Opcode: Opcode.Add, Operands: [var rest, Constant c] } sum && _phases?.IsComputed(sum) == true
            && !IsLocal(x.Operands[0]) && sum.Type == ScalarType.Int32 && c.AsInteger is > 0 and < 1 << 24
            ? (rest, (int)c.AsInteger) : (x.Operands[1], 0);

    /// <summary>Pushes an index times the distance of elements, as a long.</summary>
    private void PushScaledIndex(IrType pointer, IrType index, Action push)
    {
        push();
        if (index.Scalar.Size() < 8)
            _il.Op(index.Scalar == ScalarType.UInt32 ? OpCodes.Conv_U8 : OpCodes.Conv_I8);
        int distance = pointer.Scalar.Size() * (pointer.Space == AddressSpace.Local ? Lanes : 1);
        if (distance != 1)
        {
            _il.Long(distance);
            _il.Op(OpCodes.Mul);
        }
    }

    private void EmitScalarLoad(ScalarType type) => _il.Op(type switch
    {
        ScalarType.Bool or ScalarType.UInt8 => OpCodes.Ldind_U1,
        ScalarType.Int8 => OpCodes.Ldind_I1,
        ScalarType.Int16 => OpCodes.Ldind_I2,
        ScalarType.UInt16 or ScalarType.Float16 or ScalarType.BFloat16 => OpCodes.Ldind_U2,
        ScalarType.Int32 => OpCodes.Ldind_I4,
        ScalarType.UInt32 => OpCodes.Ldind_U4,
        ScalarType.Float32 => OpCodes.Ldind_R4,
        ScalarType.Float64 => OpCodes.Ldind_R8,
        _ => OpCodes.Ldind_I8,
    });

    private void EmitScalarStore(ScalarType type) => _il.Op(type switch
    {
        ScalarType.Float32 => OpCodes.Stind_R4,
        ScalarType.Float64 => OpCodes.Stind_R8,
        _ => type.Size() switch
        {
            1 => OpCodes.Stind_I1,
            2 => OpCodes.Stind_I2,
            4 => OpCodes.Stind_I4,
            _ => OpCodes.Stind_I8,
        },
    });

    private void EmitStore(Instruction x)
    {
        if (IsUniformAccess(x) && (IsUniform(x.Operands[2]) || _mask is null))
            EmitUniformStore(x);
        else if (!IsUniformAccess(x) && IsContiguous(x))
            EmitContiguousStore(x);
        else if (IsNarrowContiguous(x))
            EmitNarrowStore(x);
        else if (IsStrided(x) && TryStructStore(x))
            return;
        else if (IsScatter(x))
            EmitScatter(x);
        else
            EmitByLane(x);
    }

    private void EmitUniformStore(Instruction x)
    {
        Label end = _il.Label();
        SkipIfEmpty(end);
        Value value = x.Operands[2];
        PushAddress(x);
        if (IsUniform(value))
        {
            PushScalar(value);
        }
        else
        {
            // All lanes store to one place: the last one wins.
            int lanes = IsWide(value.Type) ? _isa.Lanes / 2 : _isa.Lanes;
            PushVector(value, PartsOf(value.Type) - 1);
            _il.Int(lanes - 1);
            _il.Call(_isa.Method("GetElement", VectorIsa.ElementOf(value.Type), 2));
            if (value.Type.IsBool)
                _il.Op(OpCodes.Neg);
        }

        EmitScalarStore(x.Operands[0].Type.Scalar);
        _il.Mark(end);
    }

    private void EmitContiguousStore(Instruction x)
    {
        Value value = x.Operands[2];
        Type element = VectorIsa.ElementOf(value.Type);
        LocalBuilder address = TakeAddress(x);
        for (int part = 0; part < PartsOf(value.Type); part++)
        {
            if (_mask is null && _traffic?.Streams(x) == true)
            {
                PushVector(value, part);
                _il.Load(address);
                _il.AddBytes(part * _isa.Bytes);
                _il.Call(_isa.StreamingStore(element));
                continue;
            }

            _il.Load(address);
            _il.AddBytes(part * _isa.Bytes);
            if (_mask is not null)
                PushMask(_mask.Parts, value.Type, part);
            PushVector(value, part);
            if (_mask is null)
                _il.StoreVector(_isa.Vector(element));
            else
                _il.Call(_isa.MaskedStore(element)
                    ?? typeof(MaskedMemory).GetMethod("Store" + _isa.Bits)!.MakeGenericMethod(element));
        }

        _il.Give(address);
    }

    // Consecutive elements of 1 or 2 bytes, without mask.

    private bool IsNarrowContiguous(Instruction x)
    {
        if (_mask is not null || !_isa.HasMaskedMemory || x.Operands[0].Type.Scalar.Size() >= 4 || IsLocal(x.Operands[0]))
            return false;
        return (_shapes[x.Operands[0]], _shapes[x.Operands[1]]) is (Shape.Uniform, Shape.Linear) or (Shape.Linear, Shape.Uniform);
    }

    private void EmitNarrowLoad(Instruction x)
    {
        ScalarType type = x.Type.Scalar;
        string element = type switch
        {
            ScalarType.Bool => nameof(ScalarType.UInt8),
            ScalarType.Float16 or ScalarType.BFloat16 => nameof(ScalarType.UInt16),
            _ => type.ToString(),
        };
        LocalBuilder address = TakeAddress(x);
        Location location = Define(x);
        for (int part = 0; part < location.Locals.Length; part++)
        {
            _il.Load(address);
            _il.AddBytes(part * _isa.Lanes * type.Size());
            _il.Call(typeof(NarrowMemory).GetMethod($"Load{element}x{_isa.Bits}")!);
            if (type == ScalarType.Bool)
                _il.Call(_isa.Method("Negate", typeof(int), 1));
            _il.Store(location.Locals[part]);
        }

        _il.Give(address);
    }

    private void EmitNarrowStore(Instruction x)
    {
        Value value = x.Operands[2];
        LocalBuilder address = TakeAddress(x);
        for (int part = 0; part < _unroll; part++)
        {
            _il.Load(address);
            _il.AddBytes(part * _isa.Lanes * value.Type.Scalar.Size());
            PushVector(value, part);
            if (value.Type.IsBool)
                _il.Call(_isa.Method("Negate", typeof(int), 1));
            _il.Call(typeof(NarrowMemory).GetMethod($"Store{8 * value.Type.Scalar.Size()}", [typeof(nint), VectorOf(value.Type)])!);
        }

        _il.Give(address);
    }

    // Lane by lane.

    /// <summary>Spills the varying operands (and the mask) to scratch memory and loops over the lanes in order.</summary>
    private void EmitByLane(Instruction x)
    {
        bool isMemory = x.Opcode is Opcode.Load or Opcode.Store || x.Opcode.IsAtomic();
        int[] slots = [.. x.Operands.Select((operand, i) => SpillOperand(operand, i))];
        bool masked = isMemory && _mask is not null;
        if (masked)
            SpillMask();

        LocalBuilder lane = _il.Take(typeof(int));
        Label head = _il.Label();
        Label next = _il.Label();
        _il.Int(0);
        _il.Store(lane);
        _il.Mark(head);
        if (masked)
        {
            PushLaneAddress(MaskSlot, 4, lane);
            _il.Op(OpCodes.Ldind_I4);
            _il.Branch(OpCodes.Brfalse, next);
        }

        EmitLane(x, i => PushLane(x.Operands[i], slots[i], lane), lane);
        _il.Mark(next);
        _il.Load(lane);
        _il.Int(1);
        _il.Op(OpCodes.Add);
        _il.Store(lane);
        _il.Load(lane);
        _il.Int(Lanes);
        _il.Branch(OpCodes.Blt, head);
        _il.Give(lane);
        if (x.Type != ScalarType.Void && _usage.IsUsed(x))
            ReloadResult(x);
    }

    private void EmitLane(Instruction x, Action<int> push, LocalBuilder lane)
    {
        bool keeps = x.Type != ScalarType.Void && _usage.IsUsed(x);
        if (keeps)
            PushLaneAddress(ResultSlot, IsWide(x.Type) ? 8 : 4, lane);
        switch (x.Opcode)
        {
            case Opcode.Load:
                PushLaneElement(x, push, lane);
                EmitScalarLoad(x.Type.Scalar);
                break;
            case Opcode.Store:
                PushLaneElement(x, push, lane);
                push(2);
                EmitScalarStore(x.Operands[0].Type.Scalar);
                break;
            case >= Opcode.AtomicAdd and <= Opcode.AtomicCompareExchange:
                PushLaneElement(x, push, lane);
                for (int i = 2; i < x.Operands.Length; i++)
                    push(i);
                _il.Call(AtomicLanes.One(x.Opcode, x.Operands[0].Type.Space!.Value, VectorIsa.ElementOf(x.Type)));
                break;
            default:
                EmitScalarOperation(x, push);
                break;
        }

        if (keeps)
        {
            if (x.Type.IsBool)
                _il.Op(OpCodes.Neg);
            EmitScalarStore(StorageOf(x.Type));
        }
        else if (x.Type != ScalarType.Void)
        {
            _il.Op(OpCodes.Pop);
        }
    }

    private void PushLaneElement(Instruction x, Action<int> push, LocalBuilder lane)
    {
        push(0);
        PushScaledIndex(x.Operands[0].Type, x.Operands[1].Type, () => push(1));
        _il.Op(OpCodes.Add);
        if (IsLocal(x.Operands[0]))
        {
            _il.Load(lane);
            _il.Op(OpCodes.Conv_I8);
            _il.Long(x.Operands[0].Type.Scalar.Size());
            _il.Op(OpCodes.Mul);
            _il.Op(OpCodes.Add);
        }

        _il.Op(OpCodes.Conv_I);
    }

    /// <summary>The type under which a lane of a value lies in scratch memory.</summary>
    private static ScalarType StorageOf(IrType type) => type.IsPointer ? ScalarType.Int64
        : type.IsFloat ? type.Scalar : IsWide(type) ? ScalarType.Int64 : ScalarType.Int32;

    private int SpillOperand(Value operand, int index)
    {
        int slot = OperandSlot + index * SlotBytes;
        if (!IsVarying(operand))
            return slot;
        for (int part = 0; part < PartsOf(operand.Type); part++)
        {
            PushScratch(slot + part * _isa.Bytes);
            PushVector(operand, part);
            _il.StoreVector(VectorOf(operand.Type));
        }

        return slot;
    }

    private void SpillMask()
    {
        for (int part = 0; part < _unroll; part++)
        {
            PushScratch(MaskSlot + part * _isa.Bytes);
            _il.Load(_mask!.Parts[part]);
            _il.StoreVector(_isa.Vector(typeof(int)));
        }
    }

    private void ReloadResult(Instruction x)
    {
        Location location = Define(x);
        for (int part = 0; part < location.Locals.Length; part++)
        {
            PushScratch(ResultSlot + part * _isa.Bytes);
            _il.LoadVector(VectorOf(x.Type));
            _il.Store(location.Locals[part]);
        }
    }

    private void PushLane(Value operand, int slot, LocalBuilder lane)
    {
        switch (_shapes[operand])
        {
            case Shape.Uniform:
                PushScalar(operand);
                break;
            case Shape.Linear or Shape.Strided:
                PushScalar(operand);
                _il.Load(lane);
                if (IsWide(operand.Type))
                    _il.Op(OpCodes.Conv_I8);
                long step = StepOf(operand);
                if (step != 1)
                {
                    if (IsWide(operand.Type))
                        _il.Long(step);
                    else
                        _il.Int((int)step);
                    _il.Op(OpCodes.Mul);
                }

                _il.Op(OpCodes.Add);
                break;
            default:
                PushLaneAddress(slot, IsWide(operand.Type) ? 8 : 4, lane);
                EmitScalarLoad(StorageOf(operand.Type));
                if (operand.Type.IsBool)
                    _il.Op(OpCodes.Neg);
                break;
        }
    }

    private void PushLaneAddress(int slot, int size, LocalBuilder lane)
    {
        PushScratch(slot);
        _il.Load(lane);
        _il.Int(size);
        _il.Op(OpCodes.Mul);
        _il.Op(OpCodes.Conv_I);
        _il.Op(OpCodes.Add);
    }
}
