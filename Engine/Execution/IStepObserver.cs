namespace Cotangent.Execution;

/// <summary>Sees the steps of programs as they run: the trace of Perf. While there is one, the engine waits for the device before and after
/// each step, and programs are not replayed as one piece.</summary>
internal interface IStepObserver
{
    /// <summary>A step has run; times are timestamps of <see cref="System.Diagnostics.Stopwatch"/>. Called under
    /// <see cref="Executor.Lock"/>; the steps of a routine's own programs before the routine's.</summary>
    void OnStep(ExecutionPlan plan, Step step, long started, long ended);
}
