using System.Collections;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Cotangent.AutoDiff;

/// <summary>Which axis of each tensor counts the examples of a batch, for <c>Diff.Vmap</c>: one axis for all, <c>1</c>,
/// or a list, <c>[0, null, -1]</c>, in which null is a tensor that all examples share.</summary>
/// <remarks>A list has one axis an argument, for all tensors of that argument's tree, or one a tensor, in the order of
/// <see cref="Trees.Flatten"/>; for results, one a tensor. Negative axes count from the end.</remarks>
[CollectionBuilder(typeof(BatchAxes), nameof(Create))]
public sealed class BatchAxes : IEnumerable<int?>
{
    private readonly ImmutableArray<int?> _axes;

    private BatchAxes(ReadOnlySpan<int?> axes) => _axes = [.. axes];

    internal static BatchAxes First { get; } = 0;

    /// <summary>The same axis for all tensors.</summary>
    public static implicit operator BatchAxes(int axis) => Create([axis]);

    /// <summary>One axis for all tensors, or one an argument, or one a tensor.</summary>
    public static BatchAxes Create(ReadOnlySpan<int?> axes) => new(axes);

    /// <inheritdoc/>
    public IEnumerator<int?> GetEnumerator() => ((IEnumerable<int?>)_axes).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", _axes.Select(a => a?.ToString() ?? "null"))}]";

    /// <summary>The axis of each tensor.</summary>
    /// <param name="what">"arguments" or "results", for errors.</param>
    /// <param name="counts">The number of tensors in each of them.</param>
    internal int?[] Each(string what, params int[] counts)
    {
        int tensors = counts.Sum();
        if (_axes.Length == 1) return [.. Enumerable.Repeat(_axes[0], tensors)];
        if (_axes.Length == counts.Length) return [.. counts.SelectMany((n, i) => Enumerable.Repeat(_axes[i], n))];
        return _axes.Length == tensors
            ? [.. _axes]
            : throw new BatchingException(
                $"Vmap: {_axes.Length} axes {this} for {counts.Length} {what} of {tensors} tensors. Give one for all, or one for each.");
    }
}
