using Cotangent.Graph;

namespace Cotangent;

// A vocabulary in parts, on several devices or one after the other.
public static partial class CrossEntropy
{
    /// <summary>The part of a vocabulary that one of several devices takes: parts are in order and differ by one class at most.</summary>
    /// <returns>The first class, and the one after the last.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such part.</exception>
    public static (int Start, int Stop) Shard(int vocabulary, int shards, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(vocabulary);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shards);
        if (index < 0 || index >= shards)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"There are {shards} shards.");
        (int size, int rest) = Math.DivRem(vocabulary, shards);
        int start = index * size + Math.Min(index, rest);
        return (start, start + size + (index < rest ? 1 : 0));
    }

    /// <summary>What a part of the classifier knows of each row, differentiable. <see cref="Merge"/> makes the loss of the parts.</summary>
    /// <param name="e">Embeddings, […, D], of all parts the same.</param>
    /// <param name="c">The classifier's rows start … start + rows − 1; there may be none.</param>
    /// <param name="targets">Classes of the whole vocabulary, integers […].</param>
    /// <param name="start">The number of the first row of <paramref name="c"/> in the whole vocabulary.</param>
    /// <param name="vocabulary">Classes of all parts.</param>
    /// <param name="options">Bias and class weights are those of the part.</param>
    /// <exception cref="ShapeMismatchException">Shapes do not fit.</exception>
    public static CrossEntropyPartial Partial(Tensor e, Tensor c, Tensor targets, int start, int vocabulary, CrossEntropyOptions? options = null)
    {
        CrossEntropyOptions o = options ?? CrossEntropyOptions.Default;
        CrossEntropyRows rows = CrossEntropyRows.Of(e, c, targets, o, vocabulary);
        int classes = c.Shape[0];
        if (start < 0 || start > vocabulary - classes)
            throw new ShapeMismatchException($"cross_entropy: a part of {classes} classes from {start} on, of {vocabulary}.");
        if (classes == 0)
        {
            Tensor none = Tensor.Full([rows.Count], double.NegativeInfinity, rows.Type), zero = Tensor.Full([rows.Count], 0, rows.Type);
            return new(Tensor.Where(rows.Counts, none, zero), zero, zero, none, Tensor.Full([rows.Count], -1, DType.Int32));
        }

        Tensor factors = Tensor.Full([4, rows.Count], 0, rows.Type);
        Tensor? weights = o.LabelSmoothing > 0 ? o.ClassWeights ?? Tensor.Full([classes], 1, rows.Type) : null;
        return Outputs(rows.Inputs(factors.Node, weights, o), rows.Attributes(o, start, vocabulary));
    }

    /// <summary>The loss of a whole vocabulary from what its parts know.</summary>
    /// <param name="partials">Of <see cref="Partial"/>, all parts, on one device.</param>
    /// <param name="targets">The targets that the parts were given.</param>
    /// <param name="vocabulary">Classes of all parts.</param>
    /// <param name="options">Those of the parts, but class weights are those of the whole vocabulary.</param>
    /// <exception cref="ShapeMismatchException">There are no parts, or they do not fit the targets.</exception>
    public static CrossEntropyResult Merge(
        IReadOnlyList<CrossEntropyPartial> partials, Tensor targets, int vocabulary, CrossEntropyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(partials);
        ArgumentNullException.ThrowIfNull(targets);
        CrossEntropyOptions o = options ?? CrossEntropyOptions.Default;
        if (partials.Count == 0 || partials.Any(p => p.LogSumExp.Size != targets.Size))
            throw new ShapeMismatchException($"cross_entropy: {partials.Count} parts for targets {targets.Shape} do not fit.");
        CrossEntropyRows rows = CrossEntropyRows.Of(targets, o, vocabulary, partials[0].LogSumExp.DType);
        CrossEntropyWeights weights = CrossEntropyWeights.Of(rows, vocabulary, o.ClassWeights, o);
        Tensor lse = Tensor.Stack(0, [.. partials.Select(p => p.LogSumExp)]).LogSumExp(0);
        lse = Tensor.Where(rows.Counts, lse, 0);
        Tensor target = Sum(partials.Select(p => p.TargetLogit)), weighted = Sum(partials.Select(p => p.WeightedLogits));
        Tensor losses = weights.Losses(lse, target, weighted);
        Tensor loss = o.Reduction == LossReduction.None ? rows.Shaped(losses) : weights.OrNaN(weights.Reduce(lse, target, weighted));

        // The part with the largest logit; of equals the first, whose classes come first.
        Tensor best = Tensor.Stack(0, [.. partials.Select(p => p.BestLogit.StopGradient())]).ArgMax(0);
        Tensor predicted = Tensor.Stack(0, [.. partials.Select(p => p.Predicted)]).TakeAlongAxis(best.Unsqueeze(0), 0).Squeeze(0);
        predicted = Tensor.Where(rows.Counts, predicted, -1);
        return new(loss, rows.Shaped(lse), rows.Shaped(predicted), rows.Accuracy(predicted));

        static Tensor Sum(IEnumerable<Tensor> parts) => parts.Aggregate((x, y) => x + y);
    }
}
