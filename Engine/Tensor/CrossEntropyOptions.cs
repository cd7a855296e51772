namespace Cotangent;

/// <summary>What becomes of the losses of rows.</summary>
public enum LossReduction
{
    /// <summary>Their mean over rows that count; with class weights, weighted by those.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>They stay as they are, 0 for rows that do not count.</summary>
    None,
}

/// <summary>How gradients are summed.</summary>
public enum GradientAccumulation
{
    /// <summary>In the type of the computation: float32, also for half types.</summary>
    Float32,

    /// <summary>The same, with what each addition of a block loses carried along (Kahan): for sums over very many rows. Needs memory for as many
    /// numbers as the classifier has.</summary>
    Kahan,
}

/// <summary>Which entries a gradient may leave out. Classes that are all but impossible in a whole tile of rows need no products: in a trained
/// model they are most.</summary>
public readonly record struct GradientFilter
{
    private GradientFilter(double bound, bool isOff) => (Bound, IsOff) = (bound, isOff);

    /// <summary>A 32nd of the machine epsilon of the embeddings' dtype: 2⁻¹² for BFloat16, 2⁻¹⁵ for Float16, 2⁻²⁸ for Float32. The
    /// default.</summary>
    public static GradientFilter Auto => default;

    /// <summary>Nothing is left out.</summary>
    public static GradientFilter Off { get; } = new(0, true);

    internal double Bound { get; }

    internal bool IsOff { get; }

    /// <summary>Tiles whose |p − [class is target]| are all below a bound may be left out: before any factor of the loss.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not in 0 … 1.</exception>
    public static GradientFilter Below(double bound) => bound > 0 && bound < 1
        ? new(bound, false)
        : throw new ArgumentOutOfRangeException(nameof(bound), bound, "A bound on probabilities must lie between 0 and 1.");

    /// <summary>The bound for embeddings of a dtype; 0 for none.</summary>
    internal double For(DType type) => IsOff ? 0 : Bound > 0 ? Bound : type switch
    {
        DType.BFloat16 => Math.ScaleB(1, -12),
        DType.Float16 => Math.ScaleB(1, -15),
        DType.Float64 => Math.ScaleB(1, -57),
        _ => Math.ScaleB(1, -28),
    };
}

/// <summary>The options of <see cref="CrossEntropy.Linear"/>. With z the logits, p their softmax and y the target, a row's loss is
/// (1 − s)·w_y·(lse z − z_y) + s/V·Σ_v w_v·(lse z − z_v) + λ·(lse z)².</summary>
public sealed record CrossEntropyOptions
{
    internal static CrossEntropyOptions Default { get; } = new();

    /// <summary>Added to the logits, [V].</summary>
    public Tensor? Bias { get; init; }

    /// <summary>Logits are c·tanh(u/c): they stay between −c and c. After the bias.</summary>
    public double? Softcap { get; init; }

    /// <summary>The factor of the products of embeddings and classifier, before the bias.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>Rows with this target do not count: no loss, no gradient, no work.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <summary>Position t is scored against the target of position t + Shift of the same sequence. The last Shift positions have no
    /// target and no result.</summary>
    public int Shift { get; init; }

    /// <summary>What becomes of the losses of rows.</summary>
    public LossReduction Reduction { get; init; }

    /// <summary>What the sum is divided by instead of the number of rows that count (or their weights): a scalar. For gradient accumulation
    /// over several batches. Only for <see cref="LossReduction.Mean"/>.</summary>
    public Tensor? Divisor { get; init; }

    /// <summary>λ: adds λ·lse² of each row. Not weighted by classes.</summary>
    public double ZLoss { get; init; }

    /// <summary>s: the part of each target that is spread over all classes, as PyTorch does.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>w, [V]. Constants: they have no derivative.</summary>
    public Tensor? ClassWeights { get; init; }

    /// <summary>What gradients may leave out: nothing with <see cref="LabelSmoothing"/>, which gives every class a derivative. A device may compute what it
    /// may leave out.</summary>
    public GradientFilter Filter { get; init; }

    /// <summary>Whether <see cref="Filter"/> is for the embeddings' gradient.</summary>
    public bool FilterEmbeddings { get; init; } = true;

    /// <summary>Whether <see cref="Filter"/> is for the classifier's gradient. Turn it off to train from the start: classes that are left out
    /// everywhere learn nothing.</summary>
    public bool FilterClassifier { get; init; } = true;

    /// <summary>Classes in the order in which the filter makes tiles of them, Int32 [V]: of <see cref="CrossEntropy.VocabularyOrder"/>. It
    /// decides what is left out and how fast that is, nothing else; devices that leave out single classes do not look at it.</summary>
    public Tensor? VocabularyOrder { get; init; }

    /// <summary>How gradients are summed.</summary>
    public GradientAccumulation Accumulation { get; init; }

    /// <summary>Rows and classes of the filter's tiles; the device's own, unless given.</summary>
    internal (int Rows, int Columns) FilterTile { get; init; }
}
