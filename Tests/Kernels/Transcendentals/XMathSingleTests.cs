using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Transcendentals;

/// <summary>The single-precision library against double precision on bit patterns from all over the range.</summary>
public class XMathSingleTests
{
    public static TheoryData<string> Functions => [.. Enum.GetNames<MathFunction>()];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_BitPatterns_IsWithin2UlpAndSpecialValuesAreExact(string name)
    {
        MathFunction function = Enum.Parse<MathFunction>(name);
        Func<double, double, double> reference =
            XMathDoubleTests.Reference(function) ?? ((x, y) => XMathDoubleTests.Evaluate(function, x, y));
        bool binary = function is MathFunction.Pow or MathFunction.Atan2;
        Random random = new(3);
        double worst = 0;
        string where = "";
        foreach (uint bits in Patterns())
        {
            float x = BitConverter.UInt32BitsToSingle(bits);
            float y = binary ? Other(random) : 0;
            double exact = reference(x, y);
            float actual = BitConverter.UInt32BitsToSingle(
                (uint)MathLibrary.Evaluate(function, ScalarType.Float32, bits, BitConverter.SingleToUInt32Bits(y)));
            double error = Error(exact, actual);
            if (error > worst)
            {
                worst = error;
                where = $"({x:R}, {y:R}): {actual:R}, not {exact:R}";
            }
        }

        Assert.True(worst <= 2, $"{name} is off by {worst:F3} ulp at {where}");
    }

    internal static double Error(double exact, float actual)
    {
        float expected = (float)exact;
        if (BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual)
            || (float.IsNaN(expected) && float.IsNaN(actual)))
        {
            return 0.5;
        }

        // A zero, an infinity or a NaN is exact, but where rounding from the other side makes one.
        bool finite = float.IsFinite(actual) && float.IsFinite(expected) && (exact != 0 || actual != 0)
            && double.IsFinite(exact);
        float magnitude = float.Abs(expected);
        return finite ? double.Abs(actual - exact) / (float.BitIncrement(magnitude) - (double)magnitude)
            : double.PositiveInfinity;
    }

    // A stride through all patterns, and dense runs around the places where formulas change.
    private static IEnumerable<uint> Patterns()
    {
        for (ulong bits = 0; bits < 1ul << 32; bits += 50021)
        {
            yield return (uint)bits;
        }

        foreach (float centre in new[] { 0f, float.Epsilon, 1.17549435e-38f, 0.32f, 0.35f, 0.5198f, 0.5f, 0.92f, 1f, 1.5707963f,
            3.1415927f, 2.5f, 3.95f, 9.02f, 10f, 17.5f,
            88.722839f, 87.33655f, 103.97f, 128f, 126f, 149f, 1e5f, 3e38f })
        {
            for (int offset = -300; offset < 300; offset++)
            {
                uint bits = BitConverter.SingleToUInt32Bits(centre) + (uint)(centre == 0 ? int.Abs(offset) : offset);
                yield return bits;
                yield return bits | 0x80000000;
            }
        }

        Random random = new(1);
        for (int i = 0; i < 30000; i++)
        {
            yield return BitConverter.SingleToUInt32Bits((float)(random.NextDouble() * 20 - 10));
        }

        foreach (float special in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue,
            float.MinValue })
        {
            yield return BitConverter.SingleToUInt32Bits(special);
        }
    }

    private static float Other(Random random) => random.Next(4) switch
    {
        0 => random.Next(-8, 9),
        1 => BitConverter.Int32BitsToSingle(random.Next()),
        2 => new[] { 0f, -0f, 1, -1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0.5f }[random.Next(8)],
        _ => (float)(random.NextDouble() * 10 - 5),
    };
}
