namespace Cotangent.Kernels;

/// <content>Payne and Hanek's reduction: x·2/π modulo 4 by integer multiplication with just the digits of 2/π that
/// matter. Digits of weight 4 and more times x's integer mantissa are whole turns; those far below the fraction wanted
/// are dropped.</content>
public static partial class XMath
{
    private const double HalfPiFraction = 3.4061215800865545e-19;
    private const double HalfPiFractionLow = 1.3277489665489077e-35;
    private const float HalfPiFractionF = 3.4061216748705226e-19f;
    private const float HalfPiFractionLowF = -9.478396428567739e-27f;

    // The first digits of 2/π.
    private const ulong Digits0 = 0xa2f9836e4e441529;
    private const ulong Digits1 = 0xfc2757d1f534ddc0;
    private const ulong Digits2 = 0xdb6295993c439041;
    private const ulong Digits3 = 0xfe5163abdebbc561;

    /// <summary>The quadrant of a large x ≥ 0: x·2/π to the nearest integer, modulo 4.</summary>
    private static int LargeQuadrant(float x) => (int)((TurnsHigh(x) + (1ul << 61)) >> 62);

    private static int LargeQuadrant(double x) => (int)((TurnsHigh(x) + (1ul << 61)) >> 62);

    /// <summary>x less that many quarter turns; NaN for NaN and infinities.</summary>
    private static float LargeRemainder(float x)
    {
        ulong turns = TurnsHigh(x);
        long fraction = (long)(turns - (((turns + (1ul << 61)) >> 62) << 62));
        float high = fraction;
        float low = fraction - (long)high;
        float r = high * HalfPiFractionF;
        float rest = Fma(high, HalfPiFractionF, -r) + Fma(high, HalfPiFractionLowF, low * HalfPiFractionF);
        return x <= float.MaxValue ? r + rest : float.NaN;
    }

    private static double LargeRemainderHigh(double x)
    {
        double fraction = LargeFraction(x) + LargeFractionLow(x);
        return x <= double.MaxValue ? fraction * HalfPiFraction : double.NaN;
    }

    private static double LargeRemainderLow(double x)
    {
        double high = LargeFraction(x);
        double low = LargeFractionLow(x);
        double fraction = high + low;
        double rest = (high - fraction) + low;
        double r = fraction * HalfPiFraction;
        return Fma(fraction, HalfPiFraction, -r) + Fma(fraction, HalfPiFractionLow, rest * HalfPiFraction);
    }

    /// <summary>The fraction of the quarter turns, from −½ to ½, in units of 2^−62.</summary>
    private static double LargeFraction(double x)
    {
        ulong turns = TurnsHigh(x);
        return (long)(turns - (((turns + (1ul << 61)) >> 62) << 62));
    }

    private static double LargeFractionLow(double x)
    {
        ulong turns = TurnsHigh(x);
        long fraction = (long)(turns - (((turns + (1ul << 61)) >> 62) << 62));
        return (double)(fraction - (long)(double)fraction) + TurnsLow(x) * 5.421010862427522e-20;
    }

    /// <summary>x·2/π modulo 4, in units of 2^−62.</summary>
    private static ulong TurnsHigh(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        ulong mantissa = (bits & 0x7FFFFF) | 0x800000;
        int offset = (int)(bits >> 23) - 150 - 2 + 64;
        int word = offset >> 6;
        ulong first = Choose(word, 0, Digits0, Digits1);
        ulong second = Choose(word, Digits0, Digits1, Digits2);
        ulong third = Choose(word, Digits1, Digits2, Digits3);
        return mantissa * Window(first, second, offset) + MultiplyHigh(mantissa, Window(second, third, offset));
    }

    private static ulong TurnsHigh(double x)
    {
        ulong mantissa = MantissaBits(x);
        int offset = DigitOffset(x);
        ulong digits = Window(TwoOverPiWord(offset, 1), TwoOverPiWord(offset, 2), offset);
        ulong carry = TurnsLow(x) < mantissa * digits ? 1ul : 0ul;
        ulong above = Window(TwoOverPiWord(offset, 0), TwoOverPiWord(offset, 1), offset);
        return mantissa * above + MultiplyHigh(mantissa, digits) + carry;
    }

    /// <summary>The 64 bits after those of TurnsHigh.</summary>
    private static ulong TurnsLow(double x)
    {
        ulong mantissa = MantissaBits(x);
        int offset = DigitOffset(x);
        ulong digits = Window(TwoOverPiWord(offset, 1), TwoOverPiWord(offset, 2), offset);
        ulong below = Window(TwoOverPiWord(offset, 2), TwoOverPiWord(offset, 3), offset);
        return mantissa * digits + MultiplyHigh(mantissa, below);
    }

    private static ulong MantissaBits(double x) =>
        ((ulong)BitConverter.DoubleToInt64Bits(x) & 0xFFFFFFFFFFFFF) | 0x10000000000000;

    // 64 zero bits stand before the digits, as the window of a moderate angle starts before the binary point.
    private static int DigitOffset(double x) => (int)(BitConverter.DoubleToInt64Bits(x) >> 52) - 1075 - 2 + 64;

    private static ulong MultiplyHigh(ulong x, ulong y)
    {
        ulong low = (x & 0xFFFFFFFF) * (y & 0xFFFFFFFF);
        ulong middle = (x >> 32) * (y & 0xFFFFFFFF) + (low >> 32);
        ulong other = (x & 0xFFFFFFFF) * (y >> 32) + (middle & 0xFFFFFFFF);
        return (x >> 32) * (y >> 32) + (middle >> 32) + (other >> 32);
    }

    /// <summary>64 bits from bit (offset modulo 64) of two words on.</summary>
    private static ulong Window(ulong first, ulong second, int offset) =>
        (first << (offset & 63)) | ((second >> 1) >> (63 - (offset & 63)));

    /// <summary>The word with the offset's bit of the digits of 2/π, or one of the next three. 64 zeros stand before
    /// the digits. Kernels have no tables: first one group of seven words is chosen, then the word.</summary>
    private static ulong TwoOverPiWord(int offset, int next)
    {
        int group = offset >> 8;
        int word = (offset >> 6) & 3;
        ulong a = Choose(group, 0, Digits3, 0xe88235f52ebb4484, 0x1ff897ffde05980f, 0x7527bac7ebe5f17b);
        ulong b = Choose(group, Digits0, 0xb7246e3a424dd2e0, 0xe99c7026b45f7e41, 0xef2f118b5a0a6d1f,
            0x3d0739f78a5292ea);
        ulong c = Choose(group, Digits1, 0x06492eea09d1921c, 0x3991d639835339f4, 0x6d367ecf27cb09b7,
            0x6bfb5fb11f8d5d08);
        ulong d = Choose(group, Digits2, 0xfe1deb1cb129a73e, 0x9c845f8bbdf9283b, 0x4f463f669e5fea2d,
            0x56033046fc7b6bab);
        ulong e = Choose(group, Digits3, 0xe88235f52ebb4484, 0x1ff897ffde05980f, 0x7527bac7ebe5f17b, 0);
        ulong f = Choose(group, 0xb7246e3a424dd2e0, 0xe99c7026b45f7e41, 0xef2f118b5a0a6d1f, 0x3d0739f78a5292ea, 0);
        ulong g = Choose(group, 0x06492eea09d1921c, 0x3991d639835339f4, 0x6d367ecf27cb09b7, 0x6bfb5fb11f8d5d08, 0);
        return next == 0 ? Choose(word, a, b, c, d)
            : next == 1 ? Choose(word, b, c, d, e)
            : next == 2 ? Choose(word, c, d, e, f)
            : Choose(word, d, e, f, g);
    }

    private static ulong Choose(int index, ulong a, ulong b, ulong c) => index < 1 ? a : index < 2 ? b : c;

    private static ulong Choose(int index, ulong a, ulong b, ulong c, ulong d) =>
        index < 2 ? (index < 1 ? a : b) : (index < 3 ? c : d);

    private static ulong Choose(int index, ulong a, ulong b, ulong c, ulong d, ulong e) =>
        index < 2 ? (index < 1 ? a : b) : index < 3 ? c : index < 4 ? d : e;
}
