using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Cotangent.Execution;

/// <summary>The traces of one function, by signature, and what they have in common.</summary>
/// <param name="function">The function.</param>
/// <param name="read">Goes over arguments as <see cref="Trees"/> would; null if there are none.</param>
internal sealed class CompiledFunctionCore<TArguments, TResult>(Func<TArguments, TResult> function, ArgumentReader<TArguments>? read = null)
{
    /// <summary>Signatures kept; the least recently used is dropped.</summary>
    private const int Capacity = 64;

    private readonly Lock _lock = new();
    private readonly LinkedList<(Signature Signature, TracedFunction<TResult> Trace)> _traces = new();
    private readonly List<string> _retraces = [];
    private Signature? _ofNothing;

    // Lent to one call at a time.
    private Tensor[]? _tensors;

    public int TraceCount { get; private set; }

    public TResult Call(TArguments arguments, CancellationToken cancellation)
    {
        if (TryCallAgain(arguments, cancellation, out TResult? again)) return again;
        Signature signature = SignatureOf(arguments);

        // Inside another trace this function is a part of that one.
        if (JitTrace.Current is not null || Array.Exists(signature.Tensors, t => t.Node.IsTraced)) return function(arguments);
        cancellation.ThrowIfCancellationRequested();
        return Find(arguments, signature).Call(signature.Tensors, cancellation);
    }

    public MemoryReport Memory(TArguments arguments) => MemoryReports.Of(
        leaves => function(Trees.Rebuild(arguments, leaves)), Signature.Of(arguments).Tensors);

    /// <summary>True if the kernels of every trace run the code that they will keep, see <see cref="ExecutionPlan.IsSettled"/>.</summary>
    public bool IsSettled
    {
        get
        {
            lock (_lock) return _traces.All(t => t.Trace.Plan?.IsSettled ?? true);
        }
    }

    public string Report()
    {
        lock (_lock)
        {
            StringBuilder text = new();
            text.AppendLine($"{TraceCount} traces, {_traces.Count} kept");
            foreach (string line in _retraces) text.AppendLine(line);
            foreach ((_, TracedFunction<TResult> trace) in _traces)
            {
                if (trace.Plan is { } plan) text.Append(PlanReport.Of(plan));
            }

            return text.ToString();
        }
    }

    /// <summary>Calls the trace that was called last, if the arguments fit it; no signature is made.</summary>
    private bool TryCallAgain(TArguments arguments, CancellationToken cancellation, [MaybeNullWhen(false)] out TResult result)
    {
        result = default;
        if (read is null || JitTrace.Current is not null) return false;
        (Signature Signature, TracedFunction<TResult> Trace) last;
        lock (_lock)
        {
            if (_traces.First is not { } first || !first.Value.Signature.IsCurrent) return false;
            last = first.Value;
        }

        Tensor[]? lent = Interlocked.Exchange(ref _tensors, null);
        Tensor[] tensors = lent?.Length == last.Signature.TensorCount ? lent : new Tensor[last.Signature.TensorCount];
        try
        {
            ArgumentWalk walk = new(last.Signature, tensors);
            read(in arguments, ref walk);
            if (!walk.IsMatch) return false;
            cancellation.ThrowIfCancellationRequested();
            result = last.Trace.Call(tensors, cancellation);
            return true;
        }
        finally
        {
            Array.Clear(tensors);
            Volatile.Write(ref _tensors, tensors);
        }
    }

    private TracedFunction<TResult> Trace(TArguments arguments, Signature signature) =>
        new(leaves => function(Trees.Rebuild(arguments, leaves)), signature.Tensors);

    /// <summary>A function of no argument makes no new signature for each call.</summary>
    private Signature SignatureOf(TArguments arguments)
    {
        if (typeof(TArguments) != typeof(ValueTuple)) return Signature.Of(arguments);
        if (_ofNothing is { IsCurrent: true } known) return known;
        return _ofNothing = Signature.Of(arguments);
    }

    private TracedFunction<TResult> Find(TArguments arguments, Signature signature)
    {
        lock (_lock)
        {
            for (LinkedListNode<(Signature Signature, TracedFunction<TResult> Trace)>? node = _traces.First; node
                is not null; node = node.Next)
            {
                if (!node.Value.Signature.Equals(signature)) continue;
                if (node != _traces.First)
                {
                    _traces.Remove(node);
                    _traces.AddFirst(node);
                }

                return node.Value.Trace;
            }

            if (_traces.First is { } last)
            {
                if (_retraces.Count < 100) _retraces
                    .Add($"trace {TraceCount + 1}: {last.Value.Signature.Difference(signature)}");
            }

            TracedFunction<TResult> trace = Trace(arguments, signature);
            TraceCount++;
            _traces.AddFirst((signature.WithoutTensors(), trace));
            if (_traces.Count > Capacity) _traces.RemoveLast();
            return trace;
        }
    }
}
