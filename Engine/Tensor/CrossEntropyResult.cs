namespace Cotangent;

/// <summary>What <see cref="CrossEntropy.LinearWithDetails"/> finds. What is not read is not computed.</summary>
/// <param name="Loss">A scalar, or the losses of rows.</param>
/// <param name="LogSumExp">log Σ exp of each row's logits, differentiable; 0 for rows that do not count.</param>
/// <param name="Predicted">The class of the largest logit of each row, the first of equals (Int32); −1 for rows that do not count.</param>
/// <param name="Accuracy">The part of the rows that count whose target was predicted; a scalar without derivative.</param>
public sealed record CrossEntropyResult(Tensor Loss, Tensor LogSumExp, Tensor Predicted, Tensor Accuracy);

/// <summary>What one part of the vocabulary knows of each row: see <see cref="CrossEntropy.Partial"/>. A tree of tensors, to be brought
/// to one device.</summary>
/// <param name="LogSumExp">log Σ exp over the part's classes; −∞ for a part without classes.</param>
/// <param name="TargetLogit">The target's logit; 0 where the target is in another part.</param>
/// <param name="WeightedLogits">Σ weight·logit over the part's classes.</param>
/// <param name="BestLogit">The largest logit.</param>
/// <param name="Predicted">Its class in the whole vocabulary.</param>
public sealed record CrossEntropyPartial(Tensor LogSumExp, Tensor TargetLogit, Tensor WeightedLogits, Tensor BestLogit, Tensor Predicted);
