using Cotangent.Graph;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The gradient rows of attention, its tangent and its gradient: the latter two by all their inputs, as if these did not depend on
/// each other.</summary>
internal static class AttentionCases
{
    private static readonly AttentionForm s_causal = new(0.5, Causal: true, Window: 0, Dropout: 0, DropoutBatch: 1, AttentionExtras.None);
    private static readonly AttentionForm s_bias = s_causal with { Causal = false, Extras = AttentionExtras.Bias };

    public static IReadOnlyList<GradientCase> All { get; } =
    [
        Row("attention", Ops.Attention, s_causal, new AttentionAttributes(s_causal)),
        Row("attention, log-sum-exp", Ops.Attention, s_causal, new AttentionAttributes(s_causal).At(1)),
        Row("attention with a bias", Ops.Attention, s_bias, new AttentionAttributes(s_bias)),
        Row("attention_grad of q", Ops.AttentionGrad, s_causal, new AttentionGradAttributes(s_causal)),
        Row("attention_grad of q, no use of the log-sum-exp", Ops.AttentionGrad, s_causal, new AttentionGradAttributes(s_causal, HasLogSumExp: false)),
        Row("attention_grad of k", Ops.AttentionGrad, s_causal, new AttentionGradAttributes(s_causal).At(1)),
        Row("attention_grad of v with a bias", Ops.AttentionGrad, s_bias, new AttentionGradAttributes(s_bias).At(2)),
        Row("attention_tangent", Ops.AttentionTangent, s_causal, new AttentionTangentAttributes(s_causal, 7)),
        Row("attention_tangent, log-sum-exp, with a bias", Ops.AttentionTangent, s_bias, new AttentionTangentAttributes(s_bias, 15).At(1)),
    ];

    private static GradientCase Row(string name, Op op, AttentionForm form, CallAttributes call)
    {
        Shape q = [2, 2, 3, 2], k = [2, 1, 4, 2], v = [2, 1, 4, 3], output = [2, 2, 3, 3], lse = [2, 2, 3], bias = [1, 2, 3, 4];
        bool hasBias = form.Extras.HasFlag(AttentionExtras.Bias);
        Shape[] own = hasBias ? [q, k, v, bias] : [q, k, v];
        Shape[] shapes = call switch
        {
            AttentionGradAttributes { HasLogSumExp: false } => [.. own, output, lse, output],
            AttentionGradAttributes => [.. own, output, lse, output, lse],
            AttentionTangentAttributes => [.. own, output, lse, .. own],
            _ => own,
        };
        return new(name, op, x => new Node(op, [.. x], call), shapes);
    }
}
