using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using Cotangent.Kernels.Ir;
using Constant = Cotangent.Kernels.Ir.Constant;

namespace Cotangent.Kernels.Il;

// Calls: intrinsic, or resolved and inlined.
internal sealed partial class Translator
{
    /// <summary>The kind of the kernel being compiled; null within a scalar function.</summary>
    public LaunchKind? Kind => _kind;

    private bool Call(IlInstruction il)
    {
        MethodBase method = Code.ResolveMethod((int)il.Operand);
        if (il.Constrained != 0)
            method = InterfaceResolution.Resolve(Code.ResolveType(il.Constrained), (MethodInfo)method);
        else if (il.Code == ILOpCode.Callvirt && !IsDirect(method) && Intrinsics.Find(method) is null)
            method = Devirtualise(method);
        method = Portable.Find(method) ?? method;
        if (Intrinsics.Find(method) is { } intrinsic)
        {
            if (intrinsic(this, (MethodInfo)method, PopArguments(method)) is { } result)
                Push(result);
            return true;
        }

        RequireCallable(method);
        return method is { IsStatic: false, DeclaringType.IsInterface: true } ? InlineDefault(method) : InlineBody(method);
    }

    /// <summary>callvirt on a struct's method, or as C#'s null check of a method that is not virtual.</summary>
    private static bool IsDirect(MethodBase method) => method.DeclaringType!.IsValueType;

    /// <summary>An interface's method on a struct whose type is known: in the body of a default method.</summary>
    private MethodInfo Devirtualise(MethodBase method)
    {
        AbstractValue self = _state.Stack[^(method.GetParameters().Length + 1)];
        if (self is BoxedValue boxed)
            throw boxed.Reason;
        return method.DeclaringType!.IsInterface && AddressedType(self) is { IsValueType: true } type
            ? InterfaceResolution.Resolve(type, (MethodInfo)method)
            : throw VirtualCall(method);
    }

    private static Type? AddressedType(AbstractValue address) => address switch
    {
        LocalAddress local => local.Type,
        ElementAddress element => element.Type,
        _ => null,
    };

    /// <summary>A default body takes its struct boxed: it works on a copy.</summary>
    private bool InlineDefault(MethodBase method)
    {
        int at = _state.Stack.Count - method.GetParameters().Length - 1;
        AbstractValue self = _state.Stack[at];
        if (AddressedType(self) is not { IsValueType: true } type)
            throw VirtualCall(method);
        int temporary = AddTemporary(type, Load(self));
        _state.Stack[at] = AddressOfVariable(temporary, type);
        if (!InlineBody(method))
            return false;
        TakeTemporary(temporary);
        return true;
    }

    private static RefusalException VirtualCall(MethodBase method)
    {
        if (method.DeclaringType == typeof(string))
            return new(Diagnostics.StringUse, $"'{method.ToText()}' works on strings.");
        return typeof(Delegate).IsAssignableFrom(method.DeclaringType)
            ? new(Diagnostics.VirtualCall, "A delegate is called.")
            : new(Diagnostics.VirtualCall, $"'{method.ToText()}' is called on an object.");
    }

    private static void RequireCallable(MethodBase method)
    {
        if (method.DeclaringType == typeof(string))
            throw new RefusalException(Diagnostics.StringUse, $"'{method.ToText()}' works on strings.");
        if (method.IsAbstract)
            throw VirtualCall(method);
        if (Libraries.OnlyThrows(method))
        {
            throw new RefusalException(Diagnostics.ExceptionUse, $"An exception is thrown by '{method.ToShortText()}'.",
                "Give a switch expression a default arm; check arguments in the caller.");
        }
    }

    private AbstractValue[] PopArguments(MethodBase method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        int self = method.IsStatic ? 0 : 1;
        AbstractValue[] arguments = new AbstractValue[parameters.Length + self];
        for (int i = arguments.Length - 1; i >= self; i--)
            arguments[i] = _state.Stack[^1] is Refused { Text: not null } ? Pop() : Coerce(Pop(), parameters[i - self].ParameterType);
        if (self == 1)
            arguments[0] = Pop();
        return arguments;
    }

    private bool NewObject(IlInstruction il)
    {
        ConstructorInfo constructor = (ConstructorInfo)Code.ResolveMethod((int)il.Operand);
        Type type = constructor.DeclaringType!;
        if (!type.IsValueType)
            throw RefuseNew(type);
        _ = TypeLayout.Of(type);
        int temporary = AddTemporary(type, Zero(type));
        _state.Stack.Insert(_state.Stack.Count - constructor.GetParameters().Length, AddressOfVariable(temporary, type));
        if (!InlineBody(Portable.Find(constructor) ?? constructor))
            return false;
        Push(TakeTemporary(temporary));
        return true;
    }

    /// <summary>EqualityComparer&lt;T&gt;.Default.Equals, by which record structs compare their fields.</summary>
    public AbstractValue AreEqual(Type type, AbstractValue x, AbstractValue y)
    {
        if (TypeLayout.Of(type) is ScalarLayout)
            return new ScalarValue(AreEqual(Scalar(x), Scalar(y)));
        Type equatable = typeof(IEquatable<>).MakeGenericType(type);
        if (!equatable.IsAssignableFrom(type))
        {
            throw new RefusalException(Diagnostics.UnsupportedMethod, $"'{type.ToText()}' has no Equals that works without boxing.",
                "Make it a record struct or implement IEquatable<T>.");
        }

        int temporary = AddTemporary(type, x);
        Push(AddressOfVariable(temporary, type));
        Push(y);
        InlineBody(InterfaceResolution.Resolve(type, equatable.GetMethod("Equals")!));
        TakeTemporary(temporary);
        return Pop();
    }

    /// <summary>Unlike ==, Equals holds two NaNs equal.</summary>
    private Value AreEqual(Value x, Value y)
    {
        Value equal = _emit.Compare(Opcode.Equal, x, y);
        if (!x.Type.IsFloat)
            return equal;
        Value bothNaN = _emit.Binary(Opcode.And, _emit.Compare(Opcode.NotEqual, x, x), _emit.Compare(Opcode.NotEqual, y, y));
        return _emit.Binary(Opcode.Or, equal, bothNaN);
    }

    private static RefusalException RefuseNew(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type))
            return new(Diagnostics.VirtualCall, "A delegate or lambda is made.");
        return typeof(Exception).IsAssignableFrom(type)
            ? new(Diagnostics.ExceptionUse, $"An exception, '{type.ToText()}', is thrown.")
            : new(Diagnostics.HeapObject, $"'new {type.ToText()}' allocates on the managed heap.");
    }

    /// <summary>A view's pointer and length, given <c>this</c>.</summary>
    public (Value Pointer, Value Length) View(AbstractValue self) => Load(self) is StructValue { Fields: [var pointer, var length] }
        ? (Scalar(pointer), Scalar(length))
        : throw new RefusalException(Diagnostics.Uninitialised, "An ArrayView<T> is used before it is assigned.");

    /// <summary>The IR value of a scalar argument.</summary>
    public static Value Argument(AbstractValue value) => Scalar(value);

    /// <summary>Shared or local memory for elements of <paramref name="type"/>, allocated once, in the outermost region.</summary>
    public AbstractValue Allocate(Type viewType, Type type, AddressSpace space, Value count)
    {
        if (count is not Constant { AsInteger: > 0 and < int.MaxValue } constant)
        {
            throw new RefusalException(Diagnostics.AllocationSize, count is Constant
                ? "The size of an array in shared or local memory is not positive."
                : "The size of an array in shared or local memory is not a compile-time constant.");
        }

        if (space == AddressSpace.Shared)
            RequireGroup("SharedMemory.Allocate");
        ScalarType unit = space == AddressSpace.Local ? MemoryLayout.UnitOf(type) : MemoryLayout.FirstLeaf(type);
        Value pointer = AllocateUnits(unit, constant.AsInteger * MemoryLayout.SizeOf(type), space);
        return new StructValue(viewType, [new ScalarValue(pointer), new ScalarValue(Constant.Of(constant.AsInteger))]);
    }

    /// <summary>Refuses group features in kernels with an implicit range.</summary>
    public void RequireGroup(string what)
    {
        if (_kind is not LaunchKind.Grouped)
            throw new RefusalException(Diagnostics.GroupInRange, $"'{what}' is used in a kernel with an index parameter, which has no groups.");
    }

    /// <summary>An address for an atomic operation.</summary>
    public (Value Pointer, Value Index) AtomicTarget(AbstractValue address)
    {
        address = AsAddress(address);
        if (address is not ElementAddress element || TypeLayout.Of(element.Type) is not ScalarLayout scalar)
        {
            throw new RefusalException(Diagnostics.UntrackedReference, "An atomic operation needs an element of a view.",
                "Pass 'ref view[i]'.");
        }

        return Locate(InUnits(element, scalar.Memory), scalar.Memory);
    }

    /// <summary>The IR pointer and index of an element's first scalar.</summary>
    public (Value Pointer, Value Index) PlaceOf(ElementAddress address)
    {
        ScalarType leaf = MemoryLayout.FirstLeaf(address.Type);
        return Locate(InUnits(address, leaf), leaf);
    }

    /// <summary>Applies an operation to every scalar of a value.</summary>
    public static AbstractValue Map(AbstractValue value, Func<Value, Value> operation) => value is StructValue tree
        ? new StructValue(tree.Type, [.. tree.Fields.Select(f => Map(f, operation))])
        : new ScalarValue(operation(Scalar(value)));
}
