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
    private readonly NestedProgram _body;
    private readonly LoopCarries _carries;
    private readonly KernelArgument[] _inputs;
    private readonly KernelArgument[] _buffers;
    private readonly long[] _strides;
    private readonly (int Buffer, int Output, long Stride)[] _stacked;
    private readonly (OutputPlace From, int Output, long Stride)[] _copied;

    public ScanRoutine(Device device, Node call)
        : base($"scan_{call.Get<ScanAttributes>().Length}")
    {
        _scan = call.Get<ScanAttributes>();
        _body = new NestedProgram(device, _scan.Body);
        _inputs = new KernelArgument[_scan.Body.Inputs.Length];
        _buffers = new KernelArgument[_body.BufferCount];
        _strides = [.. _scan.Body.Inputs.Select(Bytes)];
        (_stacked, _copied) = PlaceStacks();
        HashSet<int> stacked = [.. _stacked.Select(s => s.Buffer)];
        _carries = new LoopCarries(_body, _scan.Body, _scan.Carries, stacked.Contains, _body.Plan.ScratchBytes);
    }

    /// <inheritdoc/>
    public override long ScratchBytes => _carries.ScratchEnd;

    /// <inheritdoc/>
    public override bool IsVerifiable => _scan.Length <= LongestVerified;

    /// <inheritdoc/>
    public override IEnumerable<NestedPlan> Nested => [new($"body, {_scan.Length} rounds", _body.Plan)];

    /// <inheritdoc/>
    public override double Flops => _scan.Length * PlanCost.Of(_body.Plan).Flops;

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call)
    {
        try
        {
            call.Inputs.CopyTo(_inputs);
            _carries.Start(call);
            for (int round = 0; round < _scan.Length; round++)
            {
                call.Cancellation.ThrowIfCancellationRequested();
                Run(call, round);
            }

            _carries.Finish(call);
        }
        finally
        {
            Array.Clear(_inputs);
            Array.Clear(_buffers);
            _carries.Clear();
            _body.Unbind();
        }
    }

    private static long Bytes(Node n) => n.Shape.Size * n.DType.Size();

    private void Run(in RoutineCall call, int round)
    {
        // The last round leaves the carries in the call's outputs.
        int at = _scan.Reverse ? _scan.Length - 1 - round : round, turn = _scan.Length - 1 - round;
        _carries.Current.CopyTo(_inputs);
        for (int i = _scan.Carries; i < _scan.Carries + _scan.Sequences; i++) _inputs[i] = DeviceCopy.At(call.Inputs[i], at * _strides[i]);
        foreach ((int buffer, int output, long stride) in _stacked) _buffers[buffer] = DeviceCopy.At(call.Outputs[output], at * stride);

        // Inputs first: the body may overwrite a carry.
        _carries.BeginRound(call, _inputs, turn, _buffers);
        foreach ((OutputPlace from, int output, long stride) in _copied)
        {
            if (from.Input >= 0) Copy(call, _inputs[from.Input], output, stride, at);
        }

        _body.Run(_inputs, _buffers, call.Scratch);
        foreach ((OutputPlace from, int output, long stride) in _copied)
        {
            if (from.Buffer >= 0) Copy(call, _buffers[from.Buffer], output, stride, at);
        }

        _carries.EndRound(call, _inputs, turn, _buffers);
    }

    private static void Copy(in RoutineCall call, KernelArgument from, int output, long stride, int at) =>
        DeviceCopy.Run(call.Device, from, DeviceCopy.At(call.Outputs[output], at * stride), stride);

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
