using Cotangent.Kernels;

namespace Cotangent;

public sealed partial class Tensor
{
    private static readonly AsyncLocal<MatMulPrecision> s_precision = new();

    /// <summary>The precision that products of float32 matrices are recorded with here: <see cref="MatMulPrecision.Float32"/> but within
    /// <see cref="UseMatMulPrecision"/>.</summary>
    /// <remarks>A product keeps the precision it was recorded with, and so do its derivatives, wherever they are taken. Devices without
    /// matrix units compute exactly. Float64 is always exact; float16 and bfloat16 elements are never rounded further.</remarks>
    public static MatMulPrecision MatMulPrecision => s_precision.Value;

    /// <summary>Until the result is disposed, products of float32 matrices (those of einsum and convolutions, too) are recorded with this
    /// precision, on this thread and in what it awaits. A compiled function is traced anew for each precision that it is called under.</summary>
    /// <example><code>
    /// using (Tensor.UseMatMulPrecision(MatMulPrecision.Tf32))
    ///     loss = model(x);
    /// </code></example>
    /// <exception cref="ArgumentOutOfRangeException">There is no such precision.</exception>
    public static IDisposable UseMatMulPrecision(MatMulPrecision precision)
    {
        if (!Enum.IsDefined(precision))
            throw new ArgumentOutOfRangeException(nameof(precision), precision, "There is no such precision.");
        PrecisionScope scope = new(s_precision.Value);
        s_precision.Value = precision;
        return scope;
    }

    /// <inheritdoc cref="MatMul(Tensor)"/>
    /// <param name="other">The right factor.</param>
    /// <param name="precision">How exactly a float32 product is computed on devices with matrix units.</param>
    public Tensor MatMul(Tensor other, MatMulPrecision precision)
    {
        using IDisposable scope = UseMatMulPrecision(precision);
        return MatMul(other);
    }

    private sealed class PrecisionScope(MatMulPrecision before) : IDisposable
    {
        private bool _isDisposed;

        public void Dispose()
        {
            if (_isDisposed) return;
            _isDisposed = true;
            s_precision.Value = before;
        }
    }
}
