using Cotangent.Graph;

namespace Cotangent.AutoDiff;

public static partial class Diff
{
    /// <summary>The value of f at x and its derivative there along dx: forward mode, one pass, no reverse sweep. f may return any
    /// shape; the tangent has the shape of the value.</summary>
    /// <exception cref="ShapeMismatchException">dx does not have x's shape.</exception>
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor, Tensor> f, Tensor x, Tensor dx) =>
        Tangent(p => f(p[0]), [x], [dx]);

    /// <summary>The value of a function of two tensors and its derivative along (dx, dy).</summary>
    public static (Tensor Value, Tensor Tangent) Jvp(Func<Tensor, Tensor, Tensor> f, (Tensor X, Tensor Y) at, (Tensor X, Tensor Y) along) =>
        Tangent(p => f(p[0], p[1]), [at.X, at.Y], [along.X, along.Y]);

    /// <summary>The value of a function of three tensors and its derivative along (dx, dy, dz).</summary>
    public static (Tensor Value, Tensor Tangent) Jvp(
        Func<Tensor, Tensor, Tensor, Tensor> f, (Tensor X, Tensor Y, Tensor Z) at, (Tensor X, Tensor Y, Tensor Z) along) =>
        Tangent(p => f(p[0], p[1], p[2]), [at.X, at.Y, at.Z], [along.X, along.Y, along.Z]);

    /// <summary>The product of the Hessian of a scalar function with a vector, without the Hessian: the tangent of the gradient.</summary>
    public static Tensor Hvp(Func<Tensor, Tensor> f, Tensor x, Tensor v) => Jvp(Grad(f), x, v).Tangent;

    /// <summary>The product of the Hessian of a scalar function of two tensors with a pair of them.</summary>
    public static (Tensor, Tensor) Hvp(Func<Tensor, Tensor, Tensor> f, (Tensor X, Tensor Y) at, (Tensor X, Tensor Y) v) =>
        Hvp<(Tensor X, Tensor Y)>(p => f(p.X, p.Y), at, v);

    /// <summary>The product of the Hessian of a scalar function of three tensors with three.</summary>
    public static (Tensor, Tensor, Tensor) Hvp(
        Func<Tensor, Tensor, Tensor, Tensor> f, (Tensor X, Tensor Y, Tensor Z) at, (Tensor X, Tensor Y, Tensor Z) v) =>
        Hvp<(Tensor X, Tensor Y, Tensor Z)>(p => f(p.X, p.Y, p.Z), at, v);

    /// <summary>The product of the Hessian of a scalar function of a tree with a tree like it.</summary>
    public static TTree Hvp<TTree>(Func<TTree, Tensor> f, TTree at, TTree v) => Jvp(Grad(f), at, v).Tangent;

    /// <summary>The Gauss–Newton product Jᵀ·H·J·v of loss(model(x)): J the model's derivative at x, H the Hessian of the loss at the
    /// model's result. Positive semidefinite where the loss is convex, and the Hessian where the model is linear (Schraudolph, Fast
    /// Curvature Matrix-Vector Products, 2002). One forward and one reverse pass of the model.</summary>
    /// <param name="model">A function of the parameters.</param>
    /// <param name="loss">A scalar function of the model's result.</param>
    /// <param name="x">The parameters.</param>
    /// <param name="v">A vector of x's shape.</param>
    /// <exception cref="NotScalarException">The loss is not of shape [].</exception>
    public static Tensor Gnvp(Func<Tensor, Tensor> model, Func<Tensor, Tensor> loss, Tensor x, Tensor v) =>
        Gnvp<Tensor, Tensor>(model, loss, x, v);

    /// <summary>The Gauss–Newton product of a model of two tensors with a pair of them.</summary>
    public static (Tensor, Tensor) Gnvp(
        Func<Tensor, Tensor, Tensor> model, Func<Tensor, Tensor> loss, (Tensor X, Tensor Y) at, (Tensor X, Tensor Y) v) =>
        Gnvp<(Tensor X, Tensor Y), Tensor>(p => model(p.X, p.Y), loss, at, v);

    /// <summary>The Gauss–Newton product of a model from trees to trees.</summary>
    public static TIn Gnvp<TIn, TOut>(Func<TIn, TOut> model, Func<TOut, Tensor> loss, TIn x, TIn v)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loss);
        Captured<TIn, TOut> call = new(model, x);
        return Like(x, Transforms.Gnvp(call.Invoke, y => loss(call.Result(y)).Node, call.Arguments, Flat(v)));
    }

    private static (Tensor Value, Tensor Tangent) Tangent(Func<Tensor[], Tensor> f, Tensor[] at, Tensor[] along)
    {
        (Node[] outputs, Node[] tangents) = Transforms.Jvp(p => [f(Tensors(p)).Node], Nodes(at), Nodes(along));
        return (new Tensor(outputs[0]), new Tensor(tangents[0]));
    }
}
