using Cotangent.AutoDiff;
using Cotangent.Kernels;
using Cotangent.Optimizers.Privacy;
using static Cotangent.Tests.Optimizers.Privacy.PrivateModels;

namespace Cotangent.Tests.Optimizers.Privacy;

/// <summary>The mechanism: sampling, noise once, the expected batch as divisor, styles with a state, and the account.</summary>
public class PrivateGradientTests
{
    private static readonly PrivateOptions s_noisy =
        new() { Records = 40, SampleRate = 0.25, NoiseMultiplier = 1.5, Clip = 0.6, PieceSize = 4, Seed = 7 };

    // Its gradient is the record.
    private static Tensor Linear(Tensor w, Tensor x) => (w * x).Sum();

    [Fact]
    public void Release_OfEvenAndOddSizes_AddsTheNormalsOfItsKey()
    {
        // Tensors of even sizes get theirs in one launch with the mean, others from normals in memory.
        Tensor[] sums = [PrivateModels.Normal(1, DType.Float32, Device.Cpu, 6, 50), PrivateModels.Normal(2, DType.Float32, Device.Cpu, 7), PrivateModels.Normal(3, DType.Float32, Device.Cpu, 2)];
        PrivateOptions options = PrivateModels.Options(24) with { SampleRate = 0.25, NoiseMultiplier = 1.5, Seed = 5 };
        PrivateGradient<Tensor[], Tensor> gradient = Private.Wrap((Tensor[] p, Tensor x) => (p[0].Sum() + p[1].Sum() + p[2].Sum()) * x, options);
        Tensor key = new RandomKey(3).Value, zero = Tensor.Scalar(0, DType.Float64);
        gradient.ClippedSum(sums, Tensor.Ones([2]));
        (Tensor[] noisy, _) = gradient.Release(new PrivateSum(sums, [], zero, zero, zero), Tensor.Scalar(0.8, DType.Float64), [key]);
        Tensor[] normals = PrivateNoise.FromKey(key, sums);
        for (int i = 0; i < sums.Length; i++)
        {
            float[] expected = (sums[i] / 6 + normals[i] * (0.8 * 1.5 / 6)).ToArray<float>();
            foreach ((float e, float a) in expected.Zip(noisy[i].ToArray<float>())) Assert.Equal(e, a, 1e-6f * (1 + Math.Abs(e)));
        }
    }

    [Fact]
    public void Gradient_WithASeed_RepeatsAndWithoutDiffers()
    {
        Tensor w = Tensor.Zeros([50]), data = Normal(1, DType.Float32, Device.Cpu, 40, 50);
        float[][] Run(long? seed)
        {
            PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, s_noisy with { Seed = seed });
            return [.. Enumerable.Range(0, 3).Select(_ => gradient.Gradient(w, i => data.Gather(i)).Gradient.ToArray<float>())];
        }

        float[][] first = Run(7), again = Run(7), other = Run(8);
        for (int i = 0; i < 3; i++) Assert.Equal(first[i], again[i]);
        Assert.NotEqual(first[0], other[0]);
        Assert.NotEqual(first[0], first[1]);
        Assert.NotEqual(Run(null)[0], Run(null)[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Gradient_OfAnotherNumberOfRecordsThanAskedFor_IsRefused(int records)
    {
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, s_noisy with { SampleRate = 1 });
        ShapeMismatchException e = Assert.Throws<ShapeMismatchException>(() => gradient.Gradient(Tensor.Zeros([50]), _ => Tensor.Ones([records, 50])));
        Assert.Contains($"the batch has {records} records and the mask the shape [4]", e.Message);
        Assert.Equal(0, gradient.Ledger.Steps);
    }

    [Fact]
    public void Gradient_InPieces_HasNoiseOnceAndTheSameSum()
    {
        Tensor w = Tensor.Zeros([50]), data = Normal(1, DType.Float32, Device.Cpu, 40, 50);
        float[] Run(int piece) => Private.Wrap<Tensor, Tensor>(Linear, s_noisy with { PieceSize = piece }).Gradient(w, i => data.Gather(i)).Gradient.ToArray<float>();
        foreach ((float x, float y) in Run(3).Zip(Run(40))) Assert.Equal(x, y, 1e-5);
    }

    [Theory]
    [InlineData(RandomSource.Seed, false)]
    [InlineData(RandomSource.OperatingSystem, false)]
    [InlineData(RandomSource.Seed, true)]
    public void Noise_HasTheDeviationOfTheSensitivityOverTheExpectedBatch(RandomSource source, bool isGrouped)
    {
        // Gradients of zero: what comes out is noise.
        (Tensor, Tensor) w = (Tensor.Zeros([100_000]), Tensor.Zeros([50, 60]));
        Tensor data = Tensor.Zeros([40, 1]);
        PrivateGradient<(Tensor A, Tensor B), Tensor> gradient = Private.Wrap<(Tensor A, Tensor B), Tensor>(
            (p, x) => (p.A * x).Sum() + (p.B * x).Sum(), s_noisy with { Source = source, Groups = isGrouped ? PrivateOptions.PerParameter : null });
        ((Tensor a, Tensor b), PrivateStatistics s) = gradient.Gradient(w, i => data.Gather(i));
        const double deviation = 1.5 * 0.6 / 10;
        Assert.Equal(deviation, s.Deviation, 1e-12);
        foreach (double[] noise in new[] { Doubles(a), Doubles(b) })
        {
            int n = noise.Length;
            double mean = noise.Average(), variance = noise.Sum(x => x * x) / n;
            Assert.InRange(mean, -4 * deviation / Math.Sqrt(n), 4 * deviation / Math.Sqrt(n));
            Assert.InRange(variance / (deviation * deviation), 1 - 4 * Math.Sqrt(2.0 / n), 1 + 4 * Math.Sqrt(2.0 / n));

            // Kolmogorov and Smirnov: beyond 1.95/√n once in a thousand; the seeded rows are the same each time.
            double[] sorted = [.. noise.Order()];
            double distance = sorted.Select((x, i) => Math.Abs(Logarithms.Cdf(x / deviation) - (i + 0.5) / n)).Max();
            Assert.True(distance < 2.3 / Math.Sqrt(n), $"{distance * Math.Sqrt(n)}");
        }

        // Parameters and steps have noise of their own.
        double[] next = Doubles(gradient.Gradient(w, i => data.Gather(i)).Gradient.A);
        double across = Doubles(a).Zip(next, (x, y) => x * y).Average() / (deviation * deviation);
        Assert.InRange(across, -4 / Math.Sqrt(100_000), 4 / Math.Sqrt(100_000));
        double between = Doubles(a).Zip(Doubles(b), (x, y) => x * y).Average() / (deviation * deviation);
        Assert.InRange(between, -4 / Math.Sqrt(3000), 4 / Math.Sqrt(3000));
    }

    [Theory, MemberData(nameof(Devices.All), MemberType = typeof(Devices))]
    public void Noise_FromAKey_IsTheSameBitsOnEveryDevice(string device)
    {
        static float[][] Draw(Device on) => [.. PrivateNoise.FromKey(new RandomKey(3, on).Value, [Tensor.Zeros([7, 11], device: on), Tensor.Zeros([1001], device: on)])
            .Select(x => x.ToArray<float>())];
        Assert.Equal(Draw(Device.Cpu), Draw(Device.Find(device)));
    }

    [Fact]
    public void Gradient_OfAnEmptyBatch_IsNoiseAndIsRecorded()
    {
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, s_noisy with { SampleRate = 1e-9, Records = 10 });
        (Tensor g, PrivateStatistics s) = gradient.Gradient(Tensor.Zeros([5]), _ => throw new InvalidOperationException("there is nothing to fetch"));
        Assert.Equal(0, s.Records);
        Assert.True(double.IsNaN(s.Loss));
        Assert.All(g.ToArray<float>(), x => Assert.True(x != 0 && float.IsFinite(x)));
        Assert.Equal([new PrivacyPhase(1e-9, 1.5, 1)], gradient.Ledger.Phases);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(40)]
    public void Gradient_OfBadRecords_IsThatOfTheOthers(int piece)
    {
        Mlp p = CreateMlp(DType.Float32, Device.Cpu);
        (Tensor x, Tensor y) = Points(40, DType.Float32, Device.Cpu);
        float[] values = x.ToArray<float>();
        foreach (int bad in new[] { 0, 5, 6, 7, 22 }) values[4 * bad] = float.NaN;
        values[4 * 9 + 1] = float.PositiveInfinity;
        PrivateOptions options = Options(40, 0.5) with { PieceSize = piece };
        (Mlp g, PrivateStatistics s) = Private.Wrap<Mlp, (Tensor, Tensor)>(Loss, options).Gradient(p, i => (Tensor.From(values, x.Shape).Gather(i), y.Gather(i)));
        (Mlp expected, _) = Private.Wrap<Mlp, (Tensor, Tensor)>(Loss, options)
            .Step(p, i => (x.Gather(i), y.Gather(i)), [.. Enumerable.Range(0, 40).Where(i => !new[] { 0, 5, 6, 7, 9, 22 }.Contains(i))]);
        Assert.Equal(6, s.Rejected);
        Assert.True(double.IsFinite(s.Loss));
        foreach ((Tensor e, Tensor a) in Trees.Flatten(expected).Zip(Trees.Flatten(g)))
        {
            foreach ((double u, double v) in Doubles(e).Zip(Doubles(a))) Assert.Equal(u, v, 1e-6);
        }
    }

    [Fact]
    public void Gradient_DividesByTheExpectedBatch_NotTheActual()
    {
        Tensor w = Tensor.Zeros([2]), data = Tensor.Ones([40, 2]);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, s_noisy with { NoiseMultiplier = 0, Clip = double.PositiveInfinity, Seed = 8 });
        (Tensor g, PrivateStatistics s) = gradient.Gradient(w, i => data.Gather(i));
        Assert.NotEqual(10, s.Records);
        Assert.Equal(s.Records / 10.0, g[0].Item<float>(), 1e-6);
        Assert.Equal(double.PositiveInfinity, gradient.Epsilon(1e-5).Upper);
    }

    [Fact]
    public void Epsilon_OfSteps_IsTheAccountants()
    {
        Tensor w = Tensor.Zeros([2]), data = Tensor.Ones([40, 2]);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, s_noisy);
        for (int i = 0; i < 3; i++) gradient.Gradient(w, k => data.Gather(k));
        PrivacyLedger ledger = new(new PrivacyPhase(0.25, 1.5, 3));
        Assert.Equal(PrivacyAccountant.Prv.Epsilon(ledger, 1e-3), gradient.Epsilon(1e-3));
        Assert.Equal(PrivacyAccountant.Rdp.Epsilon(ledger, 1e-3), gradient.Epsilon(1e-3, PrivacyAccountant.Rdp));
    }

    [Fact]
    public void Export_ThenImport_ContinuesBitForBit()
    {
        Tensor w = Tensor.Zeros([6]), data = Normal(1, DType.Float32, Device.Cpu, 40, 6);
        foreach (PrivateOptions options in new[] { s_noisy, s_noisy with { Adaptive = new AdaptiveClip { CountNoise = 3 } }, s_noisy with { ErrorFeedback = new ErrorFeedback() } })
        {
            PrivateGradient<Tensor, Tensor> one = Private.Wrap<Tensor, Tensor>(Linear, options), two = Private.Wrap<Tensor, Tensor>(Linear, options);
            for (int i = 0; i < 2; i++) one.Gradient(w, k => data.Gather(k));
            (string text, IReadOnlyDictionary<string, Tensor> tensors) = one.Export();
            two.Import(text, tensors);
            Assert.Equal(one.Gradient(w, k => data.Gather(k)).Gradient.ToArray<float>(), two.Gradient(w, k => data.Gather(k)).Gradient.ToArray<float>());
            Assert.Equal(one.Ledger.Phases, two.Ledger.Phases);
        }

        PrivateGradient<Tensor, Tensor> fresh = Private.Wrap<Tensor, Tensor>(Linear, s_noisy);
        Assert.Throws<PrivacyException>(() => fresh.Import("{", new Dictionary<string, Tensor>()));
        Assert.Throws<PrivacyException>(() => fresh.Import("{}", new Dictionary<string, Tensor>()));
    }

    [Fact]
    public void AdaptiveClip_OfFixedNorms_IsTheGoldenTrajectory()
    {
        double[] norms = [0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4];
        Tensor data = Tensor.From(norms).Reshape(8, 1), w = Tensor.Zeros([1], DType.Float64);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, Options(8) with { Adaptive = new AdaptiveClip() });
        double[] goldens =
        [
            1, 1.025315120524, 1.051271096376, 1.077884150885, 1.105170918076, 1.133148453067, 1.161834242728, 1.191246216612,
            1.221402758160, 1.221402758160,
        ];
        foreach (double golden in goldens) Assert.Equal(golden, gradient.Gradient(w, i => data.Gather(i)).Statistics.Bound, 1e-10);
    }

    [Fact]
    public void AdaptiveClip_OfADrawnBatch_CountsOverTheExpectedSize()
    {
        // All are within the bound: their share of the expected batch is the drawn one's size over it, which the data set does not determine.
        Tensor w = Tensor.Zeros([2]), data = Tensor.Ones([40, 2]);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, s_noisy with { NoiseMultiplier = 0, Clip = 50, Adaptive = new AdaptiveClip(), Seed = 8 });
        PrivateStatistics first = gradient.Gradient(w, i => data.Gather(i)).Statistics, second = gradient.Gradient(w, i => data.Gather(i)).Statistics;
        Assert.NotEqual(10, first.Records);
        Assert.Equal(first.Records, first.Unclipped);
        Assert.Equal(50 * Math.Exp(-0.2 * (first.Records / 10.0 - 0.5)), second.Bound, 1e-9);
    }

    [Theory]
    [InlineData(false, 1, 0, 10, new[] { 8.5, -7.25 }, new[] { 9, 8, 7.5, 7, 7 })]
    [InlineData(true, 0.6931471805599453, 0, 16, new[] { 5, -2.5 }, new[] { 8, 4, 2.82842712474619, 2, 2 })]
    [InlineData(false, 1, 1, 0, new[] { -1.5, 2.75 }, new[] { 1, 2, 2.5, 3, 3 })]
    [InlineData(true, 0.6931471805599453, 1, 0.5, new[] { -1.5, 3 }, new[] { 1, 2, 2.82842712474619, 4, 4 })]
    public void AdaptiveClip_OfTensorFlowPrivacysCases_IsTheirs(bool isGeometric, double rate, double quantile, double start, double[] records, double[] bounds)
    {
        AdaptiveClip adaptive = new() { IsGeometric = isGeometric, Rate = rate, Quantile = quantile, Minimum = 0 };
        double bound = start;
        foreach (double expected in bounds)
        {
            bound = adaptive.Next(bound, records.Count(x => Math.Abs(x) <= bound) / 2.0);
            Assert.Equal(expected, bound, 1e-10);
        }
    }

    [Theory]
    [InlineData(1.0, 10, 1.0012523486435176)]
    [InlineData(1.0, 3.2, 1.0124351954693322)]
    [InlineData(0.8, 12.8, 0.8003909113353247)]
    public void AdaptiveClip_NoiseOnTheCount_IsPaidByTheGradients(double sigma, double count, double expected)
    {
        Assert.Equal(expected, AdaptiveClip.GradientNoiseMultiplier(sigma, count), 1e-13);
        PrivateOptions options = new() { Records = 1000, SampleRate = 0.1, NoiseMultiplier = sigma, Adaptive = new AdaptiveClip { CountNoise = count } };
        Tensor data = Tensor.Ones([1000, 1]);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(Linear, options);
        Assert.Equal(expected / 100, gradient.Gradient(Tensor.Zeros([1]), i => data.Gather(i)).Statistics.Deviation, 1e-13);
        Assert.Equal(sigma, gradient.Ledger.Phases[0].NoiseMultiplier);
        Assert.Throws<PrivacyException>(() => AdaptiveClip.GradientNoiseMultiplier(2, 1));
    }

    [Theory]
    [InlineData(null, new[] { 0.016666666667, 0.032222222222, 0.046740740741, 0.060291358025, 0.072938600823, 0.124597043686, 0.187096394191, 0.242060761662, 0.249747873978 })]
    [InlineData(0.5, new[] { 0.016666666667, 0.082222222222, 0.143407407407, 0.200513580247, 0.253812674897, 0.471516112677, 0.806748371832, 1.020245329673, 1.000051263490 })]
    [InlineData(1.0, new[] { 0.016666666667, 0.115555555556, 0.207296296296, 0.289624691358, 0.363406502058, 0.638060763777, 0.890514383015, 0.996969969070, 0.999992327615 })]
    public void ErrorFeedback_OnThreeQuadratics_IsTheGoldenTrajectory(double? feedback, double[] goldens)
    {
        int[] steps = [1, 2, 3, 4, 5, 10, 20, 50, 100];
        Tensor data = Tensor.From([0.0, 0, 3]), theta = Tensor.Scalar(0, DType.Float64).Realize();
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(
            (w, a) => (w - a).Square() * 0.5, Options(3, 0.5) with { ErrorFeedback = feedback is { } c ? new ErrorFeedback { Bound = c } : null });
        for (int step = 1; step <= 100; step++)
        {
            theta = (theta - gradient.Gradient(theta, i => data.Gather(i)).Gradient * 0.1).Realize();
            if (Array.IndexOf(steps, step) is >= 0 and int at) Assert.Equal(goldens[at], theta.Item<double>(), 1e-10);
        }

        if (feedback == 1) Assert.Equal(-0.166675313572, gradient.Export().Tensors["error.0"].Item<double>(), 1e-10);
    }

    [Fact]
    public void ErrorFeedback_WithNoise_HasTheAuthorsDeviation()
    {
        Tensor data = Tensor.Zeros([40, 1]);
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(
            (w, x) => (w * x).Sum(), s_noisy with { ErrorFeedback = new ErrorFeedback { Bound = 1.2 } });
        (Tensor g, PrivateStatistics s) = gradient.Gradient(Tensor.Zeros([100_000]), i => data.Gather(i));
        Assert.Equal(1.5 * 0.6 * Math.Sqrt(5) / 10, s.Deviation, 1e-12);
        Assert.InRange(Math.Sqrt(Doubles(g).Average(x => x * x)) / s.Deviation, 0.99, 1.01);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void ErrorFeedback_InPieces_IsThatOfOne(int piece)
    {
        Tensor data = Normal(1, DType.Float64, Device.Cpu, 5, 3), start = Tensor.Zeros([3], DType.Float64);
        (double[] Theta, double[] Error) Run(int size)
        {
            PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(
                (w, a) => (w - a).Square().Sum() * 0.5, Options(5, 0.3) with { ErrorFeedback = new ErrorFeedback { Bound = 0.4 }, PieceSize = size });
            Tensor theta = start;
            for (int i = 0; i < 4; i++) theta = (theta - gradient.Gradient(theta, k => data.Gather(k)).Gradient * 0.2).Realize();
            return (theta.ToArray<double>(), gradient.Export().Tensors["error.0"].ToArray<double>());
        }

        (double[] theta, double[] error) = Run(8);
        (double[] own, double[] ownError) = Run(piece);
        foreach ((double e, double a) in theta.Concat(error).Zip(own.Concat(ownError))) Assert.Equal(e, a, 1e-12);
    }

    [Fact]
    public void ErrorFeedback_OfAnEmptyBatch_IsFedBackAndKept()
    {
        Tensor data = Tensor.From([0.0, 0, 3]), theta = Tensor.Scalar(0, DType.Float64).Realize();
        PrivateGradient<Tensor, Tensor> gradient = Private.Wrap<Tensor, Tensor>(
            (w, a) => (w - a).Square() * 0.5, Options(3, 0.5) with { ErrorFeedback = new ErrorFeedback() });
        gradient.Gradient(theta, i => data.Gather(i));
        Assert.Equal(-5.0 / 6, gradient.Export().Tensors["error.0"].Item<double>(), 1e-10);
        Assert.Equal(-0.5, gradient.Step(theta, i => data.Gather(i), []).Gradient.Item<double>(), 1e-10);
        Assert.Equal(-1.0 / 3, gradient.Export().Tensors["error.0"].Item<double>(), 1e-10);
    }

    [Fact]
    public void Noise_WithBoundsOfGroups_IsThatOfTheRootOfTheirSquares()
    {
        (Tensor A, Tensor B) w = (Tensor.Zeros([40_000]), Tensor.Zeros([199, 201]));
        Tensor data = Tensor.Zeros([40, 1]);
        PrivateGradient<(Tensor A, Tensor B), Tensor> gradient = Private.Wrap<(Tensor A, Tensor B), Tensor>((p, x) => (p.A * x).Sum() + (p.B * x).Sum(), s_noisy with
        {
            Groups = PrivateOptions.PerParameter,
            GroupClip = name => name == Trees.Names(w)[0] ? 0.3 : 0.4,
        });
        ((Tensor a, Tensor b), PrivateStatistics s) = gradient.Gradient(w, i => data.Gather(i));
        Assert.Equal(0.5, s.Bound, 1e-12);
        Assert.Equal(1.5 * 0.5 / 10, s.Deviation, 1e-12);
        foreach (Tensor noise in new[] { a, b }) Assert.InRange(Math.Sqrt(Doubles(noise).Average(x => x * x)) / s.Deviation, 0.98, 1.02);
    }

    [Fact]
    public void PoissonSampler_DrawsEachRecordByItself()
    {
        Assert.Equal(Enumerable.Range(0, 9), PoissonSampler.Sample(new RandomKey(1), 9, 1));
        Assert.Empty(PoissonSampler.Sample(new RandomKey(1), 9, 0));
        Assert.Equal(PoissonSampler.Sample(new RandomKey(3), 1000, 0.1), PoissonSampler.Sample(new RandomKey(3), 1000, 0.1));
        int[] sizes = [.. Enumerable.Range(0, 300).Select(i => PoissonSampler.Sample(new RandomKey(5).Fold(i), 1000, 0.1).Length)];
        Assert.InRange(sizes.Average(), 100 - 3 * Math.Sqrt(90.0 / 300), 100 + 3 * Math.Sqrt(90.0 / 300));
        Assert.InRange(sizes.Sum(s => (s - 100.0) * (s - 100)) / 300, 90 * 0.7, 90 * 1.3);
        Assert.InRange(PoissonSampler.Sample(100_000, 0.5).Length, 49_000, 51_000);
    }

    [Fact]
    public void Options_OutsideTheirRange_AreRefused()
    {
        PrivateOptions[] wrong =
        [
            s_noisy with { Records = 0 }, s_noisy with { SampleRate = 0 }, s_noisy with { SampleRate = 1.5 }, s_noisy with { NoiseMultiplier = -1 },
            s_noisy with { NoiseMultiplier = double.NaN }, s_noisy with { Clip = 0 }, s_noisy with { Clip = double.PositiveInfinity },
            s_noisy with { PieceSize = 0 }, s_noisy with { Adaptive = new AdaptiveClip(), Groups = PrivateOptions.PerParameter },
            s_noisy with { Adaptive = new AdaptiveClip { Rate = 0 } }, s_noisy with { Stability = 0 },
        ];
        foreach (PrivateOptions options in wrong) Assert.Throws<PrivacyException>(() => Private.Wrap<Tensor, Tensor>(Linear, options));
        PrivateOptions empty = s_noisy with { Groups = PrivateOptions.PerParameter, GroupClip = _ => 0 };
        Assert.Throws<PrivacyException>(() => Private.Wrap<Tensor, Tensor>(Linear, empty).ClippedSum(Tensor.Zeros([2]), Tensor.Zeros([3, 2])));
    }

    [Fact]
    public void GroupClip_InfiniteBesideAFiniteOne_OrForARuleThatDividesByIt_IsRefused()
    {
        PrivateOptions open = s_noisy with { NoiseMultiplier = 0, Groups = PrivateOptions.PerParameter, GroupClip = _ => double.PositiveInfinity };
        Tensor w = Tensor.Ones([2]), x = Tensor.Ones([3, 2]);
        Assert.True(double.IsFinite(Private.Wrap<Tensor, Tensor>(Linear, open).ClippedSum(w, x).Sum.Sum[0].Sum().Item<float>()));
        Assert.Throws<PrivacyException>(() => Private.Wrap<Tensor, Tensor>(Linear, open with { Rule = ClippingRule.Normalised }).ClippedSum(w, x));

        Mlp network = CreateMlp(DType.Float32, Device.Cpu);
        string first = Trees.Names(network)[0];
        PrivateOptions mixed = open with { GroupClip = name => name == first ? double.PositiveInfinity : 1 };
        Assert.Throws<PrivacyException>(() => Private.Wrap<Mlp, (Tensor X, Tensor Y)>(Loss, mixed).ClippedSum(network, Points(4, DType.Float32, Device.Cpu)));
    }

    [Fact]
    public void Gradient_TrainsWithAnOptimizer()
    {
        (Tensor X, Tensor Y) data = Points(200, DType.Float32, Device.Cpu);
        Cotangent.Optimizers.AdamW<Mlp> optimizer = new(CreateMlp(DType.Float32, Device.Cpu), new() { Rate = 0.05 });
        PrivateGradient<Mlp, (Tensor X, Tensor Y)> gradient = Private.Wrap<Mlp, (Tensor X, Tensor Y)>(
            Loss, new PrivateOptions { Records = 200, SampleRate = 0.2, NoiseMultiplier = 0.5, PieceSize = 64 });
        double before = Mean();
        for (int i = 0; i < 40; i++) optimizer.Step(gradient.Gradient(optimizer.Parameters, k => (data.X.Gather(k), data.Y.Gather(k))).Gradient);
        Assert.True(Mean() < before * 0.9, $"{before} → {Mean()}");

        double Mean() => Diff.Vmap(((Tensor, Tensor) r) => Loss(optimizer.Parameters, r))(data).Mean().Item<float>();
    }
}
