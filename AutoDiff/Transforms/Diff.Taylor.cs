using Cotangent.Graph;

namespace Cotangent.AutoDiff;

public static partial class Diff
{
    /// <summary>The coefficients of f along a line, f(x + t·v) = Σ cₖ·tᵏ: cₖ = f⁽ᵏ⁾(x)[v, …, v] / k! for k = 0 … order, each of f's shape.
    /// Taylor mode: one pass, whose work grows with the square of the order, where nested <c>Jvp</c> doubles with each.</summary>
    /// <param name="f">A function; its operations need no rule besides their JVP.</param>
    /// <param name="x">The point.</param>
    /// <param name="v">The direction, of x's shape and dtype.</param>
    /// <param name="order">The highest coefficient.</param>
    /// <returns>order + 1 tensors.</returns>
    /// <exception cref="ShapeMismatchException">v does not have x's shape.</exception>
    /// <exception cref="NotDifferentiableException">x or the result is not floating.</exception>
    /// <example><code>
    /// Tensor[] c = Diff.TaylorCoefficients(x =&gt; x.Exp(), Tensor.Scalar(0), Tensor.Scalar(1), 4);    // 1, 1, 1/2, 1/6, 1/24
    /// </code></example>
    public static Tensor[] TaylorCoefficients(Func<Tensor, Tensor> f, Tensor x, Tensor v, int order) =>
        TaylorCoefficients<Tensor, Tensor>(f, x, v, order);

    /// <summary>The coefficients of a function of two tensors along a line.</summary>
    public static Tensor[] TaylorCoefficients(
        Func<Tensor, Tensor, Tensor> f, (Tensor X, Tensor Y) at, (Tensor X, Tensor Y) along, int order) =>
        TaylorCoefficients<(Tensor X, Tensor Y), Tensor>(p => f(p.X, p.Y), at, along, order);

    /// <summary>The coefficients of a function of trees along a line: order + 1 trees like f's result.</summary>
    public static TOut[] TaylorCoefficients<TIn, TOut>(Func<TIn, TOut> f, TIn x, TIn v, int order)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentOutOfRangeException.ThrowIfNegative(order);
        Captured<TIn, TOut> call = new(f, x);
        Node[][] coefficients = Transforms.Taylor(call.Invoke, call.Arguments, Flat(v), order);
        return [.. Enumerable.Range(0, order + 1).Select(k => call.Result([.. coefficients.Select(c => c[k])]))];
    }
}
