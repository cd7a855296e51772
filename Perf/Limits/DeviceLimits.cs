using System.Diagnostics;
using Cotangent.Kernels;

namespace Cotangent.Perf;

/// <summary>The limits of a device behind a driver, by kernels of one pass; a copy also by the driver's own command. Their stores are
/// the device's choice: a streaming copy is a copy.</summary>
internal sealed class DeviceLimits : Limits
{
    private const int Floats = 1 << 26;
    private const int Chunks = 16;

    private readonly Device _device;
    private readonly DeviceBuffer<float> _x;
    private readonly DeviceBuffer<float> _y;
    private readonly DeviceBuffer<float> _z;
    private readonly Action<Index1D, ArrayView<float>, int, ArrayView<float>> _read;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>> _copy;
    private readonly Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>> _triad;

    private readonly FmaKernel _fma;

    public DeviceLimits(Device device, int threads)
        : base(threads)
    {
        _device = device;
        _fma = new FmaKernel(device);
        (_x, _y, _z) = (device.Allocate<float>(Floats), device.Allocate<float>(Floats), device.Allocate<float>(Floats));
        float[] ones = new float[Floats];
        ones.AsSpan().Fill(0.5f);
        foreach (DeviceBuffer<float> buffer in (DeviceBuffer<float>[])[_x, _y, _z])
            buffer.CopyFrom(ones);
        _read = device.Load<Index1D, ArrayView<float>, int, ArrayView<float>>(Read);
        _copy = device.Load<Index1D, ArrayView<float>, ArrayView<float>>(Copy);
        _triad = device.Load<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Triad);
    }

    public override void Dispose()
    {
        base.Dispose();
        _fma.Dispose();
        _x.Dispose();
        _y.Dispose();
        _z.Dispose();
    }

    private protected override double Sweep(Limit limit, double footprint) => limit switch
    {
        Limit.Fma => _fma.Flops / Time(_fma.Launch),
        Limit.Read => 4.0 * Floats / Time(() => _read(Floats / Chunks, _x, Floats / Chunks, _y)),
        Limit.Triad => 12.0 * Floats / Time(() => _triad(Floats, _x, _y, _z)),
        _ => 8.0 * Floats / Math.Min(Time(() => _copy(Floats, _x, _y)), Time(CopyByDriver)),
    };

    private void CopyByDriver() => _device.Copy(_x.View.Argument.Memory!, 0, _y.View.Argument.Memory!, 0, 4L * Floats);

    private double Time(Action run)
    {
        _device.Synchronize();
        long start = Stopwatch.GetTimestamp();
        run();
        _device.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static void Read(Index1D i, ArrayView<float> x, int stride, ArrayView<float> y)
    {
        float sum = 0;
        for (int k = 0; k < Chunks; k++)
            sum += x[i.X + k * stride];
        if (sum == -1)
            y[i.X] = sum;
    }

    private static void Copy(Index1D i, ArrayView<float> x, ArrayView<float> y) => y[i] = x[i];

    private static void Triad(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<float> z) => z[i] = x[i] + 0.5f * y[i];
}
