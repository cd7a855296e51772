using System.Runtime.Intrinsics;
using Cotangent.Kernels;

namespace Cotangent.Perf.Kernels;

/// <summary>Arrays of structs: complex products of pairs, unit vectors of four floats each.</summary>
internal static unsafe class Strided
{
    private const int Count = 1 << 14;
    private const int Lanes = 16;

    private record struct Float4(float X, float Y, float Z, float W);

    private static void Multiply(Index1D i, ArrayView<float> x, ArrayView<float> y, ArrayView<float> z)
    {
        float a = x[2 * i], b = x[2 * i + 1], c = y[2 * i], d = y[2 * i + 1];
        z[2 * i] = a * c - b * d;
        z[2 * i + 1] = a * d + b * c;
    }

    private static void Normalize(Index1D i, ArrayView<Float4> x, ArrayView<Float4> y)
    {
        Float4 v = x[i];
        float scale = 1 / MathF.Sqrt(v.X * v.X + v.Y * v.Y + v.Z * v.Z);
        v.X *= scale;
        v.Y *= scale;
        v.Z *= scale;
        y[i] = v;
    }

    public static Contest[] Cases(Lab lab) => [MultiplyCase(lab), NormalizeCase(lab)];

    private static Contest MultiplyCase(Lab lab)
    {
        DeviceBuffer<float> x = lab.Floats(2 * Count, -1, 1), y = lab.Floats(2 * Count, -1, 1), z = lab.Empty<float>(2 * Count);
        Action<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>> kernel =
            lab.Device.Load<Index1D, ArrayView<float>, ArrayView<float>, ArrayView<float>>(Multiply);
        float* px = Lab.Pointer(x), py = Lab.Pointer(y), pz = Lab.Pointer(z);
        return new Contest("complex product, pairs")
        {
            Ours = () => kernel(Count, x, y, z),
            Hand = (from, to) => MultiplyByHand(px, py, pz, from, to),
            Plain = (from, to) => MultiplyPlain(px, py, pz, from * Lanes, to * Lanes),
            Units = Count / Lanes,
            Reset = Lab.Clear(z),
            Result = () => Lab.Numbers(z),
            Work = 24.0 * Count,
        };
    }

    private static void MultiplyByHand(float* x, float* y, float* z, int from, int to)
    {
        for (int i = from * 2 * Lanes; i < to * 2 * Lanes; i += 2 * Lanes)
        {
            Vector512<float> x0 = Vector512.Load(x + i), x1 = Vector512.Load(x + i + Lanes);
            Vector512<float> y0 = Vector512.Load(y + i), y1 = Vector512.Load(y + i + Lanes);
            Vector512<float> a = Shuffles.Even(x0, x1), b = Shuffles.Odd(x0, x1);
            Vector512<float> c = Shuffles.Even(y0, y1), d = Shuffles.Odd(y0, y1);
            Vector512<float> re = a * c - b * d, im = Vector512.FusedMultiplyAdd(a, d, b * c);
            Shuffles.ZipLow(re, im).Store(z + i);
            Shuffles.ZipHigh(re, im).Store(z + i + Lanes);
        }
    }

    private static void MultiplyPlain(float* x, float* y, float* z, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            float a = x[2 * i], b = x[2 * i + 1], c = y[2 * i], d = y[2 * i + 1];
            z[2 * i] = a * c - b * d;
            z[2 * i + 1] = a * d + b * c;
        }
    }

    private static Contest NormalizeCase(Lab lab)
    {
        DeviceBuffer<Float4> x = lab.Device.Allocate<Float4>(Count), y = lab.Empty<Float4>(Count);
        float* px = (float*)Lab.Pointer(x), py = (float*)Lab.Pointer(y);
        lab.Floats(4 * Count, -1, 1).CopyTo(new Span<float>(px, 4 * Count));
        Action<Index1D, ArrayView<Float4>, ArrayView<Float4>> kernel =
            lab.Device.Load<Index1D, ArrayView<Float4>, ArrayView<Float4>>(Normalize);
        return new Contest("unit vectors, structs of 4 floats")
        {
            Ours = () => kernel(Count, x, y),
            Hand = (from, to) => NormalizeByHand(px, py, from, to),
            Plain = (from, to) => NormalizePlain(px, py, from * Lanes, to * Lanes),
            Units = Count / Lanes,
            Reset = Lab.Clear(y),
            Result = () => [.. y.ToArray().SelectMany(v => (double[])[v.X, v.Y, v.Z, v.W])],
            Work = 32.0 * Count,
        };
    }

    private static void NormalizeByHand(float* x, float* y, int from, int to)
    {
        for (int i = from * 4 * Lanes; i < to * 4 * Lanes; i += 4 * Lanes)
        {
            Vector512<float> v0 = Vector512.Load(x + i), v1 = Vector512.Load(x + i + Lanes);
            Vector512<float> v2 = Vector512.Load(x + i + 2 * Lanes), v3 = Vector512.Load(x + i + 3 * Lanes);
            Vector512<float> e0 = Shuffles.Even(v0, v1), e1 = Shuffles.Even(v2, v3);
            Vector512<float> o0 = Shuffles.Odd(v0, v1), o1 = Shuffles.Odd(v2, v3);
            Vector512<float> a = Shuffles.Even(e0, e1), c = Shuffles.Odd(e0, e1);
            Vector512<float> b = Shuffles.Even(o0, o1), d = Shuffles.Odd(o0, o1);
            Vector512<float> scale = Vector512<float>.One / Vector512.Sqrt(a * a + b * b + c * c);
            a *= scale;
            b *= scale;
            c *= scale;
            Vector512<float> ac0 = Shuffles.ZipLow(a, c), ac1 = Shuffles.ZipHigh(a, c);
            Vector512<float> bd0 = Shuffles.ZipLow(b, d), bd1 = Shuffles.ZipHigh(b, d);
            Shuffles.ZipLow(ac0, bd0).Store(y + i);
            Shuffles.ZipHigh(ac0, bd0).Store(y + i + Lanes);
            Shuffles.ZipLow(ac1, bd1).Store(y + i + 2 * Lanes);
            Shuffles.ZipHigh(ac1, bd1).Store(y + i + 3 * Lanes);
        }
    }

    private static void NormalizePlain(float* x, float* y, int from, int to)
    {
        for (int i = 4 * from; i < 4 * to; i += 4)
        {
            float scale = 1 / MathF.Sqrt(x[i] * x[i] + x[i + 1] * x[i + 1] + x[i + 2] * x[i + 2]);
            y[i] = x[i] * scale;
            y[i + 1] = x[i + 1] * scale;
            y[i + 2] = x[i + 2] * scale;
            y[i + 3] = x[i + 3];
        }
    }
}
