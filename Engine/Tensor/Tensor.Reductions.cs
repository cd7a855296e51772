using Cotangent.Graph;

namespace Cotangent;

// Without an axis a reduction runs over all of them; axes may be negative; keepDims leaves them with extent 1. Sums
// accumulate half types in float32, in an order fixed by the shape.
public sealed partial class Tensor
{
    /// <summary>The sum; 0 of nothing. Bool counts in Int32 and UInt8 adds in UInt32; wider integers wrap.</summary>
    public Tensor Sum(int? axis = null, bool keepDims = false) => Sum(Axes("sum", axis).AsSpan(), keepDims);

    /// <summary>The sum over several axes.</summary>
    public Tensor Sum(ReadOnlySpan<int> axes, bool keepDims = false) =>
        Reduce(Ops.Sum, Cast(DType == DType.Bool ? DType.Int32 : DType == DType.UInt8 ? DType.UInt32 : DType), axes, keepDims);

    /// <summary>The mean, in floating point (integers in Float32, Int64 in Float64); NaN of nothing.</summary>
    public Tensor Mean(int? axis = null, bool keepDims = false) => Mean(Axes("mean", axis).AsSpan(), keepDims);

    /// <summary>The mean over several axes.</summary>
    public Tensor Mean(ReadOnlySpan<int> axes, bool keepDims = false)
    {
        // A half-precision sum can overflow where the mean does not: add and divide in float32.
        Shape which = NormalizeAxes("mean", axes, Shape);
        DType result = DType.Floating();
        double count = which.Aggregate(1.0, (n, axis) => n * Shape[axis]);
        return (Cast(Wide(result)).Sum(which.AsSpan(), keepDims) / count).Cast(result);
    }

    /// <summary>The mean square distance from the mean, divided by n − <paramref name="correction"/>.</summary>
    public Tensor Variance(int? axis = null, bool keepDims = false, int correction = 0) =>
        Variance(Axes("variance", axis).AsSpan(), keepDims, correction);

    /// <summary>The variance over several axes.</summary>
    public Tensor Variance(ReadOnlySpan<int> axes, bool keepDims = false, int correction = 0)
    {
        Shape which = NormalizeAxes("variance", axes, Shape);
        DType result = DType.Floating();
        double count = which.Aggregate(1.0, (n, axis) => n * Shape[axis]);
        Tensor x = Cast(Wide(result)), centred = x - x.Mean(which.AsSpan(), keepDims: true);
        return (centred.Square().Sum(which.AsSpan(), keepDims) / Math.Max(count - correction, 0)).Cast(result);
    }

    /// <summary>The largest element; NaN wins; −∞ (or the smallest integer) of nothing.</summary>
    public Tensor Max(int? axis = null, bool keepDims = false) => Max(Axes("max", axis).AsSpan(), keepDims);

    /// <summary>The largest element over several axes.</summary>
    public Tensor Max(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce(Ops.ReduceMax, this, axes, keepDims);

    /// <summary>The smallest element; NaN wins; +∞ (or the largest integer) of nothing.</summary>
    public Tensor Min(int? axis = null, bool keepDims = false) => Min(Axes("min", axis).AsSpan(), keepDims);

    /// <summary>The smallest element over several axes.</summary>
    public Tensor Min(ReadOnlySpan<int> axes, bool keepDims = false) => Reduce(Ops.ReduceMin, this, axes, keepDims);

    /// <summary>Whether any element is true or not zero; False of nothing.</summary>
    public Tensor Any(int? axis = null, bool keepDims = false) => (Truth().Max(axis, keepDims) > 0);

    /// <summary>Whether all elements are true or not zero; True of nothing.</summary>
    public Tensor All(int? axis = null, bool keepDims = false) => (Truth().Min(axis, keepDims) > 0);

    /// <summary>Int32 index of the first largest element along an axis, or in row-major order; a NaN counts as the
    /// largest.</summary>
    public Tensor ArgMax(int? axis = null, bool keepDims = false) => ArgReduce(Ops.ArgMax, axis, keepDims);

    /// <summary>Int32 index of the first smallest element along an axis, or in row-major order; a NaN counts as the
    /// smallest.</summary>
    public Tensor ArgMin(int? axis = null, bool keepDims = false) => ArgReduce(Ops.ArgMin, axis, keepDims);

    /// <summary>ln Σ eˣ without overflow; −∞ of nothing.</summary>
    public Tensor LogSumExp(int? axis = null, bool keepDims = false)
    {
        Shape axes = Axes("logsumexp", axis);
        Tensor x = AsFloat(), max = x.Max(axes.AsSpan(), keepDims: true).StopGradient();

        // An infinite maximum must not become ∞ − ∞; it comes back when it is added below, as exp(±∞) does.
        max = Where(max.IsFinite(), max, 0);
        Tensor result = (x - max).Exp().Sum(axes.AsSpan(), keepDims: true).Log() + max;
        return keepDims ? result : Of(Make.Reshape(result.Node, Shape.From(Shape.Where((_, i) => !axes.Contains(i)))));
    }

    /// <summary>eˣ / Σ eˣ along an axis. A line of −∞ only, or with +∞, gives NaN.</summary>
    public Tensor Softmax(int axis = -1)
    {
        // One division a line, not one an element.
        Tensor e = Shifted("softmax", axis).Exp();
        return e * (1 / e.Sum(axis, keepDims: true));
    }

    /// <summary>ln softmax along an axis, without overflow.</summary>
    public Tensor LogSoftmax(int axis = -1)
    {
        Tensor x = Shifted("log_softmax", axis);
        return x - x.Exp().Sum(axis, keepDims: true).Log();
    }

    /// <summary>x less its maximum along an axis. The maximum cancels in what follows, so that derivatives may take it
    /// as a constant.</summary>
    internal Tensor Shifted(string op, int axis)
    {
        int at = NormalizeAxis(op, axis, Shape);
        Tensor x = AsFloat();
        return x - x.Max(at, keepDims: true).StopGradient();
    }

    private static DType Wide(DType type) => type is DType.Float16 or DType.BFloat16 ? DType.Float32 : type;

    private static Tensor Reduce(Op op, Tensor x, ReadOnlySpan<int> axes, bool keepDims)
    {
        Shape which = NormalizeAxes(op.Name, axes, x.Shape);
        return Of(keepDims ? Make.ReduceKeep(op, x.Node, which) : Make.Reduce(op, x.Node, which));
    }

    private Tensor Truth() => (DType == DType.Bool ? this : NotEqual(0)).Cast(DType.Int32);

    private Shape Axes(string op, int? axis) =>
        axis is { } one ? [NormalizeAxis(op, one, Shape)] : Shape.From(Enumerable.Range(0, Rank));

    private Tensor ArgReduce(Op op, int? axis, bool keepDims)
    {
        if (axis is null)
        {
            Tensor flat = Reshape(-1).ArgReduce(op, 0, false);
            return keepDims ? flat.Reshape(Shape.From(Enumerable.Repeat(1, Rank))) : flat;
        }

        int at = NormalizeAxis(op.Name, axis.Value, Shape);
        Tensor result = Of(new Node(op, [Node], new AxisAttributes(at)));
        return keepDims ? result.Unsqueeze(at) : result;
    }
}
