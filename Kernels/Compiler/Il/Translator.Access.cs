using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

// Scalars in memory. Global and shared memory is bytes: any aligned scalar is accessed through a cast of the pointer. Local memory is
// interleaved by work items on the CPU, element by element, so it is only ever accessed in its own elements ("units"): a scalar of
// another size is composed of them, or is a part of one. The same is done for what is not aligned.
internal sealed partial class Translator
{
    private AbstractValue LoadElement(ElementAddress address, Type type)
    {
        switch (TypeLayout.Of(type))
        {
            case ScalarLayout scalar:
                return new ScalarValue(LoadScalar(address, scalar));
            case StructLayout layout:
                return new StructValue(type, [.. layout.Fields.Select(f => LoadElement(FieldOf(address, f), f.Layout.Type))]);
            default:
                throw new RefusalException(Diagnostics.UnsupportedType, $"'{type.ToText()}' cannot be loaded from memory.");
        }
    }

    private void StoreElement(ElementAddress address, Type type, AbstractValue value)
    {
        switch (TypeLayout.Of(type))
        {
            case ScalarLayout scalar:
                StoreScalar(address, scalar, _emit.Coerce(Scalar(value), scalar.Stack));
                break;
            case StructLayout layout:
                StructValue tree = value as StructValue
                    ?? throw new RefusalException(Diagnostics.Uninitialised, "A struct is stored before it is assigned.");
                for (int i = 0; i < layout.Fields.Length; i++)
                    StoreElement(FieldOf(address, layout.Fields[i]), layout.Fields[i].Layout.Type, tree.Fields[i]);
                break;
            default:
                throw new RefusalException(Diagnostics.UnsupportedType, $"'{type.ToText()}' cannot be stored in memory.");
        }
    }

    /// <summary>The address of a field of an element.</summary>
    public static ElementAddress FieldOf(ElementAddress address, FieldLayout field) =>
        address with { Offset = address.Offset + field.Offset, Type = field.Layout.Type };

    private Value LoadScalar(ElementAddress address, ScalarLayout scalar)
    {
        address = InUnits(address, scalar.Memory);
        if (IsDirect(address, scalar.Memory))
        {
            (Value pointer, Value index) = Locate(address, scalar.Memory);
            Value value = _emit.Emit(Opcode.Load, scalar.Memory, pointer, index);
            return scalar.Memory == scalar.Stack ? value : _emit.Emit(Opcode.Convert, scalar.Stack, value);
        }

        int unit = UnitSize(address, scalar.Memory);
        int size = scalar.Memory.Size();
        if (unit > size)
            return FromBits(PartOf(address, unit, size), scalar);
        Value? bits = null;
        ScalarType word = size == 8 ? ScalarType.UInt64 : ScalarType.UInt32;
        for (int at = 0; at < size; at += unit)
        {
            Value part = _emit.Coerce(LoadUnit(address with { Offset = address.Offset + at }, unit), word);
            if (at > 0)
                part = _emit.Emit(Opcode.ShiftLeft, word, part, Constant.Of(8 * at));
            bits = bits is null ? part : _emit.Emit(Opcode.Or, word, bits, part);
        }

        return FromBits(bits!, scalar);
    }

    private void StoreScalar(ElementAddress address, ScalarLayout scalar, Value value)
    {
        address = InUnits(address, scalar.Memory);
        if (IsDirect(address, scalar.Memory))
        {
            if (scalar.Memory != scalar.Stack)
                value = _emit.Emit(Opcode.Convert, scalar.Memory, value);
            (Value pointer, Value index) = Locate(address, scalar.Memory);
            _emit.Emit(Opcode.Store, ScalarType.Void, pointer, index, value);
            return;
        }

        int unit = UnitSize(address, scalar.Memory);
        int size = scalar.Memory.Size();
        Value bits = ToBits(value, scalar);
        if (unit > size)
        {
            StorePart(address, unit, size, bits);
            return;
        }

        for (int at = 0; at < size; at += unit)
        {
            Value part = at == 0 ? bits : _emit.Emit(Opcode.ShiftRight, bits.Type, bits, Constant.Of(8 * at));
            StoreUnit(address with { Offset = address.Offset + at }, unit, part);
        }
    }

    /// <summary>The address behind a pointer whose type is the memory's own, where that matters.</summary>
    private ElementAddress InUnits(ElementAddress address, ScalarType leaf)
    {
        RequireUnit(address.Pointer, leaf);
        if (address.Pointer.Type.Space != AddressSpace.Local)
            return address;
        while (address.Pointer is Instruction { Opcode: Opcode.PointerCast } cast)
            address = address with { Pointer = cast.Operands[0] };
        for (Value at = address.Pointer; at is Instruction { Opcode: Opcode.PointerAdd or Opcode.PointerCast } step; at = step.Operands[0])
        {
            if (step.Operands[0].Type.Scalar.Size() != step.Type.Scalar.Size())
            {
                throw new RefusalException(Diagnostics.UntrackedReference, "A part of a cast view of local memory is used.",
                    "Take the SubView first, then cast it.");
            }
        }

        return address;
    }

    /// <summary>True if one load or store of the scalar's own type does it.</summary>
    private static bool IsDirect(ElementAddress address, ScalarType leaf) =>
        IsAligned(address, leaf.Size()) && (address.Pointer.Type.Space != AddressSpace.Local || address.Pointer.Type.Scalar == leaf)
        && (leaf.Size() == 1 || !IsMovedByBytes(address.Pointer));

    /// <summary>True for a pointer to a part of a view of packed structs, which may lie anywhere: see SubView.</summary>
    private static bool IsMovedByBytes(Value pointer)
    {
        for (Value at = pointer; at is Instruction { Opcode: Opcode.PointerAdd or Opcode.PointerCast } step; at = step.Operands[0])
        {
            if (step is { Opcode: Opcode.PointerCast, Operands: [Instruction { Opcode: Opcode.PointerAdd, Type.Scalar: ScalarType.UInt8 } moved] }
                && moved.Operands[0] is Instruction { Opcode: Opcode.PointerCast, Operands: [var before] } && before.Type == step.Type)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsAligned(ElementAddress address, int size) =>
        address.Offset % size == 0 && (address.Stride % size == 0 || address.Index is Constant);

    /// <summary>The size of the accesses of which one to a scalar of another size or alignment is made.</summary>
    private static int UnitSize(ElementAddress address, ScalarType leaf)
    {
        if (address.Pointer.Type.Space == AddressSpace.Local)
            return address.Pointer.Type.Scalar.Size();
        int unit = IsMovedByBytes(address.Pointer) ? 1 : leaf.Size();
        while (!IsAligned(address, unit))
            unit /= 2;
        return unit;
    }

    /// <summary>One unit as an unsigned integer of at least 32 bits.</summary>
    private Value LoadUnit(ElementAddress address, int unit)
    {
        ScalarType type = address.Pointer.Type.Space == AddressSpace.Local
            ? address.Pointer.Type.Scalar
            : MemoryLayout.UnsignedOf(unit);
        (Value pointer, Value index) = Locate(address, type);
        ScalarLayout layout = LayoutOf(type);
        Value value = _emit.Emit(Opcode.Load, type, pointer, index);
        return ToBits(layout.Stack == type ? value : _emit.Emit(Opcode.Convert, layout.Stack, value), layout);
    }

    private void StoreUnit(ElementAddress address, int unit, Value bits)
    {
        ScalarType type = address.Pointer.Type.Space == AddressSpace.Local
            ? address.Pointer.Type.Scalar
            : MemoryLayout.UnsignedOf(unit);
        ScalarLayout layout = LayoutOf(type);
        Value value = FromBits(bits, layout);
        if (layout.Stack != type)
            value = _emit.Emit(Opcode.Convert, type, value);
        (Value pointer, Value index) = Locate(address, type);
        _emit.Emit(Opcode.Store, ScalarType.Void, pointer, index, value);
    }

    /// <summary>A scalar within a unit.</summary>
    private Value PartOf(ElementAddress address, int unit, int size)
    {
        (ElementAddress whole, Value shift) = Enclosing(address, unit);
        Value bits = LoadUnit(whole, unit);
        return Low(_emit.Emit(Opcode.ShiftRight, bits.Type, bits, shift), size);
    }

    private void StorePart(ElementAddress address, int unit, int size, Value part)
    {
        (ElementAddress whole, Value shift) = Enclosing(address, unit);
        Value bits = LoadUnit(whole, unit);
        Value mask = new Constant(bits.Type, size == 4 ? uint.MaxValue : (1ul << (8 * size)) - 1);
        Value kept = _emit.Binary(Opcode.And, bits,
            _emit.Unary(Opcode.Not, _emit.Emit(Opcode.ShiftLeft, bits.Type, mask, shift)));
        Value moved = _emit.Emit(Opcode.ShiftLeft, bits.Type, _emit.Coerce(Low(part, size), bits.Type), shift);
        StoreUnit(whole, unit, _emit.Binary(Opcode.Or, kept, moved));
    }

    /// <summary>The unit in which an address lies, and the bits below it there.</summary>
    private (ElementAddress Whole, Value Shift) Enclosing(ElementAddress address, int unit)
    {
        if (address.Index is Constant || address.Stride % unit == 0)
        {
            long within = address.Offset % unit;
            return (address with { Offset = address.Offset - within }, Constant.Of((int)(8 * within)));
        }

        Value at = ByteOffset(address);
        Value low = _emit.Emit(Opcode.Convert, ScalarType.Int32, _emit.Binary(Opcode.And, at, Constant.Of((long)(unit - 1))));
        Value start = _emit.Binary(Opcode.And, at, Constant.Of(-(long)unit));
        Value number = _emit.Binary(Opcode.Div, start, Constant.Of((long)unit));
        return (address with { Index = number, Stride = unit, Offset = 0 }, _emit.Binary(Opcode.Mul, low, Constant.Of(8)));
    }

    private Value Low(Value bits, int size)
    {
        if (bits.Type.Scalar.Size() == 8 && size <= 4)
            bits = _emit.Emit(Opcode.Convert, ScalarType.UInt32, bits);
        return size >= 4 ? bits : _emit.Binary(Opcode.And, bits, new Constant(bits.Type, (1ul << (8 * size)) - 1));
    }

    /// <summary>A scalar's bits in memory as an unsigned integer of 32 or 64 bits.</summary>
    private Value ToBits(Value value, ScalarLayout layout)
    {
        int size = layout.Memory.Size();
        switch (layout.Memory)
        {
            case ScalarType.Float32:
                return _emit.Emit(Opcode.BitCast, ScalarType.UInt32, value);
            case ScalarType.Float64:
                return _emit.Emit(Opcode.BitCast, ScalarType.UInt64, value);
            case ScalarType.Float16 or ScalarType.BFloat16:
                Value narrow = _emit.Emit(Opcode.Convert, layout.Memory, value);
                narrow = _emit.Emit(Opcode.BitCast, ScalarType.UInt16, narrow);
                return _emit.Emit(Opcode.Convert, ScalarType.UInt32, narrow);
            default:
                return size == 8
                    ? _emit.Coerce(value, ScalarType.UInt64)
                    : Low(_emit.Coerce(value, ScalarType.UInt32), size);
        }
    }

    /// <summary>The scalar with these bits in memory. Bits above its size are ignored.</summary>
    private Value FromBits(Value bits, ScalarLayout layout)
    {
        int size = layout.Memory.Size();
        switch (layout.Memory)
        {
            case ScalarType.Float32 or ScalarType.Float64:
                return _emit.Emit(Opcode.BitCast, layout.Memory, size == 8 ? bits : Low(bits, 4));
            case ScalarType.Float16 or ScalarType.BFloat16:
                Value narrow = _emit.Emit(Opcode.Convert, ScalarType.UInt16, bits);
                narrow = _emit.Emit(Opcode.BitCast, layout.Memory, narrow);
                return _emit.Emit(Opcode.Convert, ScalarType.Float32, narrow);
            case ScalarType.Bool:
                return _emit.Coerce(Low(bits, 1), ScalarType.Bool);
            case ScalarType.Int8 or ScalarType.Int16:
                return SignExtend(_emit.Coerce(Low(bits, 4), ScalarType.Int32), 32 - 8 * size);
            default:
                return size == 8 ? _emit.Coerce(bits, layout.Stack) : _emit.Coerce(Low(bits, size), layout.Stack);
        }
    }

    /// <summary>The same bits as a value of another type of the same size in memory.</summary>
    private Value Reinterpret(Value value, ScalarLayout from, ScalarLayout to) =>
        from.Memory == to.Memory ? value : FromBits(ToBits(value, from), to);

    private static ScalarLayout LayoutOf(ScalarType memory) => new(typeof(void), memory switch
    {
        ScalarType.Int8 or ScalarType.UInt8 or ScalarType.Int16 or ScalarType.UInt16 => ScalarType.Int32,
        ScalarType.Float16 or ScalarType.BFloat16 => ScalarType.Float32,
        _ => memory,
    }, memory);

    /// <summary>The IR pointer and index of an aligned scalar.</summary>
    private (Value Pointer, Value Index) Locate(ElementAddress address, ScalarType leaf)
    {
        Value pointer = address.Pointer;
        if (pointer.Type.Scalar != leaf)
            pointer = _emit.Emit(Opcode.PointerCast, IrType.Pointer(leaf, pointer.Type.Space!.Value), pointer);
        int unit = leaf.Size();
        if (!IsAligned(address, unit))
            throw new RefusalException(Diagnostics.UnsupportedType, "An atomic operation needs an aligned address.");
        long offset = address.Offset / unit;
        if (address.Index is Constant index)
        {
            offset += index.AsInteger * address.Stride / unit;
            return (pointer, offset is >= int.MinValue and <= int.MaxValue ? Constant.Of((int)offset) : Constant.Of(offset));
        }

        long step = address.Stride / unit;
        if (step == 1 && offset == 0)
            return (pointer, address.Index.Type == ScalarType.Int32 ? address.Index : ToInt64(address.Index));

        // In 64 bits: an element number that fits an int may belong to a scalar whose number does not.
        Value scaled = ToInt64(address.Index);
        if (step != 1)
            scaled = _emit.Binary(Opcode.Mul, scaled, Constant.Of(step));
        if (offset != 0)
            scaled = _emit.Binary(Opcode.Add, scaled, Constant.Of(offset));
        return (pointer, scaled);
    }

    private Value ToInt64(Value index) => index.Type.Scalar.Size() == 8
        ? _emit.Coerce(index, ScalarType.Int64)
        : _emit.Emit(Opcode.Convert, ScalarType.Int64, index);

    /// <summary>Bytes from the pointer to the address.</summary>
    private Value ByteOffset(ElementAddress address)
    {
        if (address.Index is Constant index)
            return Constant.Of(index.AsInteger * address.Stride + address.Offset);
        Value bytes = _emit.Binary(Opcode.Mul, ToInt64(address.Index), Constant.Of(address.Stride));
        return address.Offset == 0 ? bytes : _emit.Binary(Opcode.Add, bytes, Constant.Of(address.Offset));
    }
}
