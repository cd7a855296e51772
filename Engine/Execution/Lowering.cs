using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

/// <summary>From a canonical graph to an execution plan: groups become steps, stored nodes become buffers.</summary>
internal sealed partial class Lowering
{
    private readonly PlanGraph _graph;
    private readonly Func<Device, Kernel, CompiledKernel> _compile;
    private readonly Anchors _anchors;
    private readonly List<FusionGroup> _groups;
    private readonly Grouping _grouping;
    private readonly List<ProgramBuffer> _buffers = [];
    private readonly Dictionary<Node, int> _bufferOf = [];
    private readonly Dictionary<FusionGroup, FusedKernel> _kernels = [];
    private readonly List<Step> _steps = [];
    private int _outputs;

    private Lowering(PlanGraph graph, Func<Device, Kernel, CompiledKernel> compile, HashSet<Node> cuts,
        HashSet<Node> alone)
    {
        _graph = graph;
        _compile = compile;
        _anchors = Anchors.Choose(graph, cuts);
        (_groups, _grouping) = Grouping.Of(graph, _anchors, alone);
    }

    /// <summary>Plans a graph.</summary>
    /// <param name="graph">The canonical graph.</param>
    /// <param name="compile">Compiles a kernel for a device; <see cref="KernelCache.Get"/> but in tests.</param>
    /// <param name="replaced">Called with a node of the graph and the one that is planned for it, where they differ.</param>
    public static ExecutionPlan Plan(PlanGraph graph, Func<Device, Kernel, CompiledKernel>? compile = null, Action<Node, Node>? replaced = null)
    {
        HashSet<Node> cuts = [], alone = [];
        graph = HeadLayouts.Choose(graph, replaced);
        if (graph.Device.BatchesLaunches) graph = RepeatedNumbers.Separate(graph);
        while (true)
        {
            Lowering lowering = new(graph, compile ?? KernelCache.Get, cuts, alone);
            lowering.CheckSizes();
            if (!lowering.BuildKernels(cuts, alone)) return lowering.Plan();
        }
    }

    /// <summary>Builds the kernels. If some are too large, says what to store or not to join, and returns true: plan
    /// again.</summary>
    private bool BuildKernels(HashSet<Node> cuts, HashSet<Node> alone)
    {
        bool again = false;
        foreach (FusionGroup group in _groups.Where(g => g.Kind is GroupKind.Fused or GroupKind.Scatter))
        {
            FusedKernel kernel = KernelEmitter
                .Build(_graph, group, n => _grouping.GroupOf.TryGetValue(n, out FusionGroup? g) && g != group);
            _kernels[group] = kernel;
            if (!kernel.IsTooLarge) continue;
            if (group.Anchors.Count > 1) again |= group.Anchors.Count(alone.Add) > 0;
            else if (kernel.Cut is { } cut) again |= cuts.Add(cut);
        }

        return again;
    }

    private ExecutionPlan Plan()
    {
        MakeBuffers();
        foreach (FusionGroup group in _groups) AddStep(group);
        FuseEpilogues();
        BatchKernels();
        ExecutionPlan plan = new()
        {
            Device = _graph.Device,
            Buffers = [.. _buffers],
            Steps = [.. _steps],
            Outputs = [.. _graph.Outputs.Select(o => o.Shape.Size == 0 ? -1 : _bufferOf[Anchors.StorageOf(o)])],
            OutputBufferCount = _outputs,
            Scalars =
                [.. _graph.Leaves.Where(p => p.Value.IsScalar).OrderBy(p => p.Value.Index).Select(p => p.Key.DType)],
            BufferOf = _bufferOf,
            Notes = [.. _anchors.Reasons.Select(p => $"{p.Key.Op}%{p.Key.Id} {p.Key.Shape} may be stored: {p.Value}"),
                .. _grouping.Notes],
        };
        MemoryPlan.Assign(plan);
        return plan;
    }

    private void CheckSizes()
    {
        // Kernels index with Int32.
        foreach (Node n in _anchors.Order)
        {
            if (n.Shape.Size > int.MaxValue)
            {
                throw new TensorTooLargeException($"{n.Op}: a tensor of shape {n.Shape} has {n.Shape.Size} elements; " +
                    $"at most {int.MaxValue} can be computed at once. Work on slices of it.");
            }
        }
    }

    private void MakeBuffers()
    {
        foreach ((Node leaf, LeafSlot slot) in _graph.Leaves.Where(p => !p.Value.IsScalar).OrderBy(p => p.Value.Index))
        {
            Add(leaf, new ProgramBuffer(BufferKind.Input, Bytes(leaf), slot.Index));
        }

        foreach (Node output in _graph.Outputs.Where(o => o.Shape.Size > 0).Select(Anchors.StorageOf))
        {
            if (!_bufferOf.ContainsKey(output)) Add(output,
                new ProgramBuffer(BufferKind.Output, Bytes(output), _outputs++));
        }

        // Wholes before their parts; parts that are stored by a step of their own, for this concatenation only, are
        // computed in place.
        foreach (FusionGroup group in Enumerable.Reverse(_groups))
        {
            foreach (Node n in group.Stored)
            {
                if (!_bufferOf.ContainsKey(n)) Add(n, new ProgramBuffer(BufferKind.Scratch, Bytes(n), 0));
                if (group.Kind == GroupKind.Join) PlaceParts(n);
            }
        }
    }

    private void PlaceParts(Node join)
    {
        long offset = 0;
        foreach (Node part in join.Inputs)
        {
            Node stored = Anchors.StorageOf(part);
            long bytes = Bytes(part);
            if (!_bufferOf.ContainsKey(stored))
            {
                Add(stored, new ProgramBuffer(BufferKind.Part, bytes, _bufferOf[join]) { Offset = offset });
            }

            offset += bytes;
        }
    }

    private int Add(Node n, ProgramBuffer buffer)
    {
        _buffers.Add(buffer);
        return _bufferOf[n] = _buffers.Count - 1;
    }

    private static long Bytes(Node n) => n.Shape.Size * n.DType.Size();

    private void AddStep(FusionGroup group)
    {
        switch (group.Kind)
        {
            case GroupKind.Product:
                DotPlan dot = _anchors.Dots[group.Anchors[0]];
                _steps.Add(new ProductStep(dot, BufferOf(dot.Left.Base), BufferOf(dot.Right.Base),
                    BufferOf(dot.Result)));
                break;
            case GroupKind.Join:
                AddJoin(group.Anchors[0]);
                break;
            case GroupKind.Kernel:
                AddUserKernel(group);
                break;
            case GroupKind.Routine:
                AddRoutine(group);
                break;
            default:
                AddKernel(group);
                break;
        }
    }

    private int BufferOf(Node n) => _bufferOf[Anchors.StorageOf(n)];

    private void AddJoin(Node join)
    {
        // Parts that lie elsewhere are copied.
        long offset = 0;
        int whole = _bufferOf[join];
        _joins[whole] = join;
        foreach (Node part in join.Inputs)
        {
            long bytes = Bytes(part);
            ProgramBuffer stored = _buffers[BufferOf(part)];
            if (stored.Kind != BufferKind.Part || stored.Index != whole || stored.Offset != offset)
            {
                _buffers.Add(new ProgramBuffer(BufferKind.Part, bytes, whole) { Offset = offset });
                _steps.Add(new CopyStep(BufferOf(part), _buffers.Count - 1, bytes));
            }

            offset += bytes;
        }
    }

    private void AddKernel(FusionGroup group)
    {
        FusedKernel fused = _kernels[group];
        ImmutableArray<int> writes = [.. group.Stored.Select(BufferOf)];
        ImmutableArray<int> reads =
            [.. fused.Operands.Where(o => o.Kind == OperandKind.Read).Select(o => BufferOf(o.Node))];
        ImmutableArray<(bool, int)> arguments = [.. fused.Operands.Select(o =>
            o.Kind == OperandKind.Scalar ? (true, _graph.Leaves[o.Node].Index) : (false, BufferOf(o.Node)))];
        _steps.Add(new KernelStep(fused, _compile(_graph.Device, fused.Kernel), arguments, reads, writes)
        {
            ReadsInPlace = ReadsInPlace(group),
        });
    }

    /// <summary>The buffers that are read only at the index of the result, as often as that may be before the result is
    /// stored: a row or column belongs to one group or work item, and is stored in its last loop.</summary>
    private ImmutableArray<int> ReadsInPlace(FusionGroup group)
    {
        if (group.Kind != GroupKind.Fused) return [];
        HashSet<int> aligned = [], other = [];
        foreach (Node anchor in group.Anchors)
        {
            foreach ((Node read, Alignment alignment) in _grouping
                .Reads(anchor, Grouping.AlignmentOf(anchor, group.Domain)!.Value, group.Domain))
            {
                if (!_bufferOf.TryGetValue(read, out int id)) continue;
                bool sameBytes = group.Stored.All(s => s.DType.Size() == read.DType.Size());
                (alignment == Alignment.Full && sameBytes ? aligned : other).Add(id);
            }
        }

        return [.. aligned.Except(other)];
    }
}
