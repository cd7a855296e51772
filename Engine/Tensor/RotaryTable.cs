using Cotangent.Kernels;

namespace Cotangent;

/// <summary>The cosines and sines of a rotary embedding (Su et al., arXiv 2104.09864): position t turns pair i by t·θ^(−2i/width). Made once,
/// in double precision, and used by every layer and step.</summary>
public sealed class RotaryTable
{
    /// <summary>Makes a table.</summary>
    /// <param name="length">The number of positions, from 0.</param>
    /// <param name="width">The width of a head, even.</param>
    /// <param name="theta">The base of the frequencies.</param>
    /// <param name="scale">Positions are multiplied by this: below 1 to stretch a model over longer texts.</param>
    /// <param name="device">Where it lies; null: the default device.</param>
    /// <exception cref="ShapeMismatchException">The width is odd or not positive.</exception>
    public RotaryTable(int length, int width, double theta = 10_000, double scale = 1, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(theta);
        if (width <= 0 || width % 2 != 0) throw new ShapeMismatchException($"rotary: a head of width {width} has no pairs; it must be even.");
        int half = width / 2;
        float[] cos = new float[length * half], sin = new float[length * half];
        for (int t = 0; t < length; t++)
        {
            for (int i = 0; i < half; i++)
            {
                (double s, double c) = Math.SinCos(t * scale * Math.Pow(theta, -2.0 * i / width));
                (cos[t * half + i], sin[t * half + i]) = ((float)c, (float)s);
            }
        }

        (Length, Width) = (length, width);
        Cos = Tensor.From(cos, [length, half], device);
        Sin = Tensor.From(sin, [length, half], device);
        SignedSin = Tensor.Stack(1, -Sin, Sin).Realize();
    }

    /// <summary>The number of positions.</summary>
    public int Length { get; }

    /// <summary>The width of a head.</summary>
    public int Width { get; }

    /// <summary>Float32 [length, width / 2].</summary>
    public Tensor Cos { get; }

    /// <summary>Float32 [length, width / 2].</summary>
    public Tensor Sin { get; }

    /// <summary>[length, 2, width / 2]: −sin, with which the first of a pair takes the second, and sin, with which the second takes the first.
    /// </summary>
    internal Tensor SignedSin { get; }
}
