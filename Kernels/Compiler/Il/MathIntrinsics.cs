using System.Reflection;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Math, MathF, XMath, BitOperations, BitConverter and the static methods of the primitive types.</summary>
internal static class MathIntrinsics
{
    private delegate Value? Operation(Emitter e, Value[] x, IrType result);

    private static readonly HashSet<string> s_owners =
    [
        "System.Math", "System.MathF", "System.Single", "System.Double", "System.Int32", "System.UInt32", "System.Int64",
        "System.UInt64", "System.Numerics.BitOperations", "System.BitConverter", "Cotangent.Kernels.XMath",
    ];

    private static readonly Dictionary<string, MathFunction> s_functions = CreateFunctions();

    /// <summary>By name and number of parameters.</summary>
    private static readonly Dictionary<(string Name, int Parameters), Operation> s_operations = new()
    {
        [("Abs", 1)] = (e, x, _) => e.Unary(Opcode.Abs, x[0]),
        [("Sqrt", 1)] = (e, x, _) => e.Unary(Opcode.Sqrt, x[0]),
        [("Floor", 1)] = (e, x, _) => e.Unary(Opcode.Floor, x[0]),
        [("Ceiling", 1)] = (e, x, _) => e.Unary(Opcode.Ceil, x[0]),
        [("Truncate", 1)] = (e, x, _) => e.Unary(Opcode.Truncate, x[0]),
        [("Round", 1)] = (e, x, _) => e.Unary(Opcode.Round, x[0]),
        [("Min", 2)] = (e, x, _) => e.Emit(Opcode.Min, x[0].Type, x[0], x[1]),
        [("Max", 2)] = (e, x, _) => e.Emit(Opcode.Max, x[0].Type, x[0], x[1]),
        [("FusedMultiplyAdd", 3)] = (e, x, _) => e.Emit(Opcode.Fma, x[0].Type, x[0], x[1], x[2]),
        [("MultiplyAddEstimate", 3)] = (e, x, _) => e.Emit(Opcode.Fma, x[0].Type, x[0], x[1], x[2]),
        [("ReciprocalEstimate", 1)] = (e, x, _) => Reciprocal(e, x[0]),
        [("ReciprocalSqrtEstimate", 1)] = (e, x, _) => Reciprocal(e, e.Unary(Opcode.Sqrt, x[0])),
        [("CopySign", 2)] = (e, x, _) => CopySign(e, x[0], x[1]),
        [("Sign", 1)] = (e, x, _) => Sign(e, x[0]),
        [("Clamp", 3)] = (e, x, _) => Clamp(e, x[0], x[1], x[2]),
        [("IsNaN", 1)] = (e, x, _) => e.Compare(Opcode.NotEqual, x[0], x[0]),
        [("IsFinite", 1)] = (e, x, _) => e.Compare(Opcode.Less, e.Unary(Opcode.Abs, x[0]), Infinity(x[0], 1)),
        [("IsInfinity", 1)] = (e, x, _) => e.Compare(Opcode.Equal, e.Unary(Opcode.Abs, x[0]), Infinity(x[0], 1)),
        [("IsPositiveInfinity", 1)] = (e, x, _) => e.Compare(Opcode.Equal, x[0], Infinity(x[0], 1)),
        [("IsNegativeInfinity", 1)] = (e, x, _) => e.Compare(Opcode.Equal, x[0], Infinity(x[0], -1)),
        [("IsNegative", 1)] = (e, x, _) => e.Compare(Opcode.Less, Bits(e, x[0], unsigned: false), Zero(x[0])),
        [("PopCount", 1)] = (e, x, _) => e.Unary(Opcode.PopCount, x[0]),
        [("LeadingZeroCount", 1)] = (e, x, _) => e.Unary(Opcode.LeadingZeros, x[0]),
        [("TrailingZeroCount", 1)] = (e, x, _) => TrailingZeros(e, x[0]),
        [("Log2", 1)] = (e, x, _) => e.Binary(Opcode.Sub, Number(8 * x[0].Type.Scalar.Size() - 1, x[0]),
            e.Unary(Opcode.LeadingZeros, e.Binary(Opcode.Or, x[0], Number(1, x[0])))),
        [("RotateLeft", 2)] = (e, x, _) => Rotate(e, x[0], x[1], Opcode.ShiftLeft, Opcode.ShiftRight),
        [("RotateRight", 2)] = (e, x, _) => Rotate(e, x[0], x[1], Opcode.ShiftRight, Opcode.ShiftLeft),
        [("SingleToInt32Bits", 1)] = Cast,
        [("SingleToUInt32Bits", 1)] = Cast,
        [("Int32BitsToSingle", 1)] = Cast,
        [("UInt32BitsToSingle", 1)] = Cast,
        [("DoubleToInt64Bits", 1)] = Cast,
        [("DoubleToUInt64Bits", 1)] = Cast,
        [("Int64BitsToDouble", 1)] = Cast,
        [("UInt64BitsToDouble", 1)] = Cast,
        [("CreateTruncating", 1)] = (e, x, result) => Number(e, x[0], result),
        [("CreateSaturating", 1)] = (e, x, result) => result.IsFloat || x[0].Type.IsFloat ? Number(e, x[0], result) : null,
        [("CreateChecked", 1)] = (e, x, result) => result.IsFloat ? Number(e, x[0], result) : null,
    };

    /// <summary>The meaning of a method of those types; null if it has none and is inlined like any other.</summary>
    public static Intrinsic? Find(MethodInfo method)
    {
        if (!method.IsStatic)
            return null;
        Type owner = method.DeclaringType!;
        if (!s_owners.Contains(owner.FullName!))
            return FindCreate(method) ?? FindSmallFloat(method);
        if (method.GetParameters().Any(p => TypeLayout.ScalarOf(p.ParameterType) is null))
            return null;
        string name = method.Name[(method.Name.LastIndexOf('.') + 1)..];
        int count = method.GetParameters().Length;
        if (s_functions.TryGetValue(name, out MathFunction function) && Arity(function) == count && IsFloating(method))
            return (t, _, a) => Call(t, function, a);
        // XMath's other members are kernel code like any other.
        return owner != typeof(XMath) && HasOperation(name, method) && s_operations.TryGetValue((name, count), out Operation? operation)
            ? (t, m, a) => Apply(t, m, a, operation)
            : null;
    }

    /// <summary>Classification is about floats, signs about signed types: the others' own bodies are right for them.</summary>
    private static bool HasOperation(string name, MethodInfo method)
    {
        if (name.StartsWith("Is", StringComparison.Ordinal) || name == "CopySign")
            return IsFloating(method);
        return name is not ("Abs" or "Sign") || !IsUnsigned(TypeLayout.ScalarOf(method.GetParameters()[0].ParameterType)!.Value);
    }

    // float.CreateTruncating(x) is a default body of INumberBase<float> that boxes.
    private static Intrinsic? FindCreate(MethodInfo method)
    {
        bool isCreate = method.Name.StartsWith("Create", StringComparison.Ordinal)
            && method.DeclaringType is { IsGenericType: true } owner
            && owner.GetGenericTypeDefinition() == typeof(System.Numerics.INumberBase<>)
            && TypeLayout.ScalarOf(method.ReturnType) is not null
            && TypeLayout.ScalarOf(method.GetParameters()[0].ParameterType) is not null;
        return isCreate && s_operations.TryGetValue((method.Name, 1), out Operation? operation)
            ? (t, m, a) => Apply(t, m, a, operation)
            : null;
    }

    /// <summary>Half and BFloat16 are computed as float; a conversion to them rounds. Their other methods are made of these.</summary>
    private static Intrinsic? FindSmallFloat(MethodInfo method)
    {
        if (method.DeclaringType != typeof(Half) && method.DeclaringType != typeof(BFloat16))
            return null;
        if (method.Name is not ("op_Explicit" or "op_Implicit"))
            return null;
        Type from = method.GetParameters()[0].ParameterType;
        Type to = method.ReturnType;
        if (from == typeof(float))
            return (t, _, a) => new ScalarValue(Round(t.Emitter, Translator.Argument(a[0]), to));
        return from == method.DeclaringType && (to == typeof(float) || to == typeof(double))
            ? (t, _, a) => new ScalarValue(t.Emitter.Coerce(Translator.Argument(a[0]), TypeLayout.ScalarOf(to)!.Value))
            : null;
    }

    private static Value Round(Emitter e, Value x, Type type)
    {
        ScalarType memory = ((ScalarLayout)TypeLayout.Of(type)).Memory;
        return memory is ScalarType.Float16 or ScalarType.BFloat16
            ? e.Emit(Opcode.Convert, ScalarType.Float32, e.Emit(Opcode.Convert, memory, x))
            : x;
    }

    private static ScalarValue Apply(Translator t, MethodInfo method, AbstractValue[] arguments, Operation operation)
    {
        IrType result = TypeLayout.ScalarOf(method.ReturnType)!.Value;
        Value value = operation(t.Emitter, Array.ConvertAll(arguments, Translator.Argument), result)
            ?? throw new RefusalException(Diagnostics.UnsupportedMethod, $"'{method.ToText()}' has no meaning on devices.",
                "Use CreateTruncating.");
        value = value.Type == result ? value : Number(t.Emitter, value, result);
        return new ScalarValue(Round(t.Emitter, value, method.ReturnType));
    }

    private static ScalarValue Call(Translator t, MathFunction function, AbstractValue[] arguments)
    {
        Value[] x = Array.ConvertAll(arguments, Translator.Argument);
        return new ScalarValue(t.Emitter.Append(new Instruction(Opcode.Call, x[0].Type, [.. x]) { Function = function }));
    }

    private static bool IsFloating(MethodInfo method) =>
        method.GetParameters().All(p => p.ParameterType == typeof(float) || p.ParameterType == typeof(double));

    private static int Arity(MathFunction function) => function is MathFunction.Pow or MathFunction.Atan2 ? 2 : 1;

    private static Dictionary<string, MathFunction> CreateFunctions()
    {
        Dictionary<string, MathFunction> result = Enum.GetValues<MathFunction>().ToDictionary(f => f.ToString());
        result["ExpM1"] = MathFunction.Expm1;
        result["LogP1"] = MathFunction.Log1p;
        return result;
    }

    private static Value Number(Emitter e, Value x, IrType type) =>
        x.Type.IsFloat || type.IsFloat || x.Type.Scalar.Size() > type.Scalar.Size()
            ? e.Emit(Opcode.Convert, type, x)
            : e.Coerce(x, type);

    private static Value Cast(Emitter e, Value[] x, IrType result) =>
        x[0].Type == result ? x[0] : e.Emit(Opcode.BitCast, result, x[0]);

    private static Value Reciprocal(Emitter e, Value x) => e.Emit(Opcode.Div, x.Type, Constant.Of(x.Type.Scalar, 1), x);

    private static Value Bits(Emitter e, Value x, bool unsigned)
    {
        if (!x.Type.IsFloat)
            return x;
        ScalarType type = x.Type == ScalarType.Float32 ? ScalarType.Int32 : ScalarType.Int64;
        return e.Emit(Opcode.BitCast, Emitter.WithSign(type, unsigned), x);
    }

    private static Constant Number(long value, Value like) => IntegerFolding.Make(like.Type, value);

    private static Constant Zero(Value x) => x.Type.Scalar.Size() == 8 ? Constant.Of(0L) : Constant.Of(0);

    private static Constant Infinity(Value x, int sign) => Constant.Of(x.Type.Scalar, sign * double.PositiveInfinity);

    private static Value CopySign(Emitter e, Value x, Value y)
    {
        Value magnitude = Bits(e, e.Unary(Opcode.Abs, x), unsigned: true);
        ulong mask = x.Type == ScalarType.Float32 ? 1ul << 31 : 1ul << 63;
        Value sign = e.Binary(Opcode.And, Bits(e, y, unsigned: true), new Constant(magnitude.Type, mask));
        return e.Emit(Opcode.BitCast, x.Type, e.Binary(Opcode.Or, magnitude, sign));
    }

    private static Value Sign(Emitter e, Value x)
    {
        Value zero = x.Type.IsFloat ? Constant.Of(x.Type.Scalar, 0) : IntegerFolding.Make(x.Type, 0);
        Value negative = e.Emit(Opcode.Select, ScalarType.Int32,
            e.Compare(Opcode.Less, x, zero), Constant.Of(-1), Constant.Of(0));
        return e.Emit(Opcode.Select, ScalarType.Int32, e.Compare(Opcode.Greater, x, zero), Constant.Of(1), negative);
    }

    private static Value Clamp(Emitter e, Value x, Value low, Value high)
    {
        bool unsigned = IsUnsigned(x.Type);
        Value upper = e.Emit(Opcode.Select, x.Type, e.Compare(Opcode.Greater, x, high, unsigned), high, x);
        return e.Emit(Opcode.Select, x.Type, e.Compare(Opcode.Less, x, low, unsigned), low, upper);
    }

    private static bool IsUnsigned(IrType type) => type == ScalarType.UInt32 || type == ScalarType.UInt64;

    /// <summary>The ones below the lowest set bit; all bits for zero.</summary>
    private static Value TrailingZeros(Emitter e, Value x)
    {
        Value lowest = e.Binary(Opcode.And, x, e.Unary(Opcode.Neg, x));
        return e.Unary(Opcode.PopCount, e.Binary(Opcode.Sub, lowest, IntegerFolding.Make(x.Type, 1)));
    }

    /// <summary>Shifts take their amount modulo the width, so the counter-shift is by minus the amount.</summary>
    private static Value Rotate(Emitter e, Value x, Value amount, Opcode along, Opcode counter)
    {
        ScalarType type = Emitter.WithSign(x.Type.Scalar, unsigned: true);
        x = e.Coerce(x, type);
        amount = e.Coerce(amount, ScalarType.Int32);
        return e.Binary(Opcode.Or, e.Emit(along, type, x, amount), e.Emit(counter, type, x, e.Unary(Opcode.Neg, amount)));
    }
}
