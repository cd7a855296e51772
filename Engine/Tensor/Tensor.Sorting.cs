using Cotangent.Graph;

namespace Cotangent;

// Sorts are stable; NaN comes last, ascending or descending. A sort is its order, which has no derivative, and the elements taken in that
// order, which do.
public sealed partial class Tensor
{
    /// <summary>The positions (Int32) of the elements of each line along an axis in their order. Of equal elements the first comes
    /// first; NaN comes last.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="descending">True for the largest first.</param>
    public Tensor ArgSort(int axis = -1, bool descending = false)
    {
        SortAttributes order = new(NormalizeAxis("argsort", axis, Shape), descending);
        return Of(new Node(Ops.ArgSort, [Make.Cast(Node, Counted(DType))], order));
    }

    /// <summary>The elements of each line along an axis in their order; NaN last.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="descending">True for the largest first.</param>
    /// <remarks>The derivative goes with the elements; equal ones keep their order.</remarks>
    /// <example><code>Tensor median = x.Sort()[.., x.Shape[^1] / 2];</code></example>
    public Tensor Sort(int axis = -1, bool descending = false) => TakeAlongAxis(ArgSort(axis, descending), axis);

    /// <summary>The k largest elements of each line along an axis, in descending order, and their positions (Int32). Of equal elements the
    /// first ones; NaN counts as smaller than all.</summary>
    /// <param name="k">How many, at most the extent of the axis.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="largest">False for the smallest, in ascending order.</param>
    /// <exception cref="AxisOutOfRangeException">The axis has fewer than k elements.</exception>
    public (Tensor Values, Tensor Indices) TopK(int k, int axis = -1, bool largest = true)
    {
        int at = NormalizeAxis("topk", axis, Shape);
        if (k < 0 || k > Shape[at])
        {
            throw new AxisOutOfRangeException($"topk: k is {k}; axis {at} of {Shape} has {Shape[at]} elements.");
        }

        Tensor indices = ArgSort(at, largest).SliceAxis(at, 0, k, 1);
        return (TakeAlongAxis(indices, at), indices);
    }

    /// <summary>The q-quantile of each line along an axis, between elements by linear interpolation (NumPy's default); NaN counts as larger than
    /// all.</summary>
    /// <param name="q">0 … 1.</param>
    /// <param name="axis">The axis, which disappears.</param>
    /// <param name="keepDims">True to leave the axis with extent 1.</param>
    /// <exception cref="ShapeMismatchException">The axis has no elements.</exception>
    public Tensor Quantile(double q, int axis = -1, bool keepDims = false)
    {
        if (!(q >= 0 && q <= 1)) throw new ArgumentOutOfRangeException(nameof(q), q, "quantile: q must be in 0 … 1.");
        int at = NormalizeAxis("quantile", axis, Shape), n = Shape[at];
        if (n == 0) throw new ShapeMismatchException($"quantile: axis {at} of {Shape} has no elements.");
        double place = q * (n - 1);
        int low = (int)Math.Floor(place);
        Tensor sorted = AsFloat().Sort(at), x = sorted.SliceAxis(at, low, 1, 1);
        if (place > low) x = x + (place - low) * (sorted.SliceAxis(at, low + 1, 1, 1) - x);
        return keepDims ? x : x.Squeeze(at);
    }

    /// <summary>The middle element of each line along an axis, the mean of the two middle ones where their number is even.</summary>
    /// <param name="axis">The axis, which disappears.</param>
    /// <param name="keepDims">True to leave the axis with extent 1.</param>
    /// <exception cref="ShapeMismatchException">The axis has no elements.</exception>
    public Tensor Median(int axis = -1, bool keepDims = false) => Quantile(0.5, axis, keepDims);
}
