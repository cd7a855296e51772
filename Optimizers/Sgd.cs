namespace Cotangent.Optimizers;

/// <summary>Stochastic gradient descent with momentum, as in PyTorch.</summary>
/// <remarks>g ← g + λθ; v ← μv + (1 − dampening)g, but v ← g at the first step; θ ← θ − η(g + μv) with Nesterov, θ − ηv without. The rate
/// multiplies the velocity where it is applied, not where it is stored.</remarks>
public sealed class Sgd<TParameters> : Optimizer<TParameters>
{
    private readonly SgdOptions _options;

    /// <summary>Starts with these parameters; they are copied.</summary>
    public Sgd(TParameters parameters, SgdOptions? options = null)
        : this(options ?? new SgdOptions(), parameters)
    {
    }

    private Sgd(SgdOptions options, TParameters parameters)
        : base(parameters, options, options.Momentum == 0 ? [] : ["velocity"], IsDamped(options) ? [Intake(options)] : []) =>
        _options = options;

    private protected override (Tensor Parameters, Tensor[] Slots) Update(UpdateInputs x)
    {
        Tensor g = _options.Maximize ? -x.Gradient : x.Gradient;
        if (_options.WeightDecay != 0)
            g += x.Parameters * x.Segment.WhereDecaying(Tensor.Scalar(_options.WeightDecay, x.Segment.DType, x.Segment.Device), 0);

        Tensor rate = x.Narrow(x.Rate);
        if (_options.Momentum == 0) return (x.Parameters - rate * g, []);

        Tensor velocity = x.Slots[0] * _options.Momentum + (IsDamped(_options) ? g * x.Narrow(x.Before[0]) : g);
        Tensor move = _options.Nesterov ? g + velocity * _options.Momentum : velocity;
        return (x.Parameters - rate * move, [velocity]);
    }

    private static bool IsDamped(SgdOptions options) => options.Momentum != 0 && options.Dampening != 0;

    // The share of the gradient that enters the velocity: all of it at the first step.
    private static RunningNumber Intake(SgdOptions options) => new("intake", 1, before => Tensor.FullLike(before, 1 - options.Dampening));
}
