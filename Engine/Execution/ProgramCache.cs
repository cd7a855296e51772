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
            return found.Value.Program;
        }

        Misses++;
        long start = Stopwatch.GetTimestamp();
        CompiledProgram program = new(Lowering.Plan(key.ToPlanGraph()));
        if (EngineEnvironment.Debug >= 1)
        {
            Console.Error.WriteLine($"compiled {program.Plan.Steps.Length} steps for {key.Device.Id} in " +
                $"{Stopwatch.GetElapsedTime(start).TotalMilliseconds:F1} ms, " +
                $"scratch {program.Plan.ScratchBytes / 1e6:F3} MB");
        }

        if (EngineEnvironment.Debug >= 3) Console.Error.WriteLine(PlanReport.Of(program.Plan));
        _programs[key] = _recent.AddFirst((key, program));
        if (_programs.Count > capacity)
        {
            _programs.Remove(_recent.Last!.Value.Key);
            _recent.RemoveLast();
        }

        return program;
    }
}
