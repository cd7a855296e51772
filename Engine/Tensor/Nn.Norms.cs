namespace Cotangent;

public static partial class Nn
{
    /// <summary>x + residual, and its <see cref="LayerNorm"/>: the two that a block with residual connections needs, in one kernel.</summary>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    public static (Tensor Normed, Tensor Sum) AddLayerNorm(Tensor x, Tensor residual, Tensor gain, Tensor? bias = null, double eps = 1e-5)
    {
        Tensor sum = Residual("add_layer_norm", x, residual);
        return (LayerNorm(sum, gain, bias, eps), sum);
    }

    /// <summary>x + residual, and its <see cref="RmsNorm"/>, in one kernel.</summary>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    public static (Tensor Normed, Tensor Sum) AddRmsNorm(Tensor x, Tensor residual, Tensor gain, double eps = 1e-5)
    {
        Tensor sum = Residual("add_rms_norm", x, residual);
        return (RmsNorm(sum, gain, eps), sum);
    }

    private static Tensor Residual(string op, Tensor x, Tensor residual)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(residual);
        if (x.Shape != residual.Shape)
            throw new ShapeMismatchException($"{op}: x {x.Shape} and the residual {residual.Shape} must have the same shape.");
        return x + residual;
    }
}
