using Cotangent.Optimizers.Privacy;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>The ledger, GDP, the search for noise, and lower bounds.</summary>
public class PrivacyLedgerTests
{
    public static TheoryData<double[]> Epsilons => [.. AccountantGoldens.Epsilons];

    [Fact]
    public void Record_OfEqualSteps_IsOnePhase()
    {
        PrivacyLedger ledger = new();
        for (int i = 0; i < 5; i++) ledger.Record(0.01, 1.1);
        ledger.Record(0.02, 1.1, 3);
        ledger.Record(0.01, 1.1, 2);
        ledger.Record(0.5, 2, 0);
        Assert.Equal([new PrivacyPhase(0.01, 1.1, 7), new PrivacyPhase(0.02, 1.1, 3)], ledger.Phases);
        Assert.Equal(10, ledger.Steps);
    }

    [Fact]
    public void Json_ThereAndBack_IsTheSameLedger()
    {
        PrivacyLedger ledger = new(new PrivacyPhase(1.0 / 3, 0.1 + 0.2, 12345678901), new PrivacyPhase(1e-7, Math.PI, 1));
        Assert.Equal(ledger.Phases, PrivacyLedger.FromJson(ledger.ToJson()).Phases);
        Assert.Empty(PrivacyLedger.FromJson(new PrivacyLedger().ToJson()).Phases);
        Assert.Throws<PrivacyException>(() => PrivacyLedger.FromJson("{"));
        Assert.Throws<PrivacyException>(() => PrivacyLedger.FromJson("{\"format\":\"other\",\"phases\":[]}"));
        Assert.Throws<PrivacyException>(() => PrivacyLedger.FromJson("{\"format\":\"cotangent-privacy/1\"}"));
        Assert.Throws<PrivacyException>(() =>
            PrivacyLedger.FromJson("{\"format\":\"cotangent-privacy/1\",\"phases\":[{\"sampleRate\":2,\"noiseMultiplier\":1,\"steps\":1}]}"));
    }

    [Fact]
    public void Epsilon_OfNothingAndWithoutNoise_IsZeroAndInfinite()
    {
        foreach (PrivacyAccountant accountant in new[] { PrivacyAccountant.Rdp, PrivacyAccountant.Prv, PrivacyAccountant.Gdp })
        {
            Assert.Equal(0, accountant.Epsilon(new PrivacyLedger(), 1e-5).Upper);
            Assert.Equal(0, accountant.Epsilon(new PrivacyLedger(new PrivacyPhase(0, 0, 5)), 1e-5).Upper);
            Assert.Equal(double.PositiveInfinity, accountant.Epsilon(new PrivacyLedger(new PrivacyPhase(0.1, 0, 5)), 1e-5).Upper);
            Assert.Throws<PrivacyException>(() => accountant.Epsilon(new PrivacyLedger(), 0));
            Assert.Throws<PrivacyException>(() => accountant.Epsilon(new PrivacyLedger(), 1));
        }

        Assert.Throws<PrivacyException>(() => new PrivacyLedger(new PrivacyPhase(1.1, 1, 1)));
        Assert.Throws<PrivacyException>(() => new PrivacyLedger(new PrivacyPhase(double.NaN, 1, 1)));
        Assert.Throws<PrivacyException>(() => new PrivacyLedger(new PrivacyPhase(0.1, -1, 1)));
        Assert.Throws<PrivacyException>(() => new PrivacyLedger(new PrivacyPhase(0.1, 1, -1)));
    }

    [Fact]
    public void Epsilon_GrowsWithStepsAndRate_FallsWithNoise()
    {
        foreach (PrivacyAccountant accountant in new[] { PrivacyAccountant.Rdp, PrivacyAccountant.Prv, PrivacyAccountant.Gdp })
        {
            double At(double q, double sigma, long n) => accountant.Epsilon(new PrivacyLedger(new PrivacyPhase(q, sigma, n)), 1e-5).Estimate;
            double middle = At(0.02, 1.2, 200);
            Assert.True(At(0.02, 1.2, 400) > middle && At(0.03, 1.2, 200) > middle && At(0.02, 1.4, 200) < middle, accountant.Name);
        }
    }

    [Theory, MemberData(nameof(Epsilons))]
    public void Gdp_IsTheGolden(double[] row)
    {
        PrivacyLedger ledger = new(new PrivacyPhase(row[0], row[1], (long)row[2]));
        Assert.Equal(row[7], PrivacyAccountant.Gdp.Epsilon(ledger, 1e-5).Estimate, 1e-7 * (1 + row[7]));
        Assert.Equal(row[8], new GdpAccountant(uniform: true).Epsilon(ledger, 1e-5).Estimate, 1e-7 * (1 + row[8]));
    }

    [Fact]
    public void Gdp_OfPublishedCases_IsTheirs()
    {
        Assert.Equal(6.599820769085, PrivacyAccountant.Gdp.Epsilon(new PrivacyLedger(new PrivacyPhase(0.04, 1.5, 2249)), 1e-5).Estimate, 1e-9);
        Assert.Equal(0.530151270497, PrivacyAccountant.Gdp.Epsilon(new PrivacyLedger(new PrivacyPhase(0.001, 1, 10000)), 1e-6).Estimate, 1e-9);
        (double Sigma, long Steps, double Exact)[] full = [(1, 1, 4.377178095681), (4, 1, 0.926341503998), (10, 1, 0.340669364684), (10, 100, 4.377178095681)];
        foreach ((double sigma, long steps, double exact) in full)
        {
            PrivacyBound bound = PrivacyAccountant.Gdp.Epsilon(new PrivacyLedger(new PrivacyPhase(1, sigma, steps)), 1e-5);
            Assert.Equal(exact, bound.Upper, 1e-9);
            Assert.Equal(bound.Upper, bound.Lower);
        }

        Assert.Equal(0.126936, GdpAccountant.Delta(1, 1), 1e-6);
        Assert.Equal(0.78760074, GdpAccountant.Delta(1, 3), 7);
    }

    [Theory]
    [InlineData("rdp", 8, 0.04, 2250, 1.416015625)]
    [InlineData("rdp", 8, 0.04, 2000, 1.356201171875)]
    [InlineData("rdp", 1, 0.01, 1000, 1.5234375)]
    [InlineData("rdp", 3, 0.01, 10000, 1.6650390625)]
    [InlineData("rdp", 8, 0.01, 10000, 0.9173583984375)]
    [InlineData("prv", 8, 0.04, 2250, 1.34765625)]
    [InlineData("prv", 8, 0.04, 2000, 1.29150390625)]
    [InlineData("prv", 1, 0.01, 1000, 1.42578125)]
    [InlineData("gdp", 8, 0.04, 2250, 1.3232421875)]
    [InlineData("gdp", 1, 0.01, 1000, 1.3671875)]
    [InlineData("gdp", 3, 0.01, 10000, 1.55029296875)]
    [InlineData("gdp", 8, 0.01, 10000, 0.867919921875)]
    public void NoiseMultiplier_ForATarget_IsOpacusAnswer(string name, double epsilon, double q, long n, double expected)
    {
        PrivacyAccountant accountant = name switch { "rdp" => new RdpAccountant(AccountantGoldens.OpacusOrders), "prv" => PrivacyAccountant.Prv, _ => PrivacyAccountant.Gdp };
        double sigma = accountant.NoiseMultiplier(epsilon, 1e-5, q, n);
        Assert.Equal(expected, sigma);
        Assert.InRange(accountant.Epsilon(new PrivacyLedger(new PrivacyPhase(q, sigma, n)), 1e-5).Upper, epsilon - 0.01, epsilon);
    }

    [Theory]
    [InlineData(0.5, 0.01, 1000, 2.58421312, 2.33008982)]
    [InlineData(1, 0.01, 1000, 1.51312216, 1.35899173)]
    [InlineData(2, 0.01, 1000, 1.02228979, 0.89186465)]
    [InlineData(3, 0.01, 1000, 0.86460210, 0.74126778)]
    [InlineData(8, 0.01, 1000, 0.61571744, 0.54563676)]
    [InlineData(1, 0.01, 10000, 4.12580298, 3.79629169)]
    [InlineData(2, 0.01, 10000, 2.27805789, 2.11106724)]
    [InlineData(3, 0.01, 10000, 1.66185609, 1.54890778)]
    [InlineData(8, 0.01, 10000, 0.91682763, 0.86757498)]
    [InlineData(1, 0.04, 2250, 7.74802225, 7.11349125)]
    [InlineData(3, 0.04, 2250, 2.95552881, 2.72952720)]
    [InlineData(8, 0.04, 2250, 1.41578714, 1.32273113)]
    public void NoiseMultiplier_WithATightTolerance_IsTheRoot(double epsilon, double q, long n, double rdp, double gdp)
    {
        Assert.Equal(rdp, new RdpAccountant(AccountantGoldens.OpacusOrders).NoiseMultiplier(epsilon, 1e-5, q, n, 1e-8), 1e-7 * rdp);
        Assert.Equal(gdp, PrivacyAccountant.Gdp.NoiseMultiplier(epsilon, 1e-5, q, n, 1e-8), 1e-7 * gdp);
    }

    [Fact]
    public void NoiseMultiplier_OfWrongArguments_Throws()
    {
        Assert.Throws<PrivacyException>(() => PrivacyAccountant.Rdp.NoiseMultiplier(0, 1e-5, 0.1, 10));
        Assert.Throws<PrivacyException>(() => PrivacyAccountant.Rdp.NoiseMultiplier(1, 1e-5, 0, 10));
        Assert.Throws<PrivacyException>(() => PrivacyAccountant.Rdp.NoiseMultiplier(1, 1e-5, 0.1, 0));
        Assert.Throws<PrivacyException>(() => PrivacyAccountant.Rdp.NoiseMultiplier(1e-9, 1e-12, 1, 1_000_000));
    }

    [Fact]
    public void LowerBound_OfOneBatch_IsTheAnalyticGaussian()
    {
        foreach (double sigma in new[] { 0.7, 1, 4 })
        {
            double exact = GdpAccountant.Epsilon(1 / sigma, 1e-5);
            Assert.InRange(SamplingLowerBound.ShuffledEpsilon(sigma, 1, 1e-5), exact * 0.999, exact);
            Assert.InRange(SamplingLowerBound.PoissonEpsilon(sigma, 1, 1e-5), exact * 0.999, exact);
        }
    }

    [Theory]
    [InlineData(0.5, 1000)]
    [InlineData(0.7, 100)]
    [InlineData(1, 20)]
    [InlineData(2, 50)]
    public void LowerBound_OfPoissonSampling_IsBelowTheAccountants(double sigma, int batches)
    {
        PrivacyLedger pass = new(new PrivacyPhase(1.0 / batches, sigma, batches));
        double lower = SamplingLowerBound.PoissonEpsilon(sigma, batches, 1e-5);
        Assert.InRange(lower, 0, PrivacyAccountant.Prv.Epsilon(pass, 1e-5).Upper);
        Assert.True(lower > 0.2 * PrivacyAccountant.Prv.Epsilon(pass, 1e-5).Estimate, "the bound says next to nothing");
    }

    [Fact]
    public void LowerBound_OfShuffling_IsAboveWhatPoissonAccountingClaims()
    {
        // The finding of Chua et al.: with little noise and many batches, shuffled training spends far more than its Poisson accounting says.
        PrivacyLedger pass = new(new PrivacyPhase(1e-3, 0.5, 1000));
        double claimed = PrivacyAccountant.Prv.Epsilon(pass, 1e-5).Upper;
        double lower = SamplingLowerBound.ShuffledEpsilon(0.5, 1000, 1e-5);
        Assert.True(lower > claimed * 1.2, $"shuffled ≥ {lower}, claimed {claimed}");
        Assert.InRange(SamplingLowerBound.ShuffledDelta(0.5, 1000, lower), 0.999e-5, 1.001e-5);
        Assert.Throws<PrivacyException>(() => SamplingLowerBound.ShuffledEpsilon(0, 10, 1e-5));
        Assert.Throws<PrivacyException>(() => SamplingLowerBound.ShuffledEpsilon(1, 0, 1e-5));
    }
}
