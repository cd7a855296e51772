using System.Collections.Immutable;
using Cotangent.Graph;

namespace Cotangent.AutoDiff.Control;

/// <summary>What the outputs of one call have in common: op, inputs and attributes but for the number of the output.</summary>
internal sealed class CallKey : IEquatable<CallKey>
{
    private readonly Op _op;
    private readonly ImmutableArray<Node> _inputs;
    private readonly CallAttributes _attributes;

    private CallKey(Node n, CallAttributes attributes) => (_op, _inputs, _attributes) = (n.Op, n.Inputs, attributes.At(0));

    /// <summary>The key of a node's call; null for a node that is no output of one.</summary>
    public static CallKey? Of(Node n) => n.Attributes is CallAttributes attributes ? new(n, attributes) : null;

    public bool Equals(CallKey? other) => other is not null && _op == other._op
        && _inputs.AsSpan().SequenceEqual(other._inputs.AsSpan()) && _attributes.Equals(other._attributes)
        && IsSameCode(_attributes, other._attributes);

    /// <summary>True for calls of the very same functions. Functions that are equal as programs may differ in what programs do not
    /// have: derivatives of their own.</summary>
    public static bool IsSameCode(CallAttributes x, CallAttributes y) => (x as ControlAttributes)?.Bodies is not { } bodies
        || (y is ControlAttributes other && bodies.Length == other.Bodies.Length && bodies.Zip(other.Bodies).All(p => ReferenceEquals(p.First, p.Second)));

    public override bool Equals(object? obj) => Equals(obj as CallKey);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(_op);
        foreach (Node input in _inputs) hash.Add(input);
        return hash.ToHashCode();
    }
}
