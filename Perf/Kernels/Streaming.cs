using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>One pass over arrays, from the L2 cache and from memory.</summary>
internal static unsafe class Streaming
{
    private const int Small = 1 << 15;
    private const int Large = 1 << 24;
    private const int Lanes = 16;

    private static void Axpy(Index1D i, float a, ArrayView<float> x, ArrayView<float> y) => y[i] += a * x[i];

    private static void Triad(Index1D i, float s, ArrayView<float> x, ArrayView<float> y, ArrayView<float> z) => z[i] = x[i] + s * y[i];

    private static void LeakyRelu(Index1D i, float slope, ArrayView<float> x, ArrayView<float> y)
    {
        float v = x[i];
        if (v < 0)
            y[i] = slope * v;
        else
            y[i] = v;
    }

    public static Contest[] Cases(Lab lab) =>
        [AxpyCase(lab, Small), AxpyCase(lab, Large), TriadCase(lab, Small), TriadCase(lab, Large), LeakyReluCase(lab, Small)];

    private static string Place(int n) => n == Small ? "L2" : "memory";

    private static Contest AxpyCase(Lab lab, int n)
    {
        const float a = 1e-4f;
        DeviceBuffer<float> x = lab.Floats(n, -1, 1), y = lab.Empty<float>(n);
        Action<Index1D, float, ArrayView<float>, ArrayView<float>> kernel =
            lab.Device.Load<Index1D, float, ArrayView<float>, ArrayView<float>>(Axpy);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y);
        return new Contest($"axpy, {Place(n)}")
        {
            Ours = () => kernel(n, a, x, y),
            Hand = (from, to) => AxpyByHand(a, px, py, from * 4 * Lanes, to * 4 * Lanes),
            Plain = (from, to) => AxpyPlain(a, px, py, from * 4 * Lanes, to * 4 * Lanes),
            Units = n / (4 * Lanes),
            Reset = Lab.Clear(y),
            Result = () => Lab.Numbers(y),
            Work = 12.0 * n,
        };
    }

    private static void AxpyByHand(float a, float* x, float* y, int from, int to)
    {
        Vector512<float> va = Vector512.Create(a);
        for (int i = from; i < to; i += 4 * Lanes)
        {
            Vector512.FusedMultiplyAdd(va, Vector512.Load(x + i), Vector512.Load(y + i)).Store(y + i);
            Vector512.FusedMultiplyAdd(va, Vector512.Load(x + i + 16), Vector512.Load(y + i + 16)).Store(y + i + 16);
            Vector512.FusedMultiplyAdd(va, Vector512.Load(x + i + 32), Vector512.Load(y + i + 32)).Store(y + i + 32);
            Vector512.FusedMultiplyAdd(va, Vector512.Load(x + i + 48), Vector512.Load(y + i + 48)).Store(y + i + 48);
        }
    }

    private static void AxpyPlain(float a, float* x, float* y, int from, int to)
    {
        for (int i = from; i < to; i++)
            y[i] += a * x[i];
    }

    private static Contest TriadCase(Lab lab, int n)
    {
        const float s = 0.5f;
        DeviceBuffer<float> x = lab.Floats(n, -1, 1), y = lab.Floats(n, -1, 1), z = lab.Empty<float>(n);
        Action<Index1D, float, ArrayView<float>, ArrayView<float>, ArrayView<float>> kernel =
            lab.Device.Load<Index1D, float, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Triad);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y), pz = Lab.Pointer(z);
        return new Contest($"triad, {Place(n)}")
        {
            Ours = () => kernel(n, s, x, y, z),
            Hand = n == Small
                ? (from, to) => TriadByHand(s, px, py, pz, from * 4 * Lanes, to * 4 * Lanes)
                : (from, to) => TriadStreaming(s, px, py, pz, from * 4 * Lanes, to * 4 * Lanes),
            Plain = (from, to) => TriadPlain(s, px, py, pz, from * 4 * Lanes, to * 4 * Lanes),
            Units = n / (4 * Lanes),
            Reset = Lab.Clear(z),
            Result = () => Lab.Numbers(z),
            Work = 12.0 * n,
        };
    }

    private static void TriadByHand(float s, float* x, float* y, float* z, int from, int to)
    {
        Vector512<float> vs = Vector512.Create(s);
        for (int i = from; i < to; i += 4 * Lanes)
        {
            Vector512.FusedMultiplyAdd(vs, Vector512.Load(y + i), Vector512.Load(x + i)).Store(z + i);
            Vector512.FusedMultiplyAdd(vs, Vector512.Load(y + i + 16), Vector512.Load(x + i + 16)).Store(z + i + 16);
            Vector512.FusedMultiplyAdd(vs, Vector512.Load(y + i + 32), Vector512.Load(x + i + 32)).Store(z + i + 32);
            Vector512.FusedMultiplyAdd(vs, Vector512.Load(y + i + 48), Vector512.Load(x + i + 48)).Store(z + i + 48);
        }
    }

    // The output is larger than the caches: it bypasses them.
    private static void TriadStreaming(float s, float* x, float* y, float* z, int from, int to)
    {
        Vector512<float> vs = Vector512.Create(s);
        for (int i = from; i < to; i += Lanes)
            Vector512.FusedMultiplyAdd(vs, Vector512.Load(y + i), Vector512.Load(x + i)).StoreAlignedNonTemporal(z + i);
    }

    private static void TriadPlain(float s, float* x, float* y, float* z, int from, int to)
    {
        for (int i = from; i < to; i++)
            z[i] = x[i] + s * y[i];
    }

    private static Contest LeakyReluCase(Lab lab, int n)
    {
        const float slope = 0.01f;
        DeviceBuffer<float> x = lab.Floats(n, -1, 1), y = lab.Empty<float>(n);
        Action<Index1D, float, ArrayView<float>, ArrayView<float>> kernel =
            lab.Device.Load<Index1D, float, ArrayView<float>, ArrayView<float>>(LeakyRelu);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y);
        return new Contest($"leaky relu, two stores, {Place(n)}")
        {
            Ours = () => kernel(n, slope, x, y),
            Hand = (from, to) => LeakyReluByHand(slope, px, py, from * 4 * Lanes, to * 4 * Lanes),
            Plain = (from, to) => LeakyReluPlain(slope, px, py, from * 4 * Lanes, to * 4 * Lanes),
            Units = n / (4 * Lanes),
            Reset = Lab.Clear(y),
            Result = () => Lab.Numbers(y),
            Work = 8.0 * n,
        };
    }

    private static void LeakyReluByHand(float slope, float* x, float* y, int from, int to)
    {
        Vector512<float> vs = Vector512.Create(slope);
        for (int i = from; i < to; i += 2 * Lanes)
        {
            Vector512<float> a = Vector512.Load(x + i), b = Vector512.Load(x + i + Lanes);
            Vector512.ConditionalSelect(Vector512.LessThan(a, Vector512<float>.Zero), vs * a, a).Store(y + i);
            Vector512.ConditionalSelect(Vector512.LessThan(b, Vector512<float>.Zero), vs * b, b).Store(y + i + Lanes);
        }
    }

    private static void LeakyReluPlain(float slope, float* x, float* y, int from, int to)
    {
        for (int i = from; i < to; i++)
            y[i] = x[i] < 0 ? slope * x[i] : x[i];
    }
}
