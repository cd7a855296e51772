using System.Runtime.CompilerServices;
using Cotangent.AutoDiff.Custom;

namespace Cotangent.AutoDiff;

public static partial class Diff
{
    /// <summary>The same function, of whose inner values the backward pass finds only those that a policy keeps: it computes the others
    /// again when it comes to them, from the arguments, from what the function captures and from what is kept. Less memory for more
    /// time.</summary>
    /// <param name="f">A function, such as a layer.</param>
    /// <param name="policy">What is kept; nothing, unless given.</param>
    /// <param name="name">What reports call the function.</param>
    /// <remarks>Values and derivatives stay what they are, to the last bit on one device. It nests, and composes with all transforms: the
    /// derivative of a checkpointed function is one too. Forward mode computes nothing again. <c>CompiledFunction.Memory</c> says what a
    /// program saves and computes again, before it runs.</remarks>
    /// <example><code>
    /// foreach (Block block in blocks) x = Diff.Checkpoint((Tensor h) =&gt; block.Apply(h), CheckpointPolicy.Dots)(x);
    /// </code></example>
    public static Func<Tensor, Tensor> Checkpoint(
        Func<Tensor, Tensor> f, CheckpointPolicy? policy = null, [CallerArgumentExpression(nameof(f))] string name = "") =>
        Checkpoint<Tensor, Tensor>(f, policy, name);

    /// <summary>The same function of two tensors, of whose inner values a policy says which are kept.</summary>
    public static Func<Tensor, Tensor, Tensor> Checkpoint(
        Func<Tensor, Tensor, Tensor> f, CheckpointPolicy? policy = null, [CallerArgumentExpression(nameof(f))] string name = "") =>
        Checkpoint<Tensor, Tensor, Tensor>(f, policy, name);

    /// <summary>The same function of trees, of whose inner values a policy says which are kept.</summary>
    public static Func<TIn, TOut> Checkpoint<TIn, TOut>(
        Func<TIn, TOut> f, CheckpointPolicy? policy = null, [CallerArgumentExpression(nameof(f))] string name = "")
    {
        ArgumentNullException.ThrowIfNull(f);
        if (policy == CheckpointPolicy.All) return f;
        return x =>
        {
            Captured<TIn, TOut> call = new(f, x);
            return call.Result(new CheckpointRule(Called("Checkpoint", name), policy ?? CheckpointPolicy.None).Call(call.Invoke, call.Arguments));
        };
    }

    /// <summary>The same function of two trees.</summary>
    public static Func<T1, T2, TOut> Checkpoint<T1, T2, TOut>(
        Func<T1, T2, TOut> f, CheckpointPolicy? policy = null, [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Func<(T1 X, T2 Y), TOut> one = Checkpoint<(T1 X, T2 Y), TOut>(p => f(p.X, p.Y), policy, name);
        return (x, y) => one((x, y));
    }
}
