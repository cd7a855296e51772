using System.Collections.Immutable;
using System.Reflection;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>What a local variable or stack slot holds while IL is interpreted: structs are trees of IR values, addresses are
/// symbolic, so nothing but scalars and pointers reaches the IR.</summary>
internal abstract record AbstractValue;

/// <summary>A scalar, or a view's pointer.</summary>
internal sealed record ScalarValue(Value Value) : AbstractValue;

/// <summary>A struct's fields, or a view's pointer and length.</summary>
internal sealed record StructValue(Type Type, ImmutableArray<AbstractValue> Fields) : AbstractValue
{
    public StructValue With(int field, AbstractValue value) => new(Type, Fields.SetItem(field, value));
}

/// <summary>The address of a local variable that is held as a tree of values, or of a field in it.</summary>
/// <param name="Variable">The variable's position among those of all active methods.</param>
/// <param name="Path">Field numbers from the variable inwards.</param>
/// <param name="Type">What is taken to be at the address; resolved to a field only where it is read or written.</param>
/// <param name="Delta">Bytes from the field at Path.</param>
internal sealed record LocalAddress(int Variable, ImmutableArray<int> Path, Type Type, long Delta = 0) : AbstractValue;

/// <summary>An address in memory: Index · Stride + Offset bytes behind a pointer.</summary>
/// <param name="Pointer">A pointer to elements of the memory's first scalar type.</param>
/// <param name="Index">An integer; the constant 0 where all is known at compile time.</param>
/// <param name="Stride">Bytes a step of the index.</param>
/// <param name="Offset">Bytes, constant.</param>
/// <param name="Type">What is at the address.</param>
internal sealed record ElementAddress(Value Pointer, Value Index, long Stride, long Offset, Type Type) : AbstractValue
{
    /// <summary>Element number <paramref name="index"/> of an array of <paramref name="element"/>.</summary>
    public static ElementAddress Of(Value pointer, Value index, Type element)
    {
        int size = MemoryLayout.SizeOf(element);
        return index is Constant constant
            ? new(pointer, Constant.Of(0), size, constant.AsInteger * size, element)
            : new(pointer, index, size, 0, element);
    }
}

/// <summary>What a variable that lives in memory holds instead of a value.</summary>
internal sealed record InMemory(ElementAddress Address) : AbstractValue;

/// <summary>The address of constant data in the assembly: <c>[1, 2, 3]</c> as a span, an array's initial elements.</summary>
internal sealed record DataAddress(FieldInfo Field) : AbstractValue;

/// <summary>A type token (typeof(T), for comparisons that are decided at compile time).</summary>
internal sealed record TypeValue(Type Type) : AbstractValue;

/// <summary>A value converted to object: only its type may be asked, and it may be unboxed.</summary>
internal sealed record BoxedValue(Type Type, AbstractValue Value, RefusalException Reason) : AbstractValue;

/// <summary>An object without content: the closure of a lambda that captures nothing, a default comparer. Only passed as <c>this</c>.</summary>
internal sealed record EmptyClosure : AbstractValue;

/// <summary>The closure of a kernel that captures values: what they were when it was loaded.</summary>
/// <param name="Closure">The object.</param>
/// <param name="Path">The fields that lead to it from the kernel's own closure.</param>
internal sealed record ClosureValue(object Closure, ImmutableArray<FieldInfo> Path) : AbstractValue;

/// <summary>A string, boxed value or null: refused when it is used, so that a <c>throw</c> is refused as such and not for its
/// message.</summary>
/// <param name="Reason">What is thrown when it is used.</param>
/// <param name="Text">A literal's text, for intrinsics that take one.</param>
internal sealed record Refused(RefusalException Reason, string? Text = null) : AbstractValue
{
    public bool IsNull { get; init; }
}

/// <summary>Not assigned on every path to here. Reading it is refused; C# guarantees that programs do not.</summary>
internal sealed record Unset : AbstractValue
{
    public static readonly Unset Instance = new();
}

/// <summary>Addresses that differ by path and cannot be told apart at compile time.</summary>
internal sealed record Conflict : AbstractValue
{
    public static readonly Conflict Instance = new();
}

/// <summary>The pointer of a default view, or of one that may lie in different memories: no IR value. It may exist, not be used.</summary>
internal sealed class UndefinedPointer(IrType type) : Value(type);

/// <summary>A method of the call chain that is being inlined.</summary>
internal sealed class Frame(MethodCode code, int firstVariable, int path)
{
    public MethodCode Code { get; } = code;

    /// <summary>The chain of call sites that leads here, the same in every attempt at a kernel.</summary>
    public int Path { get; } = path;

    public MethodBase Method => Code.Method;

    /// <summary>True if line tables name this method: it is neither the language's own nor the runtime's, whose code counts for the
    /// line that calls it.</summary>
    public bool IsSource { get; } = code.Method.DeclaringType?.Namespace is not { } space
        || !(space is "Cotangent.Kernels" or "Cotangent.Kernels.Passes" or "System" || space.StartsWith("System.", StringComparison.Ordinal));

    /// <summary>Where the arguments, then the locals begin among the state's variables.</summary>
    public int FirstVariable { get; } = firstVariable;

    /// <summary>The flow block in which each IL block starts.</summary>
    public FlowBlock?[] Entries { get; } = new FlowBlock?[code.Blocks.Length];

    /// <summary>Edges into each IL block that has not been entered yet.</summary>
    public List<Edge>?[] Edges { get; } = new List<Edge>?[code.Blocks.Length];

    /// <summary>Where returns go.</summary>
    public FlowBlock Exit { get; } = new();

    public List<Edge> Returns { get; } = [];

    /// <summary>The instruction being interpreted, for diagnostics.</summary>
    public IlInstruction Current { get; set; }
}

/// <summary>Control arriving from the end of a block with these values.</summary>
internal sealed record Edge(FlowBlock From, State State);

/// <summary>Variables of all active methods and the operand stack.</summary>
internal sealed class State
{
    public List<AbstractValue> Variables { get; private init; } = [];

    public List<AbstractValue> Stack { get; private init; } = [];

    public State Clone() => new() { Variables = [.. Variables], Stack = [.. Stack] };

    public AbstractValue Pop()
    {
        AbstractValue value = Stack[^1];
        Stack.RemoveAt(Stack.Count - 1);
        return value;
    }

    public void Truncate(int variables) => Variables.RemoveRange(variables, Variables.Count - variables);
}
