namespace Cotangent;

/// <summary>A cell that holds a tensor: the one thing that changes. Parameters, optimizer moments and random keys live in cells.</summary>
/// <remarks>A tensor taken from a cell keeps its value when the cell is given another.</remarks>
public sealed class State
{
    private Tensor _value;

    /// <summary>A cell with a first value.</summary>
    public State(Tensor initial)
    {
        ArgumentNullException.ThrowIfNull(initial);
        _value = initial;
    }

    /// <summary>The tensor in the cell. A new one must have the shape and dtype of the old.</summary>
    /// <exception cref="ShapeMismatchException">The new value has another shape.</exception>
    /// <exception cref="DTypeMismatchException">The new value has another dtype.</exception>
    public Tensor Value
    {
        get => _value;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Shape != _value.Shape)
                throw new ShapeMismatchException($"state: the cell holds {_value.Shape}; a value of shape {value.Shape} cannot replace it.");

            if (value.DType != _value.DType)
                throw new DTypeMismatchException($"state: the cell holds {_value.DType}; a value of {value.DType} cannot replace it. Cast it first.");

            _value = value;
            Version++;
        }
    }

    /// <summary>How many times the cell was given a value.</summary>
    public long Version { get; private set; }
}
