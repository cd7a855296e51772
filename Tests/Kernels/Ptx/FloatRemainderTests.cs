using Cotangent.Kernels.Passes;

namespace Cotangent.Tests.Kernels.Ptx;

/// <summary>The remainder for targets without one against C#'s.</summary>
public class FloatRemainderTests
{
    [Fact]
    public void Remainder_RandomBits_IsThatOfCSharp()
    {
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            float x = BitConverter.Int32BitsToSingle((int)random.NextInt64());
            float y = BitConverter.Int32BitsToSingle((int)random.NextInt64() >> random.Next(2) * 4 & ~(random.Next(8) == 0 ? 0x7F800000 : 0));
            Assert.Equal(BitConverter.SingleToInt32Bits(x % y), BitConverter.SingleToInt32Bits(FloatRemainder.Remainder(x, y)), Same);
            double a = i % 2 == 0 ? BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)) : x;
            double b = i % 4 == 0 ? BitConverter.Int64BitsToDouble(random.NextInt64() & (1L << random.Next(63)) - 1) : y;
            Assert.True((a % b).Equals(FloatRemainder.Remainder(a, b)), $"{a:R} % {b:R}");
        }

        // A NaN's sign and payload are open.
        static bool Same(int x, int y) => x == y || (float.IsNaN(BitConverter.Int32BitsToSingle(x)) && float.IsNaN(BitConverter.Int32BitsToSingle(y)));
    }
}
