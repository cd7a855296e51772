namespace Cotangent.Kernels.Cuda;

/// <summary>Copies between the host and the device by way of pinned memory, which the copy engines read and write on their own. Used
/// under the device's lock.</summary>
/// <remarks>A ring of chunks, each with an event for the copy that used it last: a small write returns once its bytes are in a chunk,
/// and a large copy fills or empties one chunk while others travel.</remarks>
internal sealed unsafe class CudaStaging(CudaContext context)
{
    /// <summary>Bytes of a chunk.</summary>
    public const int ChunkBytes = 4 << 20;

    private const int Chunks = 4;

    private readonly Chunk?[] _chunks = new Chunk?[Chunks];
    private int _current;
    private int _filled;

    private CudaApi Api => context.Api;

    /// <summary>Issues a copy to the device; the source may be reused when the call returns.</summary>
    public void Write(ReadOnlySpan<byte> source, nint destination)
    {
        while (!source.IsEmpty)
        {
            if (_filled == ChunkBytes)
                Advance();
            Chunk chunk = Current();
            int bytes = Math.Min(source.Length, ChunkBytes - _filled);
            source[..bytes].CopyTo(chunk.Bytes.Slice(_filled, bytes));
            context.Check(Api.MemcpyHtoDAsync(destination, chunk.Address + _filled, (nuint)bytes, context.Stream), "cuMemcpyHtoDAsync");
            Record(chunk);

            // The next small write goes behind this one, at an offset that suits the copy engines.
            _filled = Math.Min(ChunkBytes, (_filled + bytes + 255) / 256 * 256);
            source = source[bytes..];
            destination += bytes;
        }
    }

    /// <summary>Copies to the host, after everything issued before.</summary>
    public void Read(nint source, Span<byte> destination)
    {
        Queue<(Chunk Chunk, int Start, int Bytes)> travelling = new();
        int issued = 0;
        while (issued < destination.Length || travelling.Count > 0)
        {
            if (issued < destination.Length && travelling.Count < Chunks)
            {
                Advance();
                Chunk chunk = Current();
                int bytes = Math.Min(destination.Length - issued, ChunkBytes);
                context.Check(Api.MemcpyDtoHAsync(chunk.Address, source + issued, (nuint)bytes, context.Stream), "cuMemcpyDtoHAsync");
                Record(chunk);
                travelling.Enqueue((chunk, issued, bytes));
                issued += bytes;
                continue;
            }

            (Chunk arrived, int start, int length) = travelling.Dequeue();
            Wait(arrived);
            arrived.Bytes[..length].CopyTo(destination.Slice(start, length));
        }

        _filled = ChunkBytes;
    }

    private void Advance()
    {
        _current = (_current + 1) % Chunks;
        _filled = 0;
        if (_chunks[_current] is { } chunk)
            Wait(chunk);
    }

    private Chunk Current() => _chunks[_current] ??= Create();

    private Chunk Create()
    {
        nint address;
        int status = Api.MemHostAlloc(&address, ChunkBytes, 0);
        if (context.MakesRoomAfter(status))
            status = Api.MemHostAlloc(&address, ChunkBytes, 0);
        context.Check(status, "cuMemHostAlloc");
        return new Chunk(address, context.CreateEvent());
    }

    private void Record(Chunk chunk)
    {
        context.Check(Api.EventRecord(chunk.Event, context.Stream), "cuEventRecord");
        chunk.IsTravelling = true;
    }

    private void Wait(Chunk chunk)
    {
        if (!chunk.IsTravelling)
            return;
        context.Check(Api.EventSynchronize(chunk.Event), "cuEventSynchronize");
        chunk.IsTravelling = false;
    }

    private sealed class Chunk(nint address, nint copied)
    {
        public nint Address => address;

        public nint Event => copied;

        public bool IsTravelling { get; set; }

        public Span<byte> Bytes => new((void*)address, ChunkBytes);
    }
}
