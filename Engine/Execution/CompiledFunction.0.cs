using Cotangent.Execution;

namespace Cotangent;

/// <summary>A compiled function of no argument, see <see cref="Jit"/>.</summary>
public sealed class CompiledFunction<TResult>
{
    private readonly CompiledFunctionCore<ValueTuple, TResult> _core;

    internal CompiledFunction(Func<TResult> function) => _core = new(_ => function());

    /// <summary>How many times the function was traced.</summary>
    public int TraceCount => _core.TraceCount;

    /// <summary>False while further calls may still compile kernels for what they have run so often.</summary>
    internal bool IsSettled => _core.IsSettled;

    /// <summary>Calls the function: traces and compiles at the first call of a signature, runs the compiled program
    /// after that.</summary>
    public TResult Invoke() => _core.Call(default, default);

    /// <summary>As the other overload; looks at the token between steps, until the first step that changes a cell in
    /// place.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no cell was changed.</exception>
    public TResult Invoke(CancellationToken cancellation) => _core.Call(default, cancellation);

    /// <summary>What a call with such arguments holds in memory, found by tracing and planning it, before it is built or run: what is
    /// saved for the backward pass, what is computed again, the peak, and who made each of them.</summary>
    public MemoryReport Memory() => _core.Memory(default);

    /// <summary>What was traced, why again, and the plans: kernels, memory, what was stored and why.</summary>
    public string Report() => _core.Report();

    /// <summary>The function as a delegate.</summary>
    public Func<TResult> ToFunc() => Invoke;

    /// <summary>The function as a delegate.</summary>
    public static implicit operator Func<TResult>(CompiledFunction<TResult> function) => function.ToFunc();
}
