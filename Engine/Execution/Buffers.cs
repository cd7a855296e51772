namespace Cotangent.Execution;

/// <summary>Whose memory a program's buffer is.</summary>
internal enum BufferKind : byte
{
    /// <summary>A tensor given to the program.</summary>
    Input,

    /// <summary>A tensor that the program gives back.</summary>
    Output,

    /// <summary>A range of the program's scratch memory.</summary>
    Scratch,

    /// <summary>A range of another buffer: a part of a concatenation.</summary>
    Part,
}

/// <summary>A contiguous value of a program.</summary>
/// <param name="Kind">Whose memory it is.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Index">Which input or output; for a part, the id of the whole.</param>
internal sealed record ProgramBuffer(BufferKind Kind, long Bytes, int Index)
{
    /// <summary>Where it starts in the scratch memory (set by the memory plan) or in the whole.</summary>
    public long Offset { get; set; }
}

/// <summary>The bytes that a buffer occupies: which block, and where in it. Blocks are numbered inputs first, then
/// outputs, then the scratch memory.</summary>
internal readonly record struct ByteRange(BufferKind Block, int Index, long Start, long End)
{
    public bool Overlaps(ByteRange other) => Block == other.Block && Index == other.Index && Start < other.End
        && other.Start < End;
}
