using System.Diagnostics;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Compiled programs by graph structure, the least recently used dropped first. Any thread may ask: planning a graph
/// with loops asks again for their bodies, and plans are also made outside the executor.</summary>
internal sealed class ProgramCache(int capacity)
{
    private readonly Dictionary<GraphKey, LinkedListNode<(GraphKey Key, CompiledProgram Program)>> _programs = [];
    private readonly LinkedList<(GraphKey Key, CompiledProgram Program)> _recent = new();

    public int Count => _programs.Count;

    /// <summary>Programs compiled so far: a steady loop compiles none.</summary>
    public long Misses { get; private set; }

    /// <summary>True if a graph's program is here.</summary>
    public bool Contains(GraphKey key)
    {
        lock (Executor.Lock) return _programs.ContainsKey(key);
    }

    public CompiledProgram Get(GraphKey key)
    {
        lock (Executor.Lock) return FindOrCompile(key);
    }

    private CompiledProgram FindOrCompile(GraphKey key)
    {
        if (_programs.TryGetValue(key, out LinkedListNode<(GraphKey Key, CompiledProgram Program)>? found))
        {
            _recent.Remove(found);
            _recent.AddFirst(found);
            if (EngineEnvironment.Debug >= 1) Console.Error.WriteLine(DebugReport.Hit(found.Value.Program.Plan));
            return found.Value.Program;
        }

        Misses++;
        (long Asked, long Cached) before = KernelCache.Counts;
        long start = Stopwatch.GetTimestamp();
        CompiledProgram program = new(Lowering.Plan(key.ToPlanGraph()));
        if (EngineEnvironment.Debug >= 1) Report(program.Plan, Stopwatch.GetElapsedTime(start), before);
        if (EngineEnvironment.Debug >= 3) Console.Error.WriteLine(PlanReport.Of(program.Plan));
        _programs[key] = _recent.AddFirst((key, program));
        if (_programs.Count > capacity)
        {
            _programs.Remove(_recent.Last!.Value.Key);
            _recent.RemoveLast();
        }

        return program;
    }

    private static void Report(ExecutionPlan plan, TimeSpan time, (long Asked, long Cached) before)
    {
        if (DebugReport.Device(plan.Device) is { } device) Console.Error.WriteLine(device);
        (long asked, long cached) = KernelCache.Counts;
        Console.Error.WriteLine(DebugReport.Program(plan, time.TotalMilliseconds, (asked - before.Asked, cached - before.Cached)));
    }
}
