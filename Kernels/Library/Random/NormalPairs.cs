namespace Cotangent.Kernels.Library;

/// <summary>Standard normal numbers two at a time, by Box and Muller's transform of the two words that Threefry makes of a counter.</summary>
/// <remarks>One item a pair: about 75 operations for the words, 60 for the logarithm, the root, the sine and the cosine; a normal number costs half of what
/// <see cref="RandomKernels.Normal"/> takes. The radius comes from 32 bits: numbers reach 6.7 standard deviations.</remarks>
internal static class NormalPairs
{
    /// <summary>Pair i goes to the elements i and pairs + i.</summary>
    /// <param name="i">The pair, the counter's second word.</param>
    /// <param name="key">The two words of the key.</param>
    /// <param name="output">2·pairs elements.</param>
    /// <param name="pairs">How many pairs there are.</param>
    /// <param name="stream">The counter's first word: other streams are independent.</param>
    public static void Fill(Index1D i, ArrayView<uint> key, ArrayView<float> output, int pairs, int stream)
    {
        (float x, float y) = Pair(key[0], key[1], (uint)stream, (uint)i.X);
        output[i.X] = x;
        output[i.X + pairs] = y;
    }

    /// <summary>Of 2·pairs numbers: those of an input times scale[0], with the normals of <see cref="Fill"/> times scale[1] on top. So the normals are not
    /// written and read.</summary>
    /// <param name="i">The pair, the counter's second word.</param>
    /// <param name="key">The two words of the key.</param>
    /// <param name="input">2·pairs elements.</param>
    /// <param name="scale">The two factors.</param>
    /// <param name="output">As many as the input.</param>
    /// <param name="pairs">How many pairs there are.</param>
    /// <param name="stream">The counter's first word.</param>
    public static void Add(
        Index1D i, ArrayView<uint> key, ArrayView<float> input, ArrayView<float> scale, ArrayView<float> output, int pairs, int stream)
    {
        (float x, float y) = Pair(key[0], key[1], (uint)stream, (uint)i.X);
        float own = scale[0];
        float noise = scale[1];
        output[i.X] = input[i.X] * own + x * noise;
        output[i.X + pairs] = input[i.X + pairs] * own + y * noise;
    }

    private static (float X, float Y) Pair(uint key0, uint key1, uint stream, uint i)
    {
        (uint first, uint second) = Threefry.Block(key0, key1, stream, i);

        // In (0, 1]: small numbers keep all their bits.
        float uniform = (first + 0.5f) * (1f / 4294967296f);
        float radius = MathF.Sqrt(-2 * XMath.Log(uniform));

        // A quarter of the circle from two bits, an angle within ±45° from the others.
        float angle = ((second & 0x3FFF_FFFFu) * (1f / 1073741824f) - 0.5f) * 1.57079633f, square = angle * angle;
        float sine = MathF.FusedMultiplyAdd(square, -1.9515296e-4f, 8.3321609e-3f);
        sine = MathF.FusedMultiplyAdd(square, sine, -0.16666655f);
        sine = MathF.FusedMultiplyAdd(square * angle, sine, angle);
        float cosine = MathF.FusedMultiplyAdd(square, 2.4433157e-5f, -1.3887316e-3f);
        cosine = MathF.FusedMultiplyAdd(square, cosine, 4.1666646e-2f);
        cosine = MathF.FusedMultiplyAdd(square, cosine, -0.5f);
        cosine = MathF.FusedMultiplyAdd(square, cosine, 1f);
        bool isTurned = (second & 0x4000_0000u) != 0, isOpposite = (second & 0x8000_0000u) != 0;
        float x = isTurned ? -sine : cosine, y = isTurned ? cosine : sine;
        return (radius * (isOpposite ? -x : x), radius * (isOpposite ? -y : y));
    }
}
