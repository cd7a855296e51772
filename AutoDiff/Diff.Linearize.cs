using Cotangent.Graph;

namespace Cotangent.AutoDiff;

public static partial class Diff
{
    /// <summary>The value of f at x and its derivative there as a function of the direction: like <c>Jvp</c>, but f is called once for
    /// any number of directions.</summary>
    public static (Tensor Value, Func<Tensor, Tensor> Pushforward) Linearize(Func<Tensor, Tensor> f, Tensor x) =>
        Linearize<Tensor, Tensor>(f, x);

    /// <summary>The value of a function of trees and its derivative as a function of the direction, a tree like x.</summary>
    public static (TOut Value, Func<TIn, TOut> Pushforward) Linearize<TIn, TOut>(Func<TIn, TOut> f, TIn x)
    {
        Captured<TIn, TOut> call = new(f, x);
        (Node[] outputs, Func<Node[], Node[]> pushforward) = Transforms.Linearize(call.Invoke, call.Arguments);
        return (call.Result(outputs), dx => call.Result(pushforward(Nodes(Trees.Flatten(dx)))));
    }
}
