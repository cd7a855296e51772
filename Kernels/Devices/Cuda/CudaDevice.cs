using System.Collections.Immutable;
using Cotangent.Kernels.Ir;

namespace Cotangent.Kernels.Cuda;

/// <summary>An NVIDIA GPU behind its driver: the primary context and one in-order stream.</summary>
internal sealed unsafe partial class CudaDevice : Device
{
    private static readonly Lazy<(ImmutableArray<Device> Devices, string Reason)> s_found = new(Find);

    private static int s_devices;

    private readonly CudaApi _api;
    private readonly CudaInfo _info;
    private readonly Func<Kernel, Kernel>? _lower;
    private readonly FirstUse<Session> _session;

    /// <summary>Held for each call of the driver, and for the whole of a replayed run. No other lock is held when it is taken, but that of a device
    /// that came before this one (<see cref="_number"/>): a run that holds it may want any of them.</summary>
    private readonly Lock _lock = new();
    private readonly int _number = Interlocked.Increment(ref s_devices);

    /// <summary>A device; for tests, with other passes before the translation than the standard ones.</summary>
    public CudaDevice(CudaApi api, CudaInfo info, string id, Func<Kernel, Kernel>? lower = null)
        : base(DeviceKind.Cuda, id, info.Name)
    {
        (_api, _info, _lower) = (api, info, lower);
        _session = new FirstUse<Session>(() => new Session(this, api, info, lower));
    }

    /// <summary>Every GPU that CUDA can use here.</summary>
    public static ImmutableArray<Device> Found => s_found.Value.Devices;

    /// <summary>Why there is none, as a sentence.</summary>
    public static string Reason => s_found.Value.Reason;

    /// <inheritdoc/>
    public override long MaxSharedMemoryPerGroup => _info.SharedMemoryOptIn;

    internal override bool IsGpu => true;

    internal override bool FusesEpilogues => true;

    internal override int LargestProductTile => 128;

    internal override bool HasMatrixUnits => new Targets.PtxTraits(_info.Capability).MatrixUnits;

    internal CudaInfo Info => _info;

    internal CudaAllocator Allocator => _session.Value.Allocator;

    internal CudaCompiler Compiler => _session.Value.Compiler;

    private CudaContext Context => _session.Value.Context;

    /// <inheritdoc/>
    public override void Synchronize()
    {
        lock (_lock)
        {
            using CudaContext.Scope scope = Context.Enter();
            Interrupt();
            Context.Synchronize();
        }
    }

    private protected override Device With(DeviceOptions options) => new CudaDevice(_api, _info, Id, _lower) { Options = options };

    internal override DeviceMemory AllocateMemory(long bytes) => Allocator.Allocate(bytes);

    internal override CompiledKernel Compile(Kernel kernel) => Compiler.Compile([kernel])[0];

    internal override IReadOnlyList<CompiledKernel> CompileBatch(IReadOnlyList<Kernel> kernels) => Compiler.Compile(kernels);

    internal override void Gemm(in GemmProblem problem, KernelArgument a, KernelArgument b, KernelArgument c) =>
        _session.Value.Gemm.Multiply(problem, a, b, c);

    /// <summary>Gives a block of memory back to the driver. What a run holds back may use it, so that comes first.</summary>
    internal void Free(nint address)
    {
        lock (_lock)
        {
            using CudaContext.Scope scope = Context.Enter();
            Interrupt();
            Context.Check(_api.MemFree(address), "cuMemFree");
        }
    }

    /// <summary>Has the driver as much memory as it can. Not while another thread is at work on this device: it may be waiting for who asks, for a
    /// kernel that is being compiled.</summary>
    internal void MakeRoom()
    {
        if (!_lock.TryEnter())
            return;
        try
        {
            Allocator.MakeRoom();
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Gives back the memory that this device keeps for reuse, for another device of the GPU; false if it has none, or is at work: who
    /// asks may hold that device's lock, so this one's is not waited for.</summary>
    internal bool TryFreeCache()
    {
        if (!_session.IsMade || !_lock.TryEnter())
            return false;
        try
        {
            return Allocator.FreeCache();
        }
        finally
        {
            _lock.Exit();
        }
    }

    private static (ImmutableArray<Device> Devices, string Reason) Find()
    {
        if (CudaApi.TryLoad(out string reason) is not { } api)
            return ([], reason);
        List<CudaInfo> infos = CudaInfo.FindAll(api, out reason);
        return ([.. infos.Select((info, i) => new CudaDevice(api, info, i == 0 ? "cuda" : $"cuda:{i}"))], reason);
    }

    /// <summary>What is created at first use, not when devices are listed.</summary>
    private sealed class Session
    {
        public Session(CudaDevice device, CudaApi api, CudaInfo info, Func<Kernel, Kernel>? lower)
        {
            Context = new CudaContext(device, api, info);
            Allocator = new CudaAllocator(Context);
            Compiler = new CudaCompiler(Context, lower);
            Staging = new CudaStaging(Context);
            Gemm = new OpenCl.OpenClGemm(device, info.MaxGroupSize);
        }

        public CudaContext Context { get; }

        public CudaAllocator Allocator { get; }

        public CudaCompiler Compiler { get; }

        public CudaStaging Staging { get; }

        public OpenCl.OpenClGemm Gemm { get; }
    }
}
