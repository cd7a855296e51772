using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Computes the condition, reads it back, and runs the body, until the condition is false: the host waits once a round.</summary>
internal sealed class WhileRoutine : Routine
{
    private readonly WhileAttributes _loop;
    private readonly NestedProgram _condition;
    private readonly NestedProgram _body;
    private readonly LoopCarries _carries;
    private readonly KernelArgument[] _inputs;
    private readonly KernelArgument[] _buffers;
    private readonly KernelArgument[] _flag;
    private readonly long _flagOffset;

    public WhileRoutine(Device device, Node call)
        : base("while")
    {
        _loop = call.Get<WhileAttributes>();
        _condition = new NestedProgram(device, _loop.Condition);
        _body = new NestedProgram(device, _loop.Body);
        _inputs = new KernelArgument[_loop.Body.Inputs.Length];
        _buffers = new KernelArgument[_body.BufferCount];
        _flag = new KernelArgument[_condition.BufferCount];

        // Condition and body run in turns, on the same scratch memory.
        long scratch = Math.Max(_condition.Plan.ScratchBytes, _body.Plan.ScratchBytes);
        _carries = new LoopCarries(_body, _loop.Body, _loop.OutputCount, _ => false, scratch);
        _flagOffset = _carries.ScratchEnd;
    }

    /// <inheritdoc/>
    public override long ScratchBytes => _flagOffset + 1;

    /// <summary>False: rounding may end the loop a round earlier or later than in float64. The steps of condition and body are
    /// compared.</summary>
    public override bool IsVerifiable => false;

    /// <inheritdoc/>
    public override IEnumerable<NestedPlan> Nested => [new("condition", _condition.Plan), new("body", _body.Plan)];

    /// <summary>Those of one round: how many there are is not known before.</summary>
    public override double Flops => PlanCost.Of(_condition.Plan).Flops + PlanCost.Of(_body.Plan).Flops;

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call)
    {
        try
        {
            call.Inputs.CopyTo(_inputs);
            Array.Fill(_flag, DeviceCopy.At(call.Scratch, _flagOffset));
            _carries.Start(call);
            for (int round = 0; Continues(call); round++)
            {
                call.Cancellation.ThrowIfCancellationRequested();
                _carries.BeginRound(call, _inputs, round, _buffers);
                _body.Run(_inputs, _buffers, call.Scratch);
                _carries.EndRound(call, _inputs, round, _buffers);
                _carries.Current.CopyTo(_inputs);
            }

            _carries.Finish(call);
        }
        finally
        {
            Array.Clear(_inputs);
            Array.Clear(_buffers);
            Array.Clear(_flag);
            _carries.Clear();
            _condition.Unbind();
            _body.Unbind();
        }
    }

    private bool Continues(in RoutineCall call)
    {
        _condition.Run(_inputs, _flag, call.Scratch);
        OutputPlace place = _condition.Places[0];
        return Flag.Read(call.Device, place.Input >= 0 ? _inputs[place.Input] : _flag[place.Buffer]);
    }
}

/// <summary>A Bool on a device.</summary>
internal static class Flag
{
    /// <summary>Waits for what was issued, and reads.</summary>
    public static bool Read(Device device, KernelArgument memory)
    {
        Span<byte> flag = stackalloc byte[1];
        device.Read(memory.Memory!, memory.Bits, flag);
        return flag[0] != 0;
    }
}
