using Cotangent.Execution;

namespace Cotangent.Graph;

// Linear cross-entropy: what is wanted of logits softcap(scale·e·cᵀ + bias) without the logits. In all ops e is [n, d], c [v, d], targets [n]
// (Int32; the least integer marks rows that do not count), class weights and bias [v] or [0] where there are none. Float32, Float64.
internal static partial class Ops
{
    /// <summary>cross_entropy(factors, e, c, targets, class weights, bias, order), see <see cref="CrossEntropyAttributes"/>: log-sum-exp, target
    /// logit and weighted sum of logits of each row; the objective Σ f₀·lse + f₁·target logit + f₂·weighted sum + f₃·lse² of factors
    /// [4, n], and its derivatives by e, c and bias.</summary>
    public static readonly Op CrossEntropy = new("cross_entropy", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            CrossEntropyAttributes call = (CrossEntropyAttributes)a!;
            (DType type, int rows) = CheckCrossEntropy("cross_entropy", x, call);
            CheckFactors("cross_entropy", x[CrossEntropyAttributes.Factors], rows);
            CheckPart("cross_entropy", "an order", x[CrossEntropyAttributes.Order], x[2].Shape[0]);
            return call.Output switch
            {
                CrossEntropyAttributes.Objective => ([], type),
                CrossEntropyAttributes.Predicted => ([rows], DType.Int32),
                CrossEntropyAttributes.EmbeddingGradient => (x[1].Shape, type),
                CrossEntropyAttributes.ClassifierGradient => (x[2].Shape, type),
                CrossEntropyAttributes.BiasGradient => (x[5].Shape, type),
                CrossEntropyAttributes.KeptTiles => ([2], DType.Int32),
                _ => ([rows], type),
            };
        },
        Whole = CrossEntropyOracle.Value,
        Routine = CrossEntropyRoutines.Of,
    };

    /// <summary>cross_entropy_tangent(ė, ċ, ḃ, e, c, targets, class weights, bias): the tangents of the rows' results of
    /// <see cref="CrossEntropy"/> along a direction, whose parts are [0] where they are zero. Linear in the direction; its transpose gives the
    /// gradients of <see cref="CrossEntropy"/>.</summary>
    public static readonly Op CrossEntropyTangent = new("cross_entropy_tangent", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            (DType type, int rows) = CheckCrossEntropy("cross_entropy_tangent", x, (CrossEntropyTangentAttributes)a!);
            CheckDirections("cross_entropy_tangent", x, 3);
            return ([rows], type);
        },
        Whole = CrossEntropyOracle.Tangent,
        Routine = CrossEntropyRoutines.Of,
    };

    /// <summary>cross_entropy_hessian(ė, ċ, ḃ, factors, e, c, targets, class weights, bias): the tangents of the gradients of
    /// <see cref="CrossEntropy"/> along a direction. Linear in it and symmetric: its own transpose.</summary>
    public static readonly Op CrossEntropyHessian = new("cross_entropy_hessian", OpKind.Routine)
    {
        Infer = (x, a) =>
        {
            CrossEntropyHessianAttributes call = (CrossEntropyHessianAttributes)a!;
            (DType type, int rows) = CheckCrossEntropy("cross_entropy_hessian", x, call);
            CheckDirections("cross_entropy_hessian", x, 4);
            CheckFactors("cross_entropy_hessian", x[CrossEntropyHessianAttributes.Factors], rows);
            return (call.Output switch
            {
                CrossEntropyHessianAttributes.Embeddings => x[4].Shape,
                CrossEntropyHessianAttributes.Classifier => x[5].Shape,
                _ => x[8].Shape,
            }, type);
        },
        Whole = CrossEntropyOracle.Hessian,
        Routine = CrossEntropyRoutines.Of,
    };

    private static (DType Type, int Rows) CheckCrossEntropy(string op, IReadOnlyList<Node> x, CrossEntropyCallAttributes call)
    {
        int first = call.FirstInput;
        Node e = x[first], c = x[first + 1], targets = x[first + 2];
        DType type = Real(op, [.. x.Where(n => n.DType != DType.Int32)]);
        if (e.Shape.Rank != 2 || c.Shape.Rank != 2 || e.Shape[1] != c.Shape[1] || c.Shape[0] == 0)
            throw new ShapeMismatchException($"{op}: embeddings {e.Shape} and a classifier {c.Shape} do not fit.");
        CheckIndices(op, targets);
        if (targets.Shape.Rank != 1 || targets.Shape[0] != e.Shape[0])
            throw new ShapeMismatchException($"{op}: {targets.Shape} targets for embeddings {e.Shape}.");
        CheckPart(op, "class weights", x[first + 3], c.Shape[0]);
        CheckPart(op, "a bias", x[first + 4], c.Shape[0]);
        return (type, e.Shape[0]);
    }

    /// <summary>[v], or [0] for nothing.</summary>
    private static void CheckPart(string op, string what, Node x, int classes)
    {
        if (x.Shape.Rank != 1 || (x.Shape[0] != 0 && x.Shape[0] != classes))
            throw new ShapeMismatchException($"{op}: {what} of shape {x.Shape} for {classes} classes.");
    }

    private static void CheckFactors(string op, Node factors, int rows)
    {
        if (!factors.Shape.SequenceEqual([4, rows]))
            throw new ShapeMismatchException($"{op}: factors {factors.Shape} for {rows} rows; they must be [4, {rows}].");
    }

    private static void CheckDirections(string op, IReadOnlyList<Node> x, int first)
    {
        Node[] points = [x[first], x[first + 1], x[first + 4]];
        for (int i = 0; i < points.Length; i++)
        {
            if (x[i].Shape.Size != 0 && x[i].Shape != points[i].Shape)
                throw new ShapeMismatchException($"{op}: a direction {x[i].Shape} at a point {points[i].Shape}.");
        }
    }
}
