using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Passes;

/// <summary>A rewriting rule. Apply gives what stands for a node, or null where the rule does not match; the function
/// it gets writes a new instruction and returns its simplified value.</summary>
internal sealed record AlgebraRule(string Name, Func<Instruction, Func<Instruction, Value>, Value?> Apply,
    params Opcode[] Opcodes);

/// <summary>The exact algebra: rules that keep every bit for every operand, but for the payloads of NaNs. Not here, as
/// they are not exact for floats: x + 0 (loses −0), x·0 (loses NaN, ∞, −0), x − x, re-association.</summary>
internal static class Algebra
{
    /// <summary>All rules, in the order they are tried.</summary>
    public static ImmutableArray<AlgebraRule> Rules { get; } =
    [
        // Constants to the right, so that the rules below need one form.
        new("c ∘ x → x ∘ c", (n, make) =>
            n.Operands is [Constant c, not Constant] ? make(With(n, n.Operands[1], c)) : null,
            Opcode.Add, Opcode.Mul, Opcode.Min, Opcode.Max, Opcode.And, Opcode.Or, Opcode.Xor, Opcode.MulHigh,
                Opcode.Equal, Opcode.NotEqual),

        // Integers and logic.
        new("x ∘ 0 → x", (n, _) => IsInteger(n) && IsZero(n.Operands[1]) ? n.Operands[0] : null,
            Opcode.Add, Opcode.Sub, Opcode.Or, Opcode.Xor, Opcode.ShiftLeft, Opcode.ShiftRight),
        new("x ∘ 0 → 0", (n, _) =>
            IsInteger(n) && IsZero(n.Operands[1]) ? n.Operands[1] : null, Opcode.Mul, Opcode.And, Opcode.MulHigh),
        new("x ∘ ~0 → x", (n, _) => IsInteger(n) && IsOnes(n.Operands[1]) ? n.Operands[0] : null, Opcode.And),
        new("x | ~0 → ~0", (n, _) => IsInteger(n) && IsOnes(n.Operands[1]) ? n.Operands[1] : null, Opcode.Or),
        new("x ^ true → !x", (n, make) =>
            n.Type.IsBool && IsOnes(n.Operands[1]) ? make(new(Opcode.Not, n.Type, n.Operands[0])) : null, Opcode.Xor),
        new("x ∘ x → x", (n, _) =>
            (IsInteger(n) || n.Opcode is Opcode.Min or Opcode.Max)
                && n.Operands[0] == n.Operands[1] ? n.Operands[0] : null,
            Opcode.And, Opcode.Or, Opcode.Min, Opcode.Max),
        new("x ∘ x → 0", (n, _) =>
            IsInteger(n) && n.Operands[0] == n.Operands[1] ? new Constant(n.Type, 0) : null, Opcode.Sub, Opcode.Xor),
        new("x ∘ 1 → x", (n, _) =>
            IsInteger(n) && IsNumber(n.Operands[1], 1) ? n.Operands[0] : null, Opcode.Mul, Opcode.Div),
        new("u / 2^k → u >> k", (n, make) =>
            IsUnsigned(n) && Log2(n.Operands[1]) is int k
                ? make(new(Opcode.ShiftRight, n.Type, n.Operands[0], Constant.Of(k))) : null, Opcode.Div),
        new("u % 2^k → u & (2^k − 1)", (n, make) => IsUnsigned(n) && n.Operands[1] is Constant c && Log2(c) is not null
            ? make(new(Opcode.And, n.Type, n.Operands[0], new Constant(n.Type, c.Bits - 1))) : null, Opcode.Rem),
        new("(x ∘ c) ∘ d → x ∘ (c ∘ d)", (n, make) =>
            n.Operands[1] is Constant d && IsInteger(n)
                && n.Operands[0] is Instruction { Operands: [_, Constant c] } inner
            && inner.Opcode == n.Opcode ? make(With(n, inner.Operands[0], make(With(n, c, d)))) : null,
            Opcode.Add, Opcode.Mul, Opcode.And, Opcode.Or, Opcode.Xor),
        new("x − c → x + (−c)", (n, make) => IsInteger(n) && n.Operands[1] is Constant c
            ? make(new(Opcode.Add, n.Type, n.Operands[0], make(new(Opcode.Neg, n.Type, c)))) : null, Opcode.Sub),
        new("x << (n & 31) → x << n", (n, make) =>
            n.Operands[1] is Instruction { Opcode: Opcode.And, Operands: [var amount, Constant mask] }
            && (mask.AsInteger & Width(n)) == Width(n) ? make(With(n, n.Operands[0], amount)) : null, Opcode.ShiftLeft,
            Opcode.ShiftRight),

        // Floats.
        new("x · 1 → x", (n, _) =>
            n.Type.IsFloat && IsNumber(n.Operands[1], 1) ? n.Operands[0] : null, Opcode.Mul, Opcode.Div),
        new("x · −1 → −x", (n, make) =>
            n.Type.IsFloat && IsNumber(n.Operands[1], -1) ? make(new(Opcode.Neg, n.Type, n.Operands[0])) : null,
                Opcode.Mul, Opcode.Div),
        new("x + (−0) → x", (n, _) =>
            n.Type.IsFloat && IsZero(n.Operands[1], negative: true) ? n.Operands[0] : null, Opcode.Add),
        new("x − 0 → x", (n, _) =>
            n.Type.IsFloat && IsZero(n.Operands[1], negative: false) ? n.Operands[0] : null, Opcode.Sub),
        new("x / 2^k → x · 2^−k", (n, make) =>
            n.Type.IsFloat && Reciprocal(n.Operands[1]) is { } r ? make(new(Opcode.Mul, n.Type, n.Operands[0], r))
                : null, Opcode.Div),
        new("x + (−y) → x − y", (n, make) => n.Type.IsFloat && n.Operands[1] is Instruction { Opcode: Opcode.Neg } y
            ? make(new(Opcode.Sub, n.Type, n.Operands[0], y.Operands[0])) : null, Opcode.Add),
        new("x − (−y) → x + y", (n, make) => n.Type.IsFloat && n.Operands[1] is Instruction { Opcode: Opcode.Neg } y
            ? make(new(Opcode.Add, n.Type, n.Operands[0], y.Operands[0])) : null, Opcode.Sub),

        // Both.
        new("−(−x) → x", (n, _) =>
            n.Operands[0] is Instruction { Opcode: var o } x
                && o == n.Opcode ? x.Operands[0] : null, Opcode.Neg, Opcode.Not),
        new("|−x| → |x|", (n, make) =>
            n.Type.IsFloat && n.Operands[0] is Instruction { Opcode: Opcode.Neg or Opcode.Abs } x
            ? make(new(Opcode.Abs, n.Type, x.Operands[0])) : null, Opcode.Abs),
        new("f(f(x)) → f(x)", (n, _) =>
            n.Operands[0] is Instruction { Opcode: var o } x
                && o is Opcode.Floor or Opcode.Ceil or Opcode.Truncate or Opcode.Round
            ? x : null, Opcode.Floor, Opcode.Ceil, Opcode.Truncate, Opcode.Round),

        // Conditions.
        new("x = x → true", (n, _) => !n.Operands[0].Type.IsFloat && n.Operands[0] == n.Operands[1]
            ? Constant.Of(n.Opcode is Opcode.Equal or Opcode.LessEqual or Opcode.GreaterEqual) : null,
            Opcode.Equal, Opcode.NotEqual, Opcode.Less, Opcode.LessEqual, Opcode.Greater, Opcode.GreaterEqual),
        new("b ≠ c → b ^ c", (n, make) =>
            n.Operands[0].Type.IsBool ? make(new(Opcode.Xor, ScalarType.Bool, n.Operands)) : null, Opcode.NotEqual),
        new("b = c → !(b ^ c)", (n, make) => n.Operands[0].Type.IsBool
            ? make(new(Opcode.Not, ScalarType.Bool, make(new(Opcode.Xor, ScalarType.Bool, n.Operands)))) : null,
            Opcode.Equal),
        new("int(b) ≠ 0 → b", (n, make) =>
            FromBool(n.Operands[0]) is { } b && n.Operands[1] is Constant { Bits: 0 or 1 } c
            ? (c.Bits == 0) == (n.Opcode == Opcode.NotEqual) ? b : make(new(Opcode.Not, ScalarType.Bool, b)) : null,
            Opcode.Equal, Opcode.NotEqual),
        new("bool(x) → x ≠ 0", (n, make) => n.Type.IsBool && OperandRules.IsArithmetic(n.Operands[0].Type)
            ? make(new(Opcode.NotEqual, ScalarType.Bool, n.Operands[0], new Constant(n.Operands[0].Type, 0))) : null,
            Opcode.Convert),
        new("!(x < y) → x ≥ y", (n, make) =>
            n.Operands[0] is Instruction x
                && Opposite(x) is { } o ? make(new(o, ScalarType.Bool, x.Operands)) : null, Opcode.Not),
        new("c ? x : x → x", (n, _) =>
            ConstantComparer.Instance.Equals(n.Operands[1], n.Operands[2]) ? n.Operands[1] : null, Opcode.Select),
        new("true ? x : y → x", (n, _) =>
            n.Operands[0] is Constant c ? n.Operands[c.Bits != 0 ? 1 : 2] : null, Opcode.Select),
        new("!c ? x : y → c ? y : x", (n, make) => n.Operands[0] is Instruction { Opcode: Opcode.Not } c
            ? make(new(Opcode.Select, n.Type, c.Operands[0], n.Operands[2], n.Operands[1])) : null, Opcode.Select),
        new("c ? true : x → c | x", (n, make) => n.Type.IsBool ? SelectBool(n, make) : null, Opcode.Select),

        // Conversions and pointers.
        new("T(T x) → x", (n, _) =>
            n.Operands[0].Type == n.Type ? n.Operands[0] : null, Opcode.Convert, Opcode.BitCast, Opcode.PointerCast),
        new("bits(bits(x)) → bits(x)", (n, make) =>
            n.Operands[0] is Instruction x
                && x.Opcode == n.Opcode ? make(With(n, x.Operands[0])) : null, Opcode.BitCast, Opcode.PointerCast),
        new("narrow(widen(x)) → x", (n, _) =>
            n.Operands[0] is Instruction { Opcode: Opcode.Convert } x && x.Operands[0].Type == n.Type
                && Widens(n.Type, x.Type)
            ? x.Operands[0] : null, Opcode.Convert),
        new("p + 0 → p", (n, _) => IsZero(n.Operands[1]) ? n.Operands[0] : null, Opcode.PointerAdd),
    ];

    private static readonly AlgebraRule[][] s_byOpcode =
        [.. Enum.GetValues<Opcode>().Select(o => Rules.Where(r => r.Opcodes.Contains(o)).ToArray())];

    /// <summary>What stands for the node by the first rule that matches, or null.</summary>
    public static Value? Simplify(Instruction node, Func<Instruction, Value> make)
    {
        foreach (AlgebraRule rule in s_byOpcode[(int)node.Opcode])
        {
            if (rule.Apply(node, make) is { } value)
            {
                if (PassReport.CountsRules)
                    PassReport.Count(rule.Name);
                return value;
            }
        }

        return null;
    }

    private static Instruction With(Instruction node, params ImmutableArray<Value> operands) =>
        new(node.Opcode, node.Type, operands);

    private static bool IsInteger(Instruction node) => node.Type.IsInteger || node.Type.IsBool;

    private static bool IsUnsigned(Instruction node) => node.Type.IsInteger && !node.Type.Scalar.IsSigned();

    private static bool IsZero(Value value) => value is Constant { Bits: 0 } c && !c.Type.IsFloat;

    private static bool IsZero(Value value, bool negative) => value is Constant c
        && c.Bits == (negative ? 1ul << (8 * c.Type.Scalar.Size() - 1) : 0);

    private static bool IsOnes(Value value) => value is Constant c
        && c.Bits == (c.Type.IsBool ? 1 : ulong.MaxValue >> (64 - 8 * c.Type.Scalar.Size()));

    private static bool IsNumber(Value value, int number) =>
        value is Constant c && c.Bits == Constant.Of(c.Type.Scalar, number).Bits;

    private static int? Log2(Value value) =>
        value is Constant c && ulong.IsPow2(c.Bits) ? (int)ulong.Log2(c.Bits) : null;

    /// <summary>1/c where that is exact and normal, so that dividing and multiplying round the same number.</summary>
    private static Constant? Reciprocal(Value value) => value switch
    {
        Constant { Type.Scalar: ScalarType.Float32 } c when float.IsPow2(float.Abs(c.AsFloat))
            && float.IsNormal(1 / c.AsFloat) => Constant.Of(1 / c.AsFloat),
        Constant { Type.Scalar: ScalarType.Float64 } c when double.IsPow2(double.Abs(c.AsDouble))
            && double.IsNormal(1 / c.AsDouble) => Constant.Of(1 / c.AsDouble),
        _ => null,
    };

    /// <summary>The bits of a shift amount that count.</summary>
    private static int Width(Instruction shift) => 8 * shift.Type.Scalar.Size() - 1;

    private static Value? FromBool(Value value) =>
        value is Instruction { Opcode: Opcode.Convert } x && x.Operands[0].Type.IsBool
            && x.Type.IsInteger ? x.Operands[0] : null;

    // The negation of an ordered comparison of floats is unordered: it has no opcode.
    private static Opcode? Opposite(Instruction node) => node.Opcode switch
    {
        Opcode.Equal => Opcode.NotEqual,
        Opcode.NotEqual => Opcode.Equal,
        _ when node.Operands[0].Type.IsFloat => null,
        Opcode.Less => Opcode.GreaterEqual,
        Opcode.LessEqual => Opcode.Greater,
        Opcode.Greater => Opcode.LessEqual,
        Opcode.GreaterEqual => Opcode.Less,
        _ => null,
    };

    private static Value? SelectBool(Instruction node, Func<Instruction, Value> make)
    {
        Value c = node.Operands[0];
        Value Not(Value x) => make(new(Opcode.Not, ScalarType.Bool, x));
        return (node.Operands[1], node.Operands[2]) switch
        {
            (Constant { Bits: 1 }, Constant { Bits: 0 }) => c,
            (Constant { Bits: 0 }, Constant { Bits: 1 }) => Not(c),
            (Constant { Bits: 1 }, var x) => make(new(Opcode.Or, ScalarType.Bool, c, x)),
            (Constant { Bits: 0 }, var x) => make(new(Opcode.And, ScalarType.Bool, Not(c), x)),
            (var x, Constant { Bits: 0 }) => make(new(Opcode.And, ScalarType.Bool, c, x)),
            (var x, Constant { Bits: 1 }) => make(new(Opcode.Or, ScalarType.Bool, Not(c), x)),
            _ => null,
        };
    }

    /// <summary>True if every value of the small type survives a conversion to the large one.</summary>
    private static bool Widens(IrType small, IrType large)
    {
        bool integers = small.IsInteger && large.IsInteger && large.Scalar.Size() >= small.Scalar.Size();
        bool floats = (small, large) == (ScalarType.Float32, ScalarType.Float64);
        bool exact = small.IsInteger && small.Scalar.Size() <= 4 && large == ScalarType.Float64;
        return integers || floats || exact || (small.IsBool && (large.IsInteger || large.IsFloat));
    }
}
