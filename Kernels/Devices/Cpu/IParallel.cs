namespace Cotangent.Kernels.Cpu;

/// <summary>Something that runs numbered tasks on several threads: the CPU device's worker pool, or the calling thread alone.</summary>
internal interface IParallel
{
    /// <summary>Threads that take part, the caller's included.</summary>
    int Threads { get; }

    /// <summary>Calls <paramref name="body"/> once with each of 0 … tasks − 1, in any order and on any thread, and returns when all
    /// have finished. What the caller wrote before is visible to the tasks, what they wrote is visible after.</summary>
    void Run(int tasks, Action<int> body);
}

/// <summary>Runs every task on the calling thread, in order.</summary>
internal sealed class SerialParallel : IParallel
{
    public static readonly SerialParallel Instance = new();

    public int Threads => 1;

    public void Run(int tasks, Action<int> body)
    {
        for (int task = 0; task < tasks; task++)
            body(task);
    }
}
