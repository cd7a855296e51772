using System.Collections.Concurrent;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>A CUDA driver on host memory, entered through function pointers of the C signatures. It is as lazy as it may be: what a
/// stream was given runs when somebody waits for it, so that whoever forgets to wait reads garbage. Kernels run in the PTX
/// executor.</summary>
/// <remarks>What a program must not do (a call without the context, a freed pointer, a copy from memory that is not pinned, …) is answered
/// as the driver does and noted in <see cref="Misuses"/>.</remarks>
internal sealed class FakeDriver
{
    private static readonly Lock s_lock = new();
    private static readonly List<FakeDriver> s_machines = [];
    private static readonly ConcurrentDictionary<nint, object> s_objects = new();
    private static long s_lastHandle = 0x5000_0000;

    [ThreadStatic]
    private static FakeDriver? t_discovered;

    [ThreadStatic]
    private static Stack<FakeContext>? t_contexts;

    private CudaApi? _api;

    public FakeDriver(params FakeGpu[] gpus)
    {
        lock (s_lock)
        {
            Gpus = gpus.Length > 0 ? gpus : [new FakeGpu()];
            int first = 16 * s_machines.Count;
            for (int i = 0; i < Gpus.Length; i++)
                (Gpus[i].Driver, Gpus[i].Device) = (this, first + i);
            s_machines.Add(this);
        }
    }

    public FakeGpu[] Gpus { get; }

    /// <summary>What cuInit answers.</summary>
    public int InitStatus { get; init; }

    public int Version { get; init; } = 12040;

    /// <summary>Entry points that the driver lacks.</summary>
    public HashSet<string> Missing { get; init; } = [];

    /// <summary>What was done that must not be.</summary>
    public ConcurrentQueue<string> Misuses { get; } = new();

    /// <summary>Why kernels failed: what a real driver does not tell.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Answers instead of doing the work, by entry: the status, given how often it was called before.</summary>
    public ConcurrentDictionary<string, Func<int, int>> Answers { get; } = new();

    /// <summary>How often each entry was called.</summary>
    public ConcurrentDictionary<string, int> Calls { get; } = new();

    /// <summary>The name of a kernel, or a part, that fails with a status when it runs.</summary>
    public (string Name, int Status)? FailingKernel { get; set; }

    /// <summary>What the compiler says of any text, if it takes none.</summary>
    public string? CompilerError { get; set; }

    /// <summary>The contexts that the calling thread has pushed and not popped.</summary>
    public static int ContextsOfThread => t_contexts?.Count ?? 0;

    public CudaApi Api() => _api ??= new(name => Missing.Contains(name) ? 0 : FakeEntries.Find(name));

    public IReadOnlyList<CudaInfo> Infos(out string reason)
    {
        t_discovered = this;
        try
        {
            return CudaInfo.FindAll(Api(), out reason);
        }
        finally
        {
            t_discovered = null;
        }
    }

    /// <summary>A device for each GPU.</summary>
    public CudaDevice[] Devices(string id = "cuda-emulated")
    {
        CudaApi api = Api();
        return [.. Infos(out _).Select((info, i) => new CudaDevice(api, info, i == 0 ? id : $"{id}:{i}"))];
    }

    // ---- for the entries ----

    internal static FakeDriver Discovered => t_discovered ?? throw new FakeFault(3, "the driver was asked for devices outside Infos");

    internal static Stack<FakeContext> Contexts => t_contexts ??= new();

    /// <summary>The context that is current, if it still works.</summary>
    internal static FakeContext Current
    {
        get
        {
            if (Contexts.Count == 0)
                throw new FakeFault(201, "no context is current");
            FakeContext context = Contexts.Peek();
            if (context.Sticky != 0)
                throw new FakeFault(context.Sticky, null);
            return context;
        }
    }

    internal static FakeGpu Gpu(int device)
    {
        lock (s_lock)
        {
            FakeDriver? machine = s_machines.ElementAtOrDefault(device / 16);
            return machine?.Gpus.ElementAtOrDefault(device % 16) ?? throw new FakeFault(101, $"there is no device {device}");
        }
    }

    internal static nint Add(object item)
    {
        nint handle = (nint)Interlocked.Add(ref s_lastHandle, 16);
        s_objects[handle] = item;
        return handle;
    }

    internal static T Get<T>(nint handle)
        where T : class => s_objects.GetValueOrDefault(handle) as T ?? throw new FakeFault(400, $"{handle:x} is no {typeof(T).Name}");

    internal static T Remove<T>(nint handle)
        where T : class
    {
        T item = Get<T>(handle);
        s_objects.TryRemove(handle, out _);
        return item;
    }

    /// <summary>Runs an entry's work and answers as C does. One at a time, as if the driver had one lock.</summary>
    internal static int Run(string entry, Action work)
    {
        FakeDriver? driver = t_discovered ?? (Contexts.Count > 0 ? Contexts.Peek().Gpu.Driver : null);
        try
        {
            lock (s_lock)
            {
                int before = driver?.Calls.AddOrUpdate(entry, 1, (_, n) => n + 1) - 1 ?? 0;
                if (driver?.Answers.GetValueOrDefault(entry) is { } answer && answer(before) is not 0 and int status)
                    throw new FakeFault(status, null);
                work();
                return 0;
            }
        }
        catch (FakeFault fault)
        {
            if (fault.IsMisuse)
                (driver ?? s_machines[0]).Misuses.Enqueue($"{entry}: {fault.Message}");
            if (CudaError.IsSticky(fault.Status) && Contexts.Count > 0)
                Contexts.Peek().Sticky = fault.Status;
            return fault.Status;
        }
        catch (Exception bug)
        {
            (driver ?? s_machines[0]).Misuses.Enqueue($"{entry}: {bug}");
            return 999;
        }
    }
}

/// <summary>A GPU as its driver describes it.</summary>
internal sealed class FakeGpu
{
    public string Name { get; init; } = "Emulated GPU";

    public int Capability { get; init; } = 80;

    public long Memory { get; init; } = 1L << 31;

    public int Multiprocessors { get; init; } = 2;

    public int SharedMemory { get; init; } = 48 << 10;

    public int SharedMemoryOptIn { get; init; } = 163 << 10;

    public int MaxGroupSize { get; init; } = 1024;

    /// <summary>The largest group of kernels that do not ask for more by <c>.maxntid</c>; null: as large as any.</summary>
    public int? MaxGroupSizeUnasked { get; init; }

    public bool IsProhibited { get; init; }

    /// <summary>Ordinals of the GPUs whose memory it reaches.</summary>
    public HashSet<int> Peers { get; init; } = [];

    public FakeDriver Driver { get; set; } = null!;

    public int Device { get; set; }

    public FakeContext? Context { get; set; }
}

/// <summary>An entry fails with a status. With a misuse it is the caller's fault.</summary>
internal sealed class FakeFault(int status, string? misuse) : Exception(misuse)
{
    public int Status => status;

    public bool IsMisuse { get; } = misuse is not null;
}
