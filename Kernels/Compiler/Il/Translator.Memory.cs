using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;
using Constant = Cotangent.Kernels.Ir.Constant;

namespace Cotangent.Kernels.Il;

// Fields, references and view elements.
internal sealed partial class Translator
{
    private bool StepMemory(IlInstruction il)
    {
        switch (il.Code)
        {
            case ILOpCode.Ldfld:
                LoadField(Code.ResolveField((int)il.Operand));
                break;
            case ILOpCode.Ldflda:
                Push(FieldAddress(Pop(), Code.ResolveField((int)il.Operand)));
                break;
            case ILOpCode.Stfld:
                StoreField(Code.ResolveField((int)il.Operand));
                break;
            case ILOpCode.Ldsfld:
                LoadStatic(Code.ResolveField((int)il.Operand));
                break;
            case ILOpCode.Ldsflda:
                // The address of a readonly field is only read through: its value stands for it.
                LoadStatic(Code.ResolveField((int)il.Operand));
                break;
            case ILOpCode.Stsfld:
                FieldInfo target = Code.ResolveField((int)il.Operand);
                throw new RefusalException(Diagnostics.StaticField,
                    $"The static field '{target.DeclaringType?.ToText()}.{target.Name}' is written.");
            case ILOpCode.Initobj:
                Type type = Code.ResolveType((int)il.Operand);
                Store(Pop(), Zero(type));
                break;
            case ILOpCode.Ldobj or (>= ILOpCode.Ldind_i1 and <= ILOpCode.Ldind_ref):
                Push(Load(Pop()));
                break;
            case ILOpCode.Stobj or (>= ILOpCode.Stind_ref and <= ILOpCode.Stind_r8) or ILOpCode.Stind_i:
                AbstractValue value = Pop();
                Store(Pop(), value);
                break;
            case ILOpCode.Cpobj:
                AbstractValue source = Pop();
                Store(Pop(), Load(source));
                break;
            default:
                return false;
        }

        return true;
    }

    private void LoadField(FieldInfo field)
    {
        AbstractValue owner = Pop();
        AbstractValue target = FieldAddress(owner, field);
        Push(owner is StructValue ? target : Load(target));
    }

    private void StoreField(FieldInfo field)
    {
        AbstractValue value = Pop();
        Store(FieldAddress(Pop(), field), value);
    }

    private AbstractValue FieldAddress(AbstractValue owner, FieldInfo field)
    {
        switch (owner)
        {
            case LocalAddress local:
                return local with { Path = local.Path.Add(LayoutOf(field).IndexOf(field)), Type = field.FieldType };
            case ElementAddress element:
                return element with { Offset = element.Offset + MemoryLayout.OffsetOf(field), Type = field.FieldType };
            case StructValue tree:
                return tree.Fields[LayoutOf(field).IndexOf(field)];
            case Conflict:
                throw Untracked();
            default:
                throw new RefusalException(Diagnostics.HeapObject,
                    $"The field '{field.DeclaringType?.ToText()}.{field.Name}' belongs to an object on the managed heap.",
                    "Pass the value as a kernel parameter instead of capturing it.");
        }
    }

    private static StructLayout LayoutOf(FieldInfo field) => TypeLayout.Of(field.DeclaringType!) as StructLayout
        ?? throw new RefusalException(Diagnostics.UnsupportedType,
            $"The fields of '{field.DeclaringType!.ToText()}' cannot be used in a kernel.");

    private void LoadStatic(FieldInfo field)
    {
        if (!field.IsInitOnly && !field.IsLiteral)
        {
            throw new RefusalException(Diagnostics.StaticField,
                $"The static field '{field.DeclaringType?.ToText()}.{field.Name}' can change after the kernel is compiled.");
        }

        if (field.FieldType.IsClass || field.FieldType.IsInterface)
        {
            throw new RefusalException(Diagnostics.StaticField,
                $"The static field '{field.DeclaringType?.ToText()}.{field.Name}' holds an object.",
                "Pass the data as an ArrayView<T> parameter.");
        }

        RuntimeHelpers.RunClassConstructor(field.DeclaringType!.TypeHandle);
        Push(Freeze(field.GetValue(null)!, field.FieldType));
    }

    /// <summary>The value of a static readonly field as constants.</summary>
    private static AbstractValue Freeze(object value, Type type)
    {
        switch (TypeLayout.Of(type))
        {
            case ScalarLayout scalar:
                return new ScalarValue(Freeze(type.IsEnum
                    ? System.Convert.ChangeType(value, type.GetEnumUnderlyingType(), null)
                    : value, scalar.Stack));
            case StructLayout layout:
                return new StructValue(type,
                    [.. layout.Fields.Select(f => Freeze(f.Field.GetValue(value)!, f.Field.FieldType))]);
            default:
                throw new RefusalException(Diagnostics.StaticField, $"A static field of type '{type.ToText()}' is read.");
        }
    }

    private static Constant Freeze(object value, ScalarType type) => value switch
    {
        float x => Constant.Of(x),
        double x => Constant.Of(x),
        bool x => Constant.Of(x),
        ulong x => Constant.Of(x),
        char x => Constant.Of((int)x),
        _ => IntegerFolding.Make(type, System.Convert.ToInt64(value, null)),
    };

    /// <summary>What is at an address.</summary>
    private AbstractValue Load(AbstractValue address)
    {
        switch (address)
        {
            case LocalAddress local:
                AbstractValue value = Materialise(local.Variable, local.Path.Length > 0);
                foreach (int field in local.Path)
                    value = ((StructValue)value).Fields[field];
                return value;
            case ElementAddress element:
                return LoadElement(element, element.Type);
            case StructValue or ScalarValue { Value.Type.IsPointer: false }:
                return address;
            case Unset:
                throw new RefusalException(Diagnostics.Uninitialised, "A reference is used before it is assigned.");
            case Conflict:
                throw Untracked();
            default:
                throw new RefusalException(Diagnostics.UntrackedReference, "A pointer that is not known at compile time is used.");
        }
    }

    private void Store(AbstractValue address, AbstractValue value)
    {
        switch (address)
        {
            case LocalAddress local:
                value = local.Type.IsByRef ? value : Coerce(value, local.Type);
                _state.Variables[local.Variable] = local.Path.Length == 0
                    ? value
                    : Replace(Materialise(local.Variable, asStruct: true), local.Path.AsSpan(), value);
                break;
            case ElementAddress element:
                StoreElement(element, element.Type, value);
                break;
            case Unset:
                throw new RefusalException(Diagnostics.Uninitialised, "A reference is used before it is assigned.");
            default:
                throw Untracked();
        }
    }

    private static AbstractValue Replace(AbstractValue tree, ReadOnlySpan<int> path, AbstractValue value)
    {
        if (path.IsEmpty)
            return value;
        StructValue owner = (StructValue)tree;
        return owner.With(path[0], Replace(owner.Fields[path[0]], path[1..], value));
    }

    /// <summary>A variable's value; a struct whose fields are assigned one by one begins as zeros.</summary>
    private AbstractValue Materialise(int variable, bool asStruct)
    {
        AbstractValue value = _state.Variables[variable];
        if (value is not Unset || !asStruct)
            return value;
        Type type = VariableType(variable);
        return _state.Variables[variable] = Zero(type);
    }

    private Type VariableType(int variable)
    {
        if (_temporaries.TryGetValue(variable, out Type? temporary))
            return temporary;
        Frame frame = _frames.Last(f => f.FirstVariable <= variable);
        int number = variable - frame.FirstVariable;
        int arguments = frame.Code.ArgumentTypes.Length;
        return number < arguments ? frame.Code.ArgumentTypes[number] : frame.Code.LocalTypes[number - arguments];
    }

    private AbstractValue LoadElement(ElementAddress address, Type type)
    {
        switch (TypeLayout.Of(type))
        {
            case ScalarLayout scalar:
                (Value pointer, Value index) = Locate(address, scalar.Memory);
                Value value = _emit.Emit(Opcode.Load, scalar.Memory, pointer, index);
                return new ScalarValue(scalar.Memory == scalar.Stack ? value : _emit.Emit(Opcode.Convert, scalar.Stack, value));
            case StructLayout layout:
                return new StructValue(type,
                    [.. layout.Fields.Select(f => LoadElement(FieldOf(address, f), f.Field.FieldType))]);
            default:
                throw new RefusalException(Diagnostics.UnsupportedType, $"'{type.ToText()}' cannot be loaded from memory.");
        }
    }

    private void StoreElement(ElementAddress address, Type type, AbstractValue value)
    {
        if (TypeLayout.Of(type) is ScalarLayout scalar)
        {
            Value stored = _emit.Coerce(Scalar(value), scalar.Stack);
            if (scalar.Memory != scalar.Stack)
                stored = _emit.Emit(Opcode.Convert, scalar.Memory, stored);
            (Value pointer, Value index) = Locate(address, scalar.Memory);
            _emit.Emit(Opcode.Store, ScalarType.Void, pointer, index, stored);
            return;
        }

        StructLayout layout = (StructLayout)TypeLayout.Of(type);
        StructValue tree = value as StructValue
            ?? throw new RefusalException(Diagnostics.Uninitialised, "A struct is stored before it is assigned.");
        for (int i = 0; i < layout.Fields.Length; i++)
            StoreElement(FieldOf(address, layout.Fields[i]), layout.Fields[i].Field.FieldType, tree.Fields[i]);
    }

    /// <summary>The address of a field of an element.</summary>
    public static ElementAddress FieldOf(ElementAddress address, FieldLayout field) =>
        address with { Offset = address.Offset + MemoryLayout.OffsetOf(field.Field), Type = field.Field.FieldType };

    /// <summary>The IR pointer and index of a scalar in an element.</summary>
    private (Value Pointer, Value Index) Locate(ElementAddress address, ScalarType leaf)
    {
        Value pointer = address.Pointer;
        if (pointer.Type.Scalar != leaf)
            pointer = _emit.Emit(Opcode.PointerCast, IrType.Pointer(leaf, pointer.Type.Space!.Value), pointer);
        int size = MemoryLayout.SizeOf(address.Element);
        int unit = leaf.Size();
        if (size == unit && address.Offset == 0)
            return (pointer, address.Index);
        if (size % unit != 0 || address.Offset % unit != 0)
        {
            throw new RefusalException(Diagnostics.UnsupportedType,
                $"The struct '{address.Element.ToText()}' is packed so that its fields are not aligned.",
                "Remove Pack from its StructLayout.");
        }

        // In 64 bits: an element number that fits an int may belong to a scalar whose number does not.
        Value index = _emit.Coerce(address.Index, ScalarType.Int64);
        index = _emit.Binary(Opcode.Mul, index, Constant.Of((long)(size / unit)));
        if (address.Offset > 0)
            index = _emit.Binary(Opcode.Add, index, Constant.Of((long)(address.Offset / unit)));
        return (pointer, index);
    }
}
