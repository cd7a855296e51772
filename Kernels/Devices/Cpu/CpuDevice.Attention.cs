using Cotangent.Kernels.Cpu;

namespace Cotangent.Kernels;

// Work written against the processor's vectors directly.
internal sealed partial class CpuDevice
{
    /// <summary>Runs host code as a launch: in the device's order, on its threads.</summary>
    internal void Run(Action<IParallel> work)
    {
        lock (_queue)
            work(_pool);
    }
}
