namespace Cotangent.Kernels;

/// <summary>Mathematical functions with the same bits on every device (ILGPU's <c>XMath</c>). They are ordinary kernel code: only
/// IEEE additions, multiplications, divisions, square roots, fused multiply-adds, integer operations and selects, so that each
/// target that has those gives the same result, within 2 ulp of the exact value.</summary>
/// <remarks>NaN, infinities and signed zeros are as in <see cref="Math"/> and <see cref="MathF"/>.</remarks>
public static partial class XMath
{
    /// <summary>1/√x: +∞ at +0, −∞ at −0, NaN below 0.</summary>
    public static float Rsqrt(float x) => 1.0f / MathF.Sqrt(x);

    /// <summary>1/√x: +∞ at +0, −∞ at −0, NaN below 0.</summary>
    public static double Rsqrt(double x) => 1.0 / Math.Sqrt(x);
}
