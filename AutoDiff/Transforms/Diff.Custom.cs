using System.Runtime.CompilerServices;
using Cotangent.AutoDiff.Custom;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

// Functions that bring a derivative of their own. They compose with all transforms: the rule is differentiated for higher orders, and
// batched under Vmap. Where no derivative is taken nothing of them is left but the function.
public static partial class Diff
{
    /// <summary>A function whose tangents its author writes: both modes use the rule, reverse mode by transposing it.</summary>
    /// <param name="f">The function. It is called with placeholders.</param>
    /// <param name="jvp">x, its tangent dx, y = f(x) → the tangent of y. Linear in dx.</param>
    /// <param name="name">What errors call the function.</param>
    /// <exception cref="CustomDerivativeException">When differentiated: the rule gives another shape or dtype than y's, is not linear in
    /// dx, or f captures what is differentiated.</exception>
    /// <example><code>
    /// // log(1 + eˣ), whose derivative is finite for all x.
    /// var softplus = Diff.CustomJvp(x =&gt; (1 + x.Exp()).Log(), (x, dx, y) =&gt; dx * x.Sigmoid());
    /// </code></example>
    public static Func<Tensor, Tensor> CustomJvp(
        Func<Tensor, Tensor> f, Func<Tensor, Tensor, Tensor, Tensor> jvp, [CallerArgumentExpression(nameof(f))] string name = "") =>
        CustomJvp<Tensor, Tensor>(f, jvp, name);

    /// <summary>A function of two tensors with tangents of its own: (x, y), (dx, dy), z = f(x, y) → the tangent of z.</summary>
    public static Func<Tensor, Tensor, Tensor> CustomJvp(
        Func<Tensor, Tensor, Tensor> f, Func<(Tensor X, Tensor Y), (Tensor X, Tensor Y), Tensor, Tensor> jvp,
        [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Func<(Tensor X, Tensor Y), Tensor> custom = CustomJvp<(Tensor X, Tensor Y), Tensor>(p => f(p.X, p.Y), jvp, name);
        return (x, y) => custom((x, y));
    }

    /// <summary>A function of a tree with tangents of its own: x, dx, y → the tangent of y, trees like x, x, y, y. Tensors that are not
    /// floating have zeros of their own dtype as tangents, and what is given for them is not looked at.</summary>
    public static Func<TIn, TOut> CustomJvp<TIn, TOut>(
        Func<TIn, TOut> f, Func<TIn, TIn, TOut, TOut> jvp, [CallerArgumentExpression(nameof(f))] string name = "") => x =>
    {
        Captured<TIn, TOut> call = new(f, x);
        return call.Result(CustomCall.Make(
            new JvpRule(Called("CustomJvp", name), (c, dx) => Flat(jvp(Like(x, c.Arguments), Like(x, dx), call.Result(c.Results)))),
            p => (call.Invoke(p), []), call.Arguments));
    };

    /// <summary>A function whose cotangents its author writes. The rule need not be linear in ct (a clipped gradient, a straight-through
    /// estimator); where it is, forward mode works too, by transposing it.</summary>
    /// <param name="f">The function. It is called with placeholders.</param>
    /// <param name="vjp">x, y = f(x), a cotangent ct of y → the cotangent of x.</param>
    /// <param name="name">What errors call the function.</param>
    /// <exception cref="CustomDerivativeException">When differentiated: the rule gives another shape or dtype than x's, forward mode is
    /// asked of a rule that is not linear, or f captures what is differentiated.</exception>
    /// <example><code>
    /// var clipped = Diff.CustomVjp(x =&gt; x, (x, y, ct) =&gt; ct.Clamp(-1, 1));
    /// </code></example>
    public static Func<Tensor, Tensor> CustomVjp(
        Func<Tensor, Tensor> f, Func<Tensor, Tensor, Tensor, Tensor> vjp, [CallerArgumentExpression(nameof(f))] string name = "") =>
        CustomVjp<Tensor, Tensor>(f, vjp, name);

    /// <summary>A function of two tensors with cotangents of its own: (x, y), z = f(x, y), ct → the cotangents of x and y.</summary>
    public static Func<Tensor, Tensor, Tensor> CustomVjp(
        Func<Tensor, Tensor, Tensor> f, Func<(Tensor X, Tensor Y), Tensor, Tensor, (Tensor, Tensor)> vjp,
        [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Func<(Tensor X, Tensor Y), Tensor> custom = CustomVjp<(Tensor X, Tensor Y), Tensor>(p => f(p.X, p.Y), vjp, name);
        return (x, y) => custom((x, y));
    }

    /// <summary>A function of a tree with cotangents of its own: x, y, ct → the cotangent of x, trees like x, y, y, x. What is given for
    /// tensors that are not floating is not looked at.</summary>
    public static Func<TIn, TOut> CustomVjp<TIn, TOut>(
        Func<TIn, TOut> f, Func<TIn, TOut, TOut, TIn> vjp, [CallerArgumentExpression(nameof(f))] string name = "") => x =>
    {
        Captured<TIn, TOut> call = new(f, x);
        return call.Result(CustomCall.Make(
            new VjpRule(Called("CustomVjp", name), (c, ct) => Flat(vjp(Like(x, c.Arguments), call.Result(c.Results), call.Result(ct)))),
            p => (call.Invoke(p), []), call.Arguments));
    };

    /// <summary>A function with cotangents of its own that hands its rule what it likes: forward gives the result and what is saved, of
    /// which backward and a cotangent of the result make the cotangent of the argument.</summary>
    public static Func<TIn, TOut> CustomVjp<TIn, TSaved, TOut>(
        Func<TIn, (TOut Result, TSaved Saved)> forward, Func<TSaved, TOut, TIn> backward,
        [CallerArgumentExpression(nameof(forward))] string name = "") => x =>
    {
        TOut like = default!;
        TSaved likeSaved = default!;
        Node[] arguments = Flat(x);
        VjpRule rule = new(Called("CustomVjp", name), (c, ct) => Flat(backward(Like(likeSaved, c.Saved), Like(like, ct))));
        Node[] results = CustomCall.Make(rule, p =>
        {
            (like, likeSaved) = forward(Like(x, p));
            return (Flat(like), Flat(likeSaved));
        }, arguments);
        return Like(like, results);
    };

    /// <summary>A linear function with a transpose of its own: an operator whose adjoint is known, or a C# kernel. Its tangent is the
    /// function itself.</summary>
    /// <param name="f">The function; it must be linear, which is not checked.</param>
    /// <param name="transpose">A cotangent of f's result → that of its argument, linear too.</param>
    /// <param name="name">What errors call the function.</param>
    /// <exception cref="CustomDerivativeException">When differentiated: the transpose gives another shape or dtype than x's, or f captures
    /// what is differentiated.</exception>
    public static Func<Tensor, Tensor> CustomLinear(
        Func<Tensor, Tensor> f, Func<Tensor, Tensor> transpose, [CallerArgumentExpression(nameof(f))] string name = "") =>
        CustomLinear<Tensor, Tensor>(f, transpose, name);

    /// <summary>A linear function of trees with a transpose of its own.</summary>
    public static Func<TIn, TOut> CustomLinear<TIn, TOut>(
        Func<TIn, TOut> f, Func<TOut, TIn> transpose, [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Func<Tensor[], TIn, TOut> custom = CustomLinear<Tensor[], TIn, TOut>((_, x) => f(x), (_, ct) => transpose(ct), name);
        return x => custom([], x);
    }

    /// <summary>A function that is linear in its second argument, with a transpose of its own. By the first, which the transpose is
    /// given too, it differentiates as any function.</summary>
    /// <example><code>
    /// var apply = Diff.CustomLinear((Tensor a, Tensor x) =&gt; a.MatMul(x), (Tensor a, Tensor ct) =&gt; a.T.MatMul(ct));
    /// </code></example>
    public static Func<TFixed, TIn, TOut> CustomLinear<TFixed, TIn, TOut>(
        Func<TFixed, TIn, TOut> f, Func<TFixed, TOut, TIn> transpose, [CallerArgumentExpression(nameof(f))] string name = "") => (fixedAt, x) =>
    {
        TOut like = default!;
        Node[] linear = Flat(x), rest = Flat(fixedAt);
        LinearRule rule = new(Called("CustomLinear", name), linear.Length,
            p => Flat(like = f(Like(fixedAt, p[linear.Length..]), Like(x, p[..linear.Length]))),
            (c, ct) => Flat(transpose(Like(fixedAt, c.Arguments[linear.Length..]), Like(like, ct))));
        Node[] results = rule.Call([.. linear, .. rest]);
        return Like(like, results);
    };

    private static string Called(string transform, string name) =>
        name.Length <= 40 ? $"{transform}({name})" : $"{transform}({name[..40]}…)";

    private static Node[] Flat<T>(T tree) => Nodes(Trees.Flatten(tree));

    private static T Like<T>(T tree, Node[] leaves) => Trees.Rebuild(tree, Tensors(leaves));
}
