using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Fusion;

/// <summary>Builds the IR of a fused kernel: evaluates each stored node at each point of the domain, following indices
/// through movement ops down to loads. Values are kept by (node, index), so nothing is computed twice in a loop, and
/// put in the outermost loop in which their index is known.</summary>
/// <remarks>
/// Launches: without reductions and for short rows or columns, a range with X along the innermost axes and Y over the
/// others, reductions being serial loops; for long rows, a group of <see cref="Domain.GroupSize"/> items a row that
/// strides over it. The kernel is emitted several times: first to find which axes indices keep apart, then with the
/// axes joined accordingly.
/// </remarks>
internal sealed partial class KernelEmitter
{
    private const int NarrowX = 16;
    private const int WideX = 64;
    private const int MaxSplits = 24;

    private readonly PlanGraph _graph;
    private readonly FusionGroup _group;
    private readonly Func<Node, bool> _isStored;
    private readonly Domain _domain;
    private readonly int _firstX;
    private readonly long _width;
    private readonly IndexSpace _space = new();
    private readonly IndexVariable[][] _variables;
    private readonly Builder _builder;
    private readonly EmitScope _root;
    private readonly Dictionary<IndexTerm, EmitScope> _scopeOf = [];
    private readonly List<VariableRun> _runs = [];
    private readonly List<KernelOperand> _operands = [];
    private readonly List<Parameter> _parameters = [];
    private readonly Dictionary<KernelOperand, Parameter> _parameterOf = [];
    private readonly Dictionary<Node, Value> _reduced = [];
    private readonly HashSet<Affine> _used = [];
    private readonly CodeSize _size = new();
    private readonly Affine _full;
    private readonly Affine _outer;
    private readonly HashSet<Node> _own;
    private readonly IndexVariable[] _block;
    private EmitScope _scope;
    private EmitScope _rowScope;
    private double _flops;

    private KernelEmitter(PlanGraph graph, FusionGroup group, Func<Node, bool> isStored, LoopVariables layout,
        int firstX, long width)
    {
        _graph = graph;
        _group = group;
        _isStored = isStored;
        _domain = group.Domain;
        _own = [.. group.Anchors];
        _firstX = firstX;
        _width = width;
        _variables = layout.Make(_space);
        _full = FlatIndex([.. _variables[0], .. _variables[1], .. _variables[2]]);
        _outer = FlatIndex(OuterVariables);
        _block = _domain.Block > 0 ? [_space.Variable(_domain.A / _domain.Block)] : [];
        _root = _scope = _rowScope = new EmitScope(new Region(), null, false, _domain.Block > 0 ? _domain.A / _domain.Block : _domain.Outer / _width);
        _builder = new Builder(_root.Region);
    }

    private IndexVariable[] OuterVariables => [.. _variables[0], .. _variables[2]];

    /// <summary>Builds a group's kernel.</summary>
    /// <param name="graph">The plan.</param>
    /// <param name="group">A fused group.</param>
    /// <param name="isStored">True for nodes of other groups that have a buffer.</param>
    public static FusedKernel Build(PlanGraph graph, FusionGroup group, Func<Node, bool> isStored)
    {
        LoopVariables layout = new(group.Domain);
        KernelEmitter trial = new(graph, group, isStored, layout, 0, 1);
        FusedKernel kernel = trial.Emit();
        for (int i = 0; i < MaxSplits && trial._space.Refinement is { } split; i++)
        {
            if (!layout.Split(trial._variables, split.Variable, split.Inner)) break;
            trial = new(graph, group, isStored, layout, 0, 1);
            kernel = trial.Emit();
        }

        KernelEmitter emitter = trial;
        (int first, long width) = trial.StructX() ?? (trial.FirstX(trial.OuterVariables), 1);
        if ((first, width) != (0, 1))
        {
            emitter = new(graph, group, isStored, layout, first, width);
            kernel = emitter.Emit();
        }

        Region code = group.Domain.Block > 0 ? emitter._rowScope.Region : kernel.Kernel.Body;
        return Math.Max(emitter._size.Total, CodeSize.Of(code)) <= CodeSize.Largest
            && CodeSize.Words(code) <= CodeSize.LargestWords
            ? kernel
            : kernel with { IsTooLarge = true, Cut = emitter._size.BestCut(emitter.IsBoundary, emitter._own) };
    }

    private static Affine FlatIndex(IndexVariable[] variables)
    {
        Affine flat = Affine.Zero;
        long stride = 1;
        for (int i = variables.Length - 1; i >= 0; i--)
        {
            flat += Affine.Of(variables[i]) * stride;
            stride *= variables[i].Extent;
        }

        return flat;
    }

    /// <summary>The first of the outer variables that X counts: as many as indices step through evenly, more if X would
    /// be too short to fill the lanes.</summary>
    private int FirstX(IndexVariable[] outer)
    {
        int first = FirstEvenX(outer);
        if (Extent(outer, first) < NarrowX)
        {
            while (first > 0 && Extent(outer, first) < WideX) first--;
        }

        return first;
    }

    private int FirstEvenX(IndexVariable[] outer)
    {
        int first = Math.Max(0, outer.Length - 1);
        while (first > 0 && _used.All(a => VariableRun.Factor(a, outer.AsSpan(first - 1)) is not null)) first--;
        return first;
    }

    private static long Extent(IndexVariable[] variables, int first)
    {
        long extent = 1;
        for (int i = first; i < variables.Length; i++) extent *= variables[i].Extent;
        return extent;
    }

    private FusedKernel Emit()
    {
        IndexVariable[] outer = _width > 1 ? OuterVariables[..^1] : OuterVariables;
        LaunchShape launch;
        LaunchKind kind;
        if (_group.IsGrouped)
        {
            bool blocked = _domain.Block > 0;
            (kind, launch) = (LaunchKind.Grouped,
                LaunchShape.Groups((int)(blocked ? _domain.A / _domain.Block : _domain.A), Domain.GroupSize));
            Bind(blocked ? _block : outer, () => _builder.Position(Opcode.GridIndex));
        }
        else
        {
            int x = (int)Extent(outer, _firstX), y = (int)(_domain.Outer / _width / x);
            (kind, launch) = (y == 1 ? LaunchKind.Range1D : LaunchKind.Range2D, LaunchShape.Range(x, y));
            Bind(outer[.._firstX], () => _builder.Position(Opcode.GlobalIndex, Axis.Y));
            Bind(outer[_firstX..], () => _builder.Position(Opcode.GlobalIndex));
        }

        if (_group.Kind == GroupKind.Scatter)
        {
            EmitScatter(_group.Anchors[0]);
        }
        else
        {
            Node[][] levels = [.. Levels().GroupBy(p => p.Level, p => p.Reduce).OrderBy(g => g.Key).Select(g => g.ToArray())];
            PlanKept([.. levels.Select(l => l.Select(n => n.Inputs[0]).ToArray()), [.. InnerStored, .. BlockStored.Select(n => n.Inputs[0])]]);
            if (_domain.Block == 0) EmitRow(levels);
            else if (levels.Length == 0 && _group.Stored.TrueForAll(n => Domain.IsBlock(n) || InnerStored.Contains(n))) EmitBlockOfElements();
            else EmitBlock(() => EmitRow(levels));
        }

        _builder.Append(new Return());
        // Each loop loads all of a point before it stores, in place at most where it has loaded (see Lowering.ReadsInPlace).
        Kernel kernel = new(Name(), kind, [.. _parameters])
        {
            Group = kind == LaunchKind.Grouped ? launch.Group : null,
            StoresAreFinal = _group.Kind == GroupKind.Fused && _domain.Block == 0,

            // A kernel that is found too large while it is emitted may have no operands yet.
            LargestOperand = _operands.Where(o => o.Kind != OperandKind.Scalar)
                .Select(o => o.Node.Shape.Size * o.Node.DType.Size()).DefaultIfEmpty().Max(),
        };
        kernel.Body.Nodes.AddRange(_root.Region.Nodes);
        return new FusedKernel(kernel, launch, [.. _operands]) { Flops = _flops };
    }

    private void EmitRow(Node[][] levels)
    {
        EmitReductions(levels);
        EmitStores();
    }

    private void Bind(IndexVariable[] variables, Func<Value> counter)
    {
        if (variables.Length == 0) return;
        _runs.Add(VariableRun.Of(variables, counter()));
        foreach (IndexVariable v in variables) _scopeOf[v] = _root;
    }

    /// <summary>Reductions that need no other's result share a loop.</summary>
    private void EmitReductions(Node[][] levels)
    {
        foreach (Node[] nodes in levels)
        {
            ImmutableArray<Value> start = [.. nodes.Select(n => (Value)Reduction.Start(n))];
            bool grouped = _group.IsGrouped;
            foreach (Node n in nodes) CountStart(n, _domain.K);
            Value[] sums = [.. Loop(start, carried =>
                [.. nodes.Select((n, i) => Combine(n, carried[i], _space.Unflatten(_full, n.Inputs[0].Shape)))])];
            for (int i = 0; i < nodes.Length; i++)
            {
                Value sum = grouped ? _builder.GroupReduce(Reduction.GroupOpcode(nodes[i]), sums[i]) : sums[i];
                _reduced[nodes[i]] = Reduction.Finish(_builder, nodes[i], sum);
            }

            _loop++;
        }
    }

    private Value Combine(Node reduce, Value carried, Affine[] at)
    {
        if (IsFloating(reduce)) _flops += _scope.Rounds;
        return Reduction.Combine(_builder, reduce, carried, Evaluate(reduce.Inputs[0], at));
    }

    /// <summary>The first element of a reduction is combined with nothing: K elements take K − 1 operations.</summary>
    private void CountStart(Node reduce, long extent)
    {
        if (IsFloating(reduce) && extent > 0) _flops -= _scope.Rounds;
    }

    /// <summary>True for arithmetic on floating-point numbers: what computes indices, keys and answers of answers counts no flops.</summary>
    private static bool IsFloating(Node n) => n.DType.IsFloat() || n.Inputs.Any(x => x.DType.IsFloat());

    /// <summary>The group's reductions, with the number of others that each waits for.</summary>
    private List<(Node Reduce, int Level)> Levels()
    {
        List<(Node, int)> levels = [];
        if (!_group.HasReduction) return levels;
        Dictionary<Node, int> depth = [];
        foreach (Node n in GroupOrder.Of(_group, IsBoundary))
        {
            int below = 0;
            foreach (Node input in n.Inputs) below = Math.Max(below, depth.GetValueOrDefault(input));
            bool own = n.Op.Kind == OpKind.Reduce && _own.Contains(n) && !Domain.IsBlock(n);
            depth[n] = own ? below + 1 : below;
            if (own) levels.Add((n, below));
        }

        return levels;
    }

    private bool IsBoundary(Node n) => !_own.Contains(n) && (_isStored(n) || _graph.Leaves.ContainsKey(n));

    /// <summary>The reductions of blocks of rows.</summary>
    private Node[] BlockStored => [.. _group.Stored.Where(Domain.IsBlock)];

    /// <summary>What is stored for each element of the domain.</summary>
    private Node[] InnerStored =>
        [.. _group.Stored.Where(n => Grouping.AlignmentOf(n, _domain) == Alignment.Full && n.Op.Kind != OpKind.Reduce)];

    private void EmitStores()
    {
        Node[] inner = InnerStored, blocks = BlockStored;
        Node[] outer = [.. _group.Stored.Except(inner).Except(blocks)];
        if (_domain.K == 1)
        {
            if (_width > 1) StoreStructs();
            else Store(_group.Stored, _full);
            return;
        }

        if (_group.IsGrouped && outer.Length > 0)
        {
            Value first = _builder.Compare(Opcode.Equal, _builder.Position(Opcode.GroupIndex), Constant.Of(0));
            Value[] values = [.. outer.Select(n => ValueAt(n, _outer))];
            _builder.If(first, () => Store(outer, values, _outer));
        }
        else
        {
            Store(outer, _outer);
        }

        if (inner.Length + blocks.Length > 0) Loop([], _ => { StoreRow(inner, blocks); return []; });
    }

    /// <summary>Runs over the K axis: every item all of it, or the items of a group in turn.</summary>
    private ImmutableArray<Result> Loop(ImmutableArray<Value> start,
        Func<ImmutableArray<Value>, ImmutableArray<Value>> body)
    {
        Value first = _group.IsGrouped ? _builder.Position(Opcode.GroupIndex) : Constant.Of(0);
        Value step = Constant.Of(_group.IsGrouped ? Domain.GroupSize : 1);
        return Loop(_variables[1], first, (int)_domain.K, step, start, body);
    }

    private ImmutableArray<Result> Loop(IndexVariable[] variables, Value first, int end, Value step,
        ImmutableArray<Value> start,
        Func<ImmutableArray<Value>, ImmutableArray<Value>> body) =>
        Loop(variables, first, Constant.Of(end), end, step, start, body);

    private ImmutableArray<Result> Loop(IndexVariable[] variables, Value first, Value end, double rounds, Value step,
        ImmutableArray<Value> start,
        Func<ImmutableArray<Value>, ImmutableArray<Value>> body) =>
        Loop(first, end, rounds, step, start, (i, carried) => Counting(variables, i, () => body(carried)));

    /// <summary>Emits what a counter of some variables, known in the current scope, stands for.</summary>
    private ImmutableArray<Value> Counting(IndexVariable[] variables, Value counter, Func<ImmutableArray<Value>> body)
    {
        VariableRun run = VariableRun.Of(variables, counter);
        _runs.Add(run);
        foreach (IndexVariable v in variables) _scopeOf[v] = _scope;
        ImmutableArray<Value> next = body();
        _runs.Remove(run);
        foreach (IndexVariable v in variables) _scopeOf.Remove(v);
        return next;
    }

    private ImmutableArray<Result> Loop(Value first, Value end, double rounds, Value step, ImmutableArray<Value> start,
        Func<Value, ImmutableArray<Value>, ImmutableArray<Value>> body) =>
        _builder.For(first, end, step, start, (i, carried) =>
        {
            EmitScope outer = _scope;
            _scope = new EmitScope(_builder.Region, outer, false, rounds);
            ImmutableArray<Value> next = body(i, carried);
            _scope = outer;
            return next;
        });

    private Value ValueAt(Node n, Affine flat) => n.Op.Kind == OpKind.Reduce && _reduced.TryGetValue(n, out Value? sum)
        ? sum
        : Evaluate(n, _space.Unflatten(flat, n.Shape));

    /// <summary>Computes all before it stores any: a result may lie where an operand is.</summary>
    private void StoreRow(Node[] inner, Node[] blocks)
    {
        Value[] terms = [.. blocks.Select(n => Evaluate(n.Inputs[0], _space.Unflatten(_full, n.Inputs[0].Shape)))];
        Store(inner, _full);
        AddToBlocks(blocks, terms);
    }

    private void Store(IReadOnlyList<Node> nodes, Affine flat) =>
        Store(nodes, [.. nodes.Select(n => ValueAt(n, flat))], flat);

    private void Store(IReadOnlyList<Node> nodes, Value[] values, Affine flat)
    {
        for (int i = 0; i < nodes.Count; i++)
        {
            Parameter pointer = Parameter(nodes[i], OperandKind.Write);
            _builder.Store(pointer, EmitIndex(flat), _builder.Convert(values[i], nodes[i].DType.Scalar()));
        }
    }

    private Parameter Parameter(Node n, OperandKind kind)
    {
        KernelOperand operand = new(n, kind);
        if (!_parameterOf.TryGetValue(operand, out Parameter? parameter))
        {
            IrType type = kind == OperandKind.Scalar ? n.DType.Compute()
                : IrType.Pointer(n.DType.Scalar(), AddressSpace.Global);
            _parameterOf[operand] = parameter = new Parameter(type, _parameters.Count);
            _parameters.Add(parameter);
            _operands.Add(operand);
        }

        return parameter;
    }

    /// <summary>A name that says what the kernel does: its shape of work and its weightiest ops.</summary>
    private string Name()
    {
        string work = _group.Kind == GroupKind.Scatter ? "scatter" : _domain.Block > 0 ? "block" : _domain.K == 1 ? "map" : _group.IsGrouped ? "row"
            : _domain.C > 1 ? "column" : "shortrow";
        IEnumerable<string> ops = GroupOrder.Of(_group, IsBoundary)
            .Where(n => n.Op.Kind != OpKind.Leaf && !IsBoundary(n))
            .OrderByDescending(Anchors.OwnCost).Select(n => n.Op.Name).Distinct().Take(3);
        return string.Join('_', [work, .. ops]);
    }
}
