using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>The transforms on lists of nodes, under the typed faces of <see cref="Diff"/>.</summary>
internal static class Transforms
{
    /// <summary>The outputs of f and the gradient of the first, a scalar, with respect to every argument.</summary>
    public static (Node[] Outputs, Node[] Gradients) ValueAndGrad(
        string transform, Func<Node[], Node[]> f, Node[] arguments, IReadOnlyList<string>? names = null)
    {
        Trace trace = new(transform, f, arguments, names);
        Node value = trace.Outputs[0];
        if (value.Shape.Rank != 0) throw new NotScalarException(transform, value.Shape);
        RequireFloat(transform, value);

        Node?[] gradients = trace.Linearize([value]).Transpose([Algebra.Like(value, 1)]);
        Node?[] bound = trace.Bind([.. trace.Outputs, .. gradients]);
        int count = trace.Outputs.Length;
        return ([.. bound.Take(count).OfType<Node>()], OrZero(bound[count..], arguments));
    }

    /// <summary>The outputs of f and their tangents for tangents of the arguments.</summary>
    public static (Node[] Outputs, Node[] Tangents) Jvp(Func<Node[], Node[]> f, Node[] arguments, Node[] tangents)
    {
        RequireLike("Jvp", "tangent", arguments, tangents);
        Trace trace = new("Jvp", f, arguments);
        Node?[] bound = trace.Bind([.. trace.Outputs, .. trace.Tangents(tangents)]);
        int count = trace.Outputs.Length;
        Node[] outputs = [.. bound.Take(count).OfType<Node>()];
        return (outputs, OrZero(bound[count..], outputs));
    }

    /// <summary>The outputs of f and the map from their cotangents to those of the arguments.</summary>
    public static (Node[] Outputs, Func<Node[], Node[]> Pullback) Vjp(Func<Node[], Node[]> f, Node[] arguments)
    {
        Trace trace = new("Vjp", f, arguments);
        LinearMap derivative = trace.Linearize(trace.Outputs);
        Node?[] bound = trace.Bind([.. trace.Outputs, .. derivative.Outputs]);
        int count = trace.Outputs.Length;
        Node[] outputs = [.. bound.Take(count).OfType<Node>()];
        derivative = derivative with { Outputs = bound[count..] };
        return (outputs, cotangents =>
        {
            RequireLike("Vjp", "cotangent", outputs, cotangents);
            return OrZero(derivative.Transpose(cotangents), arguments);
        });
    }

    /// <summary>The outputs of f and the map from tangents of the arguments to theirs.</summary>
    public static (Node[] Outputs, Func<Node[], Node[]> Pushforward) Linearize(Func<Node[], Node[]> f, Node[] arguments)
    {
        Trace trace = new("Linearize", f, arguments);
        LinearMap derivative = trace.Linearize(trace.Outputs);
        Node?[] bound = trace.Bind([.. trace.Outputs, .. derivative.Outputs]);
        int count = trace.Outputs.Length;
        Node[] outputs = [.. bound.Take(count).OfType<Node>()];
        derivative = derivative with { Outputs = bound[count..] };
        return (outputs, tangents =>
        {
            RequireLike("Linearize", "tangent", arguments, tangents);
            return OrZero(derivative.Apply(tangents), outputs);
        });
    }

    /// <summary>The transpose of a function that is linear: cotangents of its results → cotangents of its arguments.</summary>
    public static Func<Node[], Node[]> LinearTranspose(Func<Node[], Node[]> f, Node[] arguments)
    {
        Trace trace = new("LinearTranspose", f, arguments);
        foreach (Node y in trace.Outputs) RequireFloat("LinearTranspose", y);
        if (Linearity.FirstFault(trace.Outputs, [.. trace.Placeholders]) is { } fault) throw new NotLinearException(
            $"LinearTranspose: the function is not linear in its argument: {fault}. Of a function that is not linear take Vjp, the transpose " +
            "of its derivative.");

        // Of a linear function the derivative is the function, apart from what in it does not vary, a loop's counter say. Where a rule
        // names the point, the given arguments take its place: their values do not matter.
        LinearMap map = trace.Linearize(trace.Outputs);
        return cotangents =>
        {
            RequireLike("LinearTranspose", "cotangent", trace.Outputs, cotangents);
            return OrZero(trace.Bind(map.Transpose(cotangents)), arguments);
        };
    }

    /// <summary>Jᵀ·H·J·v, J the derivative of f at the arguments, H the Hessian of a scalar function at f's results.</summary>
    public static Node[] Gnvp(Func<Node[], Node[]> f, Func<Node[], Node> loss, Node[] arguments, Node[] v)
    {
        RequireLike("Gnvp", "vector", arguments, v);
        Trace trace = new("Gnvp", f, arguments);
        foreach (Node y in trace.Outputs) RequireFloat("Gnvp", y);
        LinearMap derivative = trace.Linearize(trace.Outputs);
        Node[] pushed = OrZero(derivative.Apply(v), trace.Outputs);
        Node[] curved = Jvp(y => ValueAndGrad("Gnvp", p => [loss(p)], y).Gradients, trace.Outputs, pushed).Tangents;
        return OrZero(trace.Bind(derivative.Transpose(curved)), arguments);
    }

    /// <summary>The Taylor coefficients of each output of f along a line.</summary>
    public static Node[][] Taylor(Func<Node[], Node[]> f, Node[] arguments, Node[] along, int order)
    {
        RequireLike("TaylorCoefficients", "direction", arguments, along);
        Trace trace = new("TaylorCoefficients", f, arguments);
        foreach (Node y in trace.Outputs) RequireFloat("TaylorCoefficients", y);
        Dictionary<Node, Node> lines = trace.Placeholders.Zip(along).ToDictionary(p => p.First, p => p.Second);
        return [.. TaylorSeries.Of(trace.Outputs, lines, order)
            .Select((c, i) => OrZero(trace.Bind(c), [.. c.Select(_ => trace.Outputs[i])]))];
    }

    /// <summary>Throws unless a result of the function is floating.</summary>
    public static void RequireFloat(string transform, Node value)
    {
        if (!value.DType.IsFloat())
        {
            throw new NotDifferentiableException(
                $"{transform}: the function returned {value.DType}{value.Shape}; only floating results have derivatives. Cast it first.");
        }
    }

    private static Node[] OrZero(Node?[] nodes, Node[] like) => [.. nodes.Select((n, i) => n ?? Algebra.Like(like[i], 0))];

    private static void RequireLike(string transform, string what, Node[] like, Node[] nodes)
    {
        if (nodes.Length != like.Length)
        {
            throw new ArgumentException($"{transform}: {nodes.Length} {what}s were given for {like.Length} tensors.");
        }

        for (int i = 0; i < like.Length; i++)
        {
            if (nodes[i].Shape != like[i].Shape)
            {
                throw new ShapeMismatchException(
                    $"{transform}: {what} {i} has shape {nodes[i].Shape}; it must be that of its tensor, {like[i].Shape}.");
            }

            if (nodes[i].DType != like[i].DType)
            {
                throw new DTypeMismatchException(
                    $"{transform}: {what} {i} is {nodes[i].DType}; it must be that of its tensor, {like[i].DType}. Cast it first.");
            }
        }
    }
}
