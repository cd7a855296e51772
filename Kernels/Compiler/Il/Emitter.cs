using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Appends instructions to the current flow block. Bridges IL's stack types (int32 stands for int, uint and bool) and the
/// IR's, where signedness and truth are part of the type.</summary>
internal sealed class Emitter(FlowBlock block)
{
    /// <summary>The block that receives instructions.</summary>
    public FlowBlock Block { get; set; } = block;

    /// <summary>The place in the kernel's source that instructions are made for, or null.</summary>
    public Origin? Origin { get; set; }

    public Value Emit(Opcode opcode, IrType type, params ReadOnlySpan<Value> operands)
    {
        if (IntegerFolding.TryFold(opcode, type, operands) is { } constant)
            return constant;
        return Append(new Instruction(opcode, type, [.. operands]));
    }

    public Instruction Append(Instruction instruction)
    {
        foreach (Value operand in instruction.Operands)
        {
            if (operand is UndefinedPointer)
                throw UndefinedView();
        }

        instruction.Origin ??= Origin;
        Block.Code.Add(instruction);
        return instruction;
    }

    public static RefusalException UndefinedView() => new(Diagnostics.Uninitialised,
        "An ArrayView<T> or array is used that is default, that may lie in different memories (global, shared, local), or that was " +
        "made in an earlier round of a loop.");

    public Value Unary(Opcode opcode, Value x) => Emit(opcode, x.Type, x);

    /// <summary>An arithmetic or bitwise operation. Mixed operands take the first one's type, constants the other's.</summary>
    public Value Binary(Opcode opcode, Value x, Value y)
    {
        (x, y) = Unify(x, y, logical: opcode is Opcode.And or Opcode.Or or Opcode.Xor);
        return Emit(opcode, x.Type, x, y);
    }

    /// <summary>An operation whose meaning depends on signedness.</summary>
    public Value Binary(Opcode opcode, Value x, Value y, bool unsigned)
    {
        (x, y) = Unify(x, y, logical: false);
        ScalarType type = WithSign(x.Type.Scalar, unsigned);
        return Emit(opcode, type, Coerce(x, type), Coerce(y, type));
    }

    /// <summary>A comparison; <paramref name="unsigned"/> is about integers.</summary>
    public Value Compare(Opcode opcode, Value x, Value y, bool unsigned = false)
    {
        (x, y) = Unify(x, y, logical: true);
        if (x.Type.IsBool && CompareBools(opcode, x, y) is { } truth)
            return truth;
        ScalarType type = x.Type.IsBool ? ScalarType.Int32 : x.Type.Scalar;
        bool signMatters = opcode is not (Opcode.Equal or Opcode.NotEqual);
        type = signMatters ? WithSign(type, unsigned) : type;
        return Emit(opcode, ScalarType.Bool, Coerce(x, type), Coerce(y, type));
    }

    private Value? CompareBools(Opcode opcode, Value x, Value y) => (opcode, y) switch
    {
        (Opcode.Equal, Constant { Bits: 0 }) => Not(x),
        (Opcode.NotEqual or Opcode.Greater, Constant { Bits: 0 }) or (Opcode.Equal, Constant { Bits: 1 }) => x,
        (Opcode.NotEqual, _) => Emit(Opcode.Xor, ScalarType.Bool, x, y),
        (Opcode.Equal, _) => Not(Emit(Opcode.Xor, ScalarType.Bool, x, y)),
        _ => null,
    };

    public Value Not(Value condition)
    {
        if (condition is Instruction { Opcode: Opcode.Not } inner)
            return inner.Operands[0];
        if (condition is Instruction compare && Inverse(compare.Opcode, compare.Operands[0].Type) is { } inverse)
            return Emit(inverse, ScalarType.Bool, compare.Operands.AsSpan());
        // ¬(a ∨ ¬b) is ¬a ∧ b where that costs no negation.
        if (condition is Instruction { Opcode: Opcode.Or or Opcode.And } pair && pair.Operands.All(IsFreelyNegated))
        {
            return Emit(pair.Opcode == Opcode.Or ? Opcode.And : Opcode.Or, ScalarType.Bool,
                Not(pair.Operands[0]), Not(pair.Operands[1]));
        }

        return Emit(Opcode.Not, ScalarType.Bool, condition);
    }

    private static bool IsFreelyNegated(Value value) => value is Constant or Instruction { Opcode: Opcode.Not }
        || (value is Instruction compare && Inverse(compare.Opcode, compare.Operands[0].Type) is not null);

    /// <summary>A value as a condition: integers are true if not zero.</summary>
    public Value Truth(Value value) => value.Type.IsInteger && value.Type.Scalar.Size() == 8
        ? Emit(Opcode.NotEqual, ScalarType.Bool, value, IntegerFolding.Make(value.Type, 0))
        : Coerce(value, ScalarType.Bool);

    /// <summary>The same stack value in another type of the same IL stack kind; also Int32 to Int64 and between float widths.</summary>
    public Value Coerce(Value value, IrType type)
    {
        if (value.Type == type)
            return value;
        if (value.Type.IsPointer || type.IsPointer)
            throw new InvalidOperationException($"A {value.Type} stands where a {type} belongs.");
        if (type.IsFloat && value.Type.IsFloat)
            return Emit(Opcode.Convert, type, value);
        if (type.IsFloat || value.Type.IsFloat)
            throw new InvalidOperationException($"A {value.Type} stands where a {type} belongs.");
        if (value is Constant)
            return Emit(Opcode.Convert, type, value);
        return type.IsBool ? ToBool(value) : ToInteger(value, type);
    }

    /// <summary>A common type for values that meet: at a phi, or as operands.</summary>
    public static IrType Join(IrType x, IrType y, bool xIsBit, bool yIsBit)
    {
        if (x == y)
            return x;
        if (x.IsBool && yIsBit)
            return x;
        if (y.IsBool && xIsBit)
            return y;
        if (x.IsFloat && y.IsFloat)
            return ScalarType.Float64;
        if (x.IsBool || y.IsBool)
            return x.IsBool ? y : x;
        return x.Scalar.Size() >= y.Scalar.Size() ? x : y;
    }

    /// <summary>True for the constants 0 and 1, which may be an int or a bool.</summary>
    public static bool IsBit(Value value) => value is Constant { Bits: 0 or 1 } c && (c.Type.IsBool || c.Type.IsInteger);

    /// <summary>The comparison that is true where <paramref name="opcode"/> is false; null if there is none (floats and NaN).</summary>
    public static Opcode? Inverse(Opcode opcode, IrType operands) => opcode switch
    {
        Opcode.Equal => Opcode.NotEqual,
        Opcode.NotEqual => Opcode.Equal,
        Opcode.Less when !operands.IsFloat => Opcode.GreaterEqual,
        Opcode.LessEqual when !operands.IsFloat => Opcode.Greater,
        Opcode.Greater when !operands.IsFloat => Opcode.LessEqual,
        Opcode.GreaterEqual when !operands.IsFloat => Opcode.Less,
        _ => null,
    };

    public static ScalarType WithSign(ScalarType type, bool unsigned) => (type, unsigned) switch
    {
        (ScalarType.Int32 or ScalarType.UInt32 or ScalarType.Bool, _) => unsigned ? ScalarType.UInt32 : ScalarType.Int32,
        (ScalarType.Int64 or ScalarType.UInt64, _) => unsigned ? ScalarType.UInt64 : ScalarType.Int64,
        _ => type,
    };

    private (Value X, Value Y) Unify(Value x, Value y, bool logical)
    {
        IrType type;
        if (x.Type == y.Type)
            type = x.Type;
        else if (x is Constant && x.Type.IsInteger && y.Type.IsInteger && x.Type.Scalar.Size() == y.Type.Scalar.Size())
            type = y.Type;
        else if (y is Constant && x.Type.IsInteger && y.Type.IsInteger && x.Type.Scalar.Size() == y.Type.Scalar.Size())
            type = x.Type;
        else
            type = Join(x.Type, y.Type, IsBit(x), IsBit(y));
        if (type.IsBool && !logical)
            type = ScalarType.Int32;
        return (Coerce(x, type), Coerce(y, type));
    }

    private Value ToBool(Value value) =>
        value is Instruction { Opcode: Opcode.Convert } convert && convert.Operands[0].Type.IsBool
            ? convert.Operands[0]
            : Emit(Opcode.NotEqual, ScalarType.Bool, value, IntegerFolding.Make(value.Type, 0));

    private Value ToInteger(Value value, IrType type)
    {
        if (value.Type.IsBool || value.Type.Scalar.Size() != type.Scalar.Size())
            return Emit(Opcode.Convert, type, value);
        if (value is Instruction { Opcode: Opcode.BitCast or Opcode.Convert } cast)
        {
            // u32 → u64 → i64 and i32 → u32 → i32 collapse: the bits are the same.
            Value source = cast.Operands[0];
            if (source.Type == type)
                return source;
            bool extends = source.Type.IsBool || (source.Type.IsInteger && source.Type.Scalar.Size() < type.Scalar.Size());
            if (cast.Opcode == Opcode.Convert && extends)
                return Emit(Opcode.Convert, type, source);
        }

        return Emit(Opcode.BitCast, type, value);
    }
}
