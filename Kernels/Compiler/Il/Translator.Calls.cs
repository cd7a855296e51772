using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using Cotangent.Kernels.Ir;
using Constant = Cotangent.Kernels.Ir.Constant;

namespace Cotangent.Kernels.Il;

// Calls: intrinsic, or resolved and inlined.
internal sealed partial class Translator
{
    // Objects under construction live in variables above those of the active methods.
    private readonly Dictionary<int, Type> _temporaries = [];

    /// <summary>The kind of the kernel being compiled; null within a scalar function.</summary>
    public LaunchKind? Kind => _kind;

    private bool Call(IlInstruction il)
    {
        MethodBase method = Code.ResolveMethod((int)il.Operand);
        if (il.Constrained != 0)
            method = InterfaceResolution.Resolve(Code.ResolveType(il.Constrained), (MethodInfo)method);
        else if (il.Code == ILOpCode.Callvirt && !IsDirect(method) && Intrinsics.Find(method) is null)
            throw VirtualCall(method);
        if (Intrinsics.Find(method) is not { } intrinsic)
        {
            RequireCallable(method);
            return InlineBody(method);
        }

        if (intrinsic(this, (MethodInfo)method, PopArguments(method)) is { } result)
            Push(result);
        return true;
    }

    /// <summary>callvirt on a struct's method, or as C#'s null check of a method that is not virtual.</summary>
    private static bool IsDirect(MethodBase method) => method.DeclaringType!.IsValueType;

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
        if (method.DeclaringType?.Name == "<PrivateImplementationDetails>" || method.Name.StartsWith("Throw", StringComparison.Ordinal))
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
        int temporary = _state.Variables.Count;
        _temporaries[temporary] = type;
        _state.Variables.Add(Zero(type));
        _state.Stack.Insert(_state.Stack.Count - constructor.GetParameters().Length, new LocalAddress(temporary, [], type));
        if (!InlineBody(constructor))
            return false;
        Push(_state.Variables[temporary]);
        _state.Truncate(temporary);
        _temporaries.Remove(temporary);
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

        int temporary = _state.Variables.Count;
        _temporaries[temporary] = type;
        _state.Variables.Add(x);
        Push(new LocalAddress(temporary, [], type));
        Push(y);
        InlineBody(InterfaceResolution.Resolve(type, equatable.GetMethod("Equals")!));
        _state.Truncate(temporary);
        _temporaries.Remove(temporary);
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
        ScalarType leaf = MemoryLayout.FirstLeaf(type);
        long elements = constant.AsInteger * (MemoryLayout.SizeOf(type) / leaf.Size());
        Instruction pointer = new(Opcode.Allocate, IrType.Pointer(leaf, space)) { Count = checked((int)elements) };
        _graph.Allocations.Add(pointer);
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
        if (address is not ElementAddress element || TypeLayout.Of(element.Type) is not ScalarLayout scalar)
        {
            throw new RefusalException(Diagnostics.UntrackedReference, "An atomic operation needs an element of a view.",
                "Pass 'ref view[i]'.");
        }

        return Locate(element, scalar.Memory);
    }

    /// <summary>Applies an operation to every scalar of a value.</summary>
    public static AbstractValue Map(AbstractValue value, Func<Value, Value> operation) => value is StructValue tree
        ? new StructValue(tree.Type, [.. tree.Fields.Select(f => Map(f, operation))])
        : new ScalarValue(operation(Scalar(value)));
}
