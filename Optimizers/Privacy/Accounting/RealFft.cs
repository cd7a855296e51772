namespace Cotangent.Optimizers.Privacy;

/// <summary>The discrete Fourier transform of real sequences whose length is a power of two, at least 4: a complex transform of half the length,
/// even elements as real parts and odd ones as imaginary parts.</summary>
internal sealed class RealFft
{
    private readonly int _half;
    private readonly double[] _cos, _sin;

    public RealFft(int length)
    {
        _half = length / 2;

        // The roots e^(−2πik/length), k < length/2.
        (_cos, _sin) = (new double[_half], new double[_half]);
        for (int k = 0; k < _half; k++) (_sin[k], _cos[k]) = Math.SinCos(-2 * Math.PI * k / length);
    }

    /// <summary>The coefficients 0 … length/2 of Σ xⱼ·e^(−2πijk/length).</summary>
    public (double[] Re, double[] Im) Forward(ReadOnlySpan<double> x)
    {
        double[] re = new double[_half + 1], im = new double[_half + 1];
        for (int i = 0; i < _half; i++) (re[i], im[i]) = (x[2 * i], x[2 * i + 1]);
        Complex(re, im);
        (re[_half], im[_half]) = (re[0], im[0]);
        for (int k = 0; k <= _half / 2; k++)
        {
            int l = _half - k;
            (double evenRe, double evenIm) = ((re[k] + re[l]) / 2, (im[k] - im[l]) / 2);
            (double oddRe, double oddIm) = ((im[k] + im[l]) / 2, (re[l] - re[k]) / 2);
            (double turnedRe, double turnedIm) = (oddRe * _cos[k] - oddIm * _sin[k], oddRe * _sin[k] + oddIm * _cos[k]);
            (re[k], im[k]) = (evenRe + turnedRe, evenIm + turnedIm);
            (re[l], im[l]) = (evenRe - turnedRe, turnedIm - evenIm);
        }

        return (re, im);
    }

    /// <summary>The sequence of given coefficients, which are overwritten.</summary>
    public double[] Inverse(double[] re, double[] im)
    {
        for (int k = 0; k <= _half / 2; k++)
        {
            int l = _half - k;
            (double evenRe, double evenIm) = ((re[k] + re[l]) / 2, (im[k] - im[l]) / 2);
            (double turnedRe, double turnedIm) = ((re[k] - re[l]) / 2, (im[k] + im[l]) / 2);
            (double oddRe, double oddIm) = (turnedRe * _cos[k] + turnedIm * _sin[k], turnedIm * _cos[k] - turnedRe * _sin[k]);
            (re[k], im[k]) = (evenRe - oddIm, evenIm + oddRe);
            (re[l], im[l]) = (evenRe + oddIm, oddRe - evenIm);
        }

        // The inverse transform is the forward one with real and imaginary parts exchanged.
        Complex(im, re);
        double[] x = new double[2 * _half];
        for (int i = 0; i < _half; i++) (x[2 * i], x[2 * i + 1]) = (re[i] / _half, im[i] / _half);
        return x;
    }

    // Radix two, in place, over the first half elements.
    private void Complex(double[] re, double[] im)
    {
        for (int i = 1, j = 0; i < _half; i++)
        {
            int bit = _half >> 1;
            for (; (j & bit) != 0; bit >>= 1) j ^= bit;
            j ^= bit;
            if (i < j) (re[i], im[i], re[j], im[j]) = (re[j], im[j], re[i], im[i]);
        }

        for (int size = 1; size < _half; size *= 2)
        {
            int stride = _half / size;
            for (int block = 0; block < _half; block += 2 * size)
            {
                for (int k = 0; k < size; k++)
                {
                    (double c, double s) = (_cos[k * stride], _sin[k * stride]);
                    int a = block + k, b = a + size;
                    (double turnedRe, double turnedIm) = (re[b] * c - im[b] * s, re[b] * s + im[b] * c);
                    (re[b], im[b]) = (re[a] - turnedRe, im[a] - turnedIm);
                    (re[a], im[a]) = (re[a] + turnedRe, im[a] + turnedIm);
                }
            }
        }
    }
}
