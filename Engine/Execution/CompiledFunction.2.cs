using Cotangent.Execution;

namespace Cotangent;

/// <summary>A compiled function of two arguments, see <see cref="Jit"/>.</summary>
public sealed class CompiledFunction<T1, T2, TResult>
{
    private readonly CompiledFunctionCore<(T1, T2), TResult> _core;

    internal CompiledFunction(Func<T1, T2, TResult> function) => _core = new(
        a => function(a.Item1, a.Item2),
        static (in (T1, T2) a, ref ArgumentWalk walk) =>
        {
            walk.At(0, a.Item1);
            walk.At(1, a.Item2);
        });

    /// <summary>How many times the function was traced.</summary>
    public int TraceCount => _core.TraceCount;

    /// <summary>Calls the function: traces and compiles at the first call of a signature, runs the compiled program
    /// after that.</summary>
    public TResult Invoke(T1 x, T2 y) => _core.Call((x, y), default);

    /// <summary>As the other overload; looks at the token between steps, until the first step that changes a cell in
    /// place.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no cell was changed.</exception>
    public TResult Invoke(T1 x, T2 y, CancellationToken cancellation) => _core.Call((x, y), cancellation);

    /// <summary>What a call with such arguments holds in memory, found by tracing and planning it, before it is built or run: what is
    /// saved for the backward pass, what is computed again, the peak, and who made each of them.</summary>
    public MemoryReport Memory(T1 x, T2 y) => _core.Memory((x, y));

    /// <summary>What was traced, why again, and the plans: kernels, memory, what was stored and why.</summary>
    public string Report() => _core.Report();

    /// <summary>The function as a delegate.</summary>
    public Func<T1, T2, TResult> ToFunc() => Invoke;

    /// <summary>The function as a delegate.</summary>
    public static implicit operator Func<T1, T2, TResult>(CompiledFunction<T1, T2, TResult> function) =>
        function.ToFunc();
}
