namespace Cotangent.Kernels;

/// <summary>How exactly products of float32 matrices are computed on devices with matrix units (NVIDIA GPUs from capability 8.0 on).
/// Elsewhere every product is <see cref="Float32"/>. Sums are float32 in any case, and what is stored stays float32.</summary>
public enum MatMulPrecision
{
    /// <summary>Every term in float32, one rounding a term: the same bits on every device. The default.</summary>
    Float32,

    /// <summary>Elements are rounded to tf32, 11 bits of precision with float32's range: relative error of a term about 2⁻¹⁰.</summary>
    Tf32,

    /// <summary>Elements are rounded to bfloat16, 8 bits of precision with float32's range: relative error of a term about 2⁻⁷.</summary>
    BFloat16,
}
