using Cotangent.AutoDiff.Custom;
using Cotangent.AutoDiff.Rules;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Taylor coefficients of a graph along a line: forward mode of any order, whose work grows with the square of the order (Griewank
/// and Walther, Evaluating Derivatives, 2008, chapter 13; Bettencourt, Johnson and Duvenaud, Taylor-Mode Automatic Differentiation,
/// 2019).</summary>
/// <remarks>
/// Sums and moves apply to each coefficient; products are convolutions; a quotient y = a/b solves y·b = a. All other operations need no
/// rule but their JVP: y′ = J(u, y)·u′ is a graph of known operations on series, and coefficient k of y is coefficient k − 1 of y′
/// over k, which asks for no coefficient of y beyond k − 1. Null is zero.
/// </remarks>
internal sealed class TaylorSeries
{
    private readonly Dictionary<Node, List<Node?>> _series = [];
    private readonly Dictionary<Node, Node> _derivativeOf = []; // placeholder → the node whose derivative by t it stands for
    private readonly Dictionary<Node, Equation?> _equations = [];

    private TaylorSeries(IReadOnlyDictionary<Node, Node> lines)
    {
        foreach ((Node x, Node v) in lines) _series[x] = [x, v];
    }

    /// <summary>y′ as a graph: its nodes, and those of them that tangents come to.</summary>
    private sealed record Equation(Node Derivative, List<Node> Values, List<Node> Varying);

    /// <summary>The coefficients 0 … order of each output.</summary>
    /// <param name="outputs">Nodes.</param>
    /// <param name="lines">x → v: nodes that move along x + t·v.</param>
    /// <param name="order">The highest coefficient.</param>
    public static Node?[][] Of(IReadOnlyList<Node> outputs, IReadOnlyDictionary<Node, Node> lines, int order)
    {
        TaylorSeries series = new(lines);
        List<Node> nodes = Dependents.Differentiated(outputs, [.. lines.Keys]);
        for (int k = 0; k <= order; k++)
        {
            foreach (Node n in nodes) series.Extend(n, k);
        }

        return [.. outputs.Select(y => Enumerable.Range(0, order + 1).Select(k => series.Coefficient(y, k)).ToArray())];
    }

    /// <summary>A coefficient that is known; nodes without a series are constant.</summary>
    private Node? Coefficient(Node n, int k) =>
        _derivativeOf.TryGetValue(n, out Node? of) ? Coefficient(of, k + 1) is { } next ? Times(next, k + 1) : null
        : _series.TryGetValue(n, out List<Node?>? series) ? (k < series.Count ? series[k] : null)
        : k == 0 ? n : null;

    private bool Varies(Node n) => _series.ContainsKey(n) || _derivativeOf.ContainsKey(n);

    /// <summary>Makes coefficient k of a node; the lower ones are there, and those of its inputs.</summary>
    private void Extend(Node n, int k)
    {
        if (_derivativeOf.ContainsKey(n)) return;
        if (!_series.TryGetValue(n, out List<Node?>? series)) _series[n] = series = [];
        if (series.Count > k) return;
        series.Add(k == 0 ? AtZero(n) : !n.DType.IsFloat() || n.Op == Ops.Input ? null : Higher(n, k));
    }

    private Node AtZero(Node n)
    {
        Node[] inputs = [.. n.Inputs.Select(x => Coefficient(x, 0) ?? Algebra.Like(x, 0))];
        return inputs.AsSpan().SequenceEqual(n.Inputs.AsSpan()) ? n : new Node(n.Op, [.. inputs], n.Attributes);
    }

    private Node? Higher(Node n, int k)
    {
        Rule rule = RuleTable.Of(n.Op);
        (int start, int length) = (rule.DifferentiatedInputs?.Invoke(n) ?? Range.All).GetOffsetAndLength(n.Inputs.Length);
        bool[] varies = [.. n.Inputs.Select((x, i) => i >= start && i < start + length && Varies(x))];
        if (IsAffine(n, rule, varies))
        {
            Node?[] dx = [.. n.Inputs.Select((x, i) => varies[i] ? Coefficient(x, k) : null)];
            return dx.All(d => d is null) ? null : rule.Jvp(n, dx);
        }

        if (n.Op == Ops.Mul) return Convolution(n, k, 0, Algebra.Mul);
        if (n.Op == Ops.Dot) return Convolution(n, k, 0, (x, y) => Make.Dot(x, y, n.Get<DotAttributes>()));
        return n.Op == Ops.Div ? Quotient(n, k) : ByEquation(n, rule, varies, k);
    }

    /// <summary>True if the derivative does not depend on the point, but for jumps.</summary>
    private static bool IsAffine(Node n, Rule rule, bool[] varies) =>
        !rule.IsDifferentiable || n.Op == Ops.Where || rule.IsLinear == Rule.RestIsZero || Linearity.IsLinear(n, varies);

    /// <summary>Σ xⱼ·y₍ₖ₋ⱼ₎ over j from a first one.</summary>
    private Node? Convolution(Node n, int k, int first, Func<Node, Node, Node> product) => Convolution(n.Inputs[0], n.Inputs[1], k, first, product);

    private Node? Convolution(Node x, Node y, int k, int first, Func<Node, Node, Node> product)
    {
        Node? sum = null;
        for (int j = first; j <= k; j++)
        {
            if (Coefficient(x, j) is { } a && Coefficient(y, k - j) is { } b) sum = Algebra.Sum(sum, product(a, b));
        }

        return sum;
    }

    /// <summary>(aₖ − Σ bⱼ·y₍ₖ₋ⱼ₎) / b₀ over j from 1.</summary>
    private Node? Quotient(Node n, int k)
    {
        Node? rest = Convolution(n.Inputs[1], n, k, 1, Algebra.Mul);
        Node? top = Algebra.Sum(Coefficient(n.Inputs[0], k), rest is null ? null : Algebra.Neg(rest));
        return top is null ? null : Algebra.Div(top, Coefficient(n.Inputs[1], 0)!);
    }

    private Node? ByEquation(Node n, Rule rule, bool[] varies, int k)
    {
        if (!_equations.TryGetValue(n, out Equation? equation)) _equations[n] = equation = EquationOf(n, rule, varies);
        if (equation is null) return null;
        foreach (Node part in k == 1 ? equation.Values : equation.Varying) Extend(part, k - 1);
        return Coefficient(equation.Derivative, k - 1) is { } derivative ? Times(derivative, 1.0 / k) : null;
    }

    private Equation? EquationOf(Node n, Rule rule, bool[] varies)
    {
        Node?[] dx = new Node?[n.Inputs.Length];
        List<Node> known = [n];
        for (int i = 0; i < dx.Length; i++)
        {
            if (!varies[i]) continue;
            Node placeholder = CustomCall.Like(n.Inputs[i], "derivative");
            _derivativeOf[placeholder] = n.Inputs[i];
            dx[i] = placeholder;
            known.AddRange([n.Inputs[i], placeholder]);
        }

        if (rule.Jvp(n, dx) is not { } derivative) return null;
        List<Node> Without(List<Node> order) => order.FindAll(x => !known.Contains(x));
        return new Equation(derivative, Without(Dependents.Of([derivative], known)), Without(Dependents.Differentiated([derivative], known)));
    }

    private static Node Times(Node x, double factor) => factor == 1 ? x : Make.Scale(x, factor);
}
