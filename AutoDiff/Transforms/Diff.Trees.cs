using Cotangent.Graph;

namespace Cotangent.AutoDiff;

// Functions of trees: records, tuples, arrays, lists and dictionaries of tensors, see Trees.
public static partial class Diff
{
    /// <summary>The gradient of a scalar function of a tree of tensors, as a tree of the same structure.</summary>
    /// <example><code>
    /// record Line(Tensor Slope, Tensor Offset);
    /// Func&lt;Line, Line&gt; gradient = Diff.Grad((Line p) =&gt; (p.Slope * x + p.Offset - y).Square().Mean());
    /// </code></example>
    /// <exception cref="NotScalarException">When called: the result is not of shape [].</exception>
    /// <exception cref="NotDifferentiableException">When called: a tensor of the tree or the result is not floating.</exception>
    public static Func<TTree, TTree> Grad<TTree>(Func<TTree, Tensor> f) =>
        tree => Gradients("Grad", f, loss => loss, tree).Gradients;

    /// <summary>The value and the gradient of a scalar function of a tree of tensors.</summary>
    public static Func<TTree, (Tensor Value, TTree Gradients)> ValueAndGrad<TTree>(Func<TTree, Tensor> f) =>
        tree => Gradients("ValueAndGrad", f, loss => loss, tree);

    /// <summary>As <see cref="ValueAndGrad{TTree}(Func{TTree, Tensor})"/>, for a function that also returns tensors which are not
    /// differentiated: predictions, metrics, new states.</summary>
    public static Func<TTree, ((Tensor Value, TAuxiliary Auxiliary) Result, TTree Gradients)> ValueAndGrad<TTree, TAuxiliary>(
        Func<TTree, (Tensor Value, TAuxiliary Auxiliary)> f) => tree => Gradients("ValueAndGrad", f, result => result.Value, tree);

    /// <summary>The value of f at x and its derivative there along dx, for trees of tensors: forward mode.</summary>
    public static (TOut Value, TOut Tangent) Jvp<TIn, TOut>(Func<TIn, TOut> f, TIn x, TIn dx)
    {
        Captured<TIn, TOut> call = new(f, x);
        (Node[] outputs, Node[] tangents) = Transforms.Jvp(call.Invoke, call.Arguments, Nodes(Trees.Flatten(dx)));
        return (call.Result(outputs), call.Result(tangents));
    }

    /// <summary>The value of f at x and its pullback, for trees of tensors: reverse mode.</summary>
    public static (TOut Value, Func<TOut, TIn> Pullback) Vjp<TIn, TOut>(Func<TIn, TOut> f, TIn x)
    {
        Captured<TIn, TOut> call = new(f, x);
        (Node[] outputs, Func<Node[], Node[]> pullback) = Transforms.Vjp(call.Invoke, call.Arguments);
        return (call.Result(outputs), ct => Trees.Rebuild(x, Tensors(pullback(Nodes(Trees.Flatten(ct))))));
    }

    private static (TOut Result, TIn Gradients) Gradients<TIn, TOut>(
        string transform, Func<TIn, TOut> f, Func<TOut, Tensor> loss, TIn x)
    {
        Captured<TIn, TOut> call = new(f, x);
        (Node[] outputs, Node[] gradients) = Transforms.ValueAndGrad(
            transform, p => call.Invoke(p, loss), call.Arguments, Trees.Names(x));
        return (call.Result(outputs[1..]), Trees.Rebuild(x, Tensors(gradients)));
    }

    /// <summary>A function of trees as one of lists of nodes; remembers the structure of what it returned.</summary>
    private sealed class Captured<TIn, TOut>(Func<TIn, TOut> f, TIn x)
    {
        private TOut _result = default!;

        public Node[] Arguments { get; } = Nodes(Trees.Flatten(x));

        public Node[] Invoke(Node[] arguments)
        {
            _result = f(Trees.Rebuild(x, Tensors(arguments)));
            return Nodes(Trees.Flatten(_result));
        }

        /// <summary>The result's loss, then all of the result.</summary>
        public Node[] Invoke(Node[] arguments, Func<TOut, Tensor> loss)
        {
            Node[] outputs = Invoke(arguments);
            return [loss(_result).Node, .. outputs];
        }

        public TOut Result(Node[] outputs) => Trees.Rebuild(_result, Tensors(outputs));
    }
}
