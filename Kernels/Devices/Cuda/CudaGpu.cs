using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Cotangent.Kernels.Cuda;

/// <summary>What the devices of one GPU share: a device opened with options of its own has its own stream and memory pool, but the GPU's one
/// primary context, its memory and its end.</summary>
internal sealed class CudaGpu
{
    private static readonly ConditionalWeakTable<CudaApi, ConcurrentDictionary<int, CudaGpu>> s_gpus = new();

    // Weakly: a device that nobody holds is not kept for those that come after it.
    private readonly List<WeakReference<CudaContext>> _contexts = [];
    private DeviceException? _lost;

    private CudaGpu()
    {
    }

    /// <summary>The failure that no call can follow; null if there was none.</summary>
    public DeviceException? Lost => Volatile.Read(ref _lost);

    /// <summary>The GPU of a driver's ordinal.</summary>
    public static CudaGpu Of(CudaApi api, int device) => s_gpus.GetOrCreateValue(api).GetOrAdd(device, _ => new CudaGpu());

    /// <summary>Another device uses it.</summary>
    public void Add(CudaContext context)
    {
        lock (_contexts)
        {
            _contexts.RemoveAll(c => !c.TryGetTarget(out _));
            _contexts.Add(new WeakReference<CudaContext>(context));
        }
    }

    /// <summary>Its other devices.</summary>
    public CudaContext[] Others(CudaContext than)
    {
        lock (_contexts)
        {
            return [.. _contexts.Select(c => c.TryGetTarget(out CudaContext? context) ? context : null).OfType<CudaContext>().Where(c => c != than)];
        }
    }

    /// <summary>Notes the failure; the first one counts.</summary>
    public void Lose(DeviceException failure) => Interlocked.CompareExchange(ref _lost, failure, null);
}
