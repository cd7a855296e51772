using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Cotangent.Kernels;
using Cotangent.Kernels.Ir;

namespace Cotangent.Execution;

/// <summary>Compiled kernels by device and IR text: graphs that lead to the same kernel share it.</summary>
internal static class KernelCache
{
    /// <summary>Beyond this many kernels of a device the cache starts anew; programs hold on to theirs.</summary>
    private const int Capacity = 4096;

    private static readonly ConditionalWeakTable<Device, ConcurrentDictionary<string, CompiledKernel>> s_devices = [];

    private static long s_asked;
    private static long s_cached;

    /// <summary>Kernels asked for so far, and those of them that were there.</summary>
    public static (long Asked, long Cached) Counts => (Interlocked.Read(ref s_asked), Interlocked.Read(ref s_cached));

    public static CompiledKernel Get(Device device, Kernel kernel)
    {
        ConcurrentDictionary<string, CompiledKernel> kernels = s_devices.GetOrCreateValue(device);
        string text = Printer.Print(kernel);
        Interlocked.Increment(ref s_asked);
        if (kernels.TryGetValue(text, out CompiledKernel? compiled))
        {
            Interlocked.Increment(ref s_cached);
            return compiled;
        }

        Verifier.Verify(kernel, "fusion");
        if (kernels.Count >= Capacity) kernels.Clear();
        return kernels[text] = device.Compile(kernel);
    }
}
