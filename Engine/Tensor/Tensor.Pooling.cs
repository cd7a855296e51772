using Cotangent.Graph;

namespace Cotangent;

public sealed partial class Tensor
{
    /// <summary>The largest element of each window; NaN wins. Padding is never the largest (−∞, or the smallest integer).</summary>
    /// <param name="window">The window's extents along the last axes.</param>
    /// <param name="stride">How far it moves: one number an axis, or one for all; the window's extents if empty.</param>
    /// <param name="padding">Around the input; none if null.</param>
    /// <param name="dilation">How far the elements of the window are apart; 1 if empty.</param>
    /// <remarks>The gradient of a window goes to the first of its elements that attain the maximum.</remarks>
    /// <exception cref="WindowException">The window does not fit.</exception>
    /// <example><code>Tensor half = images.MaxPool([2, 2]);</code></example>
    public Tensor MaxPool(
        ReadOnlySpan<int> window, ReadOnlySpan<int> stride = default, Padding? padding = null, ReadOnlySpan<int> dilation = default)
    {
        WindowAxis[] axes = PoolAxes("max_pool", window, stride, padding, dilation);
        Node x = DType == DType.Bool ? Make.Cast(Node, DType.UInt8) : Node;
        if (axes.Any(a => a.Low + a.High > 0))
        {
            Node inside = Windows.Pad(Make.Number(DType.Bool, 1, Shape), axes), padded = Windows.Pad(x, axes);
            double least = x.DType == DType.Int64 ? long.MinValue : Ops.Convert(x.DType, double.NegativeInfinity);
            x = Make.Where(inside, padded, Make.Number(x.DType, least, padded.Shape));
            axes = [.. axes.Select(a => a with { Low = 0, High = 0 })];
        }

        Node y = Make.Reduce(Ops.ReduceMax, Windows.View(x, axes), Shape.From(Enumerable.Range(0, axes.Length)));
        return Of(Make.Cast(y, DType));
    }

    /// <summary>The mean of each window, in floating point.</summary>
    /// <param name="window">The window's extents along the last axes.</param>
    /// <param name="stride">How far it moves: one number an axis, or one for all; the window's extents if empty.</param>
    /// <param name="padding">Zeros around the input; none if null.</param>
    /// <param name="dilation">How far the elements of the window are apart; 1 if empty.</param>
    /// <param name="countPadding">Whether the divisor counts the padding too, or only the elements inside.</param>
    /// <exception cref="WindowException">The window does not fit.</exception>
    public Tensor AvgPool(
        ReadOnlySpan<int> window, ReadOnlySpan<int> stride = default, Padding? padding = null, ReadOnlySpan<int> dilation = default,
        bool countPadding = true)
    {
        WindowAxis[] axes = PoolAxes("avg_pool", window, stride, padding, dilation);
        DType result = DType.Floating(), wide = Wide(result);
        Tensor sum = SumOf(Cast(wide).Node, axes), count = axes.Aggregate(1.0, (n, a) => n * a.Size);
        if (!countPadding)
        {
            Node one = new(Ops.Number, [], Numbers.Of(wide, 1.0), Device);
            count = SumOf(Make.Fill(one, [.. Shape.Skip(Rank - axes.Length)]), axes);
        }

        return (sum / count).Cast(result);
    }

    private static Tensor SumOf(Node x, WindowAxis[] axes) =>
        Of(Make.Sum(Windows.View(x, axes), Shape.From(Enumerable.Range(0, axes.Length))));

    private WindowAxis[] PoolAxes(
        string op, ReadOnlySpan<int> window, ReadOnlySpan<int> stride, Padding? padding, ReadOnlySpan<int> dilation)
    {
        if (window.Length == 0 || window.Length > Rank)
        {
            throw new WindowException($"{op}: a window {Shape.Create(window)} of {window.Length} axes over {Shape}: give one to {Rank} extents.");
        }

        Shape extents = [.. Shape.Skip(Rank - window.Length)];
        WindowAxis[] axes = Windows.Of(op, window, extents.AsSpan(), stride.Length == 0 ? window : stride, padding, dilation);
        Windows.RequireRoom(op, axes, extents);
        return axes;
    }
}
