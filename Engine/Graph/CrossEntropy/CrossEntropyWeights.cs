namespace Cotangent.Graph;

/// <summary>A loss as factors of what is known of each row: with a = (1 − s)·w_y and κ = s/V a row's loss is
/// (a + κ·Σw)·lse − a·z_y − κ·Σ w_v·z_v + λ·lse².</summary>
internal sealed class CrossEntropyWeights
{
    private readonly CrossEntropyRows _rows;
    private readonly LossReduction _reduction;
    private readonly Tensor _ofTarget;
    private readonly Tensor? _ofLse;
    private readonly double _smoothing;
    private readonly double _zLoss;
    private readonly Tensor? _rowFactor;
    private readonly Tensor? _squareFactor;
    private readonly bool _hasDivisor;

    private CrossEntropyWeights(CrossEntropyRows rows, int vocabulary, Tensor? weights, CrossEntropyOptions o)
    {
        (_rows, _reduction, _zLoss, _smoothing) = (rows, o.Reduction, o.ZLoss, o.LabelSmoothing / vocabulary);
        _hasDivisor = o.Divisor is not null;
        Tensor one = Tensor.Full([rows.Count], 1, rows.Type), counts = rows.Counts.Cast(rows.Type);
        Tensor? ofClasses = weights?.Cast(rows.Type).StopGradient();
        Tensor ofTarget = ofClasses is null ? one : ofClasses.Gather(Tensor.Minimum(Tensor.Maximum(rows.Targets, 0), vocabulary - 1));
        _ofTarget = ofTarget * (1 - o.LabelSmoothing);
        if (_smoothing > 0)
        {
            ForClasses = ofClasses ?? Tensor.Full([vocabulary], 1, rows.Type);
            _ofLse = _ofTarget + (ofClasses is null ? o.LabelSmoothing : _smoothing * ofClasses.Sum());
        }

        if (_reduction == LossReduction.None) return;
        Tensor? divisor = _reduction == LossReduction.Sum ? null : o.Divisor?.Cast(rows.Type) ?? Tensor.Where(rows.Counts, ofTarget, 0).Sum();
        Tensor? count = _reduction == LossReduction.Sum ? null : o.Divisor?.Cast(rows.Type) ?? counts.Sum();
        _rowFactor = Tensor.Where(rows.Counts, divisor is null ? one : (1 / divisor).BroadcastTo(one.Shape), 0);
        _squareFactor = _zLoss == 0 ? null : Tensor.Where(rows.Counts, count is null ? one * _zLoss : (_zLoss / count).BroadcastTo(one.Shape), 0);
    }

    /// <summary>The weights in Σ w_v·z_v; null if that does not occur.</summary>
    public Tensor? ForClasses { get; }

    /// <summary>The factors of <see cref="Ops.CrossEntropy"/>: zeros if there is no sum of losses.</summary>
    public Tensor Factors
    {
        get
        {
            Tensor zero = Tensor.Full([_rows.Count], 0, _rows.Type);
            if (_rowFactor is null) return Tensor.Full([4, _rows.Count], 0, _rows.Type);
            return Tensor.Stack(0, [_rowFactor * (_ofLse ?? _ofTarget), -(_rowFactor * _ofTarget),
                _smoothing > 0 ? -(_rowFactor * _smoothing) : zero, _squareFactor ?? zero]);
        }
    }

    public static CrossEntropyWeights Of(CrossEntropyRows rows, int vocabulary, Tensor? weights, CrossEntropyOptions o) =>
        new(rows, vocabulary, weights, o);

    /// <summary>The losses of rows.</summary>
    public Tensor Losses(Tensor lse, Tensor target, Tensor weighted)
    {
        Tensor loss = Plain(lse, target, weighted);
        if (_zLoss != 0) loss = loss + _zLoss * lse.Square();
        return Tensor.Where(_rows.Counts, loss, 0);
    }

    /// <summary>Their sum or mean.</summary>
    public Tensor Reduce(Tensor lse, Tensor target, Tensor weighted)
    {
        Tensor loss = _rowFactor! * Plain(lse, target, weighted);
        if (_squareFactor is not null) loss = loss + _squareFactor * lse.Square();
        return Tensor.Where(_rows.Counts, loss, 0).Sum();
    }

    /// <summary>NaN for the mean of nothing. Added, so that the derivative of the loss is that of the objective, without a factor.</summary>
    public Tensor OrNaN(Tensor loss) => _reduction == LossReduction.Mean && !_hasDivisor
        ? loss + Tensor.Where(_rows.Counts.Cast(DType.Int32).Sum() > 0, Tensor.Scalar(0, _rows.Type), double.NaN)
        : loss;

    private Tensor Plain(Tensor lse, Tensor target, Tensor weighted)
    {
        Tensor loss = _ofTarget * (lse - target);
        return _ofLse is null ? loss : loss + ((_ofLse - _ofTarget) * lse - _smoothing * weighted);
    }
}
