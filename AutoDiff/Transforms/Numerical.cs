namespace Cotangent.AutoDiff;

/// <summary>Derivatives by central differences: what the exact ones of <see cref="Diff"/> are checked against. The error is about ε^(2/3)
/// of the dtype, so use float64.</summary>
public static partial class Numerical
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
        if (x.Size == 0) return Tensor.ZerosLike(x);
        Tensor[] slopes = [.. Basis(x).Select(e => Jvp(f, x, e, step))];
        return slopes[0].Rank == 0
            ? Tensor.Stack(0, slopes).Reshape(x.Shape)
            : throw new NotScalarException("Numerical.Grad", slopes[0].Shape);
    };

    /// <summary>The Jacobian, [f's axes, x's axes], one pair of evaluations a column.</summary>
    public static Func<Tensor, Tensor> Jacobian(Func<Tensor, Tensor> f, double? step = null) => x =>
    {
        ArgumentNullException.ThrowIfNull(f);
        if (x.Size == 0) return Tensor.Zeros([.. f(x).Shape, .. x.Shape], x.DType, x.Device);
        Tensor[] columns = [.. Basis(x).Select(e => Jvp(f, x, e, step))];
        Shape shape = [.. columns[0].Shape, .. x.Shape];
        return Tensor.Stack(-1, columns).Reshape(shape);
    };

    /// <summary>The Hessian of a scalar function, [x's axes, x's axes], by differences of differences. Its error is about √ε.</summary>
    /// <param name="f">A scalar function.</param>
    /// <param name="step">h; by default ε^¼ of x's dtype.</param>
    public static Func<Tensor, Tensor> Hessian(Func<Tensor, Tensor> f, double? step = null) => x =>
    {
        double h = step ?? SecondStep(x.DType);
        return Jacobian(Grad(f, h), h)(x);
    };

    /// <summary>The product of the Hessian of a scalar function with a vector.</summary>
    public static Tensor Hvp(Func<Tensor, Tensor> f, Tensor x, Tensor v, double? step = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        double h = step ?? SecondStep(x.DType);
        return Jvp(Grad(f, h), x, v, h);
    }

    /// <summary>The sum of the second derivatives of each element of f along each element of x, of f's shape.</summary>
    public static Func<Tensor, Tensor> Laplacian(Func<Tensor, Tensor> f, double? step = null) => x =>
    {
        ArgumentNullException.ThrowIfNull(f);
        double h = step ?? SecondStep(x.DType);
        Tensor y = f(x), sum = Tensor.ZerosLike(y);
        foreach (Tensor e in Basis(x)) sum += f(x + e * h) - 2 * y + f(x - e * h);
        return sum / (h * h);
    };

    /// <summary>The divergence of a vector field, a scalar.</summary>
    public static Func<Tensor, Tensor> Divergence(Func<Tensor, Tensor> f, double? step = null) => x =>
        Basis(x).Aggregate(Tensor.Scalar(0, x.DType, x.Device), (sum, e) => sum + (Jvp(f, x, e, step) * e).Sum());

    private static IEnumerable<Tensor> Basis(Tensor x)
    {
        int size = checked((int)x.Size);
        Tensor index = Tensor.Arange(size, DType.Int32, x.Device);
        for (int i = 0; i < size; i++) yield return index.Equal(i).Cast(x.DType).Reshape(x.Shape);
    }

    private static double DefaultStep(DType type) => Math.Cbrt(Epsilon(type));

    private static double SecondStep(DType type) => Math.Sqrt(Math.Sqrt(Epsilon(type)));

    private static double Epsilon(DType type) => type switch
    {
        DType.Float64 => Math.ScaleB(1, -52),
        DType.Float32 => Math.ScaleB(1, -23),
        DType.Float16 => Math.ScaleB(1, -10),
        DType.BFloat16 => Math.ScaleB(1, -7),
        _ => throw new NotDifferentiableException(
            $"Numerical: the argument is {type}; derivatives are taken with respect to floating tensors."),
    };
}
