using System.Collections.Immutable;
using Cotangent.Fusion;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>An input of a routine: a buffer, and the byte of it where the input begins.</summary>
internal readonly record struct RoutineInput(int Buffer, long Offset);

/// <summary>Runs a routine op. −1 stands for the buffer of an operand without elements, or for no scratch memory.</summary>
internal sealed class RoutineStep(Routine routine, ImmutableArray<RoutineInput> inputs, ImmutableArray<int> outputs, int scratch)
    : Step(routine.Name, [.. inputs.Select(i => i.Buffer).Where(i => i >= 0).Distinct()], [.. outputs.Append(scratch).Where(o => o >= 0)])
{
    private readonly KernelArgument[] _inputs = new KernelArgument[inputs.Length];
    private readonly KernelArgument[] _outputs = new KernelArgument[outputs.Length];

    public Routine Routine { get; } = routine;

    /// <summary>Arithmetic of one run, for the outputs that have memory.</summary>
    public double Flops => Routine.FlopsFor([.. outputs.Select(o => o >= 0)]);

    /// <inheritdoc/>
    public override required ImmutableArray<KernelOperand> Operands { get; init; }

    /// <inheritdoc/>
    public override void Launch(
        Device device, KernelArgument[] buffers, ReadOnlySpan<ulong> scalars, CancellationToken cancellation)
    {
        for (int i = 0; i < _inputs.Length; i++) _inputs[i] = AtByte(At(inputs[i].Buffer), inputs[i].Offset);
        for (int i = 0; i < _outputs.Length; i++) _outputs[i] = At(outputs[i]);
        try
        {
            Routine.Launch(new RoutineCall
            {
                Device = device,
                Inputs = _inputs,
                Outputs = _outputs,
                Scratch = At(scratch),
                Cancellation = cancellation,
            });
        }
        finally
        {
            Array.Clear(_inputs);
            Array.Clear(_outputs);
        }

        KernelArgument At(int id) => id < 0 ? default : buffers[id];

        static KernelArgument AtByte(KernelArgument buffer, long offset) =>
            offset == 0 ? buffer : KernelArgument.Pointer(buffer.Memory!, buffer.Bits + offset);
    }
}
