using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Runs the body of a scan once a round, in the order of the slices: slices are read where they are, stacked outputs are written
/// where they belong, and the host waits for nothing.</summary>
internal sealed class ScanRoutine : Routine
{
    /// <summary>Loops up to this length are compared whole with float64; the errors of longer ones may grow beyond any bound. The
    /// body's own steps are compared in each round.</summary>
    private const int LongestVerified = 64;

    private readonly ScanAttributes _scan;
    private readonly DeferredSums? _sums;
    private readonly int _stacks; // outputs of the loop that are the call's
    private readonly NestedProgram _body;
    private readonly LoopCarries _carries;
    private readonly KernelArgument[] _inputs;
    private readonly KernelArgument[] _buffers;
    private readonly long[] _strides;
    private readonly (int Buffer, int Output, long Stride)[] _stacked;
    private readonly (OutputPlace From, int Output, long Stride)[] _copied;
    private readonly KernelArgument[] _arguments;
    private readonly KernelArgument[] _results;
    private readonly long[] _ring;

    public ScanRoutine(Device device, Node call)
        : base($"scan_{call.Get<ScanAttributes>().Length}")
    {
        ScanAttributes scan = call.Get<ScanAttributes>();
        _sums = DeferredSums.Of(device, scan);
        _scan = _sums?.Loop ?? scan;
        _stacks = _scan.OutputCount - (_sums?.KeptCount ?? 0);
        _body = new NestedProgram(device, _scan.Body);
        _inputs = new KernelArgument[_scan.Body.Inputs.Length];
        _buffers = new KernelArgument[_body.BufferCount];
        _strides = [.. _scan.Body.Inputs.Select(Bytes)];
        _arguments = new KernelArgument[_inputs.Length];
        _results = new KernelArgument[_scan.OutputCount];
        (_stacked, _copied) = PlaceStacks();
        HashSet<int> stacked = [.. _stacked.Select(s => s.Buffer)];
        _carries = new LoopCarries(_body, _scan.Body, _scan.Carries, stacked.Contains,
            Math.Max(_body.Plan.ScratchBytes, _sums?.ScratchBytes ?? 0));
        (_ring, ScratchBytes) = PlaceRing(_carries.ScratchEnd);
    }

    /// <inheritdoc/>
    public override long ScratchBytes { get; }

    /// <inheritdoc/>
    public override bool IsVerifiable => _scan.Length <= LongestVerified;

    /// <inheritdoc/>
    public override IEnumerable<NestedPlan> Nested =>
        [new($"body, {_scan.Length} rounds", _body.Plan), .. _sums?.Nested ?? []];

    /// <inheritdoc/>
    public override double Flops => _scan.Length * PlanCost.Of(_body.Plan).Flops + (_sums?.Flops ?? 0);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call)
    {
        try
        {
            RoutineCall loop = _sums is null ? call : WithoutSums(call, _sums);
            loop.Inputs.CopyTo(_inputs);
            _carries.Start(loop);
            _sums?.Start(call);
            for (int round = 0; round < _scan.Length; round++)
            {
                call.Cancellation.ThrowIfCancellationRequested();
                int at = _scan.Reverse ? _scan.Length - 1 - round : round;
                Run(loop, at, turn: _scan.Length - 1 - round);
                _sums?.EndRound(call, at, _scan.Reverse, loop.Outputs[_stacks..]);
            }

            _carries.Finish(loop);
        }
        finally
        {
            Array.Clear(_inputs);
            Array.Clear(_buffers);
            Array.Clear(_arguments);
            Array.Clear(_results);
            _carries.Clear();
            _body.Unbind();
            _sums?.Clear();
        }
    }

    private static long Bytes(Node n) => n.Shape.Size * n.DType.Size();

    /// <summary>The call of the loop that leaves some sums to blocks of rounds: without them, with the ring as further outputs.</summary>
    private RoutineCall WithoutSums(in RoutineCall call, DeferredSums sums)
    {
        int carries = sums.Carries.Length, all = carries + sums.SumCount;
        for (int c = 0; c < carries; c++) (_arguments[c], _results[c]) = (call.Inputs[sums.Carries[c]], call.Outputs[sums.Carries[c]]);
        call.Inputs[all..].CopyTo(_arguments.AsSpan(carries));
        call.Outputs[all..].CopyTo(_results.AsSpan(carries));
        for (int k = 0; k < _ring.Length; k++) _results[_stacks + k] = DeviceCopy.At(call.Scratch, _ring[k]);
        return new RoutineCall { Device = call.Device, Inputs = _arguments, Outputs = _results, Scratch = call.Scratch, Cancellation = call.Cancellation };
    }

    /// <summary>One round. The last one leaves the carries in the call's outputs.</summary>
    /// <param name="call">The call.</param>
    /// <param name="at">The slice.</param>
    /// <param name="turn">The number of rounds that follow.</param>
    private void Run(in RoutineCall call, int at, int turn)
    {
        _carries.Current.CopyTo(_inputs);
        for (int i = _scan.Carries; i < _scan.Carries + _scan.Sequences; i++) _inputs[i] = DeviceCopy.At(call.Inputs[i], at * _strides[i]);
        foreach ((int buffer, int output, long stride) in _stacked) _buffers[buffer] = SliceOf(call, output, stride, at);

        // Inputs first: the body may overwrite a carry.
        _carries.BeginRound(call, _inputs, turn, _buffers);
        foreach ((OutputPlace from, int output, long stride) in _copied)
        {
            if (from.Input >= 0) DeviceCopy.Run(call.Device, _inputs[from.Input], SliceOf(call, output, stride, at), stride);
        }

        _body.Run(_inputs, _buffers, call.Scratch);
        foreach ((OutputPlace from, int output, long stride) in _copied)
        {
            if (from.Buffer >= 0) DeviceCopy.Run(call.Device, _buffers[from.Buffer], SliceOf(call, output, stride, at), stride);
        }

        _carries.EndRound(call, _inputs, turn, _buffers);
    }

    /// <summary>Where a round's part of a stack is; operands of sums are kept in a ring.</summary>
    private KernelArgument SliceOf(in RoutineCall call, int output, long stride, int at) =>
        DeviceCopy.At(call.Outputs[output], (output < _stacks ? at : at % _sums!.Rounds) * stride);

    private (long[] Places, long End) PlaceRing(long start)
    {
        long[] places = new long[_scan.OutputCount - _stacks];
        for (int k = 0; k < places.Length; k++)
        {
            places[k] = start;
            start = LoopCarries.Align(start + _sums!.Rounds * Bytes(_scan.Body.Outputs[_stacks + k]));
        }

        return (places, start);
    }

    /// <summary>An output buffer is written into the first stack that it belongs to and copied to others; what is an input is
    /// copied.</summary>
    private ((int Buffer, int Output, long Stride)[] Stacked, (OutputPlace From, int Output, long Stride)[] Copied) PlaceStacks()
    {
        List<(int Buffer, int Output, long Stride)> stacked = [];
        List<(OutputPlace From, int Output, long Stride)> copied = [];
        for (int o = _scan.Carries; o < _scan.OutputCount; o++)
        {
            OutputPlace place = _body.Places[o];
            long stride = Bytes(_scan.Body.Outputs[o]);
            if (place.Buffer >= 0 && !stacked.Exists(s => s.Buffer == place.Buffer)) stacked.Add((place.Buffer, o, stride));
            else if (place != OutputPlace.None) copied.Add((place, o, stride));
        }

        return ([.. stacked], [.. copied]);
    }
}
