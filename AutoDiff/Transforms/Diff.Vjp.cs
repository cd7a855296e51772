using Cotangent.Graph;

namespace Cotangent.AutoDiff;

public static partial class Diff
{
    /// <summary>The value of f at x and its pullback: the function that takes a cotangent of the value's shape, ct, to ctᵀ·∂f/∂x. Reverse
    /// mode; f may return any shape, and the pullback may be called more than once.</summary>
    public static (Tensor Value, Func<Tensor, Tensor> Pullback) Vjp(Func<Tensor, Tensor> f, Tensor x)
    {
        (Tensor value, Func<Tensor, Tensor[]> pullback) = Cotangents(p => f(p[0]), x);
        return (value, ct => pullback(ct)[0]);
    }

    /// <summary>The value of a function of two tensors and its pullback.</summary>
    public static (Tensor Value, Func<Tensor, (Tensor, Tensor)> Pullback) Vjp(Func<Tensor, Tensor, Tensor> f, Tensor x, Tensor y)
    {
        (Tensor value, Func<Tensor, Tensor[]> pullback) = Cotangents(p => f(p[0], p[1]), x, y);
        return (value, ct => Pair(pullback(ct)));
    }

    /// <summary>The value of a function of three tensors and its pullback.</summary>
    public static (Tensor Value, Func<Tensor, (Tensor, Tensor, Tensor)> Pullback) Vjp(
        Func<Tensor, Tensor, Tensor, Tensor> f, Tensor x, Tensor y, Tensor z)
    {
        (Tensor value, Func<Tensor, Tensor[]> pullback) = Cotangents(p => f(p[0], p[1], p[2]), x, y, z);
        return (value, ct => Triple(pullback(ct)));
    }

    private static (Tensor, Tensor) Pair(Tensor[] x) => (x[0], x[1]);

    private static (Tensor, Tensor, Tensor) Triple(Tensor[] x) => (x[0], x[1], x[2]);

    private static (Tensor Value, Func<Tensor, Tensor[]> Pullback) Cotangents(Func<Tensor[], Tensor> f, params Tensor[] arguments)
    {
        (Node[] outputs, Func<Node[], Node[]> pullback) = Transforms.Vjp(p => [f(Tensors(p)).Node], Nodes(arguments));
        return (new Tensor(outputs[0]), ct => Tensors(pullback([ct.Node])));
    }
}
