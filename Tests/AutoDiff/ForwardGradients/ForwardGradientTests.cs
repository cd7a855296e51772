using Cotangent.AutoDiff;
using Cotangent.Kernels;

namespace Cotangent.Tests.AutoDiff;

/// <summary>The moments of forward gradients, from many keys, against their formulas.</summary>
public class ForwardGradientTests
{
    private const int Keys = 20_000;
    private static readonly double[] s_g = [1, 2, -2];

    public static TheoryData<Guess, int> Estimators => new() { { Guess.Normal, 1 }, { Guess.Rademacher, 1 }, { Guess.Normal, 4 }, { Guess.Rademacher, 4 } };

    [Theory, MemberData(nameof(Estimators))]
    public void Estimate_OverManyKeys_HasTheGradientAsMeanAndItsCovariance(Guess guess, int directions)
    {
        double[] samples = Samples(guess, directions);
        double[,] covariance = Covariance(guess, directions);
        double[] mean = [.. Enumerable.Range(0, 3).Select(i => Enumerable.Range(0, Keys).Average(s => samples[3 * s + i]))];
        for (int i = 0; i < 3; i++)
        {
            double sigma = Math.Sqrt(covariance[i, i] / Keys);
            Assert.True(Math.Abs(mean[i] - s_g[i]) <= 4 * sigma, $"mean {i} is {mean[i]}, expected {s_g[i]} ± {sigma}");
            for (int j = 0; j < 3; j++)
            {
                double[] products = [.. Enumerable.Range(0, Keys).Select(s => (samples[3 * s + i] - s_g[i]) * (samples[3 * s + j] - s_g[j]))];
                double average = products.Average(), spread = Math.Sqrt(products.Average(p => (p - average) * (p - average)) / Keys);
                Assert.True(Math.Abs(average - covariance[i, j]) <= 4 * spread, $"covariance {i},{j} is {average}, expected {covariance[i, j]} ± {spread}");
            }
        }
    }

    [Theory]
    [InlineData(Guess.Normal, 1, 45)]
    [InlineData(Guess.Rademacher, 1, 27)]
    [InlineData(Guess.Normal, 4, 18)]
    [InlineData(Guess.Rademacher, 4, 13.5)]
    public void Covariance_InClosedForm_HasTheKnownSecondMoment(Guess guess, int directions, double moment)
    {
        // E‖ĝ‖² = trace + ‖g‖²: (d + k ± 1)/k·‖g‖².
        double[,] c = Covariance(guess, directions);
        Assert.Equal(moment, c[0, 0] + c[1, 1] + c[2, 2] + 9, 1e-12);
        double[] expected = guess == Guess.Normal ? [10, 2, -2, 13, -4, 13] : [8, 2, -2, 5, -4, 5];
        double[] actual = [c[0, 0], c[0, 1], c[0, 2], c[1, 1], c[1, 2], c[2, 2]];
        for (int i = 0; i < 6; i++) Assert.Equal(expected[i] / directions, actual[i], 1e-12);
    }

    [Fact]
    public void Variance_FallsAsOneOverTheDirections()
    {
        static double Variance(int directions) => Samples(Guess.Rademacher, directions).Select((x, i) => (x - s_g[i % 3]) * (x - s_g[i % 3])).Sum() / Keys;
        double one = Variance(1);
        Assert.InRange(Variance(2) / one, 0.5 * 0.95, 0.5 * 1.05);
        Assert.InRange(Variance(8) / one, 0.125 * 0.95, 0.125 * 1.05);
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Estimate_OfATree_IsTheSumOfSlopesTimesDirections(string device)
    {
        Device d = Device.Find(device);
        Dictionary<string, Tensor> x = new() { ["a"] = Tensor.From([0.5, -1], d), ["b"] = Tensor.Scalar(2, DType.Float64, d) };
        static Tensor F(Dictionary<string, Tensor> p) => (p["a"].Sin() * p["b"]).Sum() + p["b"].Exp();
        RandomKey key = new(11, d);
        (Tensor value, Dictionary<string, Tensor> g) = ForwardGradient.ValueAndGrad<Dictionary<string, Tensor>>(F, 3, Guess.Rademacher)(x, key);
        Assert.Equal(F(x).Item<double>(), value.Item<double>(), 1e-14);

        double[] a = Signs(key.Fold(0), [3, 2]), b = Signs(key.Fold(1), [3]), expected = new double[3];
        Dictionary<string, Tensor> exact = Diff.Grad<Dictionary<string, Tensor>>(F)(x);
        double[] ga = exact["a"].ToArray<double>();
        for (int k = 0; k < 3; k++)
        {
            double slope = (ga[0] * a[2 * k] + ga[1] * a[2 * k + 1] + exact["b"].Item<double>() * b[k]) / 3;
            expected[0] += slope * a[2 * k];
            expected[1] += slope * a[2 * k + 1];
            expected[2] += slope * b[k];
        }

        double[] actual = [.. g["a"].ToArray<double>(), g["b"].Item<double>()];
        for (int i = 0; i < 3; i++) Assert.Equal(expected[i], actual[i], 1e-13);

        static double[] Signs(RandomKey key, Shape shape) => [.. key.Bernoulli(0.5, shape).ToArray<bool>().Select(s => s ? 1.0 : -1)];
    }

    [Fact]
    public void Estimate_OfTheSameKey_IsTheSame_AndAgreesWithTheGradientInSign()
    {
        Tensor x = Tensor.From([0.3f, -0.7f, 1.1f]);
        Func<Tensor, Tensor> f = t => (t * t * t).Sum();
        Func<Tensor, RandomKey, Tensor> estimate = ForwardGradient.Grad(f);
        float[] g = Diff.Grad(f)(x).ToArray<float>();
        for (int seed = 0; seed < 20; seed++)
        {
            float[] first = estimate(x, new RandomKey(seed)).ToArray<float>();
            Assert.Equal(first, estimate(x, new RandomKey(seed)).ToArray<float>());
            Assert.True(first.Zip(g).Sum(p => p.First * p.Second) >= 0);
        }

        Assert.NotEqual(estimate(x, new RandomKey(1)).ToArray<float>(), estimate(x, new RandomKey(2)).ToArray<float>());
    }

    [Fact]
    public void Mistakes_AreNamed()
    {
        RandomKey key = new(0);
        Assert.Throws<NotScalarException>(() => ForwardGradient.Grad(x => x)(Tensor.From([1f, 2f]), key));
        Assert.Throws<NotDifferentiableException>(() => ForwardGradient.Grad(x => x.Sum())(Tensor.From([1, 2]), key));
        Assert.Throws<ArgumentOutOfRangeException>(() => ForwardGradient.Grad(x => x.Sum(), 0));
    }

    /// <summary>Estimates of the gradient of g·x for many keys, one batch: [keys, 3].</summary>
    private static double[] Samples(Guess guess, int directions)
    {
        Tensor g = Tensor.From(s_g), x = Tensor.Zeros([3], DType.Float64);
        Func<Tensor, RandomKey, Tensor> estimate = ForwardGradient.Grad(t => (g * t).Sum(), directions, guess);
        return Diff.Vmap((Tensor key) => estimate(x, new RandomKey(key)))(new RandomKey(directions).Bits([Keys, 2])).ToArray<double>();
    }

    /// <summary>‖g‖²·I + g·gᵀ, less 2·diag(g²) for signs, over the number of directions.</summary>
    private static double[,] Covariance(Guess guess, int directions)
    {
        double norm = s_g.Sum(x => x * x);
        double[,] c = new double[3, 3];
        for (int i = 0; i < 3; i++)
        {
            for (int j = 0; j < 3; j++)
            {
                double diagonal = i == j ? norm - (guess == Guess.Rademacher ? 2 * s_g[i] * s_g[i] : 0) : 0;
                c[i, j] = (diagonal + s_g[i] * s_g[j]) / directions;
            }
        }

        return c;
    }
}
