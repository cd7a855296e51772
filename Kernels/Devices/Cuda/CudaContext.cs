using System.Collections.Concurrent;

namespace Cotangent.Kernels.Cuda;

/// <summary>A GPU's primary context with one stream: what calls of the driver need, and what becomes of their errors.</summary>
/// <remarks>The context is made current for each piece of work and taken back after it, so that other users of CUDA on the thread find
/// their own.</remarks>
internal sealed unsafe class CudaContext
{
    private const uint NonBlocking = 1;

    private readonly CudaDevice _device;
    private readonly CudaLaunchLog _log = new();
    private readonly ConcurrentQueue<(CudaGarbage Kind, nint Handle)> _garbage = new();

    public CudaContext(CudaDevice device, CudaApi api, CudaInfo info)
    {
        (_device, Api, Info, Gpu) = (device, api, info, CudaGpu.Of(api, info.Device));
        nint handle;
        Check(api.DevicePrimaryCtxRetain(&handle, info.Device), "cuDevicePrimaryCtxRetain");
        Handle = handle;
        using Scope scope = Enter();
        nint stream;
        Check(api.StreamCreate(&stream, NonBlocking), "cuStreamCreate");
        Stream = stream;
        Gpu.Add(this);
    }

    public CudaApi Api { get; }

    public CudaInfo Info { get; }

    public CudaDevice Device => _device;

    /// <summary>What it shares with other devices.</summary>
    public CudaGpu Gpu { get; }

    /// <summary>The CUcontext.</summary>
    public nint Handle { get; }

    /// <summary>The only stream.</summary>
    public nint Stream { get; }

    /// <summary>True after a failure that no call can follow.</summary>
    public bool IsLost => Gpu.Lost is not null;

    /// <summary>Makes the context current on this thread until the result is disposed.</summary>
    /// <exception cref="DeviceLostException">The device failed before.</exception>
    public Scope Enter()
    {
        Push();
        return new Scope(this);
    }

    /// <summary>Makes the context current on this thread.</summary>
    /// <exception cref="DeviceLostException">The device failed before.</exception>
    public void Push()
    {
        if (Gpu.Lost is { } first)
        {
            throw new DeviceLostException($"{_device.Id} ({_device.Name}) is lost since an earlier failure, {first.Code}; its memory is gone. " +
                "Restart the process. See docs/diagnostics.md#CTG3015", first);
        }

        Check(Api.CtxPushCurrent(Handle), "cuCtxPushCurrent");
    }

    /// <summary>Gives the thread back what was current before.</summary>
    public void Pop()
    {
        nint popped;
        _ = Api.CtxPopCurrent(&popped);
    }

    /// <summary>Notes what is to be given back to the driver, from any thread: finalisers call it.</summary>
    public void Retire(CudaGarbage kind, nint handle) => _garbage.Enqueue((kind, handle));

    /// <summary>Gives back what was noted. The context is current.</summary>
    public void Sweep()
    {
        // What is noted after the wait may have been launched after it.
        List<(CudaGarbage Kind, nint Handle)> items = [];
        while (_garbage.TryDequeue(out (CudaGarbage Kind, nint Handle) item))
            items.Add(item);
        if (items.Count == 0)
            return;
        Check(Api.StreamSynchronize(Stream), "cuStreamSynchronize");       // it may still be running
        foreach ((CudaGarbage kind, nint handle) in items)
        {
            int status = kind switch
            {
                CudaGarbage.Module => Api.ModuleUnload(handle),
                CudaGarbage.Executable => Api.GraphExecDestroy(handle),
                _ => Api.GraphDestroy(handle),
            };

            // Who sweeps is about to make something else, which does not depend on it.
            if (CudaError.IsSticky(status))
                Check(status, $"giving back a {kind}");
            else if (status != CudaError.Success && EngineEnvironment.Debug >= 1)
                Console.Error.WriteLine($"{_device.Id}: giving back a {kind} failed with {CudaError.Text(status)}");
        }
    }

    /// <summary>True if a call is worth another try: the driver had no memory for it, and was given what is kept here.</summary>
    public bool MakesRoomAfter(int status)
    {
        if (status != CudaError.OutOfMemory)
            return false;
        _device.MakeRoom();
        return true;
    }

    /// <summary>Notes a launch: the driver tells of its failure later, without its name.</summary>
    public void Issued(string kernel, in LaunchShape shape, in CudaLaunch launch) => _log.Add(kernel, shape, launch);

    /// <summary>Waits for everything issued.</summary>
    public void Synchronize()
    {
        Check(Api.StreamSynchronize(Stream), "cuStreamSynchronize");
        _log.Clear();
    }

    /// <summary>An event for order only, not for time.</summary>
    public nint CreateEvent()
    {
        const uint disableTiming = 2;
        nint handle;
        Check(Api.EventCreate(&handle, disableTiming), "cuEventCreate");
        return handle;
    }

    /// <summary>Throws unless a call succeeded.</summary>
    /// <exception cref="DeviceOutOfMemoryException">The driver has no memory.</exception>
    /// <exception cref="KernelLaunchException">A kernel failed; the device is lost.</exception>
    /// <exception cref="DeviceLostException">The device is lost for another reason.</exception>
    /// <exception cref="DeviceException">CTG3004: anything else.</exception>
    public void Check(int status, string call)
    {
        if (status != CudaError.Success)
            throw Failure(status, call);
    }

    private DeviceException Failure(int status, string call)
    {
        string where = $"{_device.Id} ({_device.Name})";
        string what = $"{call} failed with {CudaError.Text(status)}";
        if (status == CudaError.OutOfMemory)
            return new DeviceOutOfMemoryException($"{where} has no memory: {what}. See docs/diagnostics.md#CTG3003");
        if (status == CudaError.Unavailable)
            what += "; another process may have it to itself, and the next use asks again";
        if (!CudaError.IsSticky(status))
            return new DeviceException("CTG3004", $"{where}: {what}. See docs/diagnostics.md#CTG3004");

        DeviceException failure = CudaError.IsOfKernel(status) && Suspects() is { } suspects
            ? new KernelLaunchException($"{suspects.Text} failed on {where}: {what}. The device cannot be used any more by this process. " +
                "Run the kernel with DeviceOptions.Checked, or on Device.Debug, to see where. See docs/diagnostics.md#CTG3014", suspects.Kernel, suspects.Shape)
            : new DeviceLostException($"{where} is lost: {what}. Restart the process. See docs/diagnostics.md#CTG3015");
        Gpu.Lose(failure);
        return failure;
    }

    // Whoever asks first is told of the failure, of a kernel of any device of the GPU.
    private (string Text, string Kernel, string Shape)? Suspects()
    {
        (string Text, string Kernel, string Shape)? own = _log.Suspects();
        foreach (CudaContext other in Gpu.Others(this))
        {
            if (other._log.Suspects() is { } others)
                own = own is { } first ? first with { Text = $"{first.Text}, or, launched by another device of this GPU: {others.Text}," } : others;
        }

        return own;
    }

    /// <summary>The time in which the context is current.</summary>
    public readonly ref struct Scope(CudaContext context)
    {
        public void Dispose() => context.Pop();
    }
}

/// <summary>What a finaliser leaves for a thread that has the context.</summary>
internal enum CudaGarbage
{
    /// <summary>A CUmodule.</summary>
    Module,

    /// <summary>A CUgraphExec.</summary>
    Executable,

    /// <summary>A CUgraph.</summary>
    Graph,
}
