namespace Cotangent.Kernels.Library;

/// <summary>Threefry-2x32 with 20 rounds (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011): a function of a key and
/// a counter, so that element i needs no element before it.</summary>
internal static class Threefry
{
    private const uint Parity = 0x1BD11BDA;

    /// <summary>The two words of a counter. 20 rounds of an addition, a rotation and an exclusive or, and 5 key injections: 75
    /// operations.</summary>
    public static (uint First, uint Second) Block(uint key0, uint key1, uint counter0, uint counter1)
    {
        uint key2 = key0 ^ key1 ^ Parity;
        uint x = counter0 + key0;
        uint y = counter1 + key1;
        (x, y) = FourRounds(x, y, 13, 15, 26, 6);
        (x, y) = FourRounds(x + key1, y + (key2 + 1), 17, 29, 16, 24);
        (x, y) = FourRounds(x + key2, y + (key0 + 2), 13, 15, 26, 6);
        (x, y) = FourRounds(x + key0, y + (key1 + 3), 17, 29, 16, 24);
        (x, y) = FourRounds(x + key1, y + (key2 + 4), 13, 15, 26, 6);
        return (x + key2, y + (key0 + 5));
    }

    private static (uint X, uint Y) FourRounds(uint x, uint y, int first, int second, int third, int fourth)
    {
        x += y;
        y = Rotate(y, first) ^ x;
        x += y;
        y = Rotate(y, second) ^ x;
        x += y;
        y = Rotate(y, third) ^ x;
        x += y;
        y = Rotate(y, fourth) ^ x;
        return (x, y);
    }

    private static uint Rotate(uint value, int left) => (value << left) | (value >> (32 - left));
}
