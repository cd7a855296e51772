namespace Cotangent.Kernels.Library;

/// <summary>What a linear cross-entropy reads and writes. Views that are empty are not there: not read, or not wanted.</summary>
internal struct CrossEntropyOperands<T>
    where T : unmanaged
{
    /// <summary>E, [N, D].</summary>
    public required ArrayView<T> Embeddings;

    /// <summary>C, [V, D].</summary>
    public required ArrayView<T> Classifier;

    /// <summary>[N] classes, or <see cref="CrossEntropyProblem.Ignored"/>.</summary>
    public required ArrayView<int> Targets;

    /// <summary>[V].</summary>
    public ArrayView<T> ClassWeights;

    /// <summary>[V].</summary>
    public ArrayView<T> Bias;

    /// <summary>Classes in the order in which they make up the filter's tiles, [V].</summary>
    public ArrayView<int> Order;

    /// <summary>The factors of lse, target logit, weighted sum and lse² in the objective, [4, N].</summary>
    public ArrayView<T> Factors;

    /// <summary>The direction along E.</summary>
    public ArrayView<T> EmbeddingTangents;

    /// <summary>The direction along C.</summary>
    public ArrayView<T> ClassifierTangents;

    /// <summary>The direction along the bias.</summary>
    public ArrayView<T> BiasTangents;

    /// <summary>Σ over rows of factors times results, one element.</summary>
    public ArrayView<T> Objective;

    /// <summary>Of each row, or their tangents, [N]; 0 for ignored rows.</summary>
    public ArrayView<T> LogSumExp;

    public ArrayView<T> TargetLogits;

    public ArrayView<T> WeightedLogits;

    public ArrayView<T> BestLogits;

    /// <summary>[N]; −1 for ignored rows.</summary>
    public ArrayView<int> Predicted;

    /// <summary>The objective's derivative by E, or its product with second derivatives.</summary>
    public ArrayView<T> EmbeddingGradient;

    public ArrayView<T> ClassifierGradient;

    public ArrayView<T> BiasGradient;

    /// <summary>Tiles kept in E's and C's gradients, two elements.</summary>
    public ArrayView<int> KeptTiles;

    /// <summary>Working memory.</summary>
    public KernelArgument Scratch;

    public readonly bool HasGradients => EmbeddingGradient.Length + ClassifierGradient.Length + BiasGradient.Length > 0;
}
