using System.Collections.Immutable;
using Cotangent.Kernels.Ir;
using Cotangent.Kernels.Passes;

namespace Cotangent.Kernels.Targets;

/// <summary>Finds m·2^n as <see cref="XMath"/>'s exponentials write it, as products with two powers of two that halves of n make, so that
/// the last one alone rounds, and writes <see cref="Opcode.Scale"/> instead: one instruction of AVX-512 with the same result for six.
/// </summary>
/// <remarks>
/// <c>s = x·c + (1.5·2²³ + 254); i = bits(s); h = i &gt;&gt; 1; m · float(h &lt;&lt; 23) · float((i − h) &lt;&lt; 23)</c>, x between constants that
/// keep n = s − (1.5·2²³ + 254) within −252 … 252, where both powers are normal numbers.
/// </remarks>
internal sealed class ScaledPowers : Rewriter
{
    private const float Shift = 12582912f + 254f;
    private const float LargestExponent = 252f;

    /// <summary>The kernel with scalings, or the same if it has none.</summary>
    public static Kernel Find(Kernel kernel) => kernel.Body.Descendants().Any(n => n is Instruction x && Match(x) is not null)
        ? DeadCode.Remove(new ScaledPowers().Run(kernel))
        : kernel;

    protected override Value Visit(Instruction old, ImmutableArray<Value> operands)
    {
        if (Match(old) is not var (mantissa, shifted))
            return Output.Append(Keep(old, operands));
        return Output.Binary(Opcode.Scale, Get(mantissa), Output.Sub(Get(shifted), Constant.Of(ScalarType.Float32, Shift)));
    }

    private static (Value Mantissa, Value Shifted)? Match(Instruction x)
    {
        if (x.Type != ScalarType.Float32 || Factors(x) is not var (product, high) || PowerOf(high) is not Instruction { Opcode: Opcode.Sub, Operands: [var bits, var half] }
            || half is not Instruction { Opcode: Opcode.ShiftRight, Operands: [var halved, Constant { AsInteger: 1 }] } || halved != bits
            || Factors(product) is not var (mantissa, low) || PowerOf(low) != half
            || bits is not Instruction { Opcode: Opcode.BitCast, Operands: [var shifted] } || !IsBounded(shifted))
            return null;
        return (mantissa, shifted);
    }

    /// <summary>A product as something and a power of two; null for others.</summary>
    private static (Value Other, Value Power)? Factors(Value x) => x is not Instruction { Opcode: Opcode.Mul, Operands: [var a, var b] } ? null
        : PowerOf(b) is not null ? (a, b) : PowerOf(a) is not null ? (b, a) : null;

    /// <summary>The integer that becomes a float's exponent; null for other values.</summary>
    private static Value? PowerOf(Value x) => x is Instruction { Opcode: Opcode.BitCast, Operands: [var bits] }
        && bits is Instruction { Opcode: Opcode.ShiftLeft, Operands: [var exponent, Constant { AsInteger: 23 }] } ? exponent : null;

    private static bool IsBounded(Value shifted)
    {
        (Value x, float factor) = shifted switch
        {
            Instruction { Opcode: Opcode.Fma, Operands: [var a, Constant c, Constant s] } when s.AsFloat == Shift => (a, c.AsFloat),
            Instruction { Opcode: Opcode.Add, Operands: [var a, Constant s] } when s.AsFloat == Shift => (a, 1f),
            _ => (shifted, float.NaN),
        };
        return Limit(x, isUpper: true) is var (high, below) && Limit(below, isUpper: false) is var (low, _)
            && high * factor <= LargestExponent && low * factor >= -LargestExponent;
    }

    /// <summary>x, or a constant where x is beyond it: the constant and x. NaN stays.</summary>
    private static (float Constant, Value Of)? Limit(Value x, bool isUpper)
    {
        if (x is not Instruction { Opcode: Opcode.Select, Operands: [Instruction test, Constant limit, var other] }) return null;
        (Value first, Value second) = test.Opcode == (isUpper ? Opcode.Greater : Opcode.Less) ? (test.Operands[0], test.Operands[1])
            : test.Opcode == (isUpper ? Opcode.Less : Opcode.Greater) ? (test.Operands[1], test.Operands[0])
            : (limit, limit);
        return first == other && second is Constant bound && bound.Bits == limit.Bits ? (limit.AsFloat, other) : null;
    }
}
