using Cotangent.Execution;

namespace Cotangent;

/// <summary>A compiled function of four arguments, see <see cref="Jit"/>.</summary>
public sealed class CompiledFunction<T1, T2, T3, T4, TResult>
{
    private readonly CompiledFunctionCore<(T1, T2, T3, T4), TResult> _core;

    internal CompiledFunction(Func<T1, T2, T3, T4, TResult> function) => _core = new(
        a => function(a.Item1, a.Item2, a.Item3, a.Item4),
        static (in (T1, T2, T3, T4) a, ref ArgumentWalk walk) =>
        {
            walk.At(0, a.Item1);
            walk.At(1, a.Item2);
            walk.At(2, a.Item3);
            walk.At(3, a.Item4);
        });

    /// <summary>How many times the function was traced.</summary>
    public int TraceCount => _core.TraceCount;

    /// <summary>Calls the function: traces and compiles at the first call of a signature, runs the compiled program
    /// after that.</summary>
    public TResult Invoke(T1 x, T2 y, T3 z, T4 w) => _core.Call((x, y, z, w), default);

    /// <summary>As the other overload; looks at the token between steps, until the first step that changes a cell in
    /// place.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; no cell was changed.</exception>
    public TResult Invoke(T1 x, T2 y, T3 z, T4 w, CancellationToken cancellation) =>
        _core.Call((x, y, z, w), cancellation);

    /// <summary>What a call with such arguments holds in memory, found by tracing and planning it, before it is built or run: what is
    /// saved for the backward pass, what is computed again, the peak, and who made each of them.</summary>
    public MemoryReport Memory(T1 x, T2 y, T3 z, T4 w) => _core.Memory((x, y, z, w));

    /// <summary>What was traced, why again, and the plans: kernels, memory, what was stored and why.</summary>
    public string Report() => _core.Report();

    /// <summary>The function as a delegate.</summary>
    public Func<T1, T2, T3, T4, TResult> ToFunc() => Invoke;

    /// <summary>The function as a delegate.</summary>
    public static implicit operator Func<T1, T2, T3, T4, TResult>(CompiledFunction<T1, T2, T3, T4, TResult> function) =>
        function.ToFunc();
}
