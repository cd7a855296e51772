using Cotangent.Kernels.Cpu;
using Cotangent.Kernels.Library;

namespace Cotangent.Kernels;

// Linear cross-entropy.
internal sealed partial class CpuDevice
{
    /// <summary>Computes it on all threads.</summary>
    public void Run(CpuCrossEntropy crossEntropy, in CrossEntropyOperands<float> x, CancellationToken cancellation)
    {
        lock (_queue)
            crossEntropy.Run(x, _pool, cancellation);
    }
}
