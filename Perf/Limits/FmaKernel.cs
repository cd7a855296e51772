using System.Diagnostics;
using Cotangent.Execution;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>The engine's kernel of independent multiply-adds, over enough items for the device: its float32 limit.</summary>
internal sealed class FmaKernel : IDisposable
{
    private const int LeastItems = 1 << 16;
    private const int MostItems = 1 << 21;

    // A launch that takes so long is not about launching; a slow device would take a second for what a fast one does in as much.
    private const double Enough = 0.01;

    private readonly Action<Index1D, ArrayView<float>, float> _kernel;
    private readonly DeviceBuffer<float> _sums;
    private readonly int _items = LeastItems;

    public FmaKernel(Device device)
    {
        _kernel = device.Load<Index1D, ArrayView<float>, float>(DevicePeaks.MultiplyAdd);
        _sums = device.Allocate<float>(MostItems);
        Seconds(device); // compiles
        while (_items < MostItems && Seconds(device) < Enough)
            _items *= 2;
    }

    /// <summary>Operations of one launch.</summary>
    public double Flops => DevicePeaks.FlopsOfItem * _items;

    public void Launch() => _kernel(new Index1D(_items), _sums, 0.5f);

    public void Dispose() => _sums.Dispose();

    private double Seconds(Device device)
    {
        device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        Launch();
        device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
