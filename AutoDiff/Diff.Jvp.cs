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

    private static (Tensor Value, Tensor Tangent) Tangent(Func<Tensor[], Tensor> f, Tensor[] at, Tensor[] along)
    {
        (Node[] outputs, Node[] tangents) = Transforms.Jvp(p => [f(Tensors(p)).Node], Nodes(at), Nodes(along));
        return (new Tensor(outputs[0]), new Tensor(tangents[0]));
    }
}
