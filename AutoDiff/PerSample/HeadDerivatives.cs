using Cotangent.Graph;
using Cotangent.Kernels.Library;

namespace Cotangent.AutoDiff;

/// <summary>The derivatives of a linear cross-entropy by its logits, made again for some classes at a time.</summary>
internal sealed class HeadDerivatives
{
    // Logits made at a time.
    private const int PieceLogits = 2 << 20, LeastClasses = 64;
    private readonly SampleForm.Head _head;
    private readonly CrossEntropySettings _settings;
    private readonly HeadRows _rows;
    private readonly int _classes;
    private readonly int _size;

    /// <param name="head">The head.</param>
    /// <param name="rows">What is known of the rows of some examples; of all of them, unless given.</param>
    public HeadDerivatives(SampleForm.Head head, HeadRows? rows = null)
    {
        (_head, _settings, _classes, _rows) = (head, head.Call.Settings, head.Classifier.Shape[0], rows ?? HeadRows.Of(head));
        _size = Math.Min(_classes, Math.Max(LeastClasses, PieceLogits / Math.Max(1, Examples * head.Rows)));
    }

    /// <summary>[examples, rows, width].</summary>
    public Tensor Embeddings => _rows.Embeddings;

    /// <summary>Examples.</summary>
    public int Examples => Embeddings.Shape[0];

    /// <summary>The dtype of all.</summary>
    public DType DType => Embeddings.DType;

    /// <summary>Products that a term of a norm is the sum of.</summary>
    public int Terms => Embeddings.Shape[2] + _classes;

    /// <summary>The first class of each part.</summary>
    public Tensor FirstClasses => Tensor.Arange((_classes + _size - 1) / _size) * _size;

    /// <summary>Those by the logits of a part of the classes: [examples, rows, size]; zeros behind the last class.</summary>
    public Tensor OfClasses(Tensor first)
    {
        Tensor number = first + Tensor.Arange(_size), isClass = number < _classes, at = Tensor.Minimum(number, _classes - 1);
        return Tensor.Where(isClass, Of(Embeddings.MatMul(_head.Classifier.Gather(at).T), number, at, isClass), 0);
    }

    /// <summary>Those by all logits: [examples, rows, classes].</summary>
    public Tensor OfAll()
    {
        Tensor all = Tensor.Arange(_classes);
        return Of(Embeddings.MatMul(_head.Classifier.T), all, all, all >= 0);
    }

    /// <summary>Those by the logits of classes that each example chooses, Int32 [examples, 1, n]: [examples, rows, n]. Of no class, anything.</summary>
    public Tensor Of(Tensor number)
    {
        Tensor at = Tensor.Minimum(Tensor.Maximum(number, 0), _classes - 1), rows = _head.Classifier.Gather(at.Squeeze(1));
        return Of(Tensor.DotGeneral(Embeddings, rows, [2], [2], [0], [0]), number, at, number >= 0);
    }

    /// <summary>Squared norms, by as much greater as those of the sum may be. Its own logits differ by rounding, and so do its derivatives, where
    /// probabilities are near one by more than they are themselves: by Σₜ ‖eₜ‖·|dzₜ's error| at most.</summary>
    public Tensor Above(Tensor squares)
    {
        double unit = SampleNorms.Unit(DType), width = Math.Sqrt(Embeddings.Shape[2]), scale = Math.Abs(_settings.Scale);
        Tensor length = Length(Embeddings);
        Tensor rest = 4 * Absolute(_rows.LogSumExp) + 16;
        if (_head.ClassBias is { } bias) rest += 4 * Absolute(bias).Max();
        Tensor error = 1.5 * SampleNorms.Deviations * width * scale * length * Length(_head.Classifier).Max() + rest;
        Tensor size = Absolute(_rows.OfProbability) + Absolute(_rows.OfTarget);
        if (_head.ClassWeights is { } weights) size += Absolute(_rows.OfWeights) * Absolute(weights).Sum();
        double slope = _settings.Softcap > 0 ? 1 + 2 / _settings.Softcap : 1;
        return (squares.Sqrt() + (length * size * error).Sum(1) * (scale * unit * slope)).Square();

        static Tensor Absolute(Tensor x) => x.Cast(DType.Float64).Abs();

        static Tensor Length(Tensor x) => x.Cast(DType.Float64).Square().Sum(-1).Sqrt();
    }

    private Tensor Of(Tensor products, Tensor number, Tensor at, Tensor isClass)
    {
        Tensor z = _settings.Scale * products, slope = Tensor.Full([], _settings.Scale, DType);
        if (_head.ClassBias is { } bias) z += bias.Gather(at);
        if (_settings.Softcap > 0)
        {
            Tensor bent = (z / _settings.Softcap).Tanh();
            (z, slope) = (_settings.Softcap * bent, _settings.Scale * (1 - bent.Square()));
        }

        Tensor dz = Rows(_rows.OfProbability) * Tensor.Where(Rows(_rows.Targets.NotEqual(CrossEntropyProblem.Ignored)) & isClass, (z - Rows(_rows.LogSumExp)).Exp(), 0)
            + Tensor.Where(Rows(_rows.Targets - _settings.Start).Equal(number), Rows(_rows.OfTarget), 0);
        if (_head.ClassWeights is { } weights) dz += Rows(_rows.OfWeights) * weights.Gather(at);
        return dz * slope;

        static Tensor Rows(Tensor x) => x.Unsqueeze(2);
    }
}

/// <summary>What derivatives by logits are made of beside products, row by row: a tree.</summary>
/// <param name="Embeddings">[examples, rows, width].</param>
/// <param name="LogSumExp">[examples, rows], as all that follows.</param>
/// <param name="Targets">Int32; <see cref="CrossEntropyProblem.Ignored"/> for rows that do not count.</param>
/// <param name="OfProbability">The factor of a probability, 0 for rows that do not count.</param>
/// <param name="OfTarget">What is added at the target.</param>
/// <param name="OfWeights">The factor of the classes' weights.</param>
internal sealed record HeadRows(Tensor Embeddings, Tensor LogSumExp, Tensor Targets, Tensor OfProbability, Tensor OfTarget, Tensor OfWeights)
{
    /// <summary>Those of all examples.</summary>
    public static HeadRows Of(SampleForm.Head head)
    {
        (Tensor lse, Tensor targets) = (head.LogSumExp, head.TargetsOfRows);
        Tensor counts = targets.NotEqual(CrossEntropyProblem.Ignored);
        return new(head.Embeddings, lse, targets, Counted(head.Factors(0) + 2 * head.Factors(3) * lse), Counted(head.Factors(1)), Counted(head.Factors(2)));

        Tensor Counted(Tensor factor) => Tensor.Where(counts, factor, 0);
    }
}
