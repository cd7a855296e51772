using Cotangent.Execution;
using Cotangent.Graph;

namespace Cotangent;

/// <summary>A cell that holds a tensor: the one thing that changes. Parameters, optimizer moments and random keys live
/// in cells.</summary>
/// <remarks>
/// <para>A tensor taken from a cell keeps its value when the cell is given another.</para>
/// <para>Inside a function given to <see cref="Jit"/>, reading a cell gives a placeholder and assigning one is part of
/// the compiled program: each call reads what the cell holds then, and writes the new value at its end, into the old
/// value's memory if nobody else can see that.</para>
/// </remarks>
public sealed class State
{
    /// <summary>Small values keep the memory of their predecessors; others give it back.</summary>
    private const int LargestSpare = 1 << 12;

    private Tensor _value;

    // True if a tensor outside this cell may share the value's memory.
    private bool _isShared = true;

    // The value before this one, if nobody else can see it: the place of the next where that cannot overwrite its predecessor.
    private Tensor? _spare;

    /// <summary>A cell with a first value.</summary>
    public State(Tensor initial)
    {
        ArgumentNullException.ThrowIfNull(initial);
        RefuseTraced(initial);
        _value = initial;
    }

    /// <summary>The tensor in the cell. A new one must have the shape and dtype of the old.</summary>
    /// <exception cref="ShapeMismatchException">The new value has another shape.</exception>
    /// <exception cref="DTypeMismatchException">The new value has another dtype.</exception>
    /// <exception cref="TracedValueException">The new value depends on a placeholder of a transform, and no compiled
    /// function is being traced.</exception>
    public Tensor Value
    {
        get
        {
            if (JitTrace.Current is { } trace) return trace.Read(this);
            lock (Executor.Lock)
            {
                _isShared = true;
                return _value;
            }
        }

        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Shape != Shape)
                throw new ShapeMismatchException(
                    $"state: the cell holds {Shape}; a value of shape {value.Shape} cannot replace it.");

            if (value.DType != DType)
                throw new DTypeMismatchException(
                    $"state: the cell holds {DType}; a value of {value.DType} cannot replace it. Cast it first.");

            if (JitTrace.Current is { } trace)
            {
                trace.Write(this, value);
                return;
            }

            RefuseTraced(value);
            lock (Executor.Lock)
            {
                _isShared = true;
                _value = value;
                Version++;
            }
        }
    }

    /// <summary>How many times the cell was given a value.</summary>
    public long Version { get; private set; }

    internal Shape Shape => _value.Shape;

    internal DType DType => _value.DType;

    internal Kernels.Device Device => _value.Device;

    /// <summary>The value's node, for a program that runs under <see cref="Executor.Lock"/> and lets no one keep
    /// it.</summary>
    internal Node Node => _value.Node;

    /// <summary>The memory that a new value may be written into, if it belongs to this cell alone.</summary>
    internal Storage? OwnStorage => _isShared ? null : Node.Storage;

    /// <summary>Other memory of this cell alone that a new value may be written into.</summary>
    internal Storage? SpareStorage => _spare is { } spare && spare.Device == Device ? spare.Node.Storage : null;

    /// <summary>Says that the value's memory can be seen from outside.</summary>
    internal void Share() => _isShared = true;

    /// <summary>Gives the cell a value computed by a compiled function.</summary>
    internal void Replace(Storage storage, bool isShared)
    {
        // Written in place: the node, seen by no one else, holds the new value already.
        if (storage != Node.Storage)
        {
            Tensor old = _value;
            _value = _spare is { } spare && spare.Node.Storage == storage ? spare : new Tensor(new Node(Shape, DType, storage));
            _spare = !_isShared && old.Node.Storage is { ByteLength: <= LargestSpare } ? old : null;
        }

        _isShared = isShared;
        Version++;
    }

    private static void RefuseTraced(Tensor value)
    {
        if (value.Node.IsTraced)
        {
            throw new TracedValueException(
                "A value that depends on the argument of a transform cannot be kept in a State: " +
                "it has no value after the transform. Return it from the function and assign the result.");
        }
    }
}
