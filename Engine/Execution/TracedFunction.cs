using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>A function traced for one signature: a program, where its inputs come from and where its outputs
/// go.</summary>
internal sealed class TracedFunction<TResult>
{
    private readonly CompiledProgram? _program;
    private readonly TensorSource[] _tensors;
    private readonly ScalarSource[] _scalars;
    private readonly (int Argument, DType DType)[] _numberTypes;
    private readonly State[] _cells;
    private readonly State[] _writtenCells;
    private readonly TResult _like;
    private readonly (Shape Shape, DType DType)[] _results;
    private readonly int[] _inPlace;
    private readonly int[] _ownPlaces;
    private readonly bool[] _isShared;
    private readonly int _firstInPlaceStep;
    private readonly Storage[] _tensorSlots;
    private readonly ulong[] _scalarSlots;
    private readonly Storage?[] _outputSlots;
    private readonly Storage[] _newValues;

    /// <summary>Traces a function.</summary>
    /// <param name="function">Called once, with placeholders in place of the arguments' tensors.</param>
    /// <param name="arguments">The tensors of the call that is traced for.</param>
    public TracedFunction(Func<IReadOnlyList<Tensor>, TResult> function, Tensor[] arguments)
    {
        FunctionTrace<TResult> trace = new(function, arguments);
        _numberTypes = [.. trace.NumberTypes.SelectMany((types, i) => types.Where(t => t.IsInteger()).Select(t => (i, t)))];
        _results = [.. trace.Results.Select(r => (r.Shape, r.DType))];
        _like = trace.Results.Length == 0 ? trace.Result : Trees.Rebuild(trace.Result, [.. trace.Results.Select(_ => s_nothing)]);
        _writtenCells = [.. trace.Written];
        _newValues = new Storage[_writtenCells.Length];
        Node[] outputs = trace.Outputs;
        _cells = [.. trace.Cells.Keys];
        if (outputs.Length == 0)
        {
            (_tensors, _scalars, _inPlace, _ownPlaces, _isShared, _tensorSlots, _scalarSlots, _outputSlots) =
                ([], [], [], [], [], [], [], []);
            return;
        }

        trace.RealizeCaptured();
        lock (Executor.Lock)
        {
            Capture capture = trace.Capture();
            Dictionary<Node, int> argumentOf = trace.Placeholders.Select((p, i) => (p, i)).ToDictionary(x => x.p, x => x.i);
            Dictionary<Node, int> cellOf = _cells.Select((c, i) => (trace.Cells[c], i))
                .ToDictionary(x => x.Item1, x => x.i);
            _tensors = [.. capture.Tensors.Select(n => Source(n, argumentOf, cellOf))];
            _scalars = [.. capture.Scalars.Select(n => argumentOf.TryGetValue(n, out int i)
                ? new ScalarSource(i, 0)
                : new ScalarSource(-1, n.Get<NumberAttributes>().Bits))];
            _program = Executor.Programs.Get(capture.Key);
        }

        (_inPlace, _isShared, _firstInPlaceStep) = PlanPlaces();
        _ownPlaces = [.. _isShared.Select((shared, c) => shared ? -1 : _program.Plan.Buffers[_program.Plan.Outputs[_results.Length + c]].Index)];
        _tensorSlots = new Storage[_tensors.Length];
        _scalarSlots = new ulong[_scalars.Length];
        _outputSlots = new Storage?[_program.Plan.OutputBufferCount];
        if (CompiledProgram.PlansAreChecked) PlanChecker.Check(_program.Plan, Placements());
    }

    // Keeps a rebuilt tree's structure without the traced graph.
    private static readonly Tensor s_nothing = new(new Node(Ops.Number, [], Numbers.Of(DType.Float32, 0.0)));

    public ExecutionPlan? Plan => _program?.Plan;

    /// <summary>Runs the program on a call's arguments, which have the signature traced for.</summary>
    public TResult Call(Tensor[] arguments, CancellationToken cancellation)
    {
        foreach ((int argument, DType type) in _numberTypes) arguments[argument].Weak!.Value.RequireFit(type);
        if (_program is null) return _like;
        if (Waiting(arguments) is { Length: > 0 } calls) HostCalls.Run(calls, cancellation); // before the lock is held: they are the user's code
        lock (Executor.Lock)
        {
            if (Waiting(arguments) is { Length: > 0 } waiting) Executor.Realize(waiting);
            try
            {
                BindInputs(arguments);
                for (int i = 0; i < _writtenCells.Length; i++)
                {
                    if (_inPlace[i] >= 0) _outputSlots[_inPlace[i]] = _writtenCells[i].OwnStorage ?? _writtenCells[i].SpareStorage;
                    else if (_ownPlaces[i] >= 0) _outputSlots[_ownPlaces[i]] = _writtenCells[i].SpareStorage;
                }

                _program.Run(_tensorSlots, _scalarSlots, _outputSlots, cancellation, _firstInPlaceStep);
                return Finish();
            }
            finally
            {
                Array.Clear(_tensorSlots);
                Array.Clear(_outputSlots);
            }
        }
    }

    /// <summary>The inputs that have no value yet: mostly none, and then nothing is allocated.</summary>
    private Node[] Waiting(Tensor[] arguments)
    {
        List<Node>? waiting = null;
        foreach (Tensor argument in arguments)
        {
            if (Signature.KindOf(argument) == ArgumentKind.Tensor && argument.Node.Storage is null) (waiting ??= []).Add(argument.Node);
        }

        foreach (State cell in _cells)
        {
            if (cell.Node is { Storage: null } node) (waiting ??= []).Add(node);
        }

        return waiting is null ? [] : [.. waiting];
    }

    private static TensorSource Source(Node n, Dictionary<Node, int> argumentOf, Dictionary<Node, int> cellOf)
    {
        if (argumentOf.TryGetValue(n, out int argument)) return new(argument, -1, null);
        if (cellOf.TryGetValue(n, out int cell)) return new(-1, cell, null);
        if (n.Storage is { } storage) return new(-1, -1, storage);
        throw new TracedValueException(
            $"The compiled function uses a tensor that depends on {n.Get<InputAttributes>().Name} of another, " +
            "enclosing transform. Pass it as an argument.");
    }

    /// <summary>For each written cell: the output buffer that may be the cell's own memory, or −1; and whether its new
    /// value's memory can be seen from outside.</summary>
    private (int[] InPlace, bool[] IsShared, int FirstStep) PlanPlaces()
    {
        ExecutionPlan plan = _program!.Plan;
        (int First, int Last)[] lifetimes = MemoryPlan.Lifetimes(plan);
        int[] inPlace = new int[_writtenCells.Length];
        bool[] isShared = new bool[_writtenCells.Length];
        int firstStep = int.MaxValue;
        for (int c = 0; c < inPlace.Length; c++)
        {
            int id = plan.Outputs[_results.Length + c];
            bool own = id >= 0 && plan.Buffers[id].Kind == BufferKind.Output && plan.Outputs.Count(o => o == id) == 1;
            isShared[c] = !own;
            inPlace[c] = own && CanReplaceOldValue(plan, lifetimes, id, _writtenCells[c]) ? plan.Buffers[id].Index : -1;
            if (inPlace[c] >= 0) firstStep = Math.Min(firstStep, FirstWrite(plan, id));
        }

        return (inPlace, isShared, firstStep);
    }

    /// <summary>True if all reads of the cell's old value are done before the new one is written.</summary>
    private bool CanReplaceOldValue(ExecutionPlan plan, (int First, int Last)[] lifetimes, int output, State cell)
    {
        int slot = Array.FindIndex(_tensors, t => t.Cell >= 0 && _cells[t.Cell] == cell);
        if (slot < 0) return true;
        int input = plan.Buffers.IndexOf(plan.Buffers.First(b => b.Kind == BufferKind.Input && b.Index == slot));
        int first = FirstWrite(plan, output);
        if (plan.Outputs.Contains(input)) return false;
        return lifetimes[input].Last < first || (lifetimes[input].Last == first && plan.Steps[first].CanOverwrite(input, output));
    }

    private static int FirstWrite(ExecutionPlan plan, int output)
    {
        for (int s = 0; s < plan.Steps.Length; s++)
        {
            if (plan.Steps[s].Writes.Any(w => plan.WholeOf(w) == output)) return s;
        }

        return int.MaxValue;
    }

    private Dictionary<int, int> Placements()
    {
        Dictionary<int, int> placements = [];
        for (int c = 0; c < _inPlace.Length; c++)
        {
            int slot = Array.FindIndex(_tensors, t => t.Cell >= 0 && _cells[t.Cell] == _writtenCells[c]);
            if (_inPlace[c] >= 0 && slot >= 0) placements[_inPlace[c]] = slot;
        }

        return placements;
    }

    private void BindInputs(Tensor[] arguments)
    {
        for (int i = 0; i < _tensorSlots.Length; i++)
        {
            TensorSource source = _tensors[i];
            _tensorSlots[i] =
                source.Captured ?? (source.Argument >= 0 ? arguments[source.Argument].Node
                : _cells[source.Cell].Node).Storage!;
        }

        for (int i = 0; i < _scalarSlots.Length; i++)
        {
            ScalarSource source = _scalars[i];
            _scalarSlots[i] = source.Argument < 0 ? source.Bits : NumberBits(arguments[source.Argument]);
        }
    }

    private static ulong NumberBits(Tensor t) =>
        t.Weak is { } weak ? weak.WidestBits : t.Node.Get<NumberAttributes>().Bits;

    private TResult Finish()
    {
        ExecutionPlan plan = _program!.Plan;
        TResult result = Results();
        for (int c = 0; c < _newValues.Length; c++)
        {
            ShareCell(plan.Outputs[_results.Length + c]);
            _newValues[c] = Executor.OutputStorage(plan, _results.Length + c, _tensorSlots, _outputSlots);
        }

        for (int c = 0; c < _newValues.Length; c++) _writtenCells[c].Replace(_newValues[c], _isShared[c]);
        Array.Clear(_newValues);
        return result;
    }

    /// <summary>New tensors, which the caller may keep: the only memory that a call takes from the managed heap.</summary>
    private TResult Results()
    {
        if (_results.Length == 0) return _like;
        if (_results.Length == 1 && typeof(TResult) == typeof(Tensor)) return (TResult)(object)ResultAt(0);
        Tensor[] results = new Tensor[_results.Length];
        for (int i = 0; i < results.Length; i++) results[i] = ResultAt(i);
        return Trees.Rebuild(_like, results);
    }

    private Tensor ResultAt(int i)
    {
        ShareCell(_program!.Plan.Outputs[i]);
        Storage storage = Executor.OutputStorage(_program.Plan, i, _tensorSlots, _outputSlots);
        return new Tensor(new Node(_results[i].Shape, _results[i].DType, storage));
    }

    /// <summary>An output that is the old value of a cell shares its memory.</summary>
    private void ShareCell(int buffer)
    {
        if (buffer < 0 || _program!.Plan.Buffers[buffer] is not { Kind: BufferKind.Input } input) return;
        if (_tensors[input.Index].Cell is >= 0 and int cell) _cells[cell].Share();
    }

    /// <summary>Where a tensor input comes from: an argument, a cell, or a captured tensor.</summary>
    private readonly record struct TensorSource(int Argument, int Cell, Storage? Captured);

    /// <summary>Where a scalar input comes from: an argument, or a number of the trace.</summary>
    private readonly record struct ScalarSource(int Argument, ulong Bits);
}
