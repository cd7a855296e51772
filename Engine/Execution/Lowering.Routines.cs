using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;

namespace Cotangent.Execution;

internal sealed partial class Lowering
{
    /// <summary>One step for all outputs of a call; outputs that nobody uses get scratch memory.</summary>
    private void AddRoutine(FusionGroup group)
    {
        Node any = group.Anchors[0];
        Routine routine = any.Op.Routine!(_graph.Device, any);
        ImmutableArray<StridedView?> views = [.. any.Inputs.Select((_, i) => _anchors.ViewOf(any, i))];
        for (int i = 0; i < views.Length; i++)
        {
            if (views[i] is { } view) routine.SetStrides(i, view.Strides);
        }

        ImmutableArray<Node> read = [.. any.Inputs.Select((x, i) => views[i]?.Base ?? x)];
        ImmutableArray<RoutineInput> inputs =
            [.. read.Select((x, i) => x.Shape.Size == 0 ? new(-1, 0) : new RoutineInput(BufferOf(x), (views[i]?.Offset ?? 0) * x.DType.Size()))];
        ImmutableArray<int> outputs = any.Attributes is CallAttributes call
            ? [.. Enumerable.Range(0, call.OutputCount).Select(i => OutputBuffer(group, any, call.At(i)))]
            : [_bufferOf[any]];
        long bytes = routine.ScratchBytesFor(any.Attributes is CallAttributes outputsOf
            ? [.. Enumerable.Range(0, outputsOf.OutputCount).Select(i => group.Anchors.Exists(a => a.Get<CallAttributes>().Output == i))]
            : [true]);
        int scratch = bytes == 0 ? -1 : AddScratch(bytes);
        _steps.Add(new RoutineStep(routine, inputs, outputs, scratch)
        {
            Operands = !routine.IsVerifiable ? [] : [.. group.Anchors.Select(a => new KernelOperand(a, OperandKind.Write)),
                .. read.Where(x => x.Shape.Size > 0).Select(x => new KernelOperand(Anchors.StorageOf(x), OperandKind.Read))
                    .Distinct()],
        });
    }

    private int OutputBuffer(FusionGroup group, Node any, CallAttributes output)
    {
        if (group.Anchors.Find(a => a.Get<CallAttributes>().Output == output.Output) is { } used) return _bufferOf[used];
        if (!output.NeedsMemory(output.Output)) return -1;
        Node unused = new(any.Op, any.Inputs, output, any.Device);
        return unused.Shape.Size == 0 ? -1 : AddScratch(Bytes(unused));
    }

    private int AddScratch(long bytes)
    {
        _buffers.Add(new ProgramBuffer(BufferKind.Scratch, bytes, 0));
        return _buffers.Count - 1;
    }
}
