using Cotangent.Graph;

namespace Cotangent.AutoDiff;

// Functions of one example, applied to batches.
public static partial class Diff
{
    /// <summary>A function of one example as a function of a batch of them: the function of all slices at once, each op on the
    /// whole batch.</summary>
    /// <param name="f">A function of one example: of x's shape without the batch axis.</param>
    /// <param name="inAxes">The axis of x that counts the examples; the first, unless given.</param>
    /// <param name="outAxes">Where the result has that axis; first, unless given. A result that does not depend on the batch is
    /// repeated, or with null, <c>[null]</c>, returned as it is.</param>
    /// <remarks>It composes with all transforms and with <see cref="Jit"/>, and nests. Random numbers inside come from the keys
    /// that f takes: one that f captures gives all examples the same. A C# kernel is launched for one example after the other. Where
    /// examples choose between branches both are computed, each of operands that took it.</remarks>
    /// <exception cref="AxisOutOfRangeException">When called: an axis is outside its tensor.</exception>
    /// <exception cref="ShapeMismatchException">When called: the batches of two arguments differ in size.</exception>
    /// <exception cref="BatchingException">When called: no argument is batched, or a result to be shared depends on the batch.</exception>
    /// <example><code>
    /// // x [batch, features] → the gradient of each example's loss, [batch, features]
    /// Tensor perSample = Diff.Vmap(Diff.Grad(x =&gt; Loss(x)))(x);
    /// </code></example>
    public static Func<Tensor, Tensor> Vmap(Func<Tensor, Tensor> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null) =>
        Vmap<Tensor, Tensor>(f, inAxes, outAxes);

    /// <summary>A function of two tensors on batches of them; <c>[0, null]</c> batches the first and shares the second.</summary>
    public static Func<Tensor, Tensor, Tensor> Vmap(
        Func<Tensor, Tensor, Tensor> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null) =>
        Vmap<Tensor, Tensor, Tensor>(f, inAxes, outAxes);

    /// <summary>A function of three tensors on batches of them; <c>[0, null, 1]</c> shares the second.</summary>
    public static Func<Tensor, Tensor, Tensor, Tensor> Vmap(
        Func<Tensor, Tensor, Tensor, Tensor> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null) =>
        Vmap<Tensor, Tensor, Tensor, Tensor>(f, inAxes, outAxes);

    /// <summary>A function of four tensors on batches of them.</summary>
    public static Func<Tensor, Tensor, Tensor, Tensor, Tensor> Vmap(
        Func<Tensor, Tensor, Tensor, Tensor, Tensor> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null) =>
        Vmap<Tensor, Tensor, Tensor, Tensor, Tensor>(f, inAxes, outAxes);

    /// <summary>A function of trees of tensors on trees of batches; see <see cref="BatchAxes"/> for how axes are
    /// given.</summary>
    public static Func<TIn, TOut> Vmap<TIn, TOut>(Func<TIn, TOut> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => Vectorized(f, x, Leaves("argument 0", x), [Trees.Flatten(x).Length], inAxes, outAxes);
    }

    /// <summary>A function of two trees on batches.</summary>
    /// <example><code>
    /// // The gradients of all parameters for each example: a tree of tensors [batch, …].
    /// var perSample = Diff.Vmap((Tensor x, Tensor y) =&gt; Diff.Grad((Network n) =&gt; Loss(n, x, y))(network));
    /// </code></example>
    public static Func<T1, T2, TOut> Vmap<T1, T2, TOut>(Func<T1, T2, TOut> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, y) => Vectorized(((T1 X, T2 Y) p) => f(p.X, p.Y), (x, y),
            [.. Leaves("argument 0", x), .. Leaves("argument 1", y)],
            [Trees.Flatten(x).Length, Trees.Flatten(y).Length], inAxes, outAxes);
    }

    /// <summary>A function of three trees on batches.</summary>
    public static Func<T1, T2, T3, TOut> Vmap<T1, T2, T3, TOut>(
        Func<T1, T2, T3, TOut> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, y, z) => Vectorized(((T1 X, T2 Y, T3 Z) p) => f(p.X, p.Y, p.Z), (x, y, z),
            [.. Leaves("argument 0", x), .. Leaves("argument 1", y), .. Leaves("argument 2", z)],
            [Trees.Flatten(x).Length, Trees.Flatten(y).Length, Trees.Flatten(z).Length], inAxes, outAxes);
    }

    /// <summary>A function of four trees on batches.</summary>
    public static Func<T1, T2, T3, T4, TOut> Vmap<T1, T2, T3, T4, TOut>(
        Func<T1, T2, T3, T4, TOut> f, BatchAxes? inAxes = null, BatchAxes? outAxes = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, y, z, w) => Vectorized(((T1 X, T2 Y, T3 Z, T4 W) p) => f(p.X, p.Y, p.Z, p.W), (x, y, z, w),
            [.. Leaves("argument 0", x), .. Leaves("argument 1", y), .. Leaves("argument 2", z), .. Leaves("argument 3", w)],
            [Trees.Flatten(x).Length, Trees.Flatten(y).Length, Trees.Flatten(z).Length, Trees.Flatten(w).Length], inAxes, outAxes);
    }

    private static TOut Vectorized<TIn, TOut>(
        Func<TIn, TOut> f, TIn x, string[] names, int[] counts, BatchAxes? inAxes, BatchAxes? outAxes)
    {
        Captured<TIn, TOut> call = new(f, x);
        int?[] axes = (inAxes ?? BatchAxes.First).Each("arguments", counts);
        Node[] outputs = new Vectorization(names, call.Arguments, axes)
            .Invoke(call.Invoke, n => (outAxes ?? BatchAxes.First).Each("results", n));
        return call.Result(outputs);
    }

    /// <summary>What errors call the tensors of an argument.</summary>
    private static string[] Leaves<T>(string argument, T tree) =>
        tree is Tensor ? [argument] : [.. Trees.Names(tree).Select(name => $"{argument} '{name}'")];
}
