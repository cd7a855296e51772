using System.Runtime.Intrinsics;

namespace Cotangent.Kernels.Cpu;

/// <summary>Rows of Gram matrices in double precision.</summary>
/// <remarks>Lanes are terms 16 (8) apart; the last few terms are added one by one. Products of floats are exact, and the order of the sum is that of
/// the lanes on every processor.</remarks>
internal static unsafe class GramRows
{
    /// <summary>Σ x·y of so many terms.</summary>
    public static double Dot<T>(T* x, T* y, int count)
        where T : unmanaged => typeof(T) == typeof(float) ? Dot((float*)x, (float*)y, count) : Dot((double*)x, (double*)y, count);

    public static double Widen<T>(T* x)
        where T : unmanaged => typeof(T) == typeof(float) ? *(float*)x : *(double*)x;

    private static double Dot(float* x, float* y, int count)
    {
        Vector512<double> low = default, high = default;
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Load(x + i));
            (Vector512<double> c, Vector512<double> d) = Vector512.Widen(Vector512.Load(y + i));
            low += a * c;
            high += b * d;
        }

        double sum = Vector512.Sum(low + high);
        for (; i < count; i++) sum += (double)x[i] * y[i];
        return sum;
    }

    private static double Dot(double* x, double* y, int count)
    {
        Vector512<double> lanes = default;
        int i = 0;
        for (; i + 8 <= count; i += 8) lanes += Vector512.Load(x + i) * Vector512.Load(y + i);
        double sum = Vector512.Sum(lanes);
        for (; i < count; i++) sum += x[i] * y[i];
        return sum;
    }
}
