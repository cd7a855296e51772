using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Graph;

/// <summary>The operands of a linear cross-entropy after checks, leading axes flattened, targets shifted.</summary>
internal sealed class CrossEntropyRows
{
    private readonly Tensor? _e;
    private readonly Tensor? _c;
    private readonly DType _embeddings;
    private readonly Shape _shape;
    private readonly int _shift;

    private CrossEntropyRows(Tensor? e, Tensor? c, Tensor targets, CrossEntropyOptions o, int vocabulary, DType type, DType embeddings)
    {
        (_e, _c, _embeddings, _shape, _shift) = (e, c, embeddings, targets.Shape, o.Shift);
        Type = type;
        Count = checked((int)targets.Size);

        // C# numbers such as −100 need a signed type.
        if (targets.DType != DType.Int32) targets = targets.Cast(DType.Int64);

        // The targets move, the embeddings stay where they are: rows that lose their target do not count.
        Tensor moved = targets;
        if (_shift > 0)
        {
            Tensor gone = Tensor.Full([.. targets.Shape.SkipLast(1), _shift], o.IgnoreIndex, targets.DType);
            moved = Tensor.Concat(-1, targets[TensorIndex.Ellipsis, _shift..], gone);
        }

        Tensor flat = moved.Reshape(Count);
        Counts = flat.NotEqual(o.IgnoreIndex);

        // What is no class stays none: it is refused when the value is computed.
        Tensor inside = flat.DType == DType.Int64
            ? Tensor.Where((flat >= 0) & (flat < Math.Max(vocabulary, 1)), flat, -1)
            : flat;
        Targets = Tensor.Where(Counts, inside.Cast(DType.Int32), CrossEntropyProblem.Ignored);
    }

    /// <summary>The number of rows.</summary>
    public int Count { get; }

    /// <summary>The dtype of the computation.</summary>
    public DType Type { get; }

    /// <summary>Bool, [N].</summary>
    public Tensor Counts { get; }

    /// <summary>Int32, [N].</summary>
    public Tensor Targets { get; }

    /// <summary>[N, D].</summary>
    public Tensor Embeddings => _e!.Cast(Type).Reshape(Count, _e.Shape[^1]);

    /// <summary>[V, D].</summary>
    public Tensor Classifier => _c!.Cast(Type);

    public static CrossEntropyRows Of(Tensor e, Tensor c, Tensor targets, CrossEntropyOptions o, int vocabulary)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(c);
        Check(targets, o);
        if (e.Rank == 0 || c.Rank != 2 || e.Shape[^1] != c.Shape[1] || vocabulary == 0)
        {
            throw new ShapeMismatchException($"cross_entropy: embeddings {e.Shape} and a classifier {c.Shape} do not fit: they must be " +
                "[…, width] and [classes, width], of one class at least.");
        }

        if (!e.Shape.SkipLast(1).SequenceEqual(targets.Shape))
        {
            throw new ShapeMismatchException($"cross_entropy: embeddings {e.Shape} and targets {targets.Shape} do not fit: embeddings need the " +
                "axes of targets and one more, the width.");
        }

        foreach ((string what, Tensor? x) in new[] { ("a bias", o.Bias), ("class weights", o.ClassWeights), ("an order", o.VocabularyOrder) })
        {
            if (x is not null && !x.Shape.SequenceEqual([c.Shape[0]]))
                throw new ShapeMismatchException($"cross_entropy: {what} of shape {x.Shape} for {c.Shape[0]} classes; it must be [{c.Shape[0]}].");
        }

        DType common = Tensor.CommonDType(e, c).Floating();
        return new(e, c, targets, o, vocabulary, common == DType.Float64 ? DType.Float64 : DType.Float32, e.DType);
    }

    /// <summary>Rows of which only the targets are known.</summary>
    public static CrossEntropyRows Of(Tensor targets, CrossEntropyOptions o, int vocabulary, DType type)
    {
        Check(targets, o);
        return new(null, null, targets, o, vocabulary, type, type);
    }

    public CrossEntropyAttributes Attributes(CrossEntropyOptions o, int start, int total)
    {
        // A smoothed target gives every class a derivative, however small its probability.
        double bound = o.LabelSmoothing > 0 ? 0 : o.Filter.For(_embeddings);
        return new(new(o.Softcap ?? 0, o.LogitScale, start, total, o.FilterEmbeddings ? bound : 0, o.FilterClassifier ? bound : 0,
            o.Accumulation == GradientAccumulation.Kahan, o.FilterTile.Rows, o.FilterTile.Columns, Precision(o)));
    }

    /// <summary>What matrix units may round products to. Operands of half types lose nothing by it: bfloat16 has as many digits as they take, float16 as
    /// many as tf32, unless a scale is multiplied into them before.</summary>
    private MatMulPrecision Precision(CrossEntropyOptions o)
    {
        DType? common = _e is null || _c is null || o.LogitScale != 1 ? null : Tensor.CommonDType(_e, _c);
        return Tensor.MatMulPrecision != MatMulPrecision.Float32 ? Tensor.MatMulPrecision : common switch
        {
            DType.BFloat16 => MatMulPrecision.BFloat16,
            DType.Float16 => MatMulPrecision.Tf32,
            _ => MatMulPrecision.Float32,
        };
    }

    /// <summary>The inputs of <see cref="Ops.CrossEntropy"/>.</summary>
    public Node[] Inputs(Node factors, Tensor? classWeights, CrossEntropyOptions o) =>
    [
        factors, Embeddings.Node, Classifier.Node, Targets.Node,
        classWeights?.Cast(Type).StopGradient().Node ?? Nothing(Type),
        o.Bias?.Cast(Type).Node ?? Nothing(Type),
        o.VocabularyOrder?.Cast(DType.Int32).Node ?? Nothing(DType.Int32),
    ];

    /// <summary>A result of rows in the shape of the targets, without what a shift leaves over.</summary>
    public Tensor Shaped(Tensor x)
    {
        Tensor y = x.Reshape(_shape);
        return _shift == 0 ? y : y[TensorIndex.Ellipsis, ..^_shift];
    }

    /// <summary>The part of the rows that count whose target was predicted.</summary>
    public Tensor Accuracy(Tensor predicted) =>
        (Counts & predicted.Equal(Targets)).Cast(DType.Float32).Sum() / Counts.Cast(DType.Float32).Sum();

    /// <summary>What stands for an operand that is not there.</summary>
    internal static Node Nothing(DType type) => Make.Number(type, 0, [0]);

    private static void Check(Tensor targets, CrossEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(targets);
        if (!targets.DType.IsInteger())
            throw new DTypeMismatchException($"cross_entropy: targets are {targets.DType}; they must be integers. Cast them.");
        if (options.Shift < 0 || (options.Shift > 0 && (targets.Rank == 0 || options.Shift >= targets.Shape[^1])))
        {
            throw new ShapeMismatchException($"cross_entropy: a shift of {options.Shift} for targets {targets.Shape}; it must be less than the last " +
                "extent, and not negative.");
        }

        if (options.Softcap is { } cap && !(cap > 0 && double.IsFinite(cap)))
            throw new ArgumentOutOfRangeException(nameof(options), cap, "cross_entropy: a softcap must be positive.");
        if (!(options.LabelSmoothing >= 0 && options.LabelSmoothing <= 1))
            throw new ArgumentOutOfRangeException(nameof(options), options.LabelSmoothing, "cross_entropy: label smoothing must be in 0 … 1.");
        if (options.Divisor is { Rank: not 0 } divisor)
            throw new ShapeMismatchException($"cross_entropy: a divisor of shape {divisor.Shape}; it must be a scalar.");
        if (options.Divisor is not null && options.Reduction != LossReduction.Mean)
            throw new ArgumentException("cross_entropy: a divisor takes the place of the number of rows in a mean; this is none.", nameof(options));
    }
}
