using Cotangent.Execution;

namespace Cotangent;

/// <summary>A compiled function of one argument, see <see cref="Jit"/>.</summary>
public sealed class CompiledFunction<T, TResult>
{
    private readonly CompiledFunctionCore<T, TResult> _core;

    internal CompiledFunction(Func<T, TResult> function) =>
        _core = new(function, static (in T x, ref ArgumentWalk walk) => walk.Only(x));

    /// <summary>How many times the function was traced.</summary>
    public int TraceCount => _core.TraceCount;

    /// <summary>Calls the function: traces and compiles at the first call of a signature, runs the compiled program
    /// after that.</summary>
    public TResult Invoke(T x) => _core.Call(x, default);

    /// <summary>As the other overload; looks at the token between steps, until the first step that changes a cell in
    /// place.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no cell was changed.</exception>
    public TResult Invoke(T x, CancellationToken cancellation) => _core.Call(x, cancellation);

    /// <summary>What a call with such arguments holds in memory, found by tracing and planning it, before it is built or run: what is
    /// saved for the backward pass, what is computed again, the peak, and who made each of them.</summary>
    public MemoryReport Memory(T x) => _core.Memory(x);

    /// <summary>What was traced, why again, and the plans: kernels, memory, what was stored and why.</summary>
    public string Report() => _core.Report();

    /// <summary>The function as a delegate.</summary>
    public Func<T, TResult> ToFunc() => Invoke;

    /// <summary>The function as a delegate.</summary>
    public static implicit operator Func<T, TResult>(CompiledFunction<T, TResult> function) => function.ToFunc();
}
