using System.Collections.Immutable;

namespace Cotangent.Kernels.Ir;

// A kernel is a tree. A Region is a list of Nodes; its last node is a Terminator. Nodes are Instructions (pure, memory
// or group operations with at most one result) or structured operations that own regions: Block, If, Loop. Values are
// defined once and are visible in the rest of their region and in the regions nested there (structured dominance).
// Values leave a structured operation as its results, passed by Break; a Loop's parameters take new values by Continue.

/// <summary>Anything that can be an operand. Identity is reference identity.</summary>
internal abstract class Value(IrType type)
{
    public IrType Type { get; } = type;

    /// <summary>A name from the source, for dumps only.</summary>
    public string? Name { get; init; }
}

/// <summary>A literal. Bits holds the raw bits, zero-extended (sign bits above the type's width are 0).</summary>
internal sealed class Constant(IrType type, ulong bits) : Value(type)
{
    public ulong Bits { get; } = bits;

    public static Constant Of(float x) => new(ScalarType.Float32, BitConverter.SingleToUInt32Bits(x));
    public static Constant Of(double x) => new(ScalarType.Float64, BitConverter.DoubleToUInt64Bits(x));
    public static Constant Of(int x) => new(ScalarType.Int32, (uint)x);
    public static Constant Of(uint x) => new(ScalarType.UInt32, x);
    public static Constant Of(long x) => new(ScalarType.Int64, (ulong)x);
    public static Constant Of(ulong x) => new(ScalarType.UInt64, x);
    public static Constant Of(bool x) => new(ScalarType.Bool, x ? 1u : 0u);

    /// <summary>The number <paramref name="x"/> in the scalar type <paramref name="type"/> (rounded, or truncated to an
    /// integer).</summary>
    public static Constant Of(ScalarType type, double x) => type switch
    {
        ScalarType.Float32 => Of((float)x),
        ScalarType.Float64 => Of(x),
        ScalarType.Bool => Of(x != 0),
        ScalarType.UInt64 => Of((ulong)x),
        _ => new(type, (ulong)(long)x & (ulong.MaxValue >> (64 - 8 * type.Size()))),
    };

    public float AsFloat => BitConverter.UInt32BitsToSingle((uint)Bits);

    public double AsDouble => BitConverter.UInt64BitsToDouble(Bits);

    /// <summary>An integer or Bool constant, sign-extended if its type is signed.</summary>
    public long AsInteger => Type.Scalar switch
    {
        ScalarType.Int8 => (sbyte)Bits,
        ScalarType.Int16 => (short)Bits,
        ScalarType.Int32 => (int)Bits,
        _ => (long)Bits,
    };
}

/// <summary>A kernel argument: a scalar, or a Global pointer.</summary>
internal sealed class Parameter(IrType type, int index) : Value(type)
{
    public int Index { get; } = index;
}

/// <summary>A value carried around a loop: set to the initial operand on entry and by every Continue.</summary>
internal sealed class LoopParameter(IrType type) : Value(type);

/// <summary>A value that a structured operation yields.</summary>
internal sealed class Result(IrType type) : Value(type);

/// <summary>An element of a region.</summary>
internal interface INode;

/// <summary>One operation on operands with one result (of type Void for Store, Fence and Barrier).</summary>
internal sealed class Instruction(Opcode opcode, IrType type, params ImmutableArray<Value> operands)
    : Value(type), INode
{
    public Opcode Opcode { get; } = opcode;

    public ImmutableArray<Value> Operands { get; } = operands;

    /// <summary>For Call.</summary>
    public MathFunction Function { get; init; }

    /// <summary>For GlobalIndex … GridExtent.</summary>
    public Axis Axis { get; init; }

    /// <summary>For Allocate: elements. For AsyncCopy: bytes; for AsyncWait: batches; for MatrixMultiplyAdd: the component.</summary>
    public int Count { get; init; }

    /// <summary>For MatrixMultiplyAdd.</summary>
    public MatrixElement Matrix { get; init; }

    /// <summary>For Fence.</summary>
    public MemoryScope Scope { get; init; }

    /// <summary>For BoundsCheck: what is indexed, and where.</summary>
    public CheckSite? Site { get; init; }

    /// <summary>For Print: the text around the values.</summary>
    public PrintSite? Print { get; init; }

    /// <summary>The place in a C# kernel that this comes from; null in kernels that were built in IR. Means nothing to what is
    /// computed.</summary>
    public Origin? Origin { get; set; }

    /// <summary>True if the instruction may not be removed, duplicated or moved across others with effects.</summary>
    public bool HasEffect => Opcode is Opcode.Store or Opcode.Allocate or Opcode.Fence or Opcode.BoundsCheck or Opcode.Print
        or Opcode.AsyncCopy or Opcode.AsyncCommit or Opcode.AsyncWait
        || Opcode.IsAtomic() || Opcode.IsGroupWide();
}

/// <summary>A list of nodes; the last is a <see cref="Terminator"/>.</summary>
internal sealed class Region
{
    public List<INode> Nodes { get; } = [];

    public Terminator Terminator => (Terminator)Nodes[^1];
}

/// <summary>An operation that owns regions. Control leaves it by a Break that names it, with one argument a
/// result.</summary>
internal abstract class Structured(params ImmutableArray<IrType> resultTypes) : INode
{
    public ImmutableArray<Result> Results { get; } = [.. resultTypes.Select(t => new Result(t))];

    public abstract IEnumerable<Region> Regions { get; }
}

/// <summary>Runs its body once; a target for Break (early returns, merges that no If expresses).</summary>
internal sealed class Block(params ImmutableArray<IrType> resultTypes) : Structured(resultTypes)
{
    public Region Body { get; } = new();

    public override IEnumerable<Region> Regions => [Body];
}

/// <summary>Runs one of two regions. Both end in a Break of this If (the ordinary end of an arm), or leave for an outer
/// target.</summary>
internal sealed class If(Value condition, params ImmutableArray<IrType> resultTypes) : Structured(resultTypes)
{
    public Value Condition { get; } = condition;

    public Region Then { get; } = new();

    public Region Else { get; } = new();

    public override IEnumerable<Region> Regions => [Then, Else];
}

/// <summary>Repeats its body until a Break. Parameters start as Initial and take Continue's arguments.</summary>
internal sealed class Loop(ImmutableArray<Value> initial, params ImmutableArray<IrType> resultTypes)
    : Structured(resultTypes)
{
    public ImmutableArray<Value> Initial { get; } = initial;

    public ImmutableArray<LoopParameter> Parameters { get; } = [.. initial.Select(v => new LoopParameter(v.Type))];

    public Region Body { get; } = new();

    public override IEnumerable<Region> Regions => [Body];
}

/// <summary>The end of a region.</summary>
internal abstract class Terminator(params ImmutableArray<Value> arguments) : INode
{
    public ImmutableArray<Value> Arguments { get; } = arguments;
}

/// <summary>Leaves Target, any enclosing structured operation, with its results.</summary>
internal sealed class Break(Structured target, params ImmutableArray<Value> arguments) : Terminator(arguments)
{
    public Structured Target { get; } = target;
}

/// <summary>Starts the next round of Target, any enclosing loop.</summary>
internal sealed class Continue(Loop target, params ImmutableArray<Value> arguments) : Terminator(arguments)
{
    public Loop Target { get; } = target;
}

/// <summary>This work item is done; ends the kernel's body, or an early return.</summary>
internal sealed class Return() : Terminator();

/// <summary>Control cannot come here: what stands before never falls through.</summary>
internal sealed class Unreachable() : Terminator();
