using System.Runtime.InteropServices;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>A primary context: memory, streams, modules.</summary>
internal sealed unsafe class FakeContext(FakeGpu gpu)
{
    private const byte Garbage = 0xC5;

    private readonly Dictionary<nint, long> _memory = [];
    private readonly Dictionary<nint, long> _pinned = [];

    public FakeGpu Gpu => gpu;

    public nint Handle { get; set; }

    /// <summary>The status that every call gets after a failure.</summary>
    public int Sticky { get; set; }

    public HashSet<FakeContext> Peers { get; } = [];

    public List<FakeStream> Streams { get; } = [];

    public long Used => _memory.Values.Sum();

    public nint Allocate(nuint bytes, bool isPinned)
    {
        if (bytes == 0)
            throw new FakeFault(1, "nothing was to be allocated");
        if (!isPinned && Used + (long)bytes > gpu.Memory)
            throw new FakeFault(CudaError.OutOfMemory, null);
        void* address = NativeMemory.AlignedAlloc(bytes, 256);
        new Span<byte>(address, (int)Math.Min(bytes, 1 << 20)).Fill(Garbage);
        (isPinned ? _pinned : _memory).Add((nint)address, (long)bytes);
        return (nint)address;
    }

    /// <summary>As the real one, after everything that may use the memory.</summary>
    public void Free(nint address, bool isPinned)
    {
        foreach (FakeStream stream in Streams)
            stream.Run();
        if (!(isPinned ? _pinned : _memory).Remove(address))
            throw new FakeFault(1, $"{address:x} is not allocated");
        NativeMemory.AlignedFree((void*)address);
    }

    /// <summary>The device memory around an address; null if there is none.</summary>
    public (ulong Start, long Bytes)? Around(ulong address)
    {
        foreach ((nint start, long bytes) in Peers.Append(this).SelectMany(c => c._memory))
        {
            if (address >= (ulong)start && address < (ulong)start + (ulong)bytes)
                return ((ulong)start, bytes);
        }

        return null;
    }

    public void CheckDevice(nint address, nuint bytes)
    {
        if (!_memory.Any(m => address >= m.Key && address + (long)bytes <= m.Key + m.Value))
            throw new FakeFault(1, $"{bytes} bytes from {address:x} are not in the device's memory");
    }

    public void CheckPinned(nint address, nuint bytes)
    {
        if (!_pinned.Any(m => address >= m.Key && address + (long)bytes <= m.Key + m.Value))
            throw new FakeFault(1, $"{bytes} bytes from {address:x} are not pinned");
    }

    public void RequireSame(FakeContext other)
    {
        if (other != this)
            throw new FakeFault(400, "the handle is of another context than the current one");
    }
}

/// <summary>Work in order, done when somebody waits.</summary>
internal sealed class FakeStream(FakeContext context)
{
    private readonly Queue<Action> _work = new();
    private long _done;
    private bool _isRunning;

    public FakeContext Context => context;

    /// <summary>How much was given to it.</summary>
    public long Length => _done + _work.Count;

    public void Add(Action work) => _work.Enqueue(work);

    public void Run() => RunTo(Length);

    public void RunTo(long end)
    {
        if (_isRunning && _done < end)
            throw new FakeFault(999, "streams wait for each other in a circle");
        while (_done < end && _work.TryDequeue(out Action? work))
        {
            _isRunning = true;
            try
            {
                _done++;
                if (context.Sticky == 0)
                    work();
            }
            catch (FakeFault fault)
            {
                context.Sticky = fault.Status;
                context.Gpu.Driver.Faults.Enqueue(fault.Message);
            }
            finally
            {
                _isRunning = false;
            }
        }
    }
}

/// <summary>A place in a stream.</summary>
internal sealed class FakeEvent(FakeContext context)
{
    public FakeContext Context => context;

    public (FakeStream Stream, long End)? Place { get; set; }
}

/// <summary>Compiled text.</summary>
internal sealed class FakeModule(FakeContext context, string text)
{
    public FakeContext Context => context;

    public string Text => text;

    public bool IsUnloaded { get; set; }
}
