using System.Collections.Immutable;
using Cotangent.Graph;
using Cotangent.Kernels;

namespace Cotangent.Execution;

/// <summary>A program before and apart from running: buffers, steps in order, where inputs and outputs are.</summary>
internal sealed class ExecutionPlan
{
    public required Device Device { get; init; }

    public required ImmutableArray<ProgramBuffer> Buffers { get; init; }

    public required ImmutableArray<Step> Steps { get; init; }

    /// <summary>The buffer of each requested output; −1 for a tensor without elements.</summary>
    public required ImmutableArray<int> Outputs { get; init; }

    /// <summary>The number of buffers of kind Output.</summary>
    public required int OutputBufferCount { get; init; }

    /// <summary>The placeholders of scalar inputs: their dtypes by slot.</summary>
    public required ImmutableArray<DType> Scalars { get; init; }

    /// <summary>True in the steady state: no step of one kernel, or of several, awaits other code, so that running it again compiles nothing.
    /// The kernels within routines are not asked.</summary>
    public bool IsSettled => Steps.All(s => s.IsSettled);

    /// <summary>The bytes of scratch memory.</summary>
    public long ScratchBytes { get; set; }

    /// <summary>The placeholders and stored nodes by buffer, for verification and reports.</summary>
    public required IReadOnlyDictionary<Node, int> BufferOf { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The bytes that a buffer occupies.</summary>
    public ByteRange RangeOf(int id)
    {
        ProgramBuffer b = Buffers[id];
        if (b.Kind == BufferKind.Part)
        {
            ByteRange whole = RangeOf(b.Index);
            return whole with { Start = whole.Start + b.Offset, End = whole.Start + b.Offset + b.Bytes };
        }

        return b.Kind == BufferKind.Scratch
            ? new(BufferKind.Scratch, 0, b.Offset, b.Offset + b.Bytes)
            : new(b.Kind, b.Index, 0, b.Bytes);
    }

    /// <summary>The buffer of which a buffer is a part, or itself.</summary>
    public int WholeOf(int id) => Buffers[id].Kind == BufferKind.Part ? WholeOf(Buffers[id].Index) : id;
}
