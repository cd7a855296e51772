using System.Collections.Frozen;
using Cotangent.Graph;

namespace Cotangent.AutoDiff;

/// <summary>Which values of a checkpointed function are kept for the backward pass, see <see cref="Diff.Checkpoint{TIn, TOut}"/>. All others
/// are computed again, from those and the arguments.</summary>
public sealed class CheckpointPolicy
{
    private readonly string _text;
    private readonly Func<Node, bool> _saves;

    private CheckpointPolicy(string text, Func<Node, bool> saves) => (_text, _saves) = (text, saves);

    /// <summary>Keeps what a gradient without checkpoint keeps.</summary>
    public static CheckpointPolicy All { get; } = new("all", _ => true);

    /// <summary>Keeps nothing but the arguments, and what the function captures.</summary>
    public static CheckpointPolicy None { get; } = new("none", _ => false);

    /// <summary>Keeps the results of matrix products and convolutions: what is cheap is computed again.</summary>
    public static CheckpointPolicy Dots { get; } = new("dots", n => n.Op.Kind == OpKind.Contraction);

    /// <summary>As <see cref="Dots"/>, but products with batch axes, such as attention's, are computed again.</summary>
    public static CheckpointPolicy DotsWithoutBatch { get; } = new(
        "dots without batch", n => n.Op.Kind == OpKind.Contraction && n.Attributes is not DotAttributes { LeftBatch.Rank: > 0 });

    /// <summary>Keeps the values that the function gave these names, by <see cref="Tensor.Named"/>.</summary>
    public static CheckpointPolicy Named(params ReadOnlySpan<string> names)
    {
        FrozenSet<string> set = names.ToArray().ToFrozenSet(StringComparer.Ordinal);
        return new($"named {string.Join(", ", set)}", n => n.Attributes is NameAttributes { Name: { } name } && set.Contains(name));
    }

    /// <summary>Keeps what any of two policies keeps.</summary>
    public static CheckpointPolicy operator |(CheckpointPolicy left, CheckpointPolicy right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new($"{left} or {right}", n => left._saves(n) || right._saves(n));
    }

    /// <summary>Keeps what any of two policies keeps.</summary>
    public static CheckpointPolicy BitwiseOr(CheckpointPolicy left, CheckpointPolicy right) => left | right;

    /// <inheritdoc/>
    public override string ToString() => _text;

    internal bool Saves(Node n) => _saves(n);
}
