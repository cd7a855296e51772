using Cotangent.Graph;

namespace Cotangent;

// Running values along one axis. Lines are cut into parts by a rule of the shape alone: the same bits for any number of threads. Half types
// run in float32 and are rounded once.
public sealed partial class Tensor
{
    /// <summary>Running sums along an axis, yᵢ = x₀ + … + xᵢ. Bool counts in Int32 and UInt8 adds in UInt32, as in <see cref="Sum(int?, bool)"/>;
    /// wider integers wrap.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the end: yᵢ = xᵢ + … + xₙ₋₁.</param>
    /// <example><code>Tensor distribution = p.CumSum(-1);</code></example>
    public Tensor CumSum(int axis = -1, bool reverse = false) =>
        Running(Ops.CumSum, "cumsum", Cast(DType == DType.Bool ? DType.Int32 : DType == DType.UInt8 ? DType.UInt32 : DType), axis, reverse);

    /// <summary>Running products along an axis, yᵢ = x₀ · … · xᵢ; dtypes as in <see cref="CumSum"/>. The derivative is right at zeros too: it
    /// divides by nothing.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the end.</param>
    public Tensor CumProd(int axis = -1, bool reverse = false) =>
        Running(Ops.CumProd, "cumprod", Cast(DType == DType.Bool ? DType.Int32 : DType == DType.UInt8 ? DType.UInt32 : DType), axis, reverse);

    /// <summary>The largest element so far along an axis; NaN from the first NaN on. The derivative is that of the first element that attains
    /// it.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the end.</param>
    public Tensor CumMax(int axis = -1, bool reverse = false) => Running(Ops.CumMax, "cummax", this, axis, reverse);

    /// <summary>The smallest element so far along an axis; NaN from the first NaN on. The derivative is that of the first element that attains
    /// it.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the end.</param>
    public Tensor CumMin(int axis = -1, bool reverse = false) => Running(Ops.CumMin, "cummin", this, axis, reverse);

    /// <summary>ln (e^x₀ + … + e^xᵢ) along an axis, relative to the largest so far: it neither overflows nor loses small sums beside
    /// later large ones.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the end.</param>
    public Tensor LogCumSumExp(int axis = -1, bool reverse = false)
    {
        int at = NormalizeAxis("logcumsumexp", axis, Shape);
        Tensor x = Cast(Wide(DType.Floating())), max = x.CumMax(at, reverse).StopGradient();
        max = Where(max.IsFinite(), max, 0);
        int n = Shape[at];
        if (n == 0) return AsFloat();

        // The sum so far, relative to the largest so far, shrinks when a larger element comes.
        Tensor before = reverse ? Concat(at, max.SliceAxis(at, 1, n - 1, 1), max.SliceAxis(at, n - 1, 1, 1))
            : Concat(at, max.SliceAxis(at, 0, 1, 1), max.SliceAxis(at, 0, n - 1, 1));
        return ((before - max).Exp().LinearRecurrence((x - max).Exp(), at, reverse).Log() + max).Cast(DType.Floating());
    }

    /// <summary>The linear recurrence h₀ = x₀, hᵢ = aᵢ·hᵢ₋₁ + xᵢ along an axis, a being this: a filter, a discounted return, the state of a linear
    /// state-space model, in parallel.</summary>
    /// <param name="x">What comes in; broadcasts with this.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="reverse">True to run from the end: hᵢ = aᵢ·hᵢ₊₁ + xᵢ.</param>
    /// <remarks>The first factor is not used. Long lines run in parts, whose products of factors carry the state along: with |a| ≤ 1 as
    /// accurate as step by step.</remarks>
    /// <example><code>Tensor returns = Tensor.Full(rewards.Shape, 0.99).LinearRecurrence(rewards, axis: 0, reverse: true);</code></example>
    public Tensor LinearRecurrence(Tensor x, int axis = -1, bool reverse = false)
    {
        ArgumentNullException.ThrowIfNull(x);
        (Node factors, Node added) = Broadcasting.Meet("recurrence", this, x, type => Wide(type.Floating()));
        CumulativeAttributes along = new(NormalizeAxis("recurrence", axis, factors.Shape), reverse);
        return Of(Make.Cast(new Node(Ops.Recurrence, [factors, added], along), CommonDType(this, x).Floating()));
    }

    private static Tensor Running(Op op, string name, Tensor x, int axis, bool reverse)
    {
        CumulativeAttributes along = new(NormalizeAxis(name, axis, x.Shape), reverse);
        return Of(Make.Cast(new Node(op, [Make.Cast(x.Node, Counted(x.DType))], along), x.DType));
    }

    /// <summary>The dtype in which routines compute: one that holds all values of another, in the same order.</summary>
    private static DType Counted(DType type) => type is DType.Bool or DType.UInt8 ? DType.Int32 : Wide(type);
}
