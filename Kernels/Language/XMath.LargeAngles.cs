namespace Cotangent.Kernels;

/// <content>Payne and Hanek's reduction: x·2/π modulo 4 by integer multiplication with just the digits of 2/π that matter. Digits of
/// weight 4 and more times x's integer mantissa are whole turns; those far below the fraction wanted are dropped.</content>
public static partial class XMath
{
    private const double HalfPiFraction = 3.4061215800865545e-19;
    private const double HalfPiFractionLow = 1.3277489665489077e-35;
    private const float HalfPiFractionF = 3.4061216748705226e-19f;
    private const float HalfPiFractionLowF = -9.478396428567739e-27f;

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
        return mantissa * TwoOverPiDigits(offset) + MultiplyHigh(mantissa, TwoOverPiDigits(offset + 64));
    }

    private static ulong TurnsHigh(double x)
    {
        ulong mantissa = MantissaBits(x);
        int offset = DigitOffset(x);
        ulong middle = mantissa * TwoOverPiDigits(offset + 64);
        ulong carry = TurnsLow(x) < middle ? 1ul : 0ul;
        return mantissa * TwoOverPiDigits(offset) + MultiplyHigh(mantissa, TwoOverPiDigits(offset + 64)) + carry;
    }

    /// <summary>The 64 bits after those of TurnsHigh.</summary>
    private static ulong TurnsLow(double x)
    {
        ulong mantissa = MantissaBits(x);
        int offset = DigitOffset(x);
        return mantissa * TwoOverPiDigits(offset + 64) + MultiplyHigh(mantissa, TwoOverPiDigits(offset + 128));
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

    /// <summary>64 binary digits of 2/π from the bit with this number, of which the first 64 are zeros.</summary>
    private static ulong TwoOverPiDigits(int offset)
    {
        int shift = offset & 63;
        return (TwoOverPiWord(offset >> 6) << shift) | ((TwoOverPiWord((offset >> 6) + 1) >> 1) >> (63 - shift));
    }

    // Kernels have no tables: a tree of choices.
    private static ulong TwoOverPiWord(int index) => index < 10
        ? index < 5
            ? index < 1 ? 0ul
                : index < 2 ? 0xa2f9836e4e441529ul
                : index < 3 ? 0xfc2757d1f534ddc0ul
                : index < 4 ? 0xdb6295993c439041ul : 0xfe5163abdebbc561ul
            : index < 6 ? 0xb7246e3a424dd2e0ul
                : index < 7 ? 0x06492eea09d1921cul
                : index < 8 ? 0xfe1deb1cb129a73eul
                : index < 9 ? 0xe88235f52ebb4484ul : 0xe99c7026b45f7e41ul
        : index < 15
            ? index < 11 ? 0x3991d639835339f4ul
                : index < 12 ? 0x9c845f8bbdf9283bul
                : index < 13 ? 0x1ff897ffde05980ful
                : index < 14 ? 0xef2f118b5a0a6d1ful : 0x6d367ecf27cb09b7ul
            : index < 16 ? 0x4f463f669e5fea2dul
                : index < 17 ? 0x7527bac7ebe5f17bul
                : index < 18 ? 0x3d0739f78a5292eaul
                : index < 19 ? 0x6bfb5fb11f8d5d08ul : 0x56033046fc7b6babul;
}
