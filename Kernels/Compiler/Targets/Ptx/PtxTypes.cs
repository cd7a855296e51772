using System.Globalization;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Targets;

/// <summary>How IR types and literals are spelled in PTX.</summary>
/// <remarks>A Bool value is a predicate register. Integers narrower than 32 bits are in 32-bit registers, extended by their sign; the
/// 16-bit floats are their bits there, zero-extended. A pointer is an address in its space: of 64 bits in global memory, else of 32.</remarks>
internal static class PtxTypes
{
    /// <summary>The suffix of moves, selections and registers of a value's type.</summary>
    public static string Register(IrType type) => type switch
    {
        { IsPointer: true } => type.Space == AddressSpace.Global ? "b64" : "b32",
        { Scalar: ScalarType.Bool } => "pred",
        { Scalar: ScalarType.Float32 } => "f32",
        { Scalar: ScalarType.Float64 } => "f64",
        _ => type.Scalar.Size() == 8 ? "b64" : "b32",
    };

    /// <summary>The start of the names of registers with such a suffix.</summary>
    public static string Prefix(string register) => register switch
    {
        "pred" => "%p",
        "b16" => "%h",
        "b32" => "%r",
        "b64" => "%rd",
        "f32" => "%f",
        _ => "%fd",
    };

    /// <summary>The suffix of arithmetic.</summary>
    public static string Arithmetic(ScalarType type) => type switch
    {
        ScalarType.Bool => "u32",
        ScalarType.Float16 or ScalarType.BFloat16 => "u32",
        ScalarType.Float32 or ScalarType.Float64 => type.Name(),
        _ => $"{(type.IsSigned() ? 's' : 'u')}{Math.Max(32, 8 * type.Size())}",
    };

    /// <summary>The suffix for which only the size counts.</summary>
    public static string Bits(ScalarType type) => type.Size() == 8 ? "b64" : "b32";

    /// <summary>The suffix of loads and stores.</summary>
    public static string Memory(ScalarType type) => type switch
    {
        ScalarType.Bool => "u8",
        ScalarType.Float16 or ScalarType.BFloat16 => "u16",
        ScalarType.Float32 or ScalarType.Float64 => type.Name(),
        _ => $"{(type.IsSigned() ? 's' : 'u')}{8 * type.Size()}",
    };

    public static string Space(AddressSpace space) => space.ToString().ToLowerInvariant();

    /// <summary>A literal with exactly the constant's bits.</summary>
    public static string Literal(Constant constant) => constant.Type.Scalar switch
    {
        ScalarType.Float32 => $"0f{constant.Bits:X8}",
        ScalarType.Float64 => $"0d{constant.Bits:X16}",
        ScalarType.Bool => constant.Bits != 0 ? "-1" : "0",
        ScalarType.UInt64 => $"0x{constant.Bits:X}",
        _ => constant.AsInteger.ToString(CultureInfo.InvariantCulture),
    };
}
