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

/// <summary>The address of a local variable, or of a field in it.</summary>
/// <param name="Variable">The variable's position among those of all active methods.</param>
/// <param name="Path">Field numbers from the variable inwards.</param>
/// <param name="Type">What is at the address.</param>
internal sealed record LocalAddress(int Variable, ImmutableArray<int> Path, Type Type) : AbstractValue;

/// <summary>The address of an element behind a pointer, or of a field in it.</summary>
/// <param name="Pointer">A pointer to Storage elements, see <see cref="ViewLayout.Storage"/>.</param>
/// <param name="Index">The element's number.</param>
/// <param name="Element">The element type.</param>
/// <param name="Offset">Bytes from the element's start.</param>
/// <param name="Type">What is at the address.</param>
internal sealed record ElementAddress(Value Pointer, Value Index, Type Element, int Offset, Type Type) : AbstractValue;

/// <summary>A type token (typeof(T), for comparisons that are decided at compile time).</summary>
internal sealed record TypeValue(Type Type) : AbstractValue;

/// <summary>An object without content: the closure of a lambda that captures nothing, a default comparer. Only passed as <c>this</c>.</summary>
internal sealed record EmptyClosure : AbstractValue;

/// <summary>A string, boxed value or null: refused when it is used, so that a <c>throw</c> is refused as such and not for its
/// message.</summary>
/// <param name="Reason">What is thrown when it is used.</param>
/// <param name="Text">A literal's text, for intrinsics that take one.</param>
internal sealed record Refused(RefusalException Reason, string? Text = null) : AbstractValue;

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
internal sealed class Frame(MethodCode code, int firstVariable)
{
    public MethodCode Code { get; } = code;

    public MethodBase Method => Code.Method;

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
