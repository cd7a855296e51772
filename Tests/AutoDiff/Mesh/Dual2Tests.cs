using Cotangent.AutoDiff.Mesh;

namespace Cotangent.Tests.AutoDiff.Mesh;

using One = Dual2<Real64, Entries<Real64, None<Real64>>, Rows<Real64, None<Real64>, None<Real64>>>;
using Two = Dual2<Real64, Entries<Real64, Entries<Real64, None<Real64>>>,
    Rows<Real64, Entries<Real64, None<Real64>>, Rows<Real64, None<Real64>, None<Real64>>>>;

/// <summary>Derivatives of the functions of a real-number type, at known points.</summary>
public class Dual2Tests
{
    private static readonly One s_a = Polynomial(One.Variable(1.0, 0));

    /// <summary>x² + x + 2, which is (4, 3, 2) at 1.</summary>
    private static One Polynomial(One x) => x * x + x + 2;

    public static TheoryData<string, double, double, double> Functions => new()
    {
        { "value", 4, 3, 2 },
        { "square", 16, 24, 34 },
        { "negative", -4, -3, -2 },
        { "half", 2, 1.5, 1 },
        { "sqrt", 2, 3 / 4.0, 7 / 32.0 },
        { "exp", Math.Exp(4), 3 * Math.Exp(4), 11 * Math.Exp(4) },
        { "log", Math.Log(4), 3 / 4.0, -1 / 16.0 },
        { "sin", Math.Sin(4), 3 * Math.Cos(4), 2 * Math.Cos(4) - 9 * Math.Sin(4) },
        { "cos", Math.Cos(4), -3 * Math.Sin(4), -2 * Math.Sin(4) - 9 * Math.Cos(4) },
        { "cube", 64, 144, 312 },
        { "power 1.5", 8, 9, 75 / 8.0 },
        { "reciprocal", 0.25, -3 / 16.0, 9 * 2 / 64.0 - 2 / 16.0 },
        { "atan of (0.5, 3, 2)", Math.Atan(0.5), 2.4, -4.16 },
        { "a + b", 4, 4, 6 },
        { "a - b", 4, 2, -2 },
        { "a · b", 0, 4, 22 },
        { "b / a", 0.25, 1 / 16.0, 25 / 32.0 },
        { "|x³| at −1", 1, -3, 6 },
    };

    [Theory, MemberData(nameof(Functions))]
    public void Function_AtAKnownPoint_HasItsDerivatives(string name, double value, double first, double second)
    {
        One b = new(0.0, new(1.0, default), new(new(4.0, default), default));
        One c = new(1.0, new(1.0, default), new(new(4.0, default), default));
        One d = new(0.5, new(3.0, default), new(new(2.0, default), default));
        One x = One.Variable(-1.0, 0);
        One y = name switch
        {
            "value" => s_a,
            "square" => One.Square(s_a),
            "negative" => -s_a,
            "half" => 0.5 * s_a,
            "sqrt" => One.Sqrt(s_a),
            "exp" => One.Exp(s_a),
            "log" => One.Log(s_a),
            "sin" => One.Sin(s_a),
            "cos" => One.Cos(s_a),
            "cube" => s_a * s_a * s_a,
            "power 1.5" => s_a * One.Sqrt(s_a),
            "reciprocal" => One.From(1) / s_a,
            "a + b" => s_a + b,
            "a - b" => s_a - b,
            "a · b" => s_a * b,
            "b / a" => c / s_a,
            "|x³| at −1" => One.Abs(x * x * x),
            _ => One.Atan(d),
        };
        Assert.Equal(value, y.Value, 1e-12 * (1 + Math.Abs(value)));
        Assert.Equal(first, y.Gradient.Head, 1e-12 * (1 + Math.Abs(first)));
        Assert.Equal(second, y.Hessian.Row.Head, 1e-12 * (1 + Math.Abs(second)));
    }

    [Fact]
    public void Hypot_OfTwoVariables_HasItsHessian() =>
        Is(Two.Sqrt(Two.Square(Two.Variable(3.0, 0)) + Two.Square(Two.Variable(4.0, 1))), 5, 0.6, 0.8, 16 / 125.0, -12 / 125.0, 9 / 125.0);

    [Fact]
    public void Quotient_OfTwoVariables_HasItsHessian() =>
        Is(Two.Square(Two.Variable(-1.0, 0)) / Two.Variable(-0.5, 1), -2, 4, -4, -4, 8, -16);

    [Fact]
    public void LogOfDistance_HasItsHessian() =>
        Is(-Two.Log(0.5 * Two.Sqrt(Two.Square(Two.Variable(3.5, 0)) + Two.Square(Two.Variable(5.0, 1)))),
            -1.1156787918528388, -0.0939597315, -0.1342281879, -0.0091887753, 0.0252240890, 0.0091887753);

    private static void Is(Two x, double value, double g0, double g1, double h00, double h01, double h11)
    {
        double[] expected = [value, g0, g1, h00, h01, h11];
        double[] actual = [x.Value, x.Gradient.Head, x.Gradient.Tail.Head, x.Hessian.Row.Head, x.Hessian.Row.Tail.Head, x.Hessian.Rest.Row.Head];
        for (int i = 0; i < 6; i++) Assert.Equal(expected[i], actual[i], 1e-9);
    }
}
