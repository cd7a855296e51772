using System.Globalization;
using Cotangent.Kernels.Ir;

namespace Cotangent.Tests.Kernels.Transcendentals;

/// <summary>The double-precision library against values to 100 digits (goldens.py) and against Math's special
/// values.</summary>
public class XMathDoubleTests
{
    private static readonly ILookup<string, string[]> s_goldens = ReadGoldens();

    public static TheoryData<string> Functions => [.. Enum.GetNames<MathFunction>()];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_Goldens_IsWithin2Ulp(string name)
    {
        MathFunction function = Enum.Parse<MathFunction>(name);
        double worst = 0;
        string where = "";
        foreach (string[] words in s_goldens[name])
        {
            ulong[] bits = [.. words[1..^1].Select(w =>
                ulong.Parse(w, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
            double expected = BitConverter.UInt64BitsToDouble(bits[^1]);
            double actual = BitConverter.UInt64BitsToDouble(MathLibrary.Evaluate(function, ScalarType.Float64, bits[0],
                bits[^2]));
            double ulp = Ulp(expected);
            double error = double.Abs((actual - expected) / ulp - double.Parse(words[^1],
                CultureInfo.InvariantCulture));
            if (!(error <= worst))
            {
                worst = error;
                where = $"{Show(bits[..^1])}: {actual:R}, not {expected:R}";
            }
        }

        Assert.NotEqual("", where);
        Assert.True(worst <= 2, $"{name} is off by {worst:F2} ulp at {where}");
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_SpecialValues_AreThoseOfMath(string name)
    {
        MathFunction function = Enum.Parse<MathFunction>(name);
        if (Reference(function) is not { } reference)
        {
            return;
        }

        double[] specials = [0, -0.0, 1, -1, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 2, -2, 3,
            -3, 0.5, -0.5, double.MaxValue,
            double.MinValue, double.Epsilon, -double.Epsilon, 1e10, 9007199254740993, -1e10];
        bool binary = function is MathFunction.Pow or MathFunction.Atan2;
        foreach (double x in specials)
        {
            foreach (double y in binary ? specials : [0])
            {
                double expected = reference(x, y);
                double actual = Evaluate(function, x, y);
                bool exact = !double.IsFinite(expected) || expected == 0;
                bool same = exact
                    ? BitConverter.DoubleToInt64Bits(expected) == BitConverter.DoubleToInt64Bits(actual)
                    || (double.IsNaN(expected) && double.IsNaN(actual))
                    : double.Abs(actual - expected) <= 4 * Ulp(expected);
                Assert.True(same, $"{name}({x:R}{(binary ? $", {y:R}" : "")}) is {actual:R}, Math says {expected:R}");
            }
        }
    }

    private static double Ulp(double x) => double.BitIncrement(double.Abs(x)) - double.Abs(x);

    private static string Show(ulong[] arguments) =>
        string.Join(", ", arguments.Select(b =>
            BitConverter.UInt64BitsToDouble(b).ToString("R", CultureInfo.InvariantCulture)));

    internal static double Evaluate(MathFunction function, double x, double y = 0) => BitConverter.UInt64BitsToDouble(
        MathLibrary.Evaluate(function, ScalarType.Float64, BitConverter.DoubleToUInt64Bits(x),
            BitConverter.DoubleToUInt64Bits(y)));

    /// <summary>The framework's function, where it has one of its own.</summary>
    internal static Func<double, double, double>? Reference(MathFunction function) => function switch
    {
        MathFunction.Exp => (x, _) => double.Exp(x),
        MathFunction.Exp2 => (x, _) => double.Pow(2, x),
        MathFunction.Log => (x, _) => double.Log(x),
        MathFunction.Log2 => (x, _) => double.Log2(x),
        MathFunction.Log10 => (x, _) => double.Log10(x),
        MathFunction.Sin => (x, _) => double.Sin(x),
        MathFunction.Cos => (x, _) => double.Cos(x),
        MathFunction.Tan => (x, _) => double.Tan(x),
        MathFunction.Asin => (x, _) => double.Asin(x),
        MathFunction.Acos => (x, _) => double.Acos(x),
        MathFunction.Atan => (x, _) => double.Atan(x),
        MathFunction.Atan2 => double.Atan2,
        MathFunction.Sinh => (x, _) => double.Sinh(x),
        MathFunction.Cosh => (x, _) => double.Cosh(x),
        MathFunction.Tanh => (x, _) => double.Tanh(x),
        MathFunction.Asinh => (x, _) => double.Asinh(x),
        MathFunction.Acosh => (x, _) => double.Acosh(x),
        MathFunction.Atanh => (x, _) => double.Atanh(x),
        MathFunction.Pow => double.Pow,
        MathFunction.Cbrt => (x, _) => double.Cbrt(x),
        _ => null,
    };

    private static ILookup<string, string[]> ReadGoldens()
    {
        using Stream stream = typeof(XMathDoubleTests).Assembly.GetManifestResourceStream("xmath-goldens.txt")!;
        using StreamReader reader = new(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l =>
            l.Split(' ')).ToLookup(w => w[0]);
    }
}
