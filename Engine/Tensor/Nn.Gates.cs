namespace Cotangent;

public static partial class Nn
{
    /// <summary>silu(gate) · up, the gated unit of Shazeer (arXiv 2002.05202): one kernel forwards, one backwards. Half types are computed in
    /// float32 and rounded once.</summary>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    public static Tensor SwiGlu(Tensor gate, Tensor up) => Gated("swiglu", gate, up, g => g.Silu());

    /// <summary>gelu(gate) · up: as <see cref="SwiGlu"/> with the normal distribution function, exactly or by its usual tanh approximation.
    /// </summary>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    public static Tensor GeGlu(Tensor gate, Tensor up, bool approximate = false) => Gated("geglu", gate, up, g => g.Gelu(approximate));

    /// <summary>softmax(logits / temperature) along an axis: below 1 the largest logits take more, above 1 less.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The temperature is not above 0.</exception>
    public static Tensor Softmax(Tensor logits, double temperature = 1, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(temperature);
        return temperature == 1 ? logits.Softmax(axis) : (logits.AsFloat() * (1 / temperature)).Softmax(axis);
    }

    /// <summary>softmax(logits / temperature) along an axis, for a temperature that is a tensor: an argument of a compiled function, one for
    /// each row, or to be learned.</summary>
    public static Tensor Softmax(Tensor logits, Tensor temperature, int axis = -1)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(temperature);
        return (logits / temperature).Softmax(axis);
    }

    /// <summary>The rows of a table that indices name: […] integers and [rows, width] give […, width]. An index outside the table gives NaN.
    /// </summary>
    /// <remarks>Its derivative adds the cotangents of equal indices in the order of the indices, every row by itself: no atomic
    /// additions, so the same bits every time, on every device.</remarks>
    /// <exception cref="ShapeMismatchException">The table has not two axes.</exception>
    public static Tensor Embedding(Tensor indices, Tensor table)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(table);
        if (table.Rank != 2) throw new ShapeMismatchException($"embedding: the table has shape {table.Shape}; it must be [rows, width].");
        return table.Gather(indices);
    }

    private static Tensor Gated(string op, Tensor gate, Tensor up, Func<Tensor, Tensor> activation)
    {
        ArgumentNullException.ThrowIfNull(gate);
        ArgumentNullException.ThrowIfNull(up);
        if (gate.Shape != up.Shape) throw new ShapeMismatchException($"{op}: gate {gate.Shape} and up {up.Shape} must have the same shape.");
        return (activation(Wide(gate)) * Wide(up)).Cast(DTypes.Promote(gate.DType, up.DType).Floating());
    }
}
