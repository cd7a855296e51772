using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>Where an output of a body is after a run: in an output buffer of its program, or, if it is an input unchanged, in that
/// input's memory; neither for an output without elements.</summary>
internal readonly record struct OutputPlace(int Buffer, int Input)
{
    public static OutputPlace None => new(-1, -1);
}

/// <summary>The program of a loop's body or of a branch, run as a part of another program: bound to memory, launched, nothing allocated.</summary>
internal sealed class NestedProgram
{
    private readonly CompiledProgram _program;
    private readonly int[] _inputOfSlot;
    private readonly KernelArgument[] _tensors;

    public NestedProgram(Device device, SubGraph body)
    {
        _program = Executor.Programs.Get(body.Key.On(device));
        int slots = Enumerable.Range(0, body.Inputs.Length).Max(i => (int?)body.SlotOf(i)) + 1 ?? 0;
        _inputOfSlot = [.. Enumerable.Range(0, slots).Select(s => Enumerable.Range(0, body.Inputs.Length).First(i => body.SlotOf(i) == s))];
        _tensors = new KernelArgument[slots];
        Places = [.. _program.Plan.Outputs.Select(Place)];
    }

    public ExecutionPlan Plan => _program.Plan;

    /// <summary>Where each output of the body is.</summary>
    public ImmutableArray<OutputPlace> Places { get; }

    /// <summary>The number of output buffers: distinct outputs that are not inputs.</summary>
    public int BufferCount => Plan.OutputBufferCount;

    /// <summary>The bytes of an output buffer.</summary>
    public long BytesOf(int buffer) => Plan.Buffers[IdOf(BufferKind.Output, buffer)].Bytes;

    /// <summary>Runs the body once.</summary>
    /// <param name="inputs">The body's inputs.</param>
    /// <param name="buffers">Memory of its output buffers.</param>
    /// <param name="scratch">Memory of at least the plan's scratch bytes.</param>
    public void Run(ReadOnlySpan<KernelArgument> inputs, ReadOnlySpan<KernelArgument> buffers, KernelArgument scratch)
    {
        for (int s = 0; s < _tensors.Length; s++) _tensors[s] = inputs[_inputOfSlot[s]];
        _program.RunNested(_tensors, buffers, scratch);
    }

    /// <summary>Lets go of the memory of the last run.</summary>
    public void Unbind()
    {
        Array.Clear(_tensors);
        _program.Unbind();
    }

    /// <summary>True if an output buffer may be the memory of an input: all that the body reads of the input is read before the first
    /// write of the output.</summary>
    public bool CanOverwrite(int input, int buffer)
    {
        int slot = Array.IndexOf(_inputOfSlot, input);
        if (slot < 0) return true;
        int from = IdOf(BufferKind.Input, slot), to = IdOf(BufferKind.Output, buffer);
        if (from < 0) return true;
        if (Plan.Outputs.Contains(from)) return false;
        int lastRead = MemoryPlan.Lifetimes(Plan)[from].Last;
        int firstWrite = Enumerable.Range(0, Plan.Steps.Length).First(s => Plan.Steps[s].Writes.Any(w => Plan.WholeOf(w) == to));
        Step writer = Plan.Steps[firstWrite];
        return lastRead < firstWrite || (lastRead == firstWrite && writer.CanOverwrite(from, to));
    }

    /// <summary>Throws if the plan is unsound with output buffers in the memory of inputs.</summary>
    /// <param name="inputOf">Output buffer → the input whose memory it overwrites.</param>
    public void CheckInPlace(IReadOnlyDictionary<int, int> inputOf) => PlanChecker.Check(Plan, inputOf
        .Select(p => (Buffer: p.Key, Slot: Array.IndexOf(_inputOfSlot, p.Value))).Where(p => p.Slot >= 0)
        .ToDictionary(p => p.Buffer, p => p.Slot));

    private OutputPlace Place(int id) => id < 0 ? OutputPlace.None
        : Plan.Buffers[id] is { Kind: BufferKind.Input } input ? new(-1, _inputOfSlot[input.Index])
        : new(Plan.Buffers[id].Index, -1);

    private int IdOf(BufferKind kind, int index)
    {
        for (int i = 0; i < Plan.Buffers.Length; i++)
        {
            if (Plan.Buffers[i].Kind == kind && Plan.Buffers[i].Index == index) return i;
        }

        return -1;
    }
}
