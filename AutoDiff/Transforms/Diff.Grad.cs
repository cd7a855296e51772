using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Derivatives of functions of tensors. Every transform takes a function and gives ordinary lazy tensors, so transforms
/// nest to any order: <c>Diff.Grad(x =&gt; Diff.Grad(f)(x).Sum())</c>.</summary>
/// <remarks>
/// <para>The function is called once, with placeholders: what it does in C# (branches, loops) is recorded as it went, and reading
/// a placeholder's value throws <see cref="TracedValueException"/>. Tensors that it captures are constants, also when a captured tensor
/// is the argument itself.</para>
/// <para>At special points: a maximum or minimum shares its derivative equally among ties (½ and ½ for two operands); |x| has
/// derivative 0 at 0; √x has ∞ at 0; x^b with b = 0 has 0 everywhere; rounding, comparisons and sign have 0.</para>
/// </remarks>
public static partial class Diff
{
    /// <summary>The gradient of a scalar function of one tensor: ∂f/∂x, of x's shape and dtype.</summary>
    /// <exception cref="NotScalarException">When called: f's result is not of shape [].</exception>
    /// <exception cref="NotDifferentiableException">When called: x or the result is not floating.</exception>
    /// <example><code>
    /// Func&lt;Tensor, Tensor&gt; slope = Diff.Grad(x =&gt; (x * x).Sum());
    /// slope(Tensor.From([1f, 2f, 3f]));    // [2, 4, 6]
    /// </code></example>
    public static Func<Tensor, Tensor> Grad(Func<Tensor, Tensor> f) =>
        x => Gradients("Grad", p => f(p[0]), x).Gradients[0];

    /// <summary>The gradients of a scalar function of two tensors, with respect to both.</summary>
    public static Func<Tensor, Tensor, (Tensor, Tensor)> Grad(Func<Tensor, Tensor, Tensor> f) =>
        (x, y) => Pair(Gradients("Grad", p => f(p[0], p[1]), x, y).Gradients);

    /// <summary>The gradients of a scalar function of three tensors, with respect to all.</summary>
    public static Func<Tensor, Tensor, Tensor, (Tensor, Tensor, Tensor)> Grad(Func<Tensor, Tensor, Tensor, Tensor> f) =>
        (x, y, z) => Triple(Gradients("Grad", p => f(p[0], p[1], p[2]), x, y, z).Gradients);

    /// <summary>The value and the gradient of a scalar function of one tensor, which share their computation.</summary>
    public static Func<Tensor, (Tensor Value, Tensor Gradient)> ValueAndGrad(Func<Tensor, Tensor> f) => x =>
    {
        (Tensor value, Tensor[] g) = Gradients("ValueAndGrad", p => f(p[0]), x);
        return (value, g[0]);
    };

    /// <summary>The value and the gradients of a scalar function of two tensors.</summary>
    public static Func<Tensor, Tensor, (Tensor Value, (Tensor, Tensor) Gradients)> ValueAndGrad(Func<Tensor, Tensor, Tensor> f) => (x, y) =>
    {
        (Tensor value, Tensor[] g) = Gradients("ValueAndGrad", p => f(p[0], p[1]), x, y);
        return (value, Pair(g));
    };

    /// <summary>The value and the gradients of a scalar function of three tensors.</summary>
    public static Func<Tensor, Tensor, Tensor, (Tensor Value, (Tensor, Tensor, Tensor) Gradients)> ValueAndGrad(
        Func<Tensor, Tensor, Tensor, Tensor> f) => (x, y, z) =>
    {
        (Tensor value, Tensor[] g) = Gradients("ValueAndGrad", p => f(p[0], p[1], p[2]), x, y, z);
        return (value, Triple(g));
    };

    private static (Tensor Value, Tensor[] Gradients) Gradients(string transform, Func<Tensor[], Tensor> f, params Tensor[] arguments)
    {
        (Node[] outputs, Node[] gradients) = Transforms.ValueAndGrad(transform, p => [f(Tensors(p)).Node], Nodes(arguments));
        return (new Tensor(outputs[0]), Tensors(gradients));
    }

    private static Tensor[] Tensors(Node[] nodes) => [.. nodes.Select(n => new Tensor(n))];

    private static Node[] Nodes(Tensor[] tensors) => [.. tensors.Select(t => t.Node)];
}
