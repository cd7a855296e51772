using Cotangent.Graph;

namespace Cotangent.AutoDiff;

public static partial class Diff
{
    /// <summary>The value of f at x and its derivative there as a function of the direction: like <c>Jvp</c>, but f is called once for
    /// any number of directions.</summary>
    public static (Tensor Value, Func<Tensor, Tensor> Pushforward) Linearize(Func<Tensor, Tensor> f, Tensor x) =>
        Linearize<Tensor, Tensor>(f, x);

    /// <summary>The value of a function of two tensors and its derivative as a function of the direction.</summary>
    public static (Tensor Value, Func<Tensor, Tensor, Tensor> Pushforward) Linearize(Func<Tensor, Tensor, Tensor> f, Tensor x, Tensor y)
    {
        (Tensor value, Func<(Tensor, Tensor), Tensor> push) = Linearize(((Tensor X, Tensor Y) p) => f(p.X, p.Y), (x, y));
        return (value, (dx, dy) => push((dx, dy)));
    }

    /// <summary>The value of a function of trees and its derivative as a function of the direction, a tree like x.</summary>
    public static (TOut Value, Func<TIn, TOut> Pushforward) Linearize<TIn, TOut>(Func<TIn, TOut> f, TIn x)
    {
        ArgumentNullException.ThrowIfNull(f);
        Captured<TIn, TOut> call = new(f, x);
        (Node[] outputs, Func<Node[], Node[]> pushforward) = Transforms.Linearize(call.Invoke, call.Arguments);
        return (call.Result(outputs), dx => call.Result(pushforward(Nodes(Trees.Flatten(dx)))));
    }

    /// <summary>The transpose of a linear function: the function that takes a cotangent ct of its result to Aᵀ·ct, where it takes x
    /// to A·x.</summary>
    /// <param name="f">A function linear in its argument: sums, moves, products with what does not depend on it.</param>
    /// <param name="like">A tensor of the argument's shape and dtype; its value does not matter.</param>
    /// <exception cref="NotLinearException">f is not linear; the message names the first operation that is not.</exception>
    /// <example><code>Func&lt;Tensor, Tensor&gt; adjoint = Diff.LinearTranspose(x =&gt; a.MatMul(x), v);    // ct =&gt; a.T.MatMul(ct)</code></example>
    public static Func<Tensor, Tensor> LinearTranspose(Func<Tensor, Tensor> f, Tensor like) => LinearTranspose<Tensor, Tensor>(f, like);

    /// <summary>The transpose of a function that is linear in two tensors together.</summary>
    public static Func<Tensor, (Tensor, Tensor)> LinearTranspose(Func<Tensor, Tensor, Tensor> f, Tensor x, Tensor y) =>
        LinearTranspose(((Tensor X, Tensor Y) p) => f(p.X, p.Y), (x, y));

    /// <summary>The transpose of a linear function of trees.</summary>
    public static Func<TOut, TIn> LinearTranspose<TIn, TOut>(Func<TIn, TOut> f, TIn like)
    {
        ArgumentNullException.ThrowIfNull(f);
        Captured<TIn, TOut> call = new(f, like);
        Func<Node[], Node[]> transpose = Transforms.LinearTranspose(call.Invoke, call.Arguments);
        return ct => Like(like, transpose(Flat(ct)));
    }
}
