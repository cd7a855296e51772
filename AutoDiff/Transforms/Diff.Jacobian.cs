using Cotangent.Graph;

namespace Cotangent.AutoDiff;

// Whole derivatives: matrices whose rows are results and whose columns are arguments.
public static partial class Diff
{
    /// <summary>The Jacobian of a function, by forward mode, all columns at once: ∂f/∂x of shape [f's axes, x's axes]. Cheap where
    /// x has few elements.</summary>
    /// <exception cref="NotDifferentiableException">When called: x or the result is not floating.</exception>
    public static Func<Tensor, Tensor> JacFwd(Func<Tensor, Tensor> f) => One("JacFwd", JacobianMode.Forward, f);

    /// <summary>The Jacobian by reverse mode, all rows at once: ∂f/∂x of shape [f's axes, x's axes]. Cheap where f has few
    /// elements.</summary>
    /// <exception cref="NotDifferentiableException">When called: x or the result is not floating.</exception>
    public static Func<Tensor, Tensor> JacRev(Func<Tensor, Tensor> f) => One("JacRev", JacobianMode.Reverse, f);

    /// <summary>The Jacobian, ∂f/∂x of shape [f's axes, x's axes], by the cheaper mode: forward if x has no more elements than f,
    /// else reverse.</summary>
    /// <exception cref="NotDifferentiableException">When called: x or the result is not floating.</exception>
    /// <example><code>Tensor j = Diff.Jacobian(x =&gt; a.MatMul(x))(x);    // a</code></example>
    public static Func<Tensor, Tensor> Jacobian(Func<Tensor, Tensor> f) => One("Jacobian", JacobianMode.Cheaper, f);

    /// <summary>The Jacobians of a function of two tensors with respect to both, by forward mode.</summary>
    public static Func<Tensor, Tensor, (Tensor, Tensor)> JacFwd(Func<Tensor, Tensor, Tensor> f) => Two("JacFwd", JacobianMode.Forward, f);

    /// <summary>The Jacobians of a function of two tensors with respect to both, by reverse mode.</summary>
    public static Func<Tensor, Tensor, (Tensor, Tensor)> JacRev(Func<Tensor, Tensor, Tensor> f) => Two("JacRev", JacobianMode.Reverse, f);

    /// <summary>The Jacobians of a function of two tensors with respect to both, by the cheaper mode.</summary>
    public static Func<Tensor, Tensor, (Tensor, Tensor)> Jacobian(Func<Tensor, Tensor, Tensor> f) => Two("Jacobian", JacobianMode.Cheaper, f);

    /// <summary>The Jacobians of a function of a tree with respect to each of its tensors, by forward mode: a tree of tensors of shape
    /// [f's axes, tensor's axes].</summary>
    public static Func<TTree, TTree> JacFwd<TTree>(Func<TTree, Tensor> f) => OfTree("JacFwd", JacobianMode.Forward, f);

    /// <summary>The Jacobians of a function of a tree with respect to each of its tensors, by reverse mode.</summary>
    public static Func<TTree, TTree> JacRev<TTree>(Func<TTree, Tensor> f) => OfTree("JacRev", JacobianMode.Reverse, f);

    /// <summary>The Jacobians of a function of a tree with respect to each of its tensors, by the cheaper mode.</summary>
    public static Func<TTree, TTree> Jacobian<TTree>(Func<TTree, Tensor> f) => OfTree("Jacobian", JacobianMode.Cheaper, f);

    /// <summary>The Hessian of a scalar function, ∂²f/∂x² of shape [x's axes, x's axes]: forward mode over the gradient.</summary>
    /// <remarks>It has size² elements. For its product with a vector use <see cref="Hvp(Func{Tensor, Tensor}, Tensor, Tensor)"/>, for its trace
    /// <see cref="Laplacian(Func{Tensor, Tensor})"/>.</remarks>
    /// <exception cref="NotScalarException">When called: f's result is not of shape [].</exception>
    public static Func<Tensor, Tensor> Hessian(Func<Tensor, Tensor> f) =>
        x => new Tensor(Jacobians.Of("Hessian", JacobianMode.Forward, Gradient(p => f(p[0])), [x.Node])[0][0]);

    /// <summary>The blocks of the Hessian of a scalar function of two tensors: ((xx, xy), (yx, yy)), where xy is of shape
    /// [x's axes, y's axes].</summary>
    public static Func<Tensor, Tensor, ((Tensor XX, Tensor XY) X, (Tensor YX, Tensor YY) Y)> Hessian(Func<Tensor, Tensor, Tensor> f) => (x, y) =>
    {
        Node[][] h = Jacobians.Of("Hessian", JacobianMode.Forward, Gradient(p => f(p[0], p[1])), [x.Node, y.Node]);
        return (Pair(Tensors(h[0])), Pair(Tensors(h[1])));
    };

    /// <summary>The blocks of the Hessian of a scalar function of a tree: for the name of each tensor (see
    /// <see cref="Trees.Names"/>) the tree of the derivatives of its gradient.</summary>
    /// <example><code>Tensor mixed = Diff.Hessian((Line p) =&gt; Loss(p))(line)["slope"].Offset;</code></example>
    public static Func<TTree, Dictionary<string, TTree>> Hessian<TTree>(Func<TTree, Tensor> f) => tree =>
    {
        Captured<TTree, Tensor> call = new(f, tree);
        string[] names = Trees.Names(tree);
        Node[][] h = Jacobians.Of("Hessian", JacobianMode.Forward,
            p => Transforms.ValueAndGrad("Hessian", call.Invoke, p, names).Gradients, call.Arguments, names);
        return names.Zip(h).ToDictionary(p => p.First, p => Trees.Rebuild(tree, Tensors(p.Second)));
    };

    /// <summary>The Laplacian of each element of a function, Σᵢ ∂²f/∂xᵢ², of f's shape: forward over forward mode, all directions at
    /// once.</summary>
    public static Func<Tensor, Tensor> Laplacian(Func<Tensor, Tensor> f) => x =>
    {
        Func<Tensor, Tensor> second = v => Jvp(y => Jvp(f, y, v).Tangent, x, v).Tangent;
        return Vmap(second)(new Tensor(Jacobians.Basis(x.Node))).Sum(0);
    };

    /// <summary>The sum of the Laplacians of a function of two tensors by both, of f's shape.</summary>
    public static Func<Tensor, Tensor, Tensor> Laplacian(Func<Tensor, Tensor, Tensor> f) =>
        (x, y) => Laplacian(p => f(p, y))(x) + Laplacian(p => f(x, p))(y);

    /// <summary>The Laplacian of a function of a tree: the sum of the second derivatives along each element of each of its tensors, of
    /// f's shape.</summary>
    public static Func<TTree, Tensor> Laplacian<TTree>(Func<TTree, Tensor> f) => tree =>
    {
        Tensor[] leaves = Trees.Flatten(tree);
        return leaves.Select((leaf, i) => Laplacian(x => f(Trees.Rebuild(tree, [.. leaves[..i], x, .. leaves[(i + 1)..]])))(leaf))
            .Aggregate((x, y) => x + y);
    };

    /// <summary>The divergence of a vector field, Σᵢ ∂fᵢ/∂xᵢ, a scalar: forward mode, all directions at once.</summary>
    /// <exception cref="ShapeMismatchException">When called: f's result does not have x's shape.</exception>
    public static Func<Tensor, Tensor> Divergence(Func<Tensor, Tensor> f) => x =>
    {
        Func<Tensor, Tensor> own = v => Jvp(f, x, v).Tangent is var dy && dy.Shape == x.Shape
            ? (dy * v).Sum()
            : throw new ShapeMismatchException($"Divergence: the function took {x.Shape} to {dy.Shape}; a vector field keeps the shape.");
        return Vmap(own)(new Tensor(Jacobians.Basis(x.Node))).Sum(0);
    };

    /// <summary>The divergence of a vector field on two tensors.</summary>
    public static Func<Tensor, Tensor, Tensor> Divergence(Func<Tensor, Tensor, (Tensor, Tensor)> f) =>
        (x, y) => Divergence(p => f(p, y).Item1)(x) + Divergence(p => f(x, p).Item2)(y);

    /// <summary>The divergence of a vector field on trees: f gives a tree like its argument.</summary>
    /// <exception cref="ShapeMismatchException">When called: a tensor of f's result does not have the shape of the
    /// argument's.</exception>
    public static Func<TTree, Tensor> Divergence<TTree>(Func<TTree, TTree> f) => tree =>
    {
        Tensor[] leaves = Trees.Flatten(tree);
        return leaves.Select((leaf, i) => Divergence(
            x => Trees.Flatten(f(Trees.Rebuild(tree, [.. leaves[..i], x, .. leaves[(i + 1)..]])))[i])(leaf)).Aggregate((x, y) => x + y);
    };

    private static Func<Node[], Node[]> Gradient(Func<Tensor[], Tensor> f) =>
        x => Transforms.ValueAndGrad("Hessian", p => [f(Tensors(p)).Node], x).Gradients;

    private static Func<Tensor, Tensor> One(string transform, JacobianMode mode, Func<Tensor, Tensor> f) =>
        x => new Tensor(Jacobians.Of(transform, mode, p => [f(new Tensor(p[0])).Node], [x.Node])[0][0]);

    private static Func<Tensor, Tensor, (Tensor, Tensor)> Two(string transform, JacobianMode mode, Func<Tensor, Tensor, Tensor> f) =>
        (x, y) => Pair(Tensors(Jacobians.Of(transform, mode, p => [f(new Tensor(p[0]), new Tensor(p[1])).Node], [x.Node, y.Node])[0]));

    private static Func<TTree, TTree> OfTree<TTree>(string transform, JacobianMode mode, Func<TTree, Tensor> f) => tree =>
    {
        Captured<TTree, Tensor> call = new(f, tree);
        return Trees.Rebuild(tree, Tensors(Jacobians.Of(transform, mode, call.Invoke, call.Arguments, Trees.Names(tree))[0]));
    };
}
