using Cotangent.Kernels;

namespace Cotangent.Optimizers.Privacy;

/// <summary>Lower bounds on what one pass over the data spends, by a test that an adversary can run: is any step's released value above a
/// threshold? Each threshold is a point of the mechanism's trade-off function between false and true positives (f-DP), and any point bounds
/// δ(ε) ≥ TPR − e^ε·FPR from below.</summary>
/// <remarks>For batches by shuffling, the bound is that of Chua et al., How private are DP-SGD implementations? (arXiv 2403.17673), theorem on ABLQ
/// with shuffling. It is the check on the common habit of shuffling and accounting as if sampling were Poisson: where
/// <see cref="ShuffledEpsilon"/> is above an accountant's ε, that ε is not true of the shuffled program.</remarks>
public static class SamplingLowerBound
{
    /// <summary>ε is no less than this at δ, for one pass in batches of a random permutation; neighbours differ in one record replaced by an
    /// empty one.</summary>
    /// <param name="noiseMultiplier">σ, above 0.</param>
    /// <param name="batches">Batches of the pass, at least 1.</param>
    /// <param name="delta">δ in (0, 1).</param>
    /// <exception cref="PrivacyException">An argument is outside its range.</exception>
    public static double ShuffledEpsilon(double noiseMultiplier, int batches, double delta) =>
        Epsilon(ShuffledTest, noiseMultiplier, batches, delta);

    /// <summary>As <see cref="ShuffledEpsilon"/>, for as many steps whose batches are Poisson samples of rate 1/batches: never above what an
    /// accountant's upper bound says.</summary>
    /// <inheritdoc cref="ShuffledEpsilon"/>
    public static double PoissonEpsilon(double noiseMultiplier, int batches, double delta) =>
        Epsilon(PoissonTest, noiseMultiplier, batches, delta);

    /// <summary>The lower bound on δ at an ε for shuffled batches.</summary>
    /// <exception cref="PrivacyException">An argument is outside its range.</exception>
    public static double ShuffledDelta(double noiseMultiplier, int batches, double epsilon) =>
        Delta(ShuffledTest, Validated(noiseMultiplier, batches), batches, epsilon);

    // P[max > C] and Q[max > C]. With shuffling, the batch of the record is at mean 2 and 1 when the others are at 0: all other records contribute −1.
    private static (double TruePositives, double FalsePositives) ShuffledTest(double sigma, int batches, double threshold)
    {
        double others = (batches - 1) * Logarithms.NormalCdf(threshold / sigma);
        return (Above((threshold - 2) / sigma, others), Above((threshold - 1) / sigma, others));

        static double Above(double x, double logOthers) => -XMath.Expm1(Logarithms.NormalCdf(x) + logOthers);
    }

    // With Poisson sampling each step has the record, at mean 1, with probability 1/batches.
    private static (double TruePositives, double FalsePositives) PoissonTest(double sigma, int batches, double threshold)
    {
        double q = 1.0 / batches, without = Logarithms.NormalCdf(threshold / sigma), with = Logarithms.NormalCdf((threshold - 1) / sigma);
        double mixed = q == 1 ? with : Logarithms.Add(XMath.Log1p(-q) + without, Math.Log(q) + with);
        return (-XMath.Expm1(batches * mixed), -XMath.Expm1(batches * without));
    }

    private static double Epsilon(Func<double, int, double, (double, double)> test, double sigma, int batches, double delta)
    {
        Validated(sigma, batches);
        if (!(delta is > 0 and < 1)) throw new PrivacyException(FormattableString.Invariant($"δ is {delta}; it must be in (0, 1)."));
        double best = 0;
        foreach (double threshold in Thresholds(sigma))
        {
            (double truePositives, double falsePositives) = test(sigma, batches, threshold);
            if (truePositives > delta && falsePositives > 1e-300) best = Math.Max(best, Math.Log((truePositives - delta) / falsePositives));
        }

        return best;
    }

    private static double Delta(Func<double, int, double, (double, double)> test, double sigma, int batches, double epsilon)
    {
        double best = 0;
        foreach (double threshold in Thresholds(sigma))
        {
            (double truePositives, double falsePositives) = test(sigma, batches, threshold);
            best = Math.Max(best, truePositives - Math.Exp(epsilon) * falsePositives);
        }

        return best;
    }

    // Any threshold gives a bound; these are close enough that the best is near the supremum.
    private static IEnumerable<double> Thresholds(double sigma) => Enumerable.Range(-2000, 6001).Select(i => 1 + i * 0.01 * sigma);

    private static double Validated(double sigma, int batches)
    {
        if (!(sigma > 0 && double.IsFinite(sigma))) throw new PrivacyException(FormattableString.Invariant($"The noise multiplier is {sigma}; it must be above 0."));
        return batches >= 1 ? sigma : throw new PrivacyException($"There are {batches} batches; there must be at least 1.");
    }
}
