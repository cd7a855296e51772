using Cotangent.Optimizers.Privacy;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Numerical composition against the method's own goldens and tight brackets.</summary>
public class PrvAccountantTests
{
    public static TheoryData<double[]> Epsilons => [.. AccountantGoldens.Epsilons];

    public static TheoryData<double[]> Uppers => [.. AccountantGoldens.PrvUppers];

    [Theory, MemberData(nameof(Epsilons))]
    public void Epsilon_IsTheGolden(double[] row) => IsGolden(row);

    [Theory, MemberData(nameof(Uppers))]
    public void Epsilon_AtSmallDelta_IsOpacusUpperBound(double[] row)
    {
        double[] sigmas = [0.8, 1.5, 2, 3];
        for (int i = 0; i < sigmas.Length; i++)
        {
            // Rounding of the method itself grows with the steps; the goldens have six digits.
            double tolerance = (row[1] <= 1000 ? 2e-5 : 4e-5) * (1 + row[i + 2]);
            if (!double.IsNaN(row[i + 2])) Assert.Equal(row[i + 2], Prv(row[0], sigmas[i], (long)row[1], 1e-6).Upper, tolerance);
        }
    }

    [Fact]
    public void Epsilon_OfOpacusTest_IsItsValue()
    {
        PrivacyBound bound = Prv(0.04, 1.5, 2249, 1e-5);
        Assert.Equal(6.777395712150674, bound.Upper, 1e-5);
        Assert.Equal(6.7670451951, bound.Estimate, 1e-5);
        Assert.Equal(6.7566950079, bound.Lower, 1e-5);
    }

    [Theory]
    [InlineData(0.01, 1.1, 10000, 1e-5, 5.191303, 5.192583, 5.193864)]
    [InlineData(0.004, 1.1, 10000, 1e-5, 1.839844, 1.840960, 1.842077)]
    [InlineData(0.01, 2.0, 1000, 1e-5, 0.620985, 0.622030, 0.623076)]
    [InlineData(0.01, 1.0, 1000, 1e-5, 1.827105, 1.82824, 1.829369)]
    [InlineData(0.001, 1.0, 10000, 1e-6, 0.554107, 0.555140, 0.556173)]
    public void Epsilon_ToAThousandth_IsTheBracket(double q, double sigma, long n, double delta, double lower, double estimate, double upper)
    {
        PrivacyBound bound = new PrvAccountant(1e-3).Epsilon(new PrivacyLedger(new PrivacyPhase(q, sigma, n)), delta);
        Assert.Equal(lower, bound.Lower, 1e-5);
        Assert.Equal(estimate, bound.Estimate, 1e-5);
        Assert.Equal(upper, bound.Upper, 1e-5);
    }

    [Fact]
    public void Epsilon_OfPhases_ComposesThem()
    {
        PrivacyBound bound = PrivacyAccountant.Prv.Epsilon(
            new PrivacyLedger(new PrivacyPhase(0.01, 1, 1000), new PrivacyPhase(0.02, 2, 500)), 1e-5);
        Assert.Equal(2.057527, bound.Lower, 1e-5);
        Assert.Equal(2.067668, bound.Estimate, 1e-5);
        Assert.Equal(2.077808, bound.Upper, 1e-5);
    }

    [Theory]
    [InlineData(1, 1, 4.377178095681)]
    [InlineData(4, 1, 0.926341503998)]
    [InlineData(10, 100, 4.377178095681)]
    public void Epsilon_OfFullBatches_BracketsTheAnalyticGaussian(double sigma, long n, double exact)
    {
        PrivacyBound bound = Prv(1, sigma, n, 1e-5);
        Assert.InRange(exact, bound.Lower, bound.Upper);
        Assert.Equal(exact, bound.Estimate, 1e-3);
    }

    [Fact]
    public void Cdf_OfTheLoss_IsTheGolden()
    {
        PrivacyLoss loss = new(0.01, 1);
        (double T, double F)[] goldens =
        [
            (-0.01, 7.78991e-7), (-0.005, 0.421323127934), (0, 0.687633212049), (0.001, 0.720383840920), (0.01, 0.881018631850),
            (0.1, 0.998135751656), (0.5, 0.999997501072), (1, 0.999999975750), (2, 0.999999999986),
        ];
        foreach ((double t, double f) in goldens) Assert.Equal(f, loss.Cdf(t), t == -0.01 ? 1e-11 : 1e-12);
        Assert.Equal(0, loss.Cdf(-0.02));
    }

    [Fact]
    public void Epsilon_BeyondTheGrid_IsRdps()
    {
        PrivacyLedger much = new(new PrivacyPhase(0.5, 0.3, 10000));
        Assert.Equal(PrivacyAccountant.Rdp.Epsilon(much, 1e-5), PrivacyAccountant.Prv.Epsilon(much, 1e-5));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(256)]
    public void RealFft_ThereAndBack_IsTheTransform(int length)
    {
        double[] x = [.. Enumerable.Range(0, length).Select(i => Math.Sin(i * i + 0.3))];
        RealFft fft = new(length);
        (double[] re, double[] im) = fft.Forward(x);
        for (int k = 0; k <= length / 2; k++)
        {
            Assert.Equal(x.Select((v, i) => v * Math.Cos(2 * Math.PI * i * k / length)).Sum(), re[k], 1e-11);
            Assert.Equal(x.Select((v, i) => -v * Math.Sin(2 * Math.PI * i * k / length)).Sum(), im[k], 1e-11);
        }

        double[] back = fft.Inverse(re, im);
        for (int i = 0; i < length; i++) Assert.Equal(x[i], back[i], 1e-13);
    }

    private static void IsGolden(double[] row)
    {
        PrivacyBound bound = Prv(row[0], row[1], (long)row[2], 1e-5);
        Assert.Equal(row[5], bound.Estimate, 2e-5 * (1 + row[5]));
        Assert.Equal(row[6], bound.Upper, 2e-5 * (1 + row[6]));
        Assert.True(bound.Lower <= bound.Estimate && bound.Estimate <= bound.Upper);
        Assert.True(bound.Lower <= row[3], "a lower bound above RDP's upper one");
    }

    private static PrivacyBound Prv(double q, double sigma, long n, double delta) =>
        PrivacyAccountant.Prv.Epsilon(new PrivacyLedger(new PrivacyPhase(q, sigma, n)), delta);
}
