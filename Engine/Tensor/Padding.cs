namespace Cotangent;

/// <summary>What a convolution or pooling puts before and after each axis that its window slides along: <see cref="Valid"/>,
/// <see cref="Same"/>, a number for all sides, or one pair an axis.</summary>
/// <example><code>
/// Tensor.Conv(image, kernel, padding: Padding.Same);
/// Tensor.Conv(image, kernel, padding: 1);
/// Tensor.Conv(image, kernel, padding: Padding.Of((0, 1), (2, 2)));
/// </code></example>
public sealed class Padding
{
    private readonly (int Before, int After)[]? _pairs;
    private readonly int _all;

    private Padding(int all, (int Before, int After)[]? pairs) => (_all, _pairs) = (all, pairs);

    /// <summary>Nothing: windows lie inside.</summary>
    public static Padding Valid { get; } = new(0, null);

    /// <summary>As many positions as ⌈extent / stride⌉; an odd element of padding goes after (XLA's SAME).</summary>
    public static Padding Same { get; } = new(0, null);

    /// <summary>The same number on all sides.</summary>
    public static implicit operator Padding(int all) => new(all, null);

    /// <summary>One pair an axis; a single pair is for all axes.</summary>
    public static Padding Of(params ReadOnlySpan<(int Before, int After)> pairs) => new(0, pairs.ToArray());

    /// <inheritdoc/>
    public override string ToString() => ReferenceEquals(this, Same) ? "Same"
        : _pairs is null ? $"{_all}" : string.Join(", ", _pairs);

    /// <summary>The pair of one of several axes.</summary>
    internal (int Before, int After) At(string op, int axis, int axes, int extent, int span, int stride)
    {
        if (ReferenceEquals(this, Same))
        {
            long covered = (long)((Math.Max(extent, 1) - 1) / stride) * stride + span;
            int total = (int)Math.Max(covered - extent, 0);
            return (total / 2, total - total / 2);
        }

        if (_pairs is not null && _pairs.Length != 1 && _pairs.Length != axes)
        {
            throw new WindowException($"{op}: {_pairs.Length} pairs of padding ({this}) for the {axes} axes of the window. Give one an " +
                "axis, or one for all.");
        }

        (int before, int after) = _pairs is null ? (_all, _all) : _pairs.Length == 1 ? _pairs[0] : _pairs[axis];
        return before >= 0 && after >= 0
            ? (before, after)
            : throw new WindowException($"{op}: the padding ({before}, {after}) of window axis {axis} is negative. Slice the input instead.");
    }
}
