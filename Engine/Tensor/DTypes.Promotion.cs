namespace Cotangent;

public static partial class DTypes
{
    /// <summary>The dtype in which two tensors meet: never narrower than either, floats before integers before
    /// Bool.</summary>
    /// <remarks>
    /// Within a kind the rule is NumPy's: the wider wins; Int32 with UInt32 gives Int64; Float16 with BFloat16 gives
    /// Float32. An integer with a float gives a float at least as wide as both (Int32 with Float32 stays Float32, Int64
    /// with Float32 gives Float64, Int32 with Float16 gives Float32; UInt8 is exact in any float). C# numbers are weak:
    /// they take the tensor's dtype, except that a fractional type (float, double) turns integers and Bool into Float32
    /// (Int64 into Float64).
    /// </remarks>
    public static DType Promote(DType left, DType right)
    {
        if (left == right) return left;
        (DType low, DType high) = left < right ? (left, right) : (right, left);
        return (low, high) switch
        {
            (DType.Int32, DType.UInt32) => DType.Int64,
            (DType.Float16, DType.BFloat16) => DType.Float32,
            (DType.Int64, DType.Float16 or DType.BFloat16 or DType.Float32) => DType.Float64,
            (DType.Int32 or DType.UInt32, DType.Float16 or DType.BFloat16) => DType.Float32,
            _ => high,
        };
    }

    /// <summary>The floating dtype in which a function like exp computes: floats as they are, Int64 in Float64, the
    /// others in Float32.</summary>
    internal static DType Floating(this DType type) =>
        type.IsFloat() ? type : type == DType.Int64 ? DType.Float64 : DType.Float32;
}
