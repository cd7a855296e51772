using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Graph;

/// <summary>How logits are made, and what gradients may leave out.</summary>
/// <param name="Softcap">s of s·tanh(u/s); 0 for none.</param>
/// <param name="Scale">The factor of the products.</param>
/// <param name="Start">The number of the classifier's first row in the whole vocabulary.</param>
/// <param name="Total">Rows of the whole vocabulary.</param>
/// <param name="FilterEmbeddings">Tiles of probabilities below this are left out of the embeddings' gradient; 0 for none.</param>
/// <param name="FilterClassifier">As FilterEmbeddings, for the classifier's gradient.</param>
/// <param name="IsCompensated">Whether gradients are summed with compensation.</param>
/// <param name="TileRows">Rows of the filter's tiles; 0 to leave tiles to the device.</param>
/// <param name="TileColumns">Classes of the filter's tiles.</param>
/// <param name="Precision">What devices with matrix units round the operands of products to.</param>
internal sealed record CrossEntropySettings(double Softcap, double Scale, int Start, int Total, double FilterEmbeddings = 0,
    double FilterClassifier = 0, bool IsCompensated = false, int TileRows = 0, int TileColumns = 0,
    MatMulPrecision Precision = MatMulPrecision.Float32);

/// <summary>What the ops of a linear cross-entropy have in common.</summary>
internal abstract record CrossEntropyCallAttributes(CrossEntropySettings Settings) : CallAttributes
{
    /// <summary>The number of the first of the inputs e, c, targets, class weights, bias; all ops have these in a row.</summary>
    public abstract int FirstInput { get; }

    /// <inheritdoc/>
    public override bool NeedsMemory(int output) => false;

    /// <summary>The problem of a node.</summary>
    public virtual CrossEntropyProblem ProblemOf(Node n)
    {
        Node e = n.Inputs[FirstInput], c = n.Inputs[FirstInput + 1];
        return new(e.Shape[0], c.Shape[0], e.Shape[1])
        {
            Softcap = Settings.Softcap,
            Scale = Settings.Scale,
            Start = Settings.Start,
            Total = Settings.Total,
            IsCompensated = Settings.IsCompensated,
            Precision = Settings.Precision,
            HasClassWeights = n.Inputs[FirstInput + 3].Shape[0] > 0,
            HasBias = n.Inputs[FirstInput + 4].Shape[0] > 0,
        };
    }
}

/// <summary>The outputs of <see cref="Ops.CrossEntropy"/>.</summary>
internal sealed record CrossEntropyAttributes(CrossEntropySettings Settings) : CrossEntropyCallAttributes(Settings)
{
    public const int Objective = 0;
    public const int LogSumExp = 1;
    public const int TargetLogit = 2;
    public const int WeightedLogits = 3;
    public const int BestLogit = 4;
    public const int Predicted = 5;
    public const int EmbeddingGradient = 6;
    public const int ClassifierGradient = 7;
    public const int BiasGradient = 8;
    public const int KeptTiles = 9;

    /// <summary>The factors of the objective; then e, c, targets, class weights, bias; then the order of classes.</summary>
    public const int Factors = 0;
    public const int Order = 6;

    /// <inheritdoc/>
    public override int OutputCount => 10;

    /// <inheritdoc/>
    public override int FirstInput => 1;

    /// <summary>True for outputs that are linear in the factors.</summary>
    public bool IsLinearOutput => Output is Objective or EmbeddingGradient or ClassifierGradient or BiasGradient;

    /// <inheritdoc/>
    public override CrossEntropyProblem ProblemOf(Node n) => base.ProblemOf(n) with
    {
        HasOrder = n.Inputs[Order].Shape[0] > 0,
        FilterEmbeddings = Settings.FilterEmbeddings,
        FilterClassifier = Settings.FilterClassifier,
        TileRows = Settings.TileRows,
        TileColumns = Settings.TileColumns,
    };
}

/// <summary>The outputs of <see cref="Ops.CrossEntropyTangent"/>: tangents of log-sum-exp, target logit, weighted sum.</summary>
internal sealed record CrossEntropyTangentAttributes(CrossEntropySettings Settings) : CrossEntropyCallAttributes(Settings)
{
    public const int LogSumExp = 0;
    public const int TargetLogit = 1;
    public const int WeightedLogits = 2;

    /// <summary>Directions come first.</summary>
    public const int Directions = 3;

    /// <inheritdoc/>
    public override int OutputCount => 3;

    /// <inheritdoc/>
    public override int FirstInput => Directions;
}

/// <summary>The outputs of <see cref="Ops.CrossEntropyHessian"/>: along the embeddings, the classifier, the bias.</summary>
internal sealed record CrossEntropyHessianAttributes(CrossEntropySettings Settings) : CrossEntropyCallAttributes(Settings)
{
    public const int Embeddings = 0;
    public const int Classifier = 1;
    public const int Bias = 2;

    /// <summary>Directions come first, then the factors of the objective.</summary>
    public const int Factors = 3;

    /// <inheritdoc/>
    public override int OutputCount => 3;

    /// <inheritdoc/>
    public override int FirstInput => 4;
}
