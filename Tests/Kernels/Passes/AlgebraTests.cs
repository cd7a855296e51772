using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;
using Cotangent.Tests.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Passes;

/// <summary>Every rule, on every pattern of operands that could match it, evaluated on all special values: not a bit
/// may change.</summary>
public class AlgebraTests
{
    private static readonly ScalarType[] s_types =
        [ScalarType.Bool, ScalarType.Int32, ScalarType.UInt32, ScalarType.Int64, ScalarType.UInt64, ScalarType.Float32,
            ScalarType.Float64];

    private static ulong[] Specials(ScalarType type) => type switch
    {
        ScalarType.Bool => [0, 1],
        ScalarType.Float32 => [.. new[] { 0f, -0f, 1, -1, 2, -2, 0.5f, 8, 1.5f, 3, -7.25f, 1e-40f, -1e-45f,
            float.Epsilon, 1.1754944e-38f, float.MaxValue,
            -float.MaxValue, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1.7014118e38f }.Select(x =>
                (ulong)BitConverter.SingleToUInt32Bits(x))],
        ScalarType.Float64 => [.. new[] { 0, -0.0, 1, -1, 2, -2, 0.5, 8, 1.5, 3, -7.25, 1e-310, -5e-324,
            double.MaxValue, double.NaN,
            double.PositiveInfinity, double.NegativeInfinity,
                8.98846567431158e307 }.Select(BitConverter.DoubleToUInt64Bits)],
        _ => [.. new ulong[] { 0, 1, 2, 3, 8, 31, 32, 33, 63, 64, ulong.MaxValue, ulong.MaxValue - 6, 1ul << 31,
            1ul << 63, (1ul << 31) - 1, (1ul << 63) - 1 }
            .Select(x => x & (ulong.MaxValue >> (64 - 8 * type.Size()))).Distinct()],
    };

    [Fact]
    public void Simplify_AllOpcodesOnSpecialValues_KeepsEveryBit()
    {
        HashSet<Opcode> simplified = [];
        foreach (ScalarType type in s_types)
        {
            Parameter x = new(type, 0);
            foreach (Instruction node in Patterns(type, x))
            {
                if (IsValid(node) && Algebra.Simplify(node, n => n) is { } better)
                {
                    simplified.Add(node.Opcode);
                    Assert.Equal(node.Type, better.Type);
                    foreach (ulong bits in Specials(type))
                    {
                        AssertSame(node, better, bits);
                    }
                }
            }
        }

        Assert.True(simplified.Count >= 25, $"only {simplified.Count} opcodes were simplified");
    }

    private static IEnumerable<Instruction> Patterns(ScalarType type, Parameter x)
    {
        Value[] leaves = [x, .. Specials(type).Select(b => new Constant(type, b)), new Instruction(Opcode.Neg, type, x),
            new Instruction(Opcode.Not, type, x), new Instruction(Opcode.Abs, type, x),
                new Instruction(Opcode.Floor, type, x)];
        leaves = [.. leaves.Where(v => v is not Instruction i || OperandRules.Fault(i) is null)];
        for (Opcode opcode = Opcode.Neg; opcode <= Opcode.GreaterEqual; opcode++)
        {
            IrType result = opcode >= Opcode.Equal ? ScalarType.Bool : type;
            foreach (Value a in leaves)
            {
                yield return new Instruction(opcode, result, a);
                foreach (Value b in leaves)
                {
                    yield return new Instruction(opcode, result, a, b);
                }

                foreach (Constant c in Specials(ScalarType.Int32).Select(s => new Constant(ScalarType.Int32, s)))
                {
                    yield return new Instruction(opcode, result, a, c);
                }
            }

            foreach (Constant c in Specials(type).Select(b => new Constant(type, b)))
            {
                yield return new Instruction(opcode, result, new Instruction(opcode, result, x, c),
                    new Constant(type, Specials(type)[^1]));
                yield return new Instruction(Opcode.Not, ScalarType.Bool,
                    new Instruction(opcode, ScalarType.Bool, x, c));
            }
        }

        foreach (int mask in new[] { 31, 63, 7, 127 })
        {
            Value amount = new Instruction(Opcode.And, ScalarType.Int32,
                new Instruction(Opcode.Convert, ScalarType.Int32, x), Constant.Of(mask));
            yield return new Instruction(Opcode.ShiftLeft, type, x, amount);
            yield return new Instruction(Opcode.ShiftRight, type, x, amount);
        }

        foreach (ScalarType other in s_types)
        {
            Instruction converted = new(Opcode.Convert, other, x);
            yield return converted;
            yield return new Instruction(Opcode.Convert, type, converted);
            yield return new Instruction(Opcode.BitCast, type, new Instruction(Opcode.BitCast, other, x));
            foreach (ulong bits in Specials(other))
            {
                yield return new Instruction(Opcode.Equal, ScalarType.Bool, converted, new Constant(other, bits));
                yield return new Instruction(Opcode.NotEqual, ScalarType.Bool, converted, new Constant(other, bits));
            }
        }

        Value flag = type == ScalarType.Bool ? x
            : new Instruction(Opcode.Greater, ScalarType.Bool, x, new Constant(type, 0));
        foreach (Value condition in new[] { flag, Constant.Of(true), Constant.Of(false),
            new Instruction(Opcode.Not, ScalarType.Bool, flag) })
        {
            foreach (Value a in leaves)
            {
                yield return new Instruction(Opcode.Select, type, condition, a, leaves[1]);
                yield return new Instruction(Opcode.Select, type, condition, leaves[2], a);
                yield return new Instruction(Opcode.Select, type, condition, a, a);
            }
        }
    }

    private static void AssertSame(Instruction node, Value better, ulong x)
    {
        if (Divides(node) && Evaluate(node.Operands[1], x) == 0)
        {
            return;
        }

        ulong expected = Evaluate(node, x);
        ulong actual = Evaluate(better, x);
        Assert.True(expected == actual || (IsNaN(node.Type, expected) && IsNaN(node.Type, actual)),
            $"{Show(node)} → {Show(better)} at 0x{x:x}: 0x{expected:x} became 0x{actual:x}");
    }

    private static bool IsValid(Value value) =>
        value is not Instruction i || (OperandRules.Fault(i) is null && i.Operands.All(IsValid));

    private static bool Divides(Instruction node) => node.Opcode is Opcode.Div or Opcode.Rem && !node.Type.IsFloat;

    private static ulong Evaluate(Value value, ulong x) => value switch
    {
        Constant c => c.Bits,
        Instruction i => Semantics.Evaluate(i, [.. i.Operands.Select(o => Evaluate(o, x))]),
        _ => x,
    };

    private static bool IsNaN(IrType type, ulong bits) => type.Scalar switch
    {
        ScalarType.Float32 => float.IsNaN(BitConverter.UInt32BitsToSingle((uint)bits)),
        ScalarType.Float64 => double.IsNaN(BitConverter.UInt64BitsToDouble(bits)),
        _ => false,
    };

    private static string Show(Value value) => value switch
    {
        Constant c => Printer.Literal(c),
        Instruction i => $"{i.Opcode}({string.Join(", ", i.Operands.Select(Show))})",
        _ => "x",
    };
}
