using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Reads the predicate back and runs one of two programs, which writes the call's outputs.</summary>
internal sealed class CondRoutine : Routine
{
    private readonly CondAttributes _cond;
    private readonly NestedProgram _ifTrue;
    private readonly NestedProgram _ifFalse;

    public CondRoutine(Device device, Node call)
        : base("cond")
    {
        _cond = call.Get<CondAttributes>();
        _ifTrue = new NestedProgram(device, _cond.IfTrue);
        _ifFalse = new NestedProgram(device, _cond.IfFalse);
    }

    /// <inheritdoc/>
    public override long ScratchBytes => Math.Max(_ifTrue.Plan.ScratchBytes, _ifFalse.Plan.ScratchBytes);

    /// <inheritdoc/>
    public override IEnumerable<NestedPlan> Nested => [new("if true", _ifTrue.Plan), new("if false", _ifFalse.Plan)];

    /// <summary>Those of the branch that has more.</summary>
    public override double Flops => Math.Max(PlanCost.Of(_ifTrue.Plan).Flops, PlanCost.Of(_ifFalse.Plan).Flops);

    /// <inheritdoc/>
    public override void Launch(in RoutineCall call)
    {
        bool predicate = Flag.Read(call.Device, call.Inputs[0]);
        Run(call, predicate ? _ifTrue : _ifFalse);
    }

    private void Run(in RoutineCall call, NestedProgram branch)
    {
        KernelArgument[] buffers = new KernelArgument[branch.BufferCount];
        for (int o = branch.Places.Length - 1; o >= 0; o--)
        {
            if (branch.Places[o].Buffer is >= 0 and int buffer) buffers[buffer] = call.Outputs[o];
        }

        try
        {
            branch.Run(call.Inputs[1..], buffers, call.Scratch);
        }
        finally
        {
            branch.Unbind();
        }

        // What is an input, or the same as another output, is copied.
        for (int o = 0; o < branch.Places.Length; o++)
        {
            (int buffer, int input) = branch.Places[o];
            KernelArgument to = call.Outputs[o];
            long bytes = _cond.IfTrue.Outputs[o].Shape.Size * _cond.IfTrue.Outputs[o].DType.Size();
            if (input >= 0) DeviceCopy.Run(call.Device, call.Inputs[1 + input], to, bytes);
            else if (buffer >= 0 && !Same(buffers[buffer], to)) DeviceCopy.Run(call.Device, buffers[buffer], to, bytes);
        }
    }

    private static bool Same(KernelArgument x, KernelArgument y) => x.Memory == y.Memory && x.Bits == y.Bits;
}
