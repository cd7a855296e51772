using System.Reflection;
using System.Reflection.Metadata;
using Cotangent.Kernels.Ir;
using Constant = Cotangent.Kernels.Ir.Constant;

namespace Cotangent.Kernels.Il;

// Arrays of constant length, stackalloc and constant data: local memory. An array is a struct of pointer and length, as a view is.
internal sealed partial class Translator
{
    // Beyond this many scalars, memory is cleared by a loop.
    private const int MostStores = 32;

    private static readonly MethodInfo s_clear =
        typeof(PortableMemory).GetMethod(nameof(PortableMemory.Clear), BindingFlags.Static | BindingFlags.NonPublic)!;

    private readonly Dictionary<(FieldInfo Field, Type Type), ElementAddress> _data = [];
    private readonly Dictionary<Value, (int Path, int Offset)> _untyped = [];
    private readonly HashSet<Value> _constantData = [];

    private bool StepArray(IlInstruction il)
    {
        switch (il.Code)
        {
            case ILOpCode.Newarr:
                NewArray(Code.ResolveType((int)il.Operand));
                break;
            case ILOpCode.Ldlen:
                Push(ArrayOf(Pop()).Length);
                break;
            case ILOpCode.Ldelema:
                Push(ElementOf(Code.ResolveType((int)il.Operand)));
                break;
            case >= ILOpCode.Ldelem_i1 and <= ILOpCode.Ldelem_r8 or ILOpCode.Ldelem:
                Push(Load(ElementOf(type: null)));
                break;
            case >= ILOpCode.Stelem_i and <= ILOpCode.Stelem_r8 or ILOpCode.Stelem:
                AbstractValue value = Pop();
                Store(ElementOf(type: null), value);
                break;
            case ILOpCode.Localloc:
                Push(StackAllocate(il));
                break;
            case ILOpCode.Cpblk:
                Value length = PopScalar();
                AbstractValue source = Pop();
                CopyBytes(Pop(), source, length);
                break;
            case ILOpCode.Initblk:
                length = PopScalar();
                FillBytes(PopScalar(), length);
                break;
            default:
                return false;
        }

        return true;
    }

    private void NewArray(Type element)
    {
        if (!element.IsValueType)
            throw new RefusalException(Diagnostics.HeapObject, $"An array of '{element.ToText()}' is allocated on the managed heap.");
        Value length = PopScalar();
        if (length is Constant { Bits: 0 })
        {
            throw new RefusalException(Diagnostics.AllocationSize, "An array of length 0 is made.");
        }

        StructValue array = (StructValue)Allocate(element.MakeArrayType(), element, AddressSpace.Local, length);
        Value pointer = Scalar(array.Fields[0]);
        if (!Code.InitialisesArray(Frame.Current))
            Clear(ElementAddress.Of(pointer, Constant.Of(0), element), ((Constant)length).AsInteger);
        Push(array with { Fields = [array.Fields[0], new ScalarValue(Constant.Of((int)((Constant)length).AsInteger))] });
    }

    private static (Value Pointer, Value Length) ArrayOf(AbstractValue value) => value switch
    {
        StructValue { Type.IsArray: true, Fields: [var pointer, var length] } => (Scalar(pointer), Scalar(length)),
        Unset or Conflict or Refused => (Scalar(value), Scalar(value)),
        _ => throw new RefusalException(Diagnostics.HeapObject, "A managed array is used.",
            "Take an ArrayView<T> parameter, or make the array in the kernel with a constant length."),
    };

    /// <summary>The address of an array's element; index and array are popped.</summary>
    private ElementAddress ElementOf(Type? type)
    {
        Value index = Narrow(PopScalar());
        AbstractValue array = Pop();
        (Value pointer, Value length) = ArrayOf(array);
        return ElementAddress.Of(pointer, CheckOf("an array", index, length), type ?? ((StructValue)array).Type.GetElementType()!);
    }

    /// <summary>The first element's address.</summary>
    public AbstractValue FirstElement(AbstractValue array) =>
        ElementAddress.Of(ArrayOf(array).Pointer, Constant.Of(0), ((StructValue)array).Type.GetElementType()!);

    private ElementAddress StackAllocate(IlInstruction il)
    {
        if (PopScalar() is not Constant { AsInteger: > 0 and < int.MaxValue } size)
        {
            throw new RefusalException(Diagnostics.AllocationSize, "The size of a stackalloc is not a compile-time constant above 0.");
        }

        (int Path, int Offset) site = (Frame.Path, il.Offset);
        ScalarType? unit = _findings.UnitAt(site);
        Value pointer = AllocateUnits(unit ?? ScalarType.UInt64, size.AsInteger, AddressSpace.Local);
        if (unit is null)
            _untyped[pointer] = site;
        ElementAddress address = new(pointer, Constant.Of(0), 1, 0, typeof(byte));
        if (unit is { } leaf && Code.InitialisesLocals)
        {
            Type type = PrimitiveOf(leaf);
            Clear(address with { Type = type, Stride = leaf.Size() }, size.AsInteger / leaf.Size());
        }

        return address;
    }

    /// <summary>Memory that was allocated as bytes gets the type of its first access.</summary>
    private void RequireUnit(Value pointer, ScalarType leaf)
    {
        if (_untyped.TryGetValue(pointer, out (int Path, int Offset) site))
            throw _findings.SetUnit(site, leaf);
    }

    /// <summary>Local or shared memory of at least this many bytes.</summary>
    private Instruction AllocateUnits(ScalarType unit, long bytes, AddressSpace space)
    {
        int count = checked((int)((bytes + unit.Size() - 1) / unit.Size()));
        Instruction pointer = new(Opcode.Allocate, IrType.Pointer(unit, space)) { Count = count };
        _graph.Allocations.Add(pointer);
        return pointer;
    }

    private void Clear(ElementAddress address, long count)
    {
        if (count * MemoryLayout.Leaves(address.Type).Count() > MostStores)
        {
            Push(address);
            Push(Constant.Of((int)count));
            InlineBody(s_clear.MakeGenericMethod(address.Type));
            return;
        }

        int size = MemoryLayout.SizeOf(address.Type);
        for (long i = 0; i < count; i++)
            StoreElement(address with { Offset = address.Offset + i * size }, address.Type, Zero(address.Type));
    }

    /// <summary>Local memory with constant data, filled once where the kernel begins.</summary>
    private ElementAddress MaterialiseData(DataAddress data, Type type)
    {
        if (_data.TryGetValue((data.Field, type), out ElementAddress? known))
            return known;
        byte[] bytes = Literals.DataOf(data.Field);
        Instruction pointer = AllocateUnits(MemoryLayout.UnitOf(type), bytes.Length, AddressSpace.Local);
        _constantData.Add(pointer);
        ElementAddress address = ElementAddress.Of(pointer, Constant.Of(0), type);
        FlowBlock current = _emit.Block;
        _emit.Block = _graph.Entry;
        StoreData(address, bytes);
        _emit.Block = current;
        return _data[(data.Field, type)] = address;
    }

    /// <summary>Stores constants, in the type that is at the address.</summary>
    private void StoreData(ElementAddress address, ReadOnlySpan<byte> bytes)
    {
        int size = MemoryLayout.SizeOf(address.Type);
        for (int at = 0; at + size <= bytes.Length; at += size)
            StoreElement(address with { Offset = address.Offset + at }, address.Type, Literals.FromBytes(address.Type, bytes[at..]));
    }

    /// <summary>RuntimeHelpers.InitializeArray.</summary>
    public void InitialiseArray(AbstractValue array, FieldInfo field) =>
        StoreData((ElementAddress)FirstElement(array), Literals.DataOf(field));

    private void CopyBytes(AbstractValue destination, AbstractValue source, Value length)
    {
        if (length is not Constant { AsInteger: >= 0 } count)
            throw new RefusalException(Diagnostics.AllocationSize, "A block of memory whose size is not a compile-time constant is copied.");
        if (destination is not ElementAddress target)
            throw destination is LocalAddress local ? PutInMemory(local) : Untracked();
        Type type = PrimitiveOf(target.Pointer.Type.Scalar);
        if (count.AsInteger % MemoryLayout.SizeOf(type) != 0)
            type = typeof(byte);
        // Memory whose type is not known yet: this attempt is made again.
        if (_untyped.ContainsKey(target.Pointer))
            return;
        target = target with { Type = type };
        if (source is DataAddress data)
        {
            StoreData(target, Literals.DataOf(data.Field).AsSpan(0, (int)count.AsInteger));
            return;
        }

        if (source is not ElementAddress origin)
            throw source is LocalAddress variable ? PutInMemory(variable) : Untracked();
        int size = MemoryLayout.SizeOf(type);
        for (long at = 0; at < count.AsInteger; at += size)
            StoreElement(target with { Offset = target.Offset + at }, type, LoadElement(origin with { Offset = origin.Offset + at }, type));
    }

    private void FillBytes(Value value, Value length)
    {
        AbstractValue destination = Pop();
        if (length is not Constant { AsInteger: >= 0 } count || value is not Constant { Bits: 0 })
        {
            throw new RefusalException(Diagnostics.AllocationSize,
                "A block of memory is filled with a size or value that is not a compile-time constant.");
        }

        if (destination is not ElementAddress target)
            throw destination is LocalAddress local ? PutInMemory(local) : Untracked();
        if (_untyped.ContainsKey(target.Pointer))
            return;
        Type type = PrimitiveOf(target.Pointer.Type.Scalar);
        if (count.AsInteger % MemoryLayout.SizeOf(type) != 0)
            type = typeof(byte);
        Clear(target with { Type = type }, count.AsInteger / MemoryLayout.SizeOf(type));
    }

    private static Type PrimitiveOf(ScalarType type) => type switch
    {
        ScalarType.Bool => typeof(bool),
        ScalarType.Int8 => typeof(sbyte),
        ScalarType.UInt8 => typeof(byte),
        ScalarType.Int16 => typeof(short),
        ScalarType.UInt16 => typeof(ushort),
        ScalarType.Int32 => typeof(int),
        ScalarType.UInt32 => typeof(uint),
        ScalarType.Int64 => typeof(long),
        ScalarType.UInt64 => typeof(ulong),
        ScalarType.Float16 => typeof(Half),
        ScalarType.BFloat16 => typeof(BFloat16),
        ScalarType.Float32 => typeof(float),
        _ => typeof(double),
    };
}

/// <summary>Loops that the compiler inlines.</summary>
internal static class PortableMemory
{
    /// <summary>Zeroes elements.</summary>
    internal static void Clear<T>(ref T start, int count)
        where T : unmanaged
    {
        for (int i = 0; i < count; i++)
            System.Runtime.CompilerServices.Unsafe.Add(ref start, i) = default;
    }
}
