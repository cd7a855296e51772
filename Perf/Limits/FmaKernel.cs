using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>Independent fused multiply-adds in registers, as a kernel: the float32 limit of a device.</summary>
internal sealed class FmaKernel(Device device) : IDisposable
{
    private const int Items = 1 << 20;
    private const int Rounds = 1024;
    private const int Chains = 8;

    private readonly Action<Index1D, ArrayView<float>, float> _kernel = device.Load<Index1D, ArrayView<float>, float>(Run);
    private readonly DeviceBuffer<float> _sums = device.Allocate<float>(Items);

    /// <summary>Operations of one launch.</summary>
    public static double Flops => 2.0 * Chains * Rounds * Items;

    public void Launch() => _kernel(new Index1D(Items), _sums, 0.5f);

    public void Dispose() => _sums.Dispose();

    private static void Run(Index1D i, ArrayView<float> sums, float m)
    {
        float a = i.X, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7;
        for (int round = 0; round < Rounds; round++)
        {
            a = MathF.FusedMultiplyAdd(a, m, m);
            b = MathF.FusedMultiplyAdd(b, m, m);
            c = MathF.FusedMultiplyAdd(c, m, m);
            d = MathF.FusedMultiplyAdd(d, m, m);
            e = MathF.FusedMultiplyAdd(e, m, m);
            f = MathF.FusedMultiplyAdd(f, m, m);
            g = MathF.FusedMultiplyAdd(g, m, m);
            h = MathF.FusedMultiplyAdd(h, m, m);
        }

        sums[i] = a + b + c + d + e + f + g + h;
    }
}
