namespace Cotangent.Kernels.Library;

/// <summary>Standard normal numbers two at a time, by Box and Muller's transform of the two words that Threefry makes of a counter.</summary>
/// <remarks>One item a pair: 75 operations for the words, 35 for the logarithm, the root, the sine and the cosine; a normal number costs a third of what
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

        // Half a circle from 31 bits, the half from the last: a sign of the radius.
        float radius = MathF.Sqrt(SquaredRadius(first)), angle = (int)(second << 1) * 7.3145904e-10f;
        float signed = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(radius) ^ (int)(second & 0x8000_0000u));
        return (signed * Cosine(angle), signed * Sine(angle));
    }

    /// <summary>−2·log((word + ½)·2⁻³²), at least 0: small numbers keep all their bits, and nothing is NaN, infinite or subnormal.</summary>
    internal static float SquaredRadius(uint word)
    {
        const int rootHalf = 0x3F3504F3, mantissa = 0x007FFFFF;
        int bits = BitConverter.SingleToInt32Bits(word + 0.5f) - rootHalf;
        float below = 32 - (bits >> 23), f = BitConverter.Int32BitsToSingle((bits & mantissa) + rootHalf) - 1f;
        float y = MathF.FusedMultiplyAdd(f, -0.174447149f, 0.287336886f);
        y = MathF.FusedMultiplyAdd(f, y, -0.299045324f);
        y = MathF.FusedMultiplyAdd(f, y, 0.331247866f);
        y = MathF.FusedMultiplyAdd(f, y, -0.399136662f);
        y = MathF.FusedMultiplyAdd(f, y, 0.500041485f);
        y = MathF.FusedMultiplyAdd(f, y, -0.666683733f);
        y = MathF.FusedMultiplyAdd(f, y, 0.999999762f);
        y = MathF.FusedMultiplyAdd(f, y, -2f);
        return MathF.FusedMultiplyAdd(below, 1.38629436f, f * y);
    }

    // Of angles within ±90°: least maximal errors, 2⁻²⁷ and 2⁻³¹.
    private static float Sine(float angle)
    {
        float z = angle * angle, y = MathF.FusedMultiplyAdd(z, 2.60522484e-6f, -1.98090755e-4f);
        y = MathF.FusedMultiplyAdd(z, y, 8.33305065e-3f);
        y = MathF.FusedMultiplyAdd(z, y, -0.166666582f);
        return MathF.FusedMultiplyAdd(z * angle, y, angle);
    }

    private static float Cosine(float angle)
    {
        float z = angle * angle, y = MathF.FusedMultiplyAdd(z, -2.60514952e-7f, 2.4760162e-5f);
        y = MathF.FusedMultiplyAdd(z, y, -1.38883619e-3f);
        y = MathF.FusedMultiplyAdd(z, y, 4.16666381e-2f);
        y = MathF.FusedMultiplyAdd(z, y, -0.5f);
        return MathF.FusedMultiplyAdd(z, y, 1f);
    }
}
