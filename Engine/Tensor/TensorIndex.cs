namespace Cotangent;

/// <summary>One part of an index expression. Integers, indices from the end, ranges and integer tensors convert
/// implicitly.</summary>
public readonly struct TensorIndex
{
    private TensorIndex(IndexKind kind, int? start = null, int? stop = null, int step = 1, Tensor? tensor = null)
    {
        Kind = kind;
        Start = start;
        Stop = stop;
        Step = step;
        Tensor = tensor;
    }

    /// <summary>Inserts an axis of extent 1.</summary>
    public static TensorIndex NewAxis => new(IndexKind.NewAxis);

    /// <summary>Stands for all axes that the other parts do not name. At most once.</summary>
    public static TensorIndex Ellipsis => new(IndexKind.Ellipsis);

    /// <summary>The whole axis.</summary>
    public static TensorIndex All => new(IndexKind.Slice);

    internal IndexKind Kind { get; }

    internal int? Start { get; }

    internal int? Stop { get; }

    internal int Step { get; }

    internal Tensor? Tensor { get; }

    /// <summary>Python's start:stop:step. What is left out is the end that the step comes from and the one it goes to;
    /// negative positions count from the end; positions outside the axis are clipped to it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is 0.</exception>
    public static TensorIndex Slice(int? start = null, int? stop = null, int step = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(step);
        return new(IndexKind.Slice, start, stop, step);
    }

    /// <summary>An element of the axis; negative from the end.</summary>
    public static implicit operator TensorIndex(int position) => new(IndexKind.Element, position);

    /// <summary>An element of the axis.</summary>
    public static implicit operator TensorIndex(Index position) =>
        new(IndexKind.Element, position.IsFromEnd ? -position.Value : position.Value, stop: position.IsFromEnd ? 0 : null);

    /// <summary>A part of the axis, clipped to it.</summary>
    public static implicit operator TensorIndex(Range range) => new(
        IndexKind.Slice,
        range.Start is { IsFromEnd: true, Value: 0 } ? int.MaxValue : Position(range.Start),
        range.End is { IsFromEnd: true, Value: 0 } ? null : Position(range.End));

    /// <summary>One slice of the axis an index.</summary>
    public static implicit operator TensorIndex(Tensor indices) => new(IndexKind.Gather, tensor: indices);

    /// <summary>The position that Element names on an axis, before it is checked: ^0 is one past the end, not
    /// 0.</summary>
    internal long Locate(int extent) => Start!.Value < 0 || Stop is not null ? (long)Start.Value + extent : Start.Value;

    private static int Position(Index index) => index.IsFromEnd ? -index.Value : index.Value;
}

internal enum IndexKind : byte
{
    Slice,
    Element,
    NewAxis,
    Ellipsis,
    Gather,
}
