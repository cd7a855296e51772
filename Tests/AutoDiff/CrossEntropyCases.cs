using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The gradient rows of linear cross-entropy: every output, every input, to every order.</summary>
internal static class CrossEntropyCases
{
    private static readonly CrossEntropySettings s_settings = new(3, 0.5, 0, 5);

    public static IReadOnlyList<GradientCase> All { get; } =
    [
        Value("cross_entropy objective", CrossEntropyAttributes.Objective),
        Value("cross_entropy log-sum-exp", CrossEntropyAttributes.LogSumExp),
        Value("cross_entropy target logit", CrossEntropyAttributes.TargetLogit),
        Value("cross_entropy weighted logits", CrossEntropyAttributes.WeightedLogits),
        Value("cross_entropy gradient by embeddings", CrossEntropyAttributes.EmbeddingGradient),
        Value("cross_entropy gradient by classifier", CrossEntropyAttributes.ClassifierGradient),
        Value("cross_entropy gradient by bias", CrossEntropyAttributes.BiasGradient),
        new("cross_entropy_tangent", Ops.CrossEntropyTangent, x => new Node(Ops.CrossEntropyTangent,
            [x[0], x[1], x[2], x[3], x[4], Targets(), Weights(), x[5]], new CrossEntropyTangentAttributes(s_settings)),
            [[3, 2], [5, 2], [5], [3, 2], [5, 2], [5]]),
        new("cross_entropy_hessian", Ops.CrossEntropyHessian, x => new Node(Ops.CrossEntropyHessian,
            [x[0], x[1], x[2], x[6], x[3], x[4], Targets(), Weights(), x[5]],
            new CrossEntropyHessianAttributes(s_settings) { Output = CrossEntropyHessianAttributes.Classifier }),
            [[3, 2], [5, 2], [5], [3, 2], [5, 2], [5], [4, 3]]),
        new("cross_entropy_hessian without a bias", Ops.CrossEntropyHessian, x => new Node(Ops.CrossEntropyHessian,
            [x[0], Nothing(), Nothing(), x[3], x[1], x[2], Targets(), Nothing(), Nothing()], new CrossEntropyHessianAttributes(new(0, 1, 0, 5))),
            [[3, 2], [3, 2], [5, 2], [4, 3]]),
    ];

    private static GradientCase Value(string name, int output) => new(name, Ops.CrossEntropy, x => new Node(Ops.CrossEntropy,
        [x[0], x[1], x[2], Targets(), Weights(), x[3], CrossEntropyRows.Nothing(DType.Int32)],
        new CrossEntropyAttributes(s_settings) { Output = output }), [[4, 3], [3, 2], [5, 2], [5]]);

    private static Node Targets() => Tensor.Where(Tensor.Arange(3).Equal(1), int.MinValue, (Tensor.Arange(3) * 2) % 5).Node;

    private static Node Weights() => (1 + Tensor.Arange(5).Cast(DType.Float64) / 8).Node;

    private static Node Nothing() => CrossEntropyRows.Nothing(DType.Float64);
}
