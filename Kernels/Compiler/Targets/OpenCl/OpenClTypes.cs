using System.Globalization;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>How IR types and literals are spelled in OpenCL C.</summary>
/// <remarks>A Bool is <c>bool</c> as a value and <c>uchar</c> in memory and as an argument; the 16-bit floats are their
/// bits in a
/// <c>ushort</c> everywhere, since <c>half</c> values need an extension.</remarks>
internal static class OpenClTypes
{
    /// <summary>The type of a value.</summary>
    public static string Value(IrType type) => type.Space is { } space
        ? $"{Qualifier(space)}{Memory(type.Scalar)}*"
        : type.Scalar == ScalarType.Bool ? "bool" : Memory(type.Scalar);

    /// <summary>The type of an element in memory.</summary>
    public static string Memory(ScalarType type) => type switch
    {
        ScalarType.Bool or ScalarType.UInt8 => "uchar",
        ScalarType.Int8 => "char",
        ScalarType.Int16 => "short",
        ScalarType.UInt16 or ScalarType.Float16 or ScalarType.BFloat16 => "ushort",
        ScalarType.Int32 => "int",
        ScalarType.UInt32 => "uint",
        ScalarType.Int64 => "long",
        ScalarType.UInt64 => "ulong",
        ScalarType.Float32 => "float",
        ScalarType.Float64 => "double",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "A value has no such type."),
    };

    /// <summary>The unsigned type of the same size as an integer type, in which C arithmetic wraps.</summary>
    public static string Unsigned(ScalarType type) => type.Size() switch
    {
        1 => "uchar",
        2 => "ushort",
        4 => "uint",
        _ => "ulong",
    };

    public static string Qualifier(AddressSpace space) => space switch
    {
        AddressSpace.Global => "__global ",
        AddressSpace.Shared => "__local ",
        _ => "__private ",
    };

    /// <summary>A literal with exactly the constant's bits.</summary>
    public static string Literal(Constant constant)
    {
        ulong bits = constant.Bits;
        string integer = constant.AsInteger.ToString(CultureInfo.InvariantCulture);
        string unsigned = bits.ToString(CultureInfo.InvariantCulture);
        string literal = constant.Type.Scalar switch
        {
            ScalarType.Bool => bits != 0 ? "true" : "false",
            ScalarType.Float32 when float.IsNormal(constant.AsFloat) || bits == 0 => $"{Float(constant.AsFloat)}f",
            ScalarType.Float32 => $"as_float(0x{bits:x8}u)",
            ScalarType.Float64 when double.IsNormal(constant.AsDouble) || bits == 0 => Float(constant.AsDouble),
            ScalarType.Float64 => $"as_double(0x{bits:x16}ul)",
            ScalarType.Int32 => constant.AsInteger == int.MinValue ? "(-2147483647 - 1)" : integer,
            ScalarType.Int64 => constant.AsInteger == long.MinValue ? "(-9223372036854775807L - 1L)" : $"{integer}L",
            ScalarType.UInt32 => $"{unsigned}u",
            ScalarType.UInt64 => $"{unsigned}ul",
            ScalarType type => $"(({Memory(type)}){(type.IsSigned() ? integer : unsigned)})",
        };

        return literal.StartsWith('-') ? $"({literal})" : literal;
    }

    // The shortest text that reads back as the same number, with a point so that C takes it for a float.
    private static string Float(IFormattable x)
    {
        string text = x.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text : $"{text}.0";
    }
}
