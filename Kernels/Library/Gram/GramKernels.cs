namespace Cotangent.Kernels.Library;

/// <summary>The numbers of matrices as doubles, and doubles as such numbers.</summary>
internal interface IWidening<T>
    where T : unmanaged
{
    double Widen(T x);

    T Narrow(double x);

    bool IsZero(T x);
}

/// <summary>Of single precision.</summary>
internal readonly struct WidenSingle : IWidening<float>
{
    public double Widen(float x) => x;

    public float Narrow(double x) => (float)x;

    public bool IsZero(float x) => x == 0;
}

/// <summary>Of double precision.</summary>
internal readonly struct WidenDouble : IWidening<double>
{
    public double Widen(double x) => x;

    public double Narrow(double x) => x;

    public bool IsZero(double x) => x == 0;
}

/// <summary>What is made of the Gram matrices of a few examples, [examples, positions, positions] each.</summary>
internal static class GramKernels
{
    /// <summary>An item a position t of an example: Σₛ left[s, t]·right[s, t], and √(left[t, t])·√(right[t, t]). Columns, so that neighbours read
    /// neighbours.</summary>
    public static void Positions<T, TWidening>(
        Index1D i, ArrayView<T> left, ArrayView<T> right, ArrayView<double> sums, ArrayView<double> lengths, int positions)
        where T : unmanaged
        where TWidening : struct, IWidening<T>
    {
        TWidening number = default;
        int t = i % positions;
        long first = (long)(i / positions) * positions * positions + t;
        double sum = 0;
        for (int s = 0; s < positions; s++)
        {
            long at = first + (long)s * positions;
            sum += number.Widen(left[at]) * number.Widen(right[at]);
        }

        long own = first + (long)t * positions;
        sums[i] = sum;
        lengths[i] = Math.Sqrt(number.Widen(left[own])) * Math.Sqrt(number.Widen(right[own]));
    }

    /// <summary>An item an example: its positions' sums and lengths added up.</summary>
    public static void Examples(
        Index1D i, ArrayView<double> sums, ArrayView<double> lengths, ArrayView<double> norms, ArrayView<double> bounds, int positions)
    {
        double sum = 0;
        double length = 0;
        for (int t = 0; t < positions; t++)
        {
            sum += sums[i * positions + t];
            length += lengths[i * positions + t];
        }

        norms[i] = sum;
        bounds[i] = length;
    }
}
