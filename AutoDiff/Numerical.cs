namespace Cotangent.AutoDiff;

/// <summary>Derivatives by central differences: what the exact ones of <see cref="Diff"/> are checked against. The error is about ε^(2/3)
/// of the dtype, so use float64.</summary>
public static class Numerical
{
    /// <summary>The derivative of f at x along dx: (f(x + h·dx) − f(x − h·dx)) / 2h.</summary>
    /// <param name="f">A function of a floating tensor; its result may have any shape.</param>
    /// <param name="x">The point.</param>
    /// <param name="dx">The direction, of x's shape.</param>
    /// <param name="step">h; by default ∛ε of x's dtype, where truncation and rounding balance.</param>
    public static Tensor Jvp(Func<Tensor, Tensor> f, Tensor x, Tensor dx, double? step = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        double h = step ?? DefaultStep(x.DType);
        Tensor move = dx * h;
        return (f(x + move) - f(x - move)) / (2 * h);
    }

    /// <summary>The gradient of a scalar function, one pair of evaluations an element.</summary>
    public static Func<Tensor, Tensor> Grad(Func<Tensor, Tensor> f, double? step = null) => x =>
    {
        int size = checked((int)x.Size);
        if (size == 0) return Tensor.ZerosLike(x);
        Tensor index = Tensor.Arange(size, DType.Int32, x.Device);
        Tensor[] slopes = new Tensor[size];
        for (int i = 0; i < size; i++)
        {
            Tensor direction = index.Equal(i).Cast(x.DType).Reshape(x.Shape);
            Tensor slope = Jvp(f, x, direction, step);
            slopes[i] = slope.Rank == 0 ? slope.Reshape(1) : throw new NotScalarException("Numerical.Grad", slope.Shape);
        }

        return Tensor.Concat(0, slopes).Reshape(x.Shape);
    };

    private static double DefaultStep(DType type) => Math.Cbrt(type switch
    {
        DType.Float64 => Math.ScaleB(1, -52),
        DType.Float32 => Math.ScaleB(1, -23),
        DType.Float16 => Math.ScaleB(1, -10),
        DType.BFloat16 => Math.ScaleB(1, -7),
        _ => throw new NotDifferentiableException(
            $"Numerical: the argument is {type}; derivatives are taken with respect to floating tensors."),
    });
}
