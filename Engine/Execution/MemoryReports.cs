using Cotangent.Fusion;
using Cotangent.Graph;

namespace Cotangent.Execution;

/// <summary>Prepares memory reports: traces a function while origins are recorded, and plans it without building a kernel.</summary>
internal sealed class MemoryReports
{
    private readonly ExecutionPlan _plan;
    private readonly PlanGraph _graph;
    private readonly Dictionary<Node, Source> _sources;
    private readonly Dictionary<int, Node> _nodeOf;

    private MemoryReports(ExecutionPlan plan, PlanGraph graph, Dictionary<Node, Source> sources)
    {
        _plan = plan;
        _graph = graph;
        _sources = sources;
        _nodeOf = plan.BufferOf.ToDictionary(p => p.Value, p => p.Key);
    }

    /// <summary>Who made a canonical node, and the name that the user gave it.</summary>
    private readonly record struct Source(Origin Origin, string? Name);

    /// <summary>The report of a function for some arguments.</summary>
    public static MemoryReport Of<TResult>(Func<IReadOnlyList<Tensor>, TResult> function, Tensor[] arguments)
    {
        using Origins origins = Origins.Record();
        FunctionTrace<TResult> trace = new(function, arguments);
        if (trace.Outputs.Length == 0) return new MemoryReport { Saved = [], Recomputed = [], AtPeak = [] };
        trace.RealizeCaptured();
        lock (Executor.Lock)
        {
            Capture capture = trace.Capture();
            ILookup<int, Node> nodesOf = capture.Entries.ToLookup(p => p.Value, p => p.Key);
            Dictionary<Node, Source> sources = [];
            PlanGraph graph = capture.Key.ToPlanGraph((entry, n) =>
            {
                foreach (Node source in nodesOf[entry]) Add(sources, n, source, origins);
            });
            ExecutionPlan plan = Lowering.Plan(graph, (_, _) => null!, (n, made) =>
            {
                if (sources.TryGetValue(n, out Source source)) sources[made] = source;
            });
            return new MemoryReports(plan, graph, sources).Report();
        }
    }

    /// <summary>A canonical node is the program's own if any node that it stands for is; only then computed again; else of a
    /// derivative.</summary>
    private static void Add(Dictionary<Node, Source> sources, Node n, Node source, Origins origins)
    {
        if (!origins.TryFind(source, out Origin? origin)) return;
        string? name = (source.Attributes as NameAttributes)?.Name;
        Source known = sources.TryGetValue(n, out Source before) ? before : new(origin, name);
        sources[n] = new(origin.Part < known.Origin.Part ? origin : known.Origin, known.Name ?? name);
    }

    private MemoryReport Report()
    {
        (int First, int Last)[] lifetimes = MemoryPlan.Lifetimes(_plan);
        return new MemoryReport
        {
            InputBytes = BytesOf(BufferKind.Input),
            OutputBytes = BytesOf(BufferKind.Output),
            ScratchBytes = _plan.ScratchBytes,
            Flops = PlanCost.Of(_plan).Flops,
            Saved = [.. Saved()],
            Recomputed = [.. Walk.Topological(_graph.Outputs).Where(IsRecomputed).Select(Describe)],
            AtPeak = [.. AtPeak(lifetimes)],
        };
    }

    private long BytesOf(BufferKind kind) => _plan.Buffers.Where(b => b.Kind == kind).Sum(b => b.Bytes);

    private NodePart PartOf(Node n) => _sources.TryGetValue(n, out Source source) ? source.Origin.Part : NodePart.Primal;

    private bool IsRecomputed(Node n) =>
        PartOf(n) == NodePart.Recomputed && n.Op.Kind is not (OpKind.Movement or OpKind.Leaf) && n.Shape.Size > 1;

    /// <summary>Values of the function that are read by steps that compute nothing but derivatives.</summary>
    private IEnumerable<ReportedTensor> Saved()
    {
        HashSet<int> seen = [];
        foreach (Step step in _plan.Steps)
        {
            if (step.Writes.Any(id => PartOfBuffer(id) is null or NodePart.Primal)) continue;
            foreach (int id in step.Reads)
            {
                if (_plan.Buffers[id].Kind != BufferKind.Input && PartOfBuffer(id) == NodePart.Primal && seen.Add(id))
                    yield return Describe(_nodeOf[id]);
            }
        }
    }

    private NodePart? PartOfBuffer(int id) => _nodeOf.TryGetValue(id, out Node? n) ? PartOf(n) : null;

    private IEnumerable<ReportedTensor> AtPeak((int First, int Last)[] lifetimes)
    {
        int[] scratch = [.. Enumerable.Range(0, _plan.Buffers.Length).Where(i => _plan.Buffers[i].Kind == BufferKind.Scratch && _nodeOf.ContainsKey(i))];
        IEnumerable<int> Alive(int step) => scratch.Where(i => lifetimes[i].First <= step && step <= lifetimes[i].Last);
        if (scratch.Length == 0) return [];
        int peak = Enumerable.Range(0, _plan.Steps.Length).MaxBy(s => Alive(s).Sum(i => _plan.Buffers[i].Bytes));
        return Alive(peak).Select(i => Describe(_nodeOf[i])).OrderByDescending(t => t.Bytes);
    }

    private ReportedTensor Describe(Node n)
    {
        Source? source = _sources.TryGetValue(n, out Source known) ? known : null;
        return new(source?.Name is { } name ? $"'{name}'" : n.Op.Name, n.Shape, n.DType, n.Shape.Size * n.DType.Size(), source?.Origin.Place ?? "");
    }
}
