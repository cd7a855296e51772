namespace Cotangent.AutoDiff;

/// <summary>Gradients without a reverse sweep: the derivative along random directions, times the directions (Baydin et al., Gradients
/// without backpropagation, 2022). Nothing is saved for backward.</summary>
/// <remarks>
/// <para>g = (1/k)·Σⱼ (∇f·vⱼ)·vⱼ is unbiased, since E[v·vᵀ] = I. With d parameters, the covariance of one direction is ‖∇f‖²·I + ∇f·∇fᵀ for
/// normal entries, and the same less 2·diag(∇f²) for ±1; of k directions, 1/k of that. So E‖g‖² is (d + k + 1)/k·‖∇f‖² or
/// (d + k − 1)/k·‖∇f‖²: the step must shrink with the number of parameters, or k grow with it.</para>
/// <para>All k derivatives are one batched forward mode; what does not depend on the direction is computed once. Randomness comes from the
/// key alone: tensor i of a tree takes its directions from <c>key.Fold(i)</c>. Use a new key at every step.</para>
/// </remarks>
public static class ForwardGradient
{
    /// <summary>An unbiased estimate of the gradient of a scalar function.</summary>
    /// <param name="f">A scalar function.</param>
    /// <param name="directions">k, the number of directions, at least 1.</param>
    /// <param name="guess">How they are drawn.</param>
    /// <returns>(x, key) ↦ the estimate, of x's shape and dtype.</returns>
    /// <exception cref="NotScalarException">When called: f's result is not of shape [].</exception>
    /// <exception cref="NotDifferentiableException">When called: x or the result is not floating.</exception>
    /// <example><code>
    /// Func&lt;Tensor, RandomKey, Tensor&gt; estimate = ForwardGradient.Grad(x =&gt; x.Square().Sum(), directions: 8);
    /// Tensor g = estimate(x, key.Fold(step));
    /// </code></example>
    public static Func<Tensor, RandomKey, Tensor> Grad(
        Func<Tensor, Tensor> f, int directions = 1, Guess guess = Guess.Normal) => Grad<Tensor>(f, directions, guess);

    /// <summary>An unbiased estimate of the gradient of a scalar function of a tree, as a tree of the same structure.</summary>
    /// <inheritdoc cref="Grad(Func{Tensor, Tensor}, int, Guess)"/>
    public static Func<TTree, RandomKey, TTree> Grad<TTree>(Func<TTree, Tensor> f, int directions = 1, Guess guess = Guess.Normal)
    {
        Func<TTree, RandomKey, (Tensor Value, TTree Gradient)> both = ValueAndGrad(f, directions, guess);
        return (x, key) => both(x, key).Gradient;
    }

    /// <summary>The value of a scalar function and an estimate of its gradient.</summary>
    /// <inheritdoc cref="Grad(Func{Tensor, Tensor}, int, Guess)"/>
    public static Func<Tensor, RandomKey, (Tensor Value, Tensor Gradient)> ValueAndGrad(
        Func<Tensor, Tensor> f, int directions = 1, Guess guess = Guess.Normal) => ValueAndGrad<Tensor>(f, directions, guess);

    /// <summary>The value of a scalar function of a tree and an estimate of its gradient.</summary>
    /// <inheritdoc cref="Grad(Func{Tensor, Tensor}, int, Guess)"/>
    public static Func<TTree, RandomKey, (Tensor Value, TTree Gradient)> ValueAndGrad<TTree>(
        Func<TTree, Tensor> f, int directions = 1, Guess guess = Guess.Normal)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentOutOfRangeException.ThrowIfLessThan(directions, 1);
        return (x, key) =>
        {
            ArgumentNullException.ThrowIfNull(key);
            Tensor[] v = [.. Trees.Flatten(x).Select((t, i) => Draw(guess, key.Fold(i), [directions, .. t.Shape], t))];
            Func<TTree, (Tensor Value, Tensor Tangent)> along = direction => Scalar(Diff.Jvp(f, x, direction));
            (Tensor value, Tensor slopes) = Diff.Vmap(along, outAxes: [null, 0])(Trees.Rebuild(x, v));
            Tensor weights = slopes / directions;
            return (value, Trees.Rebuild(x, [.. v.Select(t => Tensor.DotGeneral(weights.Cast(t.DType), t, [0], [0]))]));
        };
    }

    private static (Tensor Value, Tensor Tangent) Scalar((Tensor Value, Tensor Tangent) y) => y.Value.Rank == 0 ? y
        : throw new NotScalarException("ForwardGradient", y.Value.Shape);

    private static Tensor Draw(Guess guess, RandomKey key, Shape shape, Tensor like)
    {
        if (!like.DType.IsFloat()) throw new NotDifferentiableException(
            $"ForwardGradient: an argument is {like.DType}{like.Shape}; derivatives are taken with respect to floating tensors. Let the " +
            "function capture it instead of taking it, or cast it.");
        return guess switch
        {
            Guess.Normal => key.Normal(shape, like.DType),
            Guess.Rademacher => Tensor.Where(key.Bernoulli(0.5, shape), 1, -1).Cast(like.DType),
            _ => throw new ArgumentOutOfRangeException(nameof(guess), guess, "There is no such distribution."),
        };
    }
}
