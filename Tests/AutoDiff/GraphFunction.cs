using Cotangent.AutoDiff;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>A function of float64 tensors with a point to differentiate it at, evaluated by the reference: no device takes part.</summary>
/// <param name="f">The function.</param>
/// <param name="shapes">The shapes of its arguments.</param>
/// <param name="at">The point.</param>
/// <param name="constants">Leaves that the function captures, with their values.</param>
internal sealed class GraphFunction(
    Func<Node[], Node> f, Shape[] shapes, double[][] at, IReadOnlyDictionary<Node, double[]>? constants = null)
{
    private readonly IReadOnlyDictionary<Node, double[]> _constants = constants ?? new Dictionary<Node, double[]>();

    public Func<Node[], Node> Function { get; } = f;

    public Shape[] Shapes { get; } = shapes;

    public double[][] At { get; } = at;

    public static Node Input(Shape shape, string name, DType type = DType.Float64) => Make.Input(shape, type, Device.Default, name);

    /// <summary>The values of nodes whose only leaves of data are the given ones.</summary>
    public static double[][] Evaluate(IReadOnlyList<Node> outputs, IReadOnlyDictionary<Node, double[]> leaves) =>
        Reference.Evaluate(outputs, n => leaves.TryGetValue(n, out double[]? x) ? x : HostData.ToDoubles(n));

    /// <summary>Random values between bounds, one array a shape.</summary>
    public static double[][] Random(Random random, Shape[] shapes, double low = -1, double high = 1) =>
        [.. shapes.Select(s => NDIndex.Fill(s, _ => low + (high - low) * random.NextDouble()))];

    public static double Dot(double[][] x, double[][] y) => x.Zip(y).Sum(p => p.First.Zip(p.Second).Sum(q => q.First * q.Second));

    /// <summary>f at a point.</summary>
    public double[] Value(double[][] x)
    {
        Node[] inputs = Inputs();
        return Evaluate([Function(inputs)], Leaves(inputs, x))[0];
    }

    /// <summary>The derivative along a direction.</summary>
    public double[] Jvp(double[][] along)
    {
        Node[] inputs = Inputs(), tangents = Inputs();
        Node tangent = Transforms.Jvp(p => [Function(p)], inputs, tangents).Tangents[0];
        return Evaluate([tangent], Leaves([.. inputs, .. tangents], [.. At, .. along]))[0];
    }

    /// <summary>The transposed derivative of a cotangent.</summary>
    public double[][] Vjp(double[] cotangent)
    {
        Node[] inputs = Inputs();
        (Node[] outputs, Func<Node[], Node[]> pullback) = Transforms.Vjp(p => [Function(p)], inputs);
        Node ct = Input(outputs[0].Shape, "cotangent");
        return Evaluate(pullback([ct]), Leaves([.. inputs, ct], [.. At, cotangent]));
    }

    /// <summary>The derivative along a direction by central differences.</summary>
    public double[] Differences(double[][] along, double h)
    {
        double[] right = Value(Move(along, h)), left = Value(Move(along, -h));
        return [.. right.Zip(left, (r, l) => (r - l) / (2 * h))];
    }

    /// <summary>The gradient of ⟨f, weights⟩, joined to one vector, as a function of the same arguments: a step to the second derivative.</summary>
    public GraphFunction Gradient(double[] weights) => new(
        inputs =>
        {
            Node[] g = Transforms.ValueAndGrad("Grad", p => [Weighted(Function(p), weights)], inputs).Gradients;
            return Make.Concat(0, [.. g.Select(n => Make.Reshape(n, [(int)n.Shape.Size]))]);
        },
        Shapes,
        At,
        _constants);

    private static Node Weighted(Node y, double[] weights)
    {
        // A different weight for each element, without a leaf of data: w(i) = cos(a·i + b) of the flat index.
        Node flat = Make.Reshape(y, [(int)y.Shape.Size]);
        Node i = Make.Cast(Make.Iota(flat.Shape, 0, DType.Int32), DType.Float64);
        Node w = Make.Unary(Ops.Cos, Make.Add(Make.Scale(i, weights[0]), Make.Number(DType.Float64, weights[1], flat.Shape)));
        return Make.Sum(Make.Mul(flat, w), [0]);
    }

    private double[][] Move(double[][] along, double h) =>
        [.. At.Zip(along, (x, d) => (double[])[.. x.Zip(d, (a, b) => a + h * b)])];

    private Node[] Inputs() => [.. Shapes.Select((s, i) => Input(s, $"x{i}"))];

    private Dictionary<Node, double[]> Leaves(Node[] nodes, double[][] values)
    {
        Dictionary<Node, double[]> leaves = new(_constants);
        for (int i = 0; i < nodes.Length; i++) leaves[nodes[i]] = values[i];
        return leaves;
    }
}
