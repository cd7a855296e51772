namespace Cotangent.Optimizers;

/// <summary>What a rule sees of one segment.</summary>
/// <param name="Parameters">The parameters, a vector.</param>
/// <param name="Slots">The rule's own vectors, in the order of their names.</param>
/// <param name="Gradient">The gradient, a vector.</param>
/// <param name="Rate">The learning rate, a Float64 scalar.</param>
/// <param name="Before">The running numbers before this step, Float64 scalars.</param>
/// <param name="Numbers">The running numbers of this step.</param>
/// <param name="Segment">Where weight decay applies.</param>
internal sealed record UpdateInputs(
    Tensor Parameters, Tensor[] Slots, Tensor Gradient, Tensor Rate, Tensor[] Before, Tensor[] Numbers, ArenaSegment Segment)
{
    /// <summary>A Float64 scalar in the segment's dtype: factors are computed wide and rounded once.</summary>
    public Tensor Narrow(Tensor scalar) => scalar.Cast(Segment.DType);
}

/// <summary>A number that an optimizer carries from step to step.</summary>
/// <param name="Name">Its name in a checkpoint.</param>
/// <param name="Start">Its value before the first step.</param>
/// <param name="Next">A step's value from the one before.</param>
internal sealed record RunningNumber(string Name, double Start, Func<Tensor, Tensor> Next);
