using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>One run of a function on placeholders: what it reads from and writes to cells.</summary>
internal sealed class JitTrace
{
    [ThreadStatic]
    private static JitTrace? t_current;

    private readonly Dictionary<State, Node> _placeholders = [];
    private readonly Dictionary<State, Tensor> _written = [];

    /// <summary>The trace of this thread, or null.</summary>
    public static JitTrace? Current => t_current;

    /// <summary>The cells that were read, with the placeholders of their values.</summary>
    public IReadOnlyDictionary<State, Node> Cells => _placeholders;

    /// <summary>The cells that were assigned, with their last values.</summary>
    public IReadOnlyDictionary<State, Tensor> Written => _written;

    /// <summary>Runs a function under this trace. If it throws, cells are as before: nothing was written to
    /// them.</summary>
    public T Run<T>(Func<T> function)
    {
        t_current = this;
        try
        {
            return function();
        }
        finally
        {
            t_current = null;
        }
    }

    public Tensor Read(State cell)
    {
        if (_written.TryGetValue(cell, out Tensor? value)) return value;
        if (!_placeholders.TryGetValue(cell, out Node? placeholder))
        {
            _placeholders[cell] = placeholder = Make
                .Input(cell.Shape, cell.DType, cell.Device, $"state {_placeholders.Count}");
        }

        return new Tensor(placeholder);
    }

    public void Write(State cell, Tensor value) => _written[cell] = value;
}
