using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>One call of a function with placeholders: what it computes.</summary>
internal sealed class FunctionTrace<TResult>
{
    private readonly long _firstId;
    private readonly JitTrace _trace = new();
    private readonly HashSet<Node> _numbers;

    /// <summary>Calls a function once.</summary>
    /// <param name="function">The function, of leaves.</param>
    /// <param name="arguments">The tensors that placeholders are to stand for.</param>
    public FunctionTrace(Func<IReadOnlyList<Tensor>, TResult> function, Tensor[] arguments)
    {
        _firstId = new Node(Ops.Number, [], Numbers.Of(DType.Int32, 0L)).Id;
        Placeholders = [.. arguments.Select(Placeholder)];
        _numbers = [.. Placeholders.Where((_, i) => Signature.KindOf(arguments[i]) != ArgumentKind.Tensor)];
        NumberTypes = [.. arguments.Select(_ => new HashSet<DType>())];
        Tensor[] stand = [.. arguments.Select((t, i) => t.Weak is { } weak
            ? new Tensor(WeakNumber.Traced(weak, Placeholders[i], NumberTypes[i]))
            : new Tensor(Placeholders[i]))];
        Result = _trace.Run(() => function(stand));
        Results = Trees.Flatten(Result);
        Node[] recorded = [.. Results.Select(r => r.Node), .. _trace.Written.Values.Select(v => v.Node)];
        Outputs = _trace.Run(() => HostCalls.Expand(recorded));
    }

    public Node[] Placeholders { get; }

    /// <summary>For each argument the dtypes that it took on, if it is a C# number: those of other calls must fit them, too.</summary>
    public HashSet<DType>[] NumberTypes { get; }

    public TResult Result { get; }

    /// <summary>The result's tensors.</summary>
    public Tensor[] Results { get; }

    /// <summary>The results, then the values of written cells.</summary>
    public Node[] Outputs { get; }

    /// <summary>The cells that were read, with the placeholders of their values.</summary>
    public IReadOnlyDictionary<State, Node> Cells => _trace.Cells;

    /// <summary>The cells that were assigned.</summary>
    public IEnumerable<State> Written => _trace.Written.Keys;

    /// <summary>The graph of the outputs. Under <see cref="Executor.Lock"/>.</summary>
    public Capture Capture() => Execution.Capture.Of(Outputs, _numbers);

    /// <summary>Captured tensors are inputs by reference: those that were lazy before the trace are computed now, once,
    /// not in every call. Numbers and what follows from them alone stay part of the program.</summary>
    public void RealizeCaptured()
    {
        lock (Executor.Lock)
        {
            HashSet<Node> withData = [], captured = [];
            foreach (Node n in Walk.Values(Outputs))
            {
                if (n.Op == Ops.Data || n.Op == Ops.UserKernel || n.Inputs.Any(withData.Contains)) withData.Add(n);
                if (!n.IsTraced && n.Id < _firstId) continue;
                captured.UnionWith(n.Inputs.Where(i => IsLazy(i) && withData.Contains(i)));
            }

            captured.UnionWith(Outputs.Where(o => IsLazy(o) && withData.Contains(o)));
            if (captured.Count > 0) Executor.Realize([.. captured]);
        }
    }

    private bool IsLazy(Node n) => !n.IsTraced && n.Id < _firstId && n.Storage is null;

    private static Node Placeholder(Tensor t, int i) =>
        Make.Input(t.Shape, t.Weak?.WidestDType ?? t.DType, t.Device, $"argument {i}", t.Weak is not null);
}
