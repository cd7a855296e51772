using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Cotangent.Kernels;
using Cotangent.Kernels.Cuda;

namespace Cotangent.Tests.Kernels.Cuda;

/// <summary>The fake driver's entry points, by their exported names. Each has the C signature of the real one.</summary>
internal static unsafe partial class FakeEntries
{
    private static readonly Dictionary<string, nint> s_entries = typeof(FakeEntries)
        .GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
        .Where(m => m.GetCustomAttribute<UnmanagedCallersOnlyAttribute>() is not null)
        .ToDictionary(m => m.Name, m => m.MethodHandle.GetFunctionPointer());

    /// <summary>An entry's address; 0 if there is none.</summary>
    public static nint Find(string name) => s_entries.GetValueOrDefault(name);

    [UnmanagedCallersOnly]
    private static int cuInit(uint flags) => FakeDriver.Run(nameof(cuInit), () =>
    {
        if (FakeDriver.Discovered.InitStatus != 0)
            throw new FakeFault(FakeDriver.Discovered.InitStatus, null);
    });

    [UnmanagedCallersOnly]
    private static int cuDriverGetVersion(int* version) =>
        FakeDriver.Run(nameof(cuDriverGetVersion), () => *version = FakeDriver.Discovered.Version);

    [UnmanagedCallersOnly]
    private static int cuDeviceGetCount(int* count) =>
        FakeDriver.Run(nameof(cuDeviceGetCount), () => *count = FakeDriver.Discovered.Gpus.Length);

    [UnmanagedCallersOnly]
    private static int cuDeviceGet(int* device, int ordinal) =>
        FakeDriver.Run(nameof(cuDeviceGet), () => *device = FakeDriver.Discovered.Gpus[ordinal].Device);

    [UnmanagedCallersOnly]
    private static int cuDeviceGetName(byte* name, int length, int device) => FakeDriver.Run(nameof(cuDeviceGetName), () =>
        Encoding.UTF8.GetBytes(FakeDriver.Gpu(device).Name + '\0').CopyTo(new Span<byte>(name, length)));

    [UnmanagedCallersOnly]
    private static int cuDeviceTotalMem_v2(nuint* bytes, int device) =>
        FakeDriver.Run(nameof(cuDeviceTotalMem_v2), () => *bytes = (nuint)FakeDriver.Gpu(device).Memory);

    [UnmanagedCallersOnly]
    private static int cuDeviceGetAttribute(int* value, int attribute, int device) => FakeDriver.Run(nameof(cuDeviceGetAttribute), () =>
    {
        FakeGpu gpu = FakeDriver.Gpu(device);
        *value = attribute switch
        {
            1 => gpu.MaxGroupSize,
            2 or 3 => 1024,
            4 => 64,
            5 => int.MaxValue,
            6 or 7 => 65535,
            8 => gpu.SharedMemory,
            16 => gpu.Multiprocessors,
            20 => gpu.IsProhibited ? 2 : 0,
            75 => gpu.Capability / 10,
            76 => gpu.Capability % 10,
            97 => gpu.SharedMemoryOptIn,
            _ => throw new FakeFault(1, $"attribute {attribute}"),
        };
    });

    [UnmanagedCallersOnly]
    private static int cuDeviceCanAccessPeer(int* can, int device, int peer) => FakeDriver.Run(nameof(cuDeviceCanAccessPeer), () =>
        *can = FakeDriver.Gpu(device).Peers.Contains(FakeDriver.Gpu(peer).Device % 16) ? 1 : 0);

    [UnmanagedCallersOnly]
    private static int cuDevicePrimaryCtxRetain(nint* context, int device) => FakeDriver.Run(nameof(cuDevicePrimaryCtxRetain), () =>
    {
        FakeGpu gpu = FakeDriver.Gpu(device);
        if (gpu.Context is null)
        {
            gpu.Context = new FakeContext(gpu);
            gpu.Context.Handle = FakeDriver.Add(gpu.Context);
        }

        *context = gpu.Context.Handle;
    });

    [UnmanagedCallersOnly]
    private static int cuCtxPushCurrent_v2(nint context) =>
        FakeDriver.Run(nameof(cuCtxPushCurrent_v2), () => FakeDriver.Contexts.Push(FakeDriver.Get<FakeContext>(context)));

    [UnmanagedCallersOnly]
    private static int cuCtxPopCurrent_v2(nint* context) => FakeDriver.Run(nameof(cuCtxPopCurrent_v2), () =>
    {
        if (!FakeDriver.Contexts.TryPop(out FakeContext? popped))
            throw new FakeFault(201, "no context is current");
        *context = popped.Handle;
    });

    [UnmanagedCallersOnly]
    private static int cuCtxEnablePeerAccess(nint peer, uint flags) => FakeDriver.Run(nameof(cuCtxEnablePeerAccess), () =>
    {
        FakeContext other = FakeDriver.Get<FakeContext>(peer);
        if (flags != 0 || !FakeDriver.Current.Gpu.Peers.Contains(other.Gpu.Device % 16))
            throw new FakeFault(217, "the peer is out of reach");
        if (!FakeDriver.Current.Peers.Add(other))
            throw new FakeFault(704, null);
    });

    [UnmanagedCallersOnly]
    private static int cuMemGetInfo_v2(nuint* free, nuint* total) => FakeDriver.Run(nameof(cuMemGetInfo_v2), () =>
    {
        FakeContext context = FakeDriver.Current;
        (*free, *total) = ((nuint)(context.Gpu.Memory - context.Used), (nuint)context.Gpu.Memory);
    });

    [UnmanagedCallersOnly]
    private static int cuMemAlloc_v2(nint* address, nuint bytes) =>
        FakeDriver.Run(nameof(cuMemAlloc_v2), () => *address = FakeDriver.Current.Allocate(bytes, isPinned: false));

    [UnmanagedCallersOnly]
    private static int cuMemFree_v2(nint address) =>
        FakeDriver.Run(nameof(cuMemFree_v2), () => FakeDriver.Current.Free(address, isPinned: false));

    [UnmanagedCallersOnly]
    private static int cuMemHostAlloc(nint* address, nuint bytes, uint flags) =>
        FakeDriver.Run(nameof(cuMemHostAlloc), () => *address = FakeDriver.Current.Allocate(bytes, isPinned: true));

    [UnmanagedCallersOnly]
    private static int cuMemFreeHost(nint address) =>
        FakeDriver.Run(nameof(cuMemFreeHost), () => FakeDriver.Current.Free(address, isPinned: true));

    [UnmanagedCallersOnly]
    private static int cuMemcpyHtoDAsync_v2(nint to, nint from, nuint bytes, nint stream) => FakeDriver.Run(nameof(cuMemcpyHtoDAsync_v2), () =>
    {
        FakeContext context = FakeDriver.Current;
        context.CheckDevice(to, bytes);
        context.CheckPinned(from, bytes);
        Stream(stream).Add(() => FakeWork.Copy(to, from, bytes));
    });

    [UnmanagedCallersOnly]
    private static int cuMemcpyDtoHAsync_v2(nint to, nint from, nuint bytes, nint stream) => FakeDriver.Run(nameof(cuMemcpyDtoHAsync_v2), () =>
    {
        FakeContext context = FakeDriver.Current;
        context.CheckDevice(from, bytes);
        context.CheckPinned(to, bytes);
        Stream(stream).Add(() => FakeWork.Copy(to, from, bytes));
    });

    [UnmanagedCallersOnly]
    private static int cuMemcpyDtoDAsync_v2(nint to, nint from, nuint bytes, nint stream) => FakeDriver.Run(nameof(cuMemcpyDtoDAsync_v2), () =>
    {
        FakeContext context = FakeDriver.Current;
        context.CheckDevice(from, bytes);
        context.CheckDevice(to, bytes);
        Stream(stream).Add(() => FakeWork.Copy(to, from, bytes));
    });

    [UnmanagedCallersOnly]
    private static int cuMemcpyPeerAsync(nint to, nint toContext, nint from, nint fromContext, nuint bytes, nint stream) =>
        FakeDriver.Run(nameof(cuMemcpyPeerAsync), () =>
        {
            FakeDriver.Get<FakeContext>(toContext).CheckDevice(to, bytes);
            FakeDriver.Get<FakeContext>(fromContext).CheckDevice(from, bytes);
            Stream(stream).Add(() => FakeWork.Copy(to, from, bytes));
        });

    [UnmanagedCallersOnly]
    private static int cuStreamCreate(nint* stream, uint flags) => FakeDriver.Run(nameof(cuStreamCreate), () =>
    {
        FakeStream created = new(FakeDriver.Current);
        created.Context.Streams.Add(created);
        *stream = FakeDriver.Add(created);
    });

    [UnmanagedCallersOnly]
    private static int cuStreamSynchronize(nint stream) => FakeDriver.Run(nameof(cuStreamSynchronize), () => Wait(Stream(stream), long.MaxValue));

    [UnmanagedCallersOnly]
    private static int cuStreamWaitEvent(nint stream, nint @event, uint flags) => FakeDriver.Run(nameof(cuStreamWaitEvent), () =>
    {
        if (FakeDriver.Get<FakeEvent>(@event).Place is { } place)
            Stream(stream).Add(() => place.Stream.RunTo(place.End));
    });

    [UnmanagedCallersOnly]
    private static int cuEventCreate(nint* @event, uint flags) =>
        FakeDriver.Run(nameof(cuEventCreate), () => *@event = FakeDriver.Add(new FakeEvent(FakeDriver.Current)));

    [UnmanagedCallersOnly]
    private static int cuEventRecord(nint @event, nint stream) => FakeDriver.Run(nameof(cuEventRecord), () =>
    {
        FakeEvent recorded = FakeDriver.Get<FakeEvent>(@event);
        recorded.Context.RequireSame(Stream(stream).Context);
        recorded.Place = (Stream(stream), Stream(stream).Length);
    });

    [UnmanagedCallersOnly]
    private static int cuEventSynchronize(nint @event) => FakeDriver.Run(nameof(cuEventSynchronize), () =>
    {
        if (FakeDriver.Get<FakeEvent>(@event).Place is { } place)
            Wait(place.Stream, place.End);
    });

    private static FakeStream Stream(nint handle)
    {
        FakeStream stream = FakeDriver.Get<FakeStream>(handle);
        stream.Context.RequireSame(FakeDriver.Current);
        return stream;
    }

    private static void Wait(FakeStream stream, long end)
    {
        stream.RunTo(Math.Min(end, stream.Length));
        _ = FakeDriver.Current;
    }
}
