using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Ir;

/// <summary>What the pure opcodes compute, on raw bits (zero-extended). The interpreter runs this and the folder
/// evaluates constants with it; every target must agree bit for bit.</summary>
internal static class Semantics
{
    /// <summary>True for the opcodes that <see cref="Evaluate"/> computes: functions of their operands alone.</summary>
    public static bool IsEvaluable(Opcode opcode) => opcode <= Opcode.BitCast;

    /// <summary>The result's bits for the operands' bits.</summary>
    public static ulong Evaluate(Instruction node, ReadOnlySpan<ulong> x)
    {
        ScalarType type = node.Operands[0].Type.Scalar;
        return node.Opcode switch
        {
            Opcode.Select => x[0] != 0 ? x[1] : x[2],
            Opcode.Convert => Conversions.Convert(x[0], type, node.Type.Scalar),
            Opcode.BitCast => x[0],
            _ => Compute(node.Opcode, type, x),
        };
    }

    /// <summary>The sum, minimum, … of two numbers, as reductions over the group and atomic operations need it.</summary>
    public static ulong Combine(Opcode opcode, ScalarType type, ulong x, ulong y) => Compute(opcode switch
    {
        Opcode.GroupAdd or Opcode.AtomicAdd => Opcode.Add,
        Opcode.GroupMin or Opcode.AtomicMin => Opcode.Min,
        Opcode.GroupMax or Opcode.AtomicMax => Opcode.Max,
        Opcode.AtomicAnd => Opcode.And,
        Opcode.AtomicOr => Opcode.Or,
        Opcode.AtomicXor => Opcode.Xor,
        _ => throw new ArgumentOutOfRangeException(nameof(opcode), opcode, "not a combining opcode"),
    }, type, [x, y]);

    private static ulong Compute(Opcode opcode, ScalarType type, ReadOnlySpan<ulong> x) => type switch
    {
        ScalarType.Bool => Logic(opcode, x[0], x.Length > 1 ? x[1] : 0),
        ScalarType.Int32 => Integer<int, uint>(opcode, x),
        ScalarType.UInt32 => Integer<uint, uint>(opcode, x),
        ScalarType.Int64 => Integer<long, ulong>(opcode, x),
        ScalarType.UInt64 => Integer<ulong, ulong>(opcode, x),
        ScalarType.Float32 => Float<float>(opcode, x),
        ScalarType.Float64 => Float<double>(opcode, x),
        _ => throw Unknown(opcode, type),
    };

    private static ulong Logic(Opcode opcode, ulong x, ulong y) => opcode switch
    {
        Opcode.Not => x ^ 1,
        Opcode.And => x & y,
        Opcode.Or => x | y,
        Opcode.Xor or Opcode.NotEqual => x ^ y,
        Opcode.Equal => x ^ y ^ 1,
        _ => throw Unknown(opcode, ScalarType.Bool),
    };

    private static ulong Integer<T, TUnsigned>(Opcode opcode, ReadOnlySpan<ulong> operands)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>
    {
        T x = T.CreateTruncating(operands[0]);
        T y = operands.Length > 1 ? T.CreateTruncating(operands[1]) : T.Zero;
        int amount = operands.Length > 1 ? (int)operands[1] : 0;
        bool overflow = y == T.Zero - T.One && T.MinValue < T.Zero;
        T value;
        unchecked
        {
            switch (opcode)
            {
                case Opcode.Neg: value = T.Zero - x; break;
                case Opcode.Abs: value = x < T.Zero ? T.Zero - x : x; break;
                case Opcode.Not: value = ~x; break;
                case Opcode.PopCount: value = T.PopCount(x); break;
                case Opcode.LeadingZeros: value = T.LeadingZeroCount(x); break;
                case Opcode.Add: value = x + y; break;
                case Opcode.Sub: value = x - y; break;
                case Opcode.Mul: value = x * y; break;
                case Opcode.Div: value = y == T.Zero ? T.Zero : overflow ? T.Zero - x : x / y; break;
                case Opcode.Rem: value = y == T.Zero || overflow ? T.Zero : x % y; break;
                case Opcode.Min: value = T.Min(x, y); break;
                case Opcode.Max: value = T.Max(x, y); break;
                case Opcode.And: value = x & y; break;
                case Opcode.Or: value = x | y; break;
                case Opcode.Xor: value = x ^ y; break;
                case Opcode.ShiftLeft: value = x << amount; break;
                case Opcode.ShiftRight: value = x >> amount; break;
                case Opcode.MulHigh: value = MulHigh(x, y); break;
                default: return Compare(opcode, x, y);
            }
        }

        return ulong.CreateTruncating(TUnsigned.CreateTruncating(value));
    }

    private static T MulHigh<T>(T x, T y) where T : IBinaryInteger<T>
    {
        int width = 8 * Unsafe.SizeOf<T>();
        return T.CreateTruncating(Int128.CreateTruncating(x) * Int128.CreateTruncating(y) >> width);
    }

    private static ulong Float<T>(Opcode opcode, ReadOnlySpan<ulong> operands)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T x = Conversions.FromBits<T>(operands[0]);
        T y = operands.Length > 1 ? Conversions.FromBits<T>(operands[1]) : T.Zero;
        T value;
        switch (opcode)
        {
            case Opcode.Neg: return operands[0] ^ (1ul << (8 * Unsafe.SizeOf<T>() - 1));
            case Opcode.Abs: return operands[0] & ~(1ul << (8 * Unsafe.SizeOf<T>() - 1));
            case Opcode.Sqrt: value = T.Sqrt(x); break;
            case Opcode.Floor: value = T.Floor(x); break;
            case Opcode.Ceil: value = T.Ceiling(x); break;
            case Opcode.Truncate: value = T.Truncate(x); break;
            case Opcode.Round: value = T.Round(x); break;
            case Opcode.Add: value = x + y; break;
            case Opcode.Sub: value = x - y; break;
            case Opcode.Mul: value = x * y; break;
            case Opcode.Div: value = x / y; break;
            case Opcode.Rem: value = x % y; break;
            case Opcode.Min: value = T.Min(x, y); break;
            case Opcode.Max: value = T.Max(x, y); break;
            case Opcode.Fma: value = T.FusedMultiplyAdd(x, y, Conversions.FromBits<T>(operands[2])); break;
            default: return Compare(opcode, x, y);
        }

        return Conversions.ToBits(value);
    }

    private static ulong Compare<T>(Opcode opcode, T x, T y) where T : IComparisonOperators<T, T, bool> => opcode switch
    {
        Opcode.Equal => x == y,
        Opcode.NotEqual => x != y,
        Opcode.Less => x < y,
        Opcode.LessEqual => x <= y,
        Opcode.Greater => x > y,
        Opcode.GreaterEqual => x >= y,
        _ => throw new NotSupportedException($"{opcode} is not an operation on {typeof(T).Name}."),
    } ? 1ul : 0ul;

    private static NotSupportedException Unknown(Opcode opcode, ScalarType type) =>
        new($"{opcode} is not an operation on {type.Name()}.");
}
