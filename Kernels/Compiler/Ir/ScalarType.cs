namespace Cotangent.Kernels.Ir;

/// <summary>The scalar types of the kernel IR. <see cref="Void"/> is the type of an instruction without a
/// result.</summary>
/// <remarks>
/// Arithmetic exists on Int32, UInt32, Int64, UInt64, Float32 and Float64; logic on Bool and the integers. The narrow
/// types (Int8 … UInt16, Float16, BFloat16) are storage: a Load is followed by a Convert. A Bool in memory is one byte,
/// 0 or 1.
/// </remarks>
internal enum ScalarType : byte
{
    Void, Bool, Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Float16, BFloat16, Float32, Float64,
}

/// <summary>Where a pointer points. The space is part of the type: there is no generic address space.</summary>
internal enum AddressSpace : byte
{
    /// <summary>Device memory, seen by all work items.</summary>
    Global,

    /// <summary>Memory of one group.</summary>
    Shared,

    /// <summary>Memory of one work item.</summary>
    Local,
}

/// <summary>The type of an IR value: a scalar, or a pointer to elements of a scalar type in one address
/// space.</summary>
internal readonly record struct IrType(ScalarType Scalar, AddressSpace? Space = null)
{
    public bool IsPointer => Space is not null;

    public bool IsFloat => !IsPointer && Scalar is ScalarType.Float32 or ScalarType.Float64;

    public bool IsBool => !IsPointer && Scalar == ScalarType.Bool;

    public bool IsInteger => !IsPointer && Scalar is >= ScalarType.Int8 and <= ScalarType.UInt64;

    /// <summary>The type of the elements behind a pointer.</summary>
    public IrType Element => new(Scalar);

    public static IrType Pointer(ScalarType element, AddressSpace space) => new(element, space);

    public static implicit operator IrType(ScalarType scalar) => new(scalar);

    public override string ToString() => Space is { } space
        ? $"{Scalar.Name()} {space.ToString().ToLowerInvariant()}*"
        : Scalar.Name();
}

/// <summary>Facts about scalar types.</summary>
internal static class ScalarTypes
{
    /// <summary>Bytes of one element in memory.</summary>
    public static int Size(this ScalarType type) => type switch
    {
        ScalarType.Void => 0,
        ScalarType.Bool or ScalarType.Int8 or ScalarType.UInt8 => 1,
        ScalarType.Int16 or ScalarType.UInt16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.UInt32 or ScalarType.Float32 => 4,
        _ => 8,
    };

    public static bool IsSigned(this ScalarType type) =>
        type is ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64;

    /// <summary>The short name used in IR dumps: <c>f32</c>, <c>i64</c>, <c>bool</c>.</summary>
    public static string Name(this ScalarType type) => type switch
    {
        ScalarType.Void => "void",
        ScalarType.Bool => "bool",
        ScalarType.BFloat16 => "bf16",
        ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64 => $"f{8 * type.Size()}",
        _ => $"{(type.IsSigned() ? 'i' : 'u')}{8 * type.Size()}",
    };
}
