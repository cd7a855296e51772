using Cotangent.Graph;

namespace Cotangent.AutoDiff.Rules;

/// <summary>Derivatives of linear cross-entropy. Let F(f; x) = Σ f·results(x) be the objective with factors f at the point x of embeddings,
/// classifier and bias. The op gives F, the results and g(f; x) = ∂F/∂x. T(ẋ; x), the tangent of the results, is linear in ẋ, and
/// ⟨f, T(ẋ; x)⟩ = ⟨g(f; x), ẋ⟩: g is its transpose, and T that of g, which is linear in f. The tangent of g along ẋ is H(ẋ; f, x), the
/// product with a symmetric matrix. What is left, derivatives of T and H by x, goes through the chunked form of the function.</summary>
internal static class CrossEntropy
{
    public static readonly Dictionary<Op, Rule> Rules = new()
    {
        [Ops.CrossEntropy] = new()
        {
            Jvp = (n, dx) => Tangent(n, dx, Directions(n, dx)),
            JvpCall = call =>
            {
                // The same directions for all outputs: what is made of them is one call again.
                Node[] directions = Directions(call.Node, call.Tangents);
                CrossEntropyAttributes outputs = call.Node.Get<CrossEntropyAttributes>();
                return [.. Enumerable.Range(0, outputs.OutputCount).Select(o => Tangent(Sibling(call.Node, o), call.Tangents, directions))];
            },
            IsLinear = (n, varies) => n.Get<CrossEntropyAttributes>().IsLinearOutput && varies[CrossEntropyAttributes.Factors]
                && !varies.Skip(1).Contains(true),
            LinearInputs = _ => 0..1,
            TransposeCall = (n, ct) => [FactorCotangents(n, ct), .. new Node?[n.Inputs.Length - 1]],
        },
        [Ops.CrossEntropyTangent] = new()
        {
            Jvp = (n, dx) => Algebra.Sum(
                Along(dx[..3], d => new Node(n.Op, [.. d, .. n.Inputs.Skip(3)], n.Attributes)), ChunkedCrossEntropy.TangentOfTangent(n, dx)),
            IsLinear = (_, varies) => !varies.Skip(3).Contains(true),
            LinearInputs = _ => 0..3,
            TransposeCall = (n, ct) =>
            {
                Node line = ct.OfType<Node>().First();
                Node zero = Algebra.Number(line, 0, line.Shape);
                Node factors = Lines([ct[0] ?? zero, ct[1] ?? zero, ct[2] ?? zero, zero]);
                CrossEntropyAttributes call = new(n.Get<CrossEntropyTangentAttributes>().Settings);
                Node[] inputs = [factors, .. n.Inputs.Skip(3), CrossEntropyRows.Nothing(DType.Int32)];
                return Back(n, o => new Node(Ops.CrossEntropy, [.. inputs], call.At(CrossEntropyAttributes.EmbeddingGradient + o)));
            },
        },
        [Ops.CrossEntropyHessian] = new()
        {
            Jvp = (n, dx) => Algebra.Sum(
                Along(dx[..3], d => new Node(n.Op, [.. d, .. n.Inputs.Skip(3)], n.Attributes)), ChunkedCrossEntropy.TangentOfHessian(n, dx)),
            IsLinear = (_, varies) => !varies.Skip(3).Contains(true),
            LinearInputs = _ => 0..3,
            TransposeCall = (n, ct) =>
            {
                CrossEntropyHessianAttributes call = n.Get<CrossEntropyHessianAttributes>();
                Node[] inputs = [.. ct.Select(c => c ?? CrossEntropyRows.Nothing(n.DType)), .. n.Inputs.Skip(3)];
                return Back(n, o => new Node(n.Op, [.. inputs], call.At(o)));
            },
        },
    };

    /// <summary>The tangents of embeddings, classifier and bias.</summary>
    private static Node[] Directions(Node y, Node?[] dx) =>
        [.. new[] { 1, 2, 5 }.Select(i => dx[i] ?? CrossEntropyRows.Nothing(y.Inputs[1].DType))];

    private static Node? Tangent(Node y, Node?[] dx, Node[] directions)
    {
        CrossEntropyAttributes call = y.Get<CrossEntropyAttributes>();
        switch (call.Output)
        {
            case CrossEntropyAttributes.Objective:
                Node? sum = dx[CrossEntropyAttributes.Factors] is { } df ? Total(Algebra.Mul(df, Results(y))) : null;
                for (int i = 0; i < directions.Length; i++)
                {
                    if (directions[i].Shape.Rank == 1 && directions[i].Shape[0] == 0) continue;
                    sum = Algebra.Sum(sum, Total(Algebra.Mul(Sibling(y, CrossEntropyAttributes.EmbeddingGradient + i), directions[i])));
                }

                return sum;
            case CrossEntropyAttributes.LogSumExp or CrossEntropyAttributes.TargetLogit or CrossEntropyAttributes.WeightedLogits:
                CrossEntropyTangentAttributes tangent = new(call.Settings);
                return Along(directions, d => new Node(Ops.CrossEntropyTangent, [.. d, .. y.Inputs.Skip(1).Take(5)],
                    tangent.At(call.Output - CrossEntropyAttributes.LogSumExp)));
            case CrossEntropyAttributes.EmbeddingGradient or CrossEntropyAttributes.ClassifierGradient or CrossEntropyAttributes.BiasGradient:
                CrossEntropyHessianAttributes hessian = new(call.Settings);
                return Algebra.Sum(
                    Along(directions, d => new Node(Ops.CrossEntropyHessian, [.. d, .. y.Inputs.Take(6)],
                        hessian.At(call.Output - CrossEntropyAttributes.EmbeddingGradient))),
                    dx[CrossEntropyAttributes.Factors] is { } f ? new Node(y.Op, [f, .. y.Inputs.Skip(1)], call) : null);
            default:
                return null;
        }
    }

    /// <summary>A linear function of directions, of which some may be zero.</summary>
    private static Node? Along(Node?[] directions, Func<Node[], Node> apply) =>
        directions.All(d => d is null || (d.Shape.Rank == 1 && d.Shape[0] == 0)) ? null
        : apply([.. directions.Select(d => d ?? CrossEntropyRows.Nothing(directions.OfType<Node>().First().DType))]);

    /// <summary>The cotangents of directions: the first three inputs, those that are there.</summary>
    private static Node?[] Back(Node n, Func<int, Node> output) =>
        [.. n.Inputs.Select((x, i) => i < 3 && x.Shape.Size > 0 ? output(i) : null)];

    /// <summary>Objective and gradients are linear in the factors: what that gives for their cotangents.</summary>
    private static Node FactorCotangents(Node n, Node?[] ct)
    {
        Node? sum = null;
        if (ct[CrossEntropyAttributes.Objective] is { } objective)
        {
            Node results = Results(WithoutFactors(n));
            sum = Algebra.Mul(results, Make.Fill(objective, results.Shape));
        }

        Node?[] directions = ct[CrossEntropyAttributes.EmbeddingGradient..(CrossEntropyAttributes.BiasGradient + 1)];
        if (directions.All(d => d is null)) return sum!;
        CrossEntropyTangentAttributes call = new(n.Get<CrossEntropyAttributes>().Settings);
        directions = [.. directions.Select(d => d ?? CrossEntropyRows.Nothing(n.DType))];
        Node[] tangents = [.. Enumerable.Range(0, 3).Select(o => Along(directions,
            d => new Node(Ops.CrossEntropyTangent, [.. d, .. n.Inputs.Skip(1).Take(5)], call.At(o)))!)];
        Node ofSquare = Algebra.Mul(Make.Scale(Sibling(WithoutFactors(n), CrossEntropyAttributes.LogSumExp), 2), tangents[0]);
        return Algebra.Sum(sum, Lines([.. tangents, ofSquare]))!;
    }

    /// <summary>What the factors multiply: lse, target logit, weighted sum, lse², [4, n].</summary>
    private static Node Results(Node n)
    {
        Node lse = Sibling(n, CrossEntropyAttributes.LogSumExp);
        return Lines([lse, Sibling(n, CrossEntropyAttributes.TargetLogit), Sibling(n, CrossEntropyAttributes.WeightedLogits), Make.Mul(lse, lse)]);
    }

    /// <summary>The call for the sake of results that do not depend on the factors: those of n may be what it is linear in.</summary>
    private static Node WithoutFactors(Node n) => new(n.Op,
        [Algebra.Like(n.Inputs[CrossEntropyAttributes.Factors], 0), .. n.Inputs.Skip(1)], n.Attributes);

    private static Node Lines(Node[] lines) => Make.Concat(0, [.. lines.Select(l => Make.Reshape(l, [1, .. l.Shape]))]);

    private static Node Total(Node x) => Make.Sum(x, Shape.From(Enumerable.Range(0, x.Shape.Rank)));

    private static Node Sibling(Node n, int output) => new(n.Op, n.Inputs, n.Get<CrossEntropyAttributes>().At(output));
}
