using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent;

/// <summary>The element types of tensors.</summary>
public enum DType : byte
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,

    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,

    /// <summary>Signed 32-bit integer.</summary>
    Int32,

    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32,

    /// <summary>Signed 64-bit integer.</summary>
    Int64,

    /// <summary>IEEE half precision; storage, computed in float32.</summary>
    Float16,

    /// <summary>bfloat16; storage, computed in float32.</summary>
    BFloat16,

    /// <summary>IEEE single precision.</summary>
    Float32,

    /// <summary>IEEE double precision.</summary>
    Float64,
}

/// <summary>Facts about dtypes.</summary>
public static partial class DTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this DType type) => type.Scalar().Size();

    /// <summary>True for the four floating types: the differentiable ones.</summary>
    public static bool IsFloat(this DType type) => type >= DType.Float16;

    /// <summary>True for the signed and unsigned integers; Bool is neither.</summary>
    public static bool IsInteger(this DType type) => type is DType.UInt8 or DType.Int32 or DType.UInt32 or DType.Int64;

    /// <summary>The dtype whose elements are the C# type <typeparamref name="T"/>.</summary>
    /// <exception cref="NotSupportedException">No dtype has such elements.</exception>
    public static DType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(int) ? DType.Int32
        : typeof(T) == typeof(uint) ? DType.UInt32
        : typeof(T) == typeof(long) ? DType.Int64
        : typeof(T) == typeof(byte) ? DType.UInt8
        : typeof(T) == typeof(bool) ? DType.Bool
        : typeof(T) == typeof(Half) ? DType.Float16
        : typeof(T) == typeof(BFloat16) ? DType.BFloat16
        : throw new NotSupportedException(
            $"No dtype has elements of type {typeof(T)}. Use float, double, Half, BFloat16, int, uint, long, byte " +
            "or bool.");

    /// <summary>The IR type of an element in memory.</summary>
    internal static ScalarType Scalar(this DType type) => type switch
    {
        DType.Bool => ScalarType.Bool,
        DType.UInt8 => ScalarType.UInt8,
        DType.Int32 => ScalarType.Int32,
        DType.UInt32 => ScalarType.UInt32,
        DType.Int64 => ScalarType.Int64,
        DType.Float16 => ScalarType.Float16,
        DType.BFloat16 => ScalarType.BFloat16,
        DType.Float32 => ScalarType.Float32,
        _ => ScalarType.Float64,
    };

    /// <summary>The IR type in which a kernel computes: half types in Float32, UInt8 in UInt32, the others as
    /// stored.</summary>
    internal static ScalarType Compute(this DType type) => type switch
    {
        DType.Float16 or DType.BFloat16 => ScalarType.Float32,
        DType.UInt8 => ScalarType.UInt32,
        _ => type.Scalar(),
    };
}
