using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>The engine's kernel of independent multiply-adds, over enough items for any device: its float32 limit.</summary>
internal sealed class FmaKernel(Device device) : IDisposable
{
    private const int Items = 1 << 21;

    private readonly Action<Index1D, ArrayView<float>, float> _kernel = device.Load<Index1D, ArrayView<float>, float>(DevicePeaks.MultiplyAdd);
    private readonly DeviceBuffer<float> _sums = device.Allocate<float>(Items);

    /// <summary>Operations of one launch.</summary>
    public static double Flops => DevicePeaks.FlopsOfItem * Items;

    public void Launch() => _kernel(new Index1D(Items), _sums, 0.5f);

    public void Dispose() => _sums.Dispose();
}
