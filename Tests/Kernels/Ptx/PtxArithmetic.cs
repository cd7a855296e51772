using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>What PTX's arithmetic computes on raw bits, as its manual says; where the manual leaves a result open it is garbage, to find
/// who counts on it.</summary>
internal static class PtxArithmetic
{
    private const ulong Garbage = 0xDEADBEEFDEADBEEF;

    public static ulong Unary(string name, string type, ulong x) => type switch
    {
        "s32" or "u32" or "b32" => Unary<int, uint>(name, x),
        "s64" or "u64" or "b64" => Unary<long, ulong>(name, x),
        "f32" => FloatUnary<float>(name, x),
        "f64" => FloatUnary<double>(name, x),
        _ => throw new NotSupportedException($"{name}.{type}"),
    };

    public static ulong Binary(string name, string type, ulong x, ulong y) => type switch
    {
        "s32" => Integer<int, uint>(name, x, y),
        "u32" or "b32" => Integer<uint, uint>(name, x, y),
        "s64" => Integer<long, ulong>(name, x, y),
        "u64" or "b64" => Integer<ulong, ulong>(name, x, y),
        "f32" => Float<float>(name, x, y),
        "f64" => Float<double>(name, x, y),
        _ => throw new NotSupportedException($"{name}.{type}"),
    };

    public static bool Compare(string name, string type, ulong x, ulong y) => type switch
    {
        "s32" => Compare(name, (int)x, (int)y),
        "u32" or "b32" => Compare(name, (uint)x, (uint)y),
        "s64" => Compare(name, (long)x, (long)y),
        "u64" or "b64" => Compare(name, x, y),
        "f32" => CompareFloat(name, Single(x), Single(y)),
        "f64" => CompareFloat(name, Double(x), Double(y)),
        _ => throw new NotSupportedException($"setp.{name}.{type}"),
    };

    public static ulong Fma(string type, ulong x, ulong y, ulong z) => type == "f32"
        ? Bits(MathF.FusedMultiplyAdd(Single(x), Single(y), Single(z)))
        : Bits(Math.FusedMultiplyAdd(Double(x), Double(y), Double(z)));

    /// <summary><c>cvt</c> with its modifiers.</summary>
    public static ulong Convert(string rounding, string to, string from, ulong x) => (to, from) switch
    {
        ("f32", "f32") => Bits(Round(rounding, Single(x))),
        ("f64", "f64") => Bits(Round(rounding, Double(x))),
        ("f64", "f32") => Bits((double)Single(x)),
        ("f32", "f64") => Bits((float)Double(x)),
        ("f32", "f16") => Bits((float)BitConverter.UInt16BitsToHalf((ushort)x)),
        ("f16", "f32") => BitConverter.HalfToUInt16Bits((Half)Single(x)),
        ("bf16", "f32") => ((Cotangent.Kernels.BFloat16)Single(x)).Bits,
        (_, "f32") => ToInteger(to, Single(x), to[1..] == "32"),
        (_, "f64") => ToInteger(to, Double(x), false),
        ("f32", "s32") => Bits((float)(int)x),
        ("f32", "u32") => Bits((float)(uint)x),
        ("f32", "s64") => Bits((float)(long)x),
        ("f32", "u64") => Bits((float)x),
        ("f64", "s32") => Bits((double)(int)x),
        ("f64", "u32") => Bits((double)(uint)x),
        ("f64", "s64") => Bits((double)(long)x),
        ("f64", "u64") => Bits((double)x),
        ("s64", "s32") => (ulong)(int)x,
        ("u64", "u32") => (uint)x,
        ("u32", "u64") => (uint)x,
        ("u16", "u32") => (ushort)x,
        ("u32", "u16") => (ushort)x,
        _ => throw new NotSupportedException($"cvt.{to}.{from}"),
    };

    // Saturates; NaN is 0 from f32 to 32 bits, else the top bit.
    private static ulong ToInteger<T>(string to, T x, bool zeroForNaN) where T : unmanaged, IBinaryFloatingPointIeee754<T> => to switch
    {
        _ when T.IsNaN(x) => zeroForNaN ? 0 : 1ul << (int.Parse(to.AsSpan(1)) - 1),
        "s32" => (uint)int.CreateSaturating(x),
        "u32" => uint.CreateSaturating(x),
        "s64" => (ulong)long.CreateSaturating(x),
        "u64" => ulong.CreateSaturating(x),
        _ => throw new NotSupportedException($"cvt.{to}"),
    };

    private static T Round<T>(string mode, T x) where T : IFloatingPointIeee754<T> => mode switch
    {
        "rmi" => T.Floor(x),
        "rpi" => T.Ceiling(x),
        "rzi" => T.Truncate(x),
        "rni" => T.Round(x),
        _ => throw new NotSupportedException(mode),
    };

    private static ulong Unary<T, TUnsigned>(string name, ulong bits)
        where T : unmanaged, IBinaryInteger<T>
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>
    {
        T x = T.CreateTruncating(bits);
        T value = name switch
        {
            "neg" => unchecked(T.Zero - x),
            "abs" => unchecked(x < T.Zero ? T.Zero - x : x),
            "not" => ~x,
            "popc" => T.PopCount(x),
            "clz" => T.LeadingZeroCount(x),
            _ => throw new NotSupportedException(name),
        };
        return ulong.CreateTruncating(TUnsigned.CreateTruncating(value));
    }

    private static ulong FloatUnary<T>(string name, ulong bits) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T x = Float<T>(bits);
        return Bits(name switch
        {
            "neg" => -x,
            "abs" => T.Abs(x),
            "sqrt" => T.Sqrt(x),
            _ => throw new NotSupportedException(name),
        });
    }

    private static ulong Integer<T, TUnsigned>(string name, ulong left, ulong right)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
        where TUnsigned : unmanaged, IBinaryInteger<TUnsigned>
    {
        T x = T.CreateTruncating(left);
        T y = T.CreateTruncating(right);
        int width = 8 * Unsafe.SizeOf<T>();
        uint amount = (uint)right;
        bool isUndefined = y == T.Zero || (T.MinValue < T.Zero && y == T.Zero - T.One && x == T.MinValue);
        T value = unchecked(name switch
        {
            "add" => x + y,
            "sub" => x - y,
            "mul.lo" => x * y,
            "mul.hi" => T.CreateTruncating((Int128.CreateTruncating(x) * Int128.CreateTruncating(y)) >> width),
            "div" => isUndefined ? T.CreateTruncating(Garbage) : x / y,
            "rem" => isUndefined ? T.CreateTruncating(Garbage) : x % y,
            "min" => T.Min(x, y),
            "max" => T.Max(x, y),
            "and" => x & y,
            "or" => x | y,
            "xor" => x ^ y,
            "shl" => amount >= width ? T.Zero : x << (int)amount,
            "shr" => amount >= width ? x < T.Zero ? T.Zero - T.One : T.Zero : x >> (int)amount,
            _ => throw new NotSupportedException(name),
        });
        return ulong.CreateTruncating(TUnsigned.CreateTruncating(value));
    }

    private static ulong Float<T>(string name, ulong left, ulong right) where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T x = Float<T>(left);
        T y = Float<T>(right);
        return Bits(name switch
        {
            "add.rn" => x + y,
            "sub.rn" => x - y,
            "mul.rn" => x * y,
            "div.rn" => x / y,
            "min.NaN" => T.Min(x, y),
            "max.NaN" => T.Max(x, y),
            "min" => T.MinNumber(x, y),
            "max" => T.MaxNumber(x, y),
            _ => throw new NotSupportedException(name),
        });
    }

    private static bool Compare<T>(string name, T x, T y) where T : IComparisonOperators<T, T, bool> => name switch
    {
        "eq" => x == y,
        "ne" => x != y,
        "lt" => x < y,
        "le" => x <= y,
        "gt" => x > y,
        "ge" => x >= y,
        _ => throw new NotSupportedException(name),
    };

    // Ordered, but for neu.
    private static bool CompareFloat<T>(string name, T x, T y) where T : IFloatingPointIeee754<T> => name switch
    {
        "nan" => T.IsNaN(x) || T.IsNaN(y),
        "neu" => x != y,
        "ne" => x < y || x > y,
        _ => Compare(name, x, y),
    };

    private static T Float<T>(ulong bits) where T : unmanaged =>
        typeof(T) == typeof(float) ? (T)(object)Single(bits) : (T)(object)Double(bits);

    private static float Single(ulong bits) => BitConverter.UInt32BitsToSingle((uint)bits);

    private static double Double(ulong bits) => BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits<T>(T x) where T : unmanaged => x is float single
        ? BitConverter.SingleToUInt32Bits(single)
        : BitConverter.DoubleToUInt64Bits((double)(object)x);
}
