using System.Reflection.Metadata;
using Cotangent.Kernels.Ir;
using Constant = Cotangent.Kernels.Ir.Constant;

namespace Cotangent.Kernels.Il;

// Pointers and references as values: seen as another type, moved, compared.
internal sealed partial class Translator
{
    private static bool IsAddress(AbstractValue value) => value is LocalAddress or ElementAddress;

    /// <summary>The same address with another type at it.</summary>
    public AbstractValue Retype(AbstractValue address, Type type) => address switch
    {
        _ when type == typeof(void) => address,
        LocalAddress local => local with { Type = type },
        ElementAddress element => element with { Type = type },
        DataAddress data => MaterialiseData(data, type),
        // A readonly static field, whose value stands for its address.
        ScalarValue { Value.Type.IsPointer: false } scalar => RetypeScalar(scalar, type),
        StructValue tree when tree.Type != type && !tree.Type.IsArray && Literals.CanFreeze(tree.Type) && Literals.CanFreeze(type)
            && MemoryLayout.SizeOf(type) <= MemoryLayout.SizeOf(tree.Type) => LoadElement(Spill(tree.Type, tree), type),
        _ => address,
    };

    private ScalarValue RetypeScalar(ScalarValue scalar, Type type)
    {
        ScalarLayout own = LayoutOf(scalar.Value.Type.Scalar);
        return ScalarLayoutOf(type) is { } seen && seen.Memory.Size() == own.Memory.Size()
            && ((IrType)seen.Stack).IsFloat != ((IrType)own.Stack).IsFloat
            ? new ScalarValue(Reinterpret(scalar.Value, own, seen))
            : scalar;
    }

    /// <summary>A value in local memory of its own.</summary>
    private ElementAddress Spill(Type type, AbstractValue value)
    {
        Value pointer = AllocateUnits(MemoryLayout.UnitOf(type), MemoryLayout.SizeOf(type), AddressSpace.Local);
        ElementAddress memory = ElementAddress.Of(pointer, Constant.Of(0), type);
        StoreElement(memory, type, value);
        return memory;
    }

    /// <summary>The address as an indirect load or store of a primitive sees it.</summary>
    private AbstractValue RetypeIndirect(AbstractValue address, ILOpCode code)
    {
        Type? type = code switch
        {
            ILOpCode.Ldind_i1 or ILOpCode.Stind_i1 => typeof(sbyte),
            ILOpCode.Ldind_u1 => typeof(byte),
            ILOpCode.Ldind_i2 or ILOpCode.Stind_i2 => typeof(short),
            ILOpCode.Ldind_u2 => typeof(ushort),
            ILOpCode.Ldind_i4 or ILOpCode.Stind_i4 => typeof(int),
            ILOpCode.Ldind_u4 => typeof(uint),
            ILOpCode.Ldind_i8 or ILOpCode.Stind_i8 => typeof(long),
            ILOpCode.Ldind_i or ILOpCode.Stind_i => typeof(nint),
            ILOpCode.Ldind_r4 or ILOpCode.Stind_r4 => typeof(float),
            ILOpCode.Ldind_r8 or ILOpCode.Stind_r8 => typeof(double),
            _ => null,
        };
        Type? own = address switch
        {
            LocalAddress local => local.Type,
            ElementAddress element => element.Type,
            _ => null,
        };
        if (type is null || own is null || own.IsByRef || own.IsPointer)
            return address;
        ScalarType seen = TypeLayout.ScalarOf(type)!.Value;
        bool keeps = ScalarLayoutOf(own) is { } scalar && scalar.Memory.Size() == MemoryLayout.SizeOf(type)
            && (scalar.Memory is ScalarType.Float32 or ScalarType.Float64) == seen is ScalarType.Float32 or ScalarType.Float64
            && (scalar.Memory.Size() >= 4 || scalar.Memory == ScalarType.Bool || IsStore(code));
        return keeps ? address : Retype(address, type);
    }

    private static bool IsStore(ILOpCode code) => code is (>= ILOpCode.Stind_ref and <= ILOpCode.Stind_r8) or ILOpCode.Stind_i;

    /// <summary>The value of <paramref name="type"/> at an address.</summary>
    public AbstractValue LoadAs(AbstractValue address, Type type) => Load(Retype(address, type));

    /// <summary>Stores a value.</summary>
    public AbstractValue? Assign(AbstractValue address, AbstractValue value, bool onlyIfUnset = false)
    {
        bool isSet = address is not LocalAddress { Path.Length: 0 } local || _state.Variables[local.Variable] is not Unset;
        if (!onlyIfUnset || !isSet)
            Store(address, value);
        return null;
    }

    /// <summary>Unsafe.BitCast: the same bytes as another type.</summary>
    public AbstractValue BitCast(Type from, Type to, AbstractValue value)
    {
        if (ScalarLayoutOf(from) is { } x && ScalarLayoutOf(to) is { } y && x.Memory.Size() == y.Memory.Size())
            return new ScalarValue(Reinterpret(Scalar(value), x, y));
        if (MemoryLayout.SizeOf(from) != MemoryLayout.SizeOf(to))
            throw new RefusalException(Diagnostics.UnsupportedType, $"'{from.ToText()}' and '{to.ToText()}' differ in size.");
        return LoadElement(Spill(from, value), to);
    }

    /// <summary>The address <paramref name="bytes"/> further.</summary>
    public AbstractValue AddBytes(AbstractValue address, Value bytes)
    {
        (Value number, long size) = Factor(bytes);
        return AddElements(address, number, size);
    }

    /// <summary>The address <paramref name="count"/> elements of <paramref name="size"/> bytes further.</summary>
    public AbstractValue AddElements(AbstractValue address, Value count, long size)
    {
        count = Narrow(count);
        switch (address)
        {
            case LocalAddress local when count is Constant constant:
                return local with { Delta = local.Delta + constant.AsInteger * size };
            case LocalAddress local:
                throw PutInMemory(local);
            case ElementAddress element when count is Constant constant:
                return element with { Offset = element.Offset + constant.AsInteger * size };
            case ElementAddress { Index: Constant } element:
                return element with { Index = count, Stride = size };
            case ElementAddress element:
                long stride = Gcd(element.Stride, size);
                Value moved = _emit.Binary(Opcode.Add, Scale(element.Index, element.Stride / stride), Scale(count, size / stride));
                return element with { Index = moved, Stride = stride };
            case DataAddress data:
                return AddElements(MaterialiseData(data, typeof(byte)), count, size);
            case Unset:
                throw new RefusalException(Diagnostics.Uninitialised, "A reference is used before it is assigned.");
            default:
                throw Untracked();
        }
    }

    private Value Scale(Value index, long factor)
    {
        Value wide = index is Constant constant ? Constant.Of(constant.AsInteger) : ToInt64(index);
        return factor == 1 ? wide : _emit.Binary(Opcode.Mul, wide, Constant.Of(factor));
    }

    private static long Gcd(long x, long y)
    {
        while (y != 0)
            (x, y) = (y, x % y);
        return Math.Abs(x);
    }

    /// <summary>A number of bytes as elements times their size: C# multiplies an index by it.</summary>
    private static (Value Number, long Size) Factor(Value bytes)
    {
        switch (bytes)
        {
            case Instruction { Opcode: Opcode.Mul, Operands: [var number, Constant size] } when size.AsInteger > 0:
                return (number, size.AsInteger);
            case Instruction { Opcode: Opcode.ShiftLeft, Operands: [var number, Constant { Bits: < 32 } shift] }:
                return (number, 1L << (int)shift.Bits);
            case Instruction { Opcode: Opcode.BitCast, Operands: [var same] } when same.Type.IsInteger:
                return Factor(same) is var (inner, step) && step != 1 ? (inner, step) : (bytes, 1);
            default:
                return (bytes, 1);
        }
    }

    /// <summary>An index without needless extension to 64 bits. <c>(nint)(uint)i</c> counts as i: it is how a checked index is written.</summary>
    private static Value Narrow(Value index)
    {
        Value at = index;
        while (at is Instruction { Opcode: Opcode.Convert or Opcode.BitCast } cast && cast.Type.IsInteger && cast.Operands[0].Type.IsInteger
            && cast.Operands[0].Type.Scalar.Size() is 4 or 8 && cast.Type.Scalar.Size() >= cast.Operands[0].Type.Scalar.Size())
        {
            at = cast.Operands[0];
            if (at.Type == ScalarType.Int32)
                return at;
        }

        return index;
    }

    /// <summary>x + y, x − y where one is an address; null if none is.</summary>
    private AbstractValue? MoveAddress(Opcode opcode, AbstractValue x, AbstractValue y)
    {
        x = AsAddress(x);
        y = AsAddress(y);
        if (IsAddress(x) && IsAddress(y))
            return opcode == Opcode.Sub ? new ScalarValue(Distance(x, y)) : throw Untracked();
        if (IsAddress(y) && opcode == Opcode.Add)
            (x, y) = (y, x);
        if (!IsAddress(x))
            return null;
        if (opcode is not (Opcode.Add or Opcode.Sub))
            throw new RefusalException(Diagnostics.UntrackedReference, "A reference is used as a number.");
        Value bytes = Scalar(y);
        if (opcode == Opcode.Add)
            return AddBytes(x, bytes);
        (Value number, long size) = Factor(bytes);
        return AddElements(x, _emit.Unary(Opcode.Neg, Narrow(number)), size);
    }

    private AbstractValue AsAddress(AbstractValue value) => value is DataAddress data ? MaterialiseData(data, typeof(byte)) : value;

    /// <summary>Bytes from <paramref name="y"/> to <paramref name="x"/>.</summary>
    public Value Distance(AbstractValue x, AbstractValue y)
    {
        switch (x, y)
        {
            case (ElementAddress a, ElementAddress b) when a.Pointer == b.Pointer:
                if (a.Stride == b.Stride && a.Index == b.Index)
                    return Constant.Of(a.Offset - b.Offset);
                return _emit.Binary(Opcode.Sub, ByteOffset(a), ByteOffset(b));
            case (LocalAddress a, LocalAddress b) when a.Variable == b.Variable && Literals.CanFreeze(VariableType(a.Variable)):
                Type root = VariableType(a.Variable);
                return Constant.Of(OffsetOf(root, a.Path) + a.Delta - OffsetOf(root, b.Path) - b.Delta);
            default:
                throw new RefusalException(Diagnostics.UntrackedReference, "Addresses in different memories are compared.");
        }
    }

    /// <summary>A comparison of addresses, or of one with null; null if neither is an address.</summary>
    private (Value Condition, bool Negated)? CompareAddresses(ILOpCode code, AbstractValue x, AbstractValue y)
    {
        if (IsReference(x) && IsReference(y))
            return Compare(Signed(code), Distance(AsAddress(x), AsAddress(y)), Constant.Of(0L));
        if (!IsReference(x) && !IsReference(y))
            return null;
        AbstractValue other = IsReference(x) ? y : x;
        bool isNull = other is Refused or ScalarValue { Value: Constant { Bits: 0 } };
        return (isNull, code) switch
        {
            (true, ILOpCode.Beq) => (Constant.Of(false), false),
            (true, ILOpCode.Bne_un or ILOpCode.Bgt_un) => (Constant.Of(true), false),
            _ => null,
        };
    }

    /// <summary>True for what is never null: addresses, arrays, boxed values.</summary>
    private static bool IsReference(AbstractValue value) =>
        IsAddress(value) || value is DataAddress or BoxedValue or EmptyClosure or ClosureValue or StructValue { Type.IsArray: true };

    // Addresses are unsigned, their distance is not.
    private static ILOpCode Signed(ILOpCode code) => code switch
    {
        ILOpCode.Blt_un => ILOpCode.Blt,
        ILOpCode.Ble_un => ILOpCode.Ble,
        ILOpCode.Bgt_un => ILOpCode.Bgt,
        ILOpCode.Bge_un => ILOpCode.Bge,
        _ => code,
    };
}
