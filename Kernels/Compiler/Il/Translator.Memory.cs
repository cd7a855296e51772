using System.Reflection;
using System.Reflection.Metadata;
using System.Runtime.CompilerServices;
using Cotangent.Kernels.Ir;

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
                Store(Retype(Pop(), type), Zero(type));
                break;
            case ILOpCode.Ldobj:
                Push(Load(Retype(Pop(), Code.ResolveType((int)il.Operand))));
                break;
            case ILOpCode.Stobj:
                AbstractValue value = Pop();
                Store(Retype(Pop(), Code.ResolveType((int)il.Operand)), value);
                break;
            case >= ILOpCode.Ldind_i1 and <= ILOpCode.Ldind_ref:
                Push(Load(RetypeIndirect(Pop(), il.Code)));
                break;
            case (>= ILOpCode.Stind_ref and <= ILOpCode.Stind_r8) or ILOpCode.Stind_i:
                value = Pop();
                Store(RetypeIndirect(Pop(), il.Code), value);
                break;
            case ILOpCode.Cpobj:
                type = Code.ResolveType((int)il.Operand);
                AbstractValue source = Pop();
                Store(Retype(Pop(), type), Load(Retype(source, type)));
                break;
            default:
                return false;
        }

        return true;
    }

    private void LoadField(FieldInfo field)
    {
        AbstractValue owner = Pop();
        if (owner is ClosureValue closure)
            Push(Captured(closure, field));
        else if (owner is StructValue tree)
            Push(tree.Fields[LayoutOf(field).IndexOf(field)]);
        else if (owner is ScalarValue { Value.Type.IsPointer: false } scalar)
            Push(Reinterpret(scalar.Value, (ScalarLayout)TypeLayout.Of(field.DeclaringType!), (ScalarLayout)TypeLayout.Of(field.FieldType)));
        else
            Push(Load(FieldAddress(owner, field)));
    }

    private void StoreField(FieldInfo field)
    {
        AbstractValue value = Pop();
        AbstractValue owner = Pop();
        if (owner is ClosureValue)
        {
            throw new RefusalException(Diagnostics.CapturedValue,
                $"The captured variable '{field.Name}' is assigned.", "Write results to a view.");
        }

        Store(FieldAddress(owner, field), value);
    }

    private AbstractValue FieldAddress(AbstractValue owner, FieldInfo field)
    {
        switch (owner)
        {
            case LocalAddress local when TypeLayout.Of(field.DeclaringType!) is ScalarLayout:
                return local with { Type = field.FieldType };
            case LocalAddress local:
                local = Settle(local with { Type = field.DeclaringType! });
                return local with { Path = local.Path.Add(LayoutOf(field).IndexOf(field)), Type = field.FieldType };
            case ElementAddress element:
                return element with { Offset = element.Offset + MemoryLayout.OffsetOf(field), Type = field.FieldType };
            case StructValue tree:
                return tree.Fields[LayoutOf(field).IndexOf(field)];
            case ClosureValue closure:
                return Captured(closure, field);
            case Conflict:
                throw Untracked();
            default:
                throw new RefusalException(Diagnostics.HeapObject,
                    $"The field '{field.DeclaringType?.ToText()}.{field.Name}' belongs to an object on the managed heap.",
                    "Pass the value as a kernel parameter instead.");
        }
    }

    private static StructLayout LayoutOf(FieldInfo field) => TypeLayout.Of(field.DeclaringType!) as StructLayout
        ?? throw new RefusalException(Diagnostics.UnsupportedType,
            $"The fields of '{field.DeclaringType!.ToText()}' cannot be used in a kernel.");

    /// <summary>A captured variable: a constant, or the closure of an outer scope.</summary>
    private AbstractValue Captured(ClosureValue closure, FieldInfo field)
    {
        object? value = field.GetValue(closure.Closure);
        if (value is not null && Closures.IsClosure(field.FieldType))
            return new ClosureValue(value, closure.Path.Add(field));
        if (value is null || !Literals.CanFreeze(field.FieldType))
            throw Closures.Refuse(field);
        if (!_findings.Captured.Exists(c => c.Path[^1] == field && c.Path.Length == closure.Path.Length + 1))
            _findings.Captured.Add(new CapturedVariable(closure.Path.Add(field), Literals.BytesOf(value)));
        return Literals.Freeze(value, field.FieldType);
    }

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

        if (field.Attributes.HasFlag(FieldAttributes.HasFieldRVA))
        {
            Push(new DataAddress(field));
            return;
        }

        RuntimeHelpers.RunClassConstructor(field.DeclaringType!.TypeHandle);
        if (!Literals.CanFreeze(field.FieldType))
            throw new RefusalException(Diagnostics.StaticField, $"A static field of type '{field.FieldType.ToText()}' is read.");
        Push(Literals.Freeze(field.GetValue(null)!, field.FieldType));
    }

    /// <summary>What is at an address.</summary>
    private AbstractValue Load(AbstractValue address)
    {
        switch (address)
        {
            case LocalAddress local:
                local = Settle(local);
                AbstractValue value = Materialise(local.Variable, local.Path.Length > 0);
                foreach (int field in local.Path)
                    value = ((StructValue)value).Fields[field];
                return ScalarsAt(local) is var (own, seen) ? new ScalarValue(Reinterpret(Scalar(value), own, seen)) : value;
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
                local = Settle(local);
                value = Coerce(value, local.Type);
                if (ScalarsAt(local) is var (own, seen))
                    value = new ScalarValue(Reinterpret(Scalar(value), seen, own));
                _state.Variables[local.Variable] = local.Path.Length == 0
                    ? value
                    : Replace(Materialise(local.Variable, asStruct: true), local.Path.AsSpan(), value);
                break;
            case ElementAddress element:
                StoreElement(element, element.Type, Coerce(value, element.Type));
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
}
