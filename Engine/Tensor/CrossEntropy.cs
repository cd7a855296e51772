using Cotangent.Graph;
using Cotangent.Kernels.Library;

namespace Cotangent;

/// <summary>Cross-entropy of the logits E·Cᵀ of a linear classifier, without the logits: rows are done block by block, so that there is never
/// a buffer of rows × classes, also not in second derivatives. All transforms apply.</summary>
/// <remarks>
/// <para>Half types compute and sum in float32, and the loss is float32. Gradients have the dtype of their inputs.</para>
/// <para>With <see cref="LossReduction.Mean"/> and <see cref="LossReduction.Sum"/> the gradients are found with the value: three matrix products
/// for both, less one for each of E and C whose gradient is not asked for. Otherwise the derivative computes logits anew: four.</para>
/// <para>Sources: Wijmans et al., Cut Your Losses in Large-Vocabulary Language Models (2024); Hsu et al., Liger Kernel (2024). See
/// docs/cross-entropy.md.</para>
/// </remarks>
public static partial class CrossEntropy
{
    /// <summary>The loss.</summary>
    /// <param name="e">Embeddings, […, D].</param>
    /// <param name="c">The classifier, [V, D].</param>
    /// <param name="targets">Classes, integers […].</param>
    /// <param name="options">See there.</param>
    /// <returns>A scalar; without reduction the shape of the targets, the last axis shorter by the shift. The mean over no rows is
    /// NaN, with gradients that are 0.</returns>
    /// <exception cref="ShapeMismatchException">Embeddings, classifier, targets, bias or weights do not fit.</exception>
    /// <exception cref="DTypeMismatchException">Targets are no integers.</exception>
    /// <exception cref="TargetOutOfRangeException">When the value is read: a target is no class. The message has its row.</exception>
    /// <example><code>
    /// Tensor loss = CrossEntropy.Linear(hidden, head, tokens, new() { Shift = 1, Softcap = 30 });
    /// </code></example>
    public static Tensor Linear(Tensor e, Tensor c, Tensor targets, CrossEntropyOptions? options = null) =>
        LinearWithDetails(e, c, targets, options).Loss;

    /// <summary>The loss, and what else is known of each row.</summary>
    /// <inheritdoc cref="Linear"/>
    public static CrossEntropyResult LinearWithDetails(Tensor e, Tensor c, Tensor targets, CrossEntropyOptions? options = null)
    {
        CrossEntropyOptions o = options ?? CrossEntropyOptions.Default;
        CrossEntropyRows rows = CrossEntropyRows.Of(e, c, targets, o, c is null ? 0 : c.Shape.Take(1).FirstOrDefault());
        CrossEntropyWeights weights = CrossEntropyWeights.Of(rows, c!.Shape[0], o.ClassWeights, o);
        CrossEntropyAttributes attributes = rows.Attributes(o, 0, c.Shape[0]);
        Node[] inputs = rows.Inputs(weights.Factors.Node, weights.ForClasses, o);
        CrossEntropyPartial all = Outputs(inputs, attributes);
        Tensor loss = o.Reduction == LossReduction.None
            ? rows.Shaped(weights.Losses(all.LogSumExp, all.TargetLogit, all.WeightedLogits))
            : weights.OrNaN(Tensor.Of(new Node(Ops.CrossEntropy, [.. inputs], attributes.At(CrossEntropyAttributes.Objective))));
        return new(loss, rows.Shaped(all.LogSumExp), rows.Shaped(all.Predicted), rows.Accuracy(all.Predicted));
    }

    /// <summary>Classes in ascending order of their mean logit: what the filter's tiles are best made of. The mean is that of logits before
    /// the softcap.</summary>
    /// <returns>Int32 [V], for <see cref="CrossEntropyOptions.VocabularyOrder"/>.</returns>
    /// <inheritdoc cref="Linear"/>
    public static Tensor VocabularyOrder(Tensor e, Tensor c, Tensor targets, CrossEntropyOptions? options = null)
    {
        CrossEntropyOptions o = options ?? CrossEntropyOptions.Default;
        CrossEntropyRows rows = CrossEntropyRows.Of(e, c, targets, o, c is null ? 0 : c.Shape.Take(1).FirstOrDefault());
        Tensor count = Tensor.Maximum(rows.Counts.Cast(rows.Type).Sum(), 1);
        Tensor mean = Tensor.Where(rows.Counts.Unsqueeze(1), rows.Embeddings, 0).Sum(0) * (o.LogitScale / count);
        Tensor logits = rows.Classifier.MatMul(mean.Unsqueeze(1)).Squeeze(1);
        return (o.Bias is { } bias ? logits + bias : logits).StopGradient().ArgSort();
    }

    private static CrossEntropyPartial Outputs(Node[] inputs, CrossEntropyAttributes attributes)
    {
        return new(Output(CrossEntropyAttributes.LogSumExp), Output(CrossEntropyAttributes.TargetLogit),
            Output(CrossEntropyAttributes.WeightedLogits), Output(CrossEntropyAttributes.BestLogit), Output(CrossEntropyAttributes.Predicted));

        Tensor Output(int output) => Tensor.Of(new Node(Ops.CrossEntropy, [.. inputs], attributes.At(output)));
    }
}
