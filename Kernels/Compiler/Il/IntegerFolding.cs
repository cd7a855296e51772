using System.Numerics;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Il;

/// <summary>Folds integer and logical operations while IL is read, so that array sizes and branches on constants of generic
/// parameters are known there. Floating point is left to the IR's own folding pass.</summary>
internal static class IntegerFolding
{
    public static Constant? TryFold(Opcode opcode, IrType type, ReadOnlySpan<Value> operands)
    {
        if (operands.Length is 0 or > 2 || operands[0] is not Constant x || !IsIntegral(x.Type) || !IsIntegral(type))
            return null;
        if (operands.Length == 1)
            return Unary(opcode, type, x);
        return operands[1] is Constant y && IsIntegral(y.Type) ? Binary(opcode, type, x, y) : null;
    }

    /// <summary>The constant of an integer type or Bool whose value is <paramref name="value"/> modulo the type's range.</summary>
    public static Constant Make(IrType type, long value) => type.Scalar == ScalarType.Bool
        ? Constant.Of(value != 0)
        : new(type, type.Scalar.Size() == 8 ? (ulong)value : (ulong)value & ((1ul << (8 * type.Scalar.Size())) - 1));

    private static bool IsIntegral(IrType type) => type.IsBool || type.IsInteger;

    private static Constant? Unary(Opcode opcode, IrType type, Constant x) => opcode switch
    {
        Opcode.Neg => Make(type, -x.AsInteger),
        Opcode.Not => Make(type, type.IsBool ? x.AsInteger ^ 1 : ~x.AsInteger),
        Opcode.Convert or Opcode.BitCast => Make(type, x.AsInteger),
        Opcode.PopCount => Make(type, BitOperations.PopCount(x.Bits)),
        _ => null,
    };

    private static Constant? Binary(Opcode opcode, IrType type, Constant left, Constant right)
    {
        long x = left.AsInteger;
        long y = right.AsInteger;
        bool unsigned = !left.Type.Scalar.IsSigned();
        int order = unsigned ? left.Bits.CompareTo(right.Bits) : x.CompareTo(y);
        int shift = (int)y & (8 * type.Scalar.Size() - 1);
        return opcode switch
        {
            Opcode.Add => Make(type, x + y),
            Opcode.Sub => Make(type, x - y),
            Opcode.Mul => Make(type, x * y),
            Opcode.Div when y != 0 && y != -1 => Make(type, unsigned ? (long)(left.Bits / right.Bits) : x / y),
            Opcode.Rem when y != 0 && y != -1 => Make(type, unsigned ? (long)(left.Bits % right.Bits) : x % y),
            Opcode.And => Make(type, x & y),
            Opcode.Or => Make(type, x | y),
            Opcode.Xor => Make(type, x ^ y),
            Opcode.ShiftLeft => Make(type, x << shift),
            Opcode.ShiftRight => Make(type, unsigned ? (long)(left.Bits >> shift) : x >> shift),
            Opcode.Equal => Constant.Of(order == 0),
            Opcode.NotEqual => Constant.Of(order != 0),
            Opcode.Less => Constant.Of(order < 0),
            Opcode.LessEqual => Constant.Of(order <= 0),
            Opcode.Greater => Constant.Of(order > 0),
            Opcode.GreaterEqual => Constant.Of(order >= 0),
            Opcode.Min => order <= 0 ? left : right,
            Opcode.Max => order >= 0 ? left : right,
            _ => null,
        };
    }
}
