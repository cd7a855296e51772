using Cotangent.Optimizers.Privacy;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>Rényi accounting against published values and 40-digit quadrature.</summary>
public class RdpAccountantTests
{
    private static readonly RdpAccountant s_opacus = new(AccountantGoldens.OpacusOrders);

    public static TheoryData<double[]> Epsilons => [.. AccountantGoldens.Epsilons];

    public static TheoryData<double[]> Divergences => [.. AccountantGoldens.Divergences];

    [Theory, MemberData(nameof(Divergences))]
    public void Divergence_OfOneStep_IsTheGolden(double[] row)
    {
        for (int i = 0; i < AccountantGoldens.DivergenceOrders.Length; i++)
        {
            double order = AccountantGoldens.DivergenceOrders[i], expected = row[i + 2];
            Near(expected, SubsampledGaussian.Rdp(row[0], row[1], order), expected < 1e-2 && order % 1 != 0 ? 1e-6 : 1e-9);
        }
    }

    [Theory, MemberData(nameof(Epsilons))]
    public void Epsilon_WithOpacusOrders_IsTheGolden(double[] row)
    {
        PrivacyLedger ledger = new(new PrivacyPhase(row[0], row[1], (long)row[2]));
        Near(row[3], s_opacus.Epsilon(ledger, 1e-5).Upper, 1e-7);
        Assert.Equal(row[4], s_opacus.BestOrder(ledger, 1e-5), 9);
        Assert.True(PrivacyAccountant.Rdp.Epsilon(ledger, 1e-5).Upper <= row[3] * (1 + 1e-7), "more orders can only help");
    }

    [Theory]
    [InlineData(0.04, 1.5, 2250, 7.32911117143)]
    [InlineData(0.01, 1.0, 1000, 2.101365271643)]
    [InlineData(0.01, 1.0, 10000, 6.712738297393)]
    [InlineData(1, 1, 1, 4.728507067218)]
    [InlineData(1, 4, 1, 1.012550627753)]
    [InlineData(1, 10, 1, 0.375291222366)]
    [InlineData(1, 10, 100, 4.728507067218)]
    public void Epsilon_OfPublishedCases_IsTheirs(double q, double sigma, long n, double expected) =>
        Near(expected, s_opacus.Epsilon(new PrivacyLedger(new PrivacyPhase(q, sigma, n)), 1e-5).Upper, 1e-9);

    [Fact]
    public void Epsilon_OfPhases_AddsTheirDivergences()
    {
        PrivacyLedger documented = new(new PrivacyPhase(1e-5, 1, 10), new PrivacyPhase(1e-4, 3, 4));
        RdpAccountant whole = new(Enumerable.Range(2, 31).Select(a => (double)a));
        Near(0.33634406339, whole.Epsilon(documented, 1e-5).Upper, 1e-9);
        Assert.Equal(23, whole.BestOrder(documented, 1e-5));

        PrivacyLedger mixed = new(new PrivacyPhase(0.01, 1, 1000), new PrivacyPhase(0.02, 2, 500));
        Near(2.328314720961, s_opacus.Epsilon(mixed, 1e-5).Upper, 1e-9);
        Assert.Equal(7.6, s_opacus.BestOrder(mixed, 1e-5), 9);
    }

    [Fact]
    public void Epsilon_AtOtherDeltas_IsThePublished()
    {
        // TensorFlow privacy's compute_dp_sgd_privacy: (n, batch, σ, epochs, δ) → ε.
        Near(0.979541625511, s_opacus.Epsilon(new PrivacyLedger(new PrivacyPhase(0.001, 1, 10000)), 1e-6).Upper, 1e-9);
        RdpAccountant whole = new(Enumerable.Range(2, 63).Select(a => (double)a));
        Assert.Equal(0.7242234026109595, whole.Epsilon(new PrivacyLedger(new PrivacyPhase(150 / 60000.0, 1.3, 6000)), 1e-5).Upper, 4);
        Assert.Equal(1.4154988495444842, whole.Epsilon(new PrivacyLedger(new PrivacyPhase(100 / 1e5, 1, 30000)), 1e-7).Upper, 4);
        Near(5907982.31138, new RdpAccountant(1.25).Epsilon(new PrivacyLedger(new PrivacyPhase(1024 / 1e8, 0.1, 976563)), 1e-7).Upper, 1e-3);
        Near(3.2392676, PrivacyAccountant.Rdp.Epsilon(new PrivacyLedger(new PrivacyPhase(0.01, 0.7, 120)), 1e-5).Upper, 1e-2);
        Near(10.8602036, PrivacyAccountant.Rdp.Epsilon(new PrivacyLedger(new PrivacyPhase(1, 0.7, 2)), 1e-5).Upper, 1e-3);
        Near(1, new RdpAccountant(Enumerable.Range(1, 2000).Select(i => 1 + i * 0.05)).Epsilon(new PrivacyLedger(new PrivacyPhase(1, 4.530877117, 1)), 1e-6).Upper, 1e-4);
    }

    [Fact]
    public void Divergence_OfGooglesCases_IsTheExactOne()
    {
        (double Order, double Expected)[] cases =
            [(1.5, 6.50070897188e-4), (2.5, 1.085418056919e-3), (5, 2.180756562308e-3), (50, 2.384603753871e-2), (100, 167.4163075484)];
        foreach ((double order, double expected) in cases) Near(expected, 50 * SubsampledGaussian.Rdp(0.01, 2.5, order), 1e-9);
    }

    [Theory]
    [InlineData(1e-7, 0.1, 1.01)]
    [InlineData(1e-6, 0.1, 256)]
    [InlineData(1e-5, 0.1, 256.1)]
    [InlineData(1e-6, 1, 27)]
    [InlineData(1e-4, 1, 1.5)]
    [InlineData(1e-3, 1, 2)]
    [InlineData(0.01, 10, 20)]
    [InlineData(0.1, 100, 20.5)]
    [InlineData(0.99, 0.1, 256)]
    [InlineData(0.999, 100, 256.1)]
    public void Divergence_BetweenWholeOrders_IsBetweenTheirs(double q, double sigma, double order)
    {
        // It grows with the order, and (order − 1)·divergence is convex; the integral meets the sum where the order is nearly whole.
        double at = SubsampledGaussian.Rdp(q, sigma, order), above = SubsampledGaussian.Rdp(q, sigma, Math.Floor(order) + 1);
        Assert.InRange(at, order < 2 ? 0 : SubsampledGaussian.Rdp(q, sigma, Math.Floor(order)) * (1 - 1e-12), above * (1 + 1e-12));
        double whole = Math.Max(2, Math.Round(order));
        Near(SubsampledGaussian.Rdp(q, sigma, whole), SubsampledGaussian.Rdp(q, sigma, whole * (1 + 1e-12)), 1e-7);
    }

    [Fact]
    public void Convert_OfConstantDivergence_IsThePublished()
    {
        RdpAccountant whole = new(Enumerable.Range(2, 31).Select(a => (double)a));
        Near(1.32783806176, whole.Convert([.. Enumerable.Repeat(1.1, 31)], 1e-5), 1e-9);
        Assert.Throws<PrivacyException>(() => whole.Convert([1.0], 1e-5));
    }

    [Theory]
    [InlineData(100, 0.103240, 0.063242)]
    [InlineData(1000, 0.106597, 0.068378)]
    [InlineData(10000, 0.140164, 0.119738)]
    public void DefaultOrders_AtSmallEpsilon_ReachFarther(long n, double opacus, double extended)
    {
        PrivacyLedger ledger = new(new PrivacyPhase(0.001, 3, n));
        Assert.Equal(opacus, s_opacus.Epsilon(ledger, 1e-5).Upper, 5);
        Assert.True(PrivacyAccountant.Rdp.Epsilon(ledger, 1e-5).Upper <= extended + 1e-6);
    }

    [Fact]
    public void Delta_AtTheEpsilonOfDelta_IsIt()
    {
        PrivacyLedger ledger = new(new PrivacyPhase(0.01, 1, 1000));
        Near(1e-5, s_opacus.Delta(ledger, s_opacus.Epsilon(ledger, 1e-5).Upper), 1e-9);
        Assert.Equal(1, s_opacus.Delta(new PrivacyLedger(new PrivacyPhase(1, 0.1, 100)), 0), 6);
    }

    [Fact]
    public void Orders_NotAboveOne_AreRefused()
    {
        Assert.Throws<PrivacyException>(() => new RdpAccountant(1));
        Assert.Throws<PrivacyException>(() => new RdpAccountant(2, double.PositiveInfinity));
    }

    internal static void Near(double expected, double actual, double relative) =>
        Assert.True(Math.Abs(actual - expected) <= relative * Math.Abs(expected), $"expected {expected:R}, got {actual:R}");
}
