using System.Numerics;
using Cotangent.Kernels;
using Cotangent.Kernels.Library;

namespace Cotangent.Tests.Kernels.Library;

/// <summary>Linear cross-entropy by tiles of logits against the device's own product in float64: rows' results and gradients, with logits kept
/// and without.</summary>
public sealed class LogitTileTests
{
    private static readonly CrossEntropyProblem s_plain = new(Rows: 20, Vocabulary: 130, Width: 9);

    private static readonly (string Name, CrossEntropyProblem Problem, Func<int, double>? Bias)[] s_cases =
    [
        ("plain", s_plain, null),
        ("all options", s_plain with { Softcap = 5, Scale = 0.5, HasBias = true, HasClassWeights = true }, v => (v * 37 % 31 - 15) / 32.0),
        ("a small softcap", s_plain with { Softcap = 0.5 }, null),
        ("classes that are hidden", s_plain with { HasBias = true }, v => v is < 70 or 101 ? double.NegativeInfinity : 0),
        ("a tile of far smaller logits", s_plain with { HasBias = true }, v => v < 64 ? -1000 : 0),
        ("rising logits", s_plain with { HasBias = true }, v => v),
        ("a shard", s_plain with { Start = 60, Total = 400 }, null),
        ("one class", s_plain with { Vocabulary = 1, Total = 1 }, null),
        ("several blocks and tiles", new(300, 270, 20), null),
    ];

    public static TheoryData<string, int, string> Cases
    {
        get
        {
            TheoryData<string, int, string> cases = [];
            foreach (string device in new[] { "cpu", "opencl", "cuda", "cuda-emulated", "debug" })
            {
                foreach ((string name, CrossEntropyProblem problem, _) in s_cases)
                {
                    bool isSlow = device is "debug" or "cuda-emulated";
                    if ((isSlow && name != "all options") || !Runs(device)) continue;
                    cases.Add(device, 64, name);
                    if (device != "opencl" || Devices.Get(device).IsGpu) cases.Add(device, 128, name);
                }
            }

            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Run_ByTiles_IsThatOfTheDevicesProductInFloat64(string device, int tile, string name)
    {
        (_, CrossEntropyProblem problem, Func<int, double>? bias) = s_cases.Single(c => c.Name == name);
        foreach (bool gradients in new[] { false, true })
        {
            double[][] expected = Run<double, DoubleFunctions>(Device.Cpu, problem, bias, gradients, 0);
            double[][] actual = Run<float, SingleFunctions>(Devices.Get(device), problem, bias, gradients, tile);
            for (int k = 0; k < expected.Length; k++)
            {
                double scale = expected[k].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
                for (int i = 0; i < expected[k].Length; i++)
                {
                    (double x, double y) = (expected[k][i], actual[k][i]);
                    Assert.True(x.Equals(y) || Math.Abs(x - y) <= 2e-5 * scale, $"{name}, result {k}, element {i} of {expected[k].Length}: {y}, not {x}");
                }
            }
        }
    }

    /// <summary>The units round what they multiply: 10 and 7 binary digits behind the point.</summary>
    [Theory]
    [InlineData("cuda-emulated", MatMulPrecision.Tf32)]
    [InlineData("cuda-emulated", MatMulPrecision.BFloat16)]
    [InlineData("debug", MatMulPrecision.BFloat16)]
    public void Run_OnMatrixUnits_IsThatOfFloat64ToTheirRounding(string device, MatMulPrecision precision)
    {
        CrossEntropyProblem problem = new(20, 150, 35) { Softcap = 20, HasBias = true, HasClassWeights = true, Precision = precision };
        static double Bias(int v) => (v * 37 % 31 - 15) / 32.0;
        double[][] expected = Run<double, DoubleFunctions>(Device.Cpu, problem, Bias, gradients: false, 0);
        double[][] actual = Run<float, SingleFunctions>(Devices.Get(device), problem, Bias, gradients: false, 128);

        double digit = precision == MatMulPrecision.Tf32 ? 1.0 / 2048 : 1.0 / 256;
        for (int k = 0; k < 5; k++)
        {
            double scale = expected[k].Max(Math.Abs);
            Assert.All(expected[k].Zip(actual[k]), x => Assert.Equal(x.First, x.Second, 2 * digit * scale));
        }

        Assert.Contains(expected[1].Zip(actual[1]), x => Math.Abs(x.First - x.Second) > digit / 1000);
    }

    /// <summary>What is left out of a row's derivatives sums to 1 at most, and each part is below the bound; classes that are left out have gradients
    /// of exactly 0.</summary>
    [Theory]
    [InlineData("cpu", "several blocks", 300, 600, 20, 100)]
    [InlineData("cpu", "classes for two products", 20, 5000, 8, 2300)]
    [InlineData("cpu", "most classes count", 20, 300, 8, 290)]
    [InlineData("cpu", "no class counts", 20, 300, 8, 0)]
    [InlineData("cpu", "certain targets, z-loss", 20, 300, 8, 0)]
    [InlineData("opencl", "certain targets, z-loss", 20, 300, 8, 0)]
    [InlineData("opencl", "several blocks", 300, 600, 20, 100)]
    [InlineData("opencl", "no class counts", 20, 300, 8, 0)]
    public void Run_WithAFilter_LeavesOutClassesBelowTheBound(string device, string name, int rows, int vocabulary, int width, int likely)
    {
        if (!Devices.Runs(device)) return;
        const double bound = 1.0 / 4096;
        CrossEntropyProblem exact = new(rows, vocabulary, width) { HasBias = true };
        double Bias(int v) => likely == 0 ? v == 7 ? 60 : 0 : v < likely ? 0 : -30;
        foreach ((double forE, double forC) in new[] { (bound, bound), (bound, 0), (0, bound) })
        {
            CrossEntropyProblem filtered = exact with { FilterEmbeddings = forE, FilterClassifier = forC };
            int? only = likely == 0 ? 7 : null;
            double square = name.Contains("z-loss", StringComparison.Ordinal) ? 0.125 : 0;
            double[][] expected = Run<double, DoubleFunctions>(Device.Cpu, exact, Bias, true, 0, only, square);
            double[][] actual = device == "cpu" ? Run<double, DoubleFunctions>(Device.Cpu, filtered, Bias, true, 0, only, square)
                : Run<float, SingleFunctions>(Devices.Get(device), filtered, Bias, true, 64, only, square);

            Assert.All(expected[5].Zip(actual[5]), x => Assert.Equal(x.First, x.Second, 0.75 + bound));
            Assert.All(expected[6].Zip(actual[6]), x => Assert.Equal(x.First, x.Second, rows * bound));
            Assert.All(expected[7].Zip(actual[7]), x => Assert.Equal(x.First, x.Second, 1e-4));
            int zeros = Enumerable.Range(0, vocabulary).Count(v => actual[6].AsSpan(v * width, width).IndexOfAnyExcept(0) < 0);
            if (forC > 0 && likely < vocabulary / 2) Assert.True(zeros >= vocabulary / 3, $"{name}: {zeros} rows of 0");
            else if (likely > 0) Assert.Equal(0, zeros);
            if (forE == 0) Assert.All(expected[5].Zip(actual[5]), x => Assert.Equal(x.First, x.Second, 1e-4));
        }
    }

    [Fact]
    public void ScratchBytes_WithoutGradients_AreATwentiethOfTheLogitsAtMost()
    {
        CrossEntropyProblem problem = new(2048, 50_257, 512);
        foreach (int tile in new[] { 64, 128 })
        {
            CrossEntropyLauncher<float, SingleFunctions> launcher = new(Device.Cpu, problem, tile);
            Assert.InRange(launcher.ScratchBytes(hasGradients: false, hasTangents: false), 1, 4L * problem.Rows * problem.Vocabulary / 20);
        }
    }

    private static bool Runs(string device) => device == "cuda-emulated" || Devices.Runs(device);

    /// <summary>Objective, log-sum-exp, target logit, weighted sum, best logit, predicted class; gradients by E, C and bias.</summary>
    private static double[][] Run<T, TMath>(Device device, CrossEntropyProblem p, Func<int, double>? bias, bool gradients, int tile,
        int? onlyTarget = null, double square = 0.125)
        where T : unmanaged, IFloatingPointIeee754<T>
        where TMath : struct, IRealFunctions<T>
    {
        CrossEntropyLauncher<T, TMath> launcher = new(device, p, tile);
        using DeviceBuffer<T> e = Values(p.Rows * p.Width, i => (i * 29 % 61 - 30) / 40.0), c = Values(p.Vocabulary * p.Width, i => (i * 17 % 53 - 26) / 40.0);
        using DeviceBuffer<T> weights = Values(p.HasClassWeights ? p.Vocabulary : 0, v => (v % 7) / 8.0), b = Values(p.HasBias ? p.Vocabulary : 0, v => bias!(v));
        using DeviceBuffer<T> factors = Values(4 * p.Rows, i => (i / p.Rows) switch { 0 => 1, 1 => -1, 2 => p.HasClassWeights ? -0.25 : 0, _ => square });
        using DeviceBuffer<int> targets = device.Allocate<int>([.. Enumerable.Range(0, p.Rows)
            .Select(i => i % 5 == 3 ? CrossEntropyProblem.Ignored : onlyTarget ?? (i * 53 + 70) % p.Total)]);
        DeviceBuffer<T>[] results = [device.Allocate<T>(1), .. Enumerable.Range(0, 4).Select(_ => device.Allocate<T>(p.Rows))];
        DeviceBuffer<T>[] derivatives = gradients ? [device.Allocate<T>(e.Length), device.Allocate<T>(c.Length), device.Allocate<T>(p.Vocabulary)] : [];
        using DeviceBuffer<int> predicted = device.Allocate<int>(p.Rows);
        using DeviceBuffer<byte> scratch = device.Allocate<byte>(launcher.ScratchBytes(gradients, hasTangents: false));
        launcher.Run(new()
        {
            Embeddings = e.View, Classifier = c.View, Targets = targets.View, ClassWeights = weights.View, Bias = b.View, Factors = factors.View,
            Objective = results[0].View, LogSumExp = results[1].View, TargetLogits = results[2].View, WeightedLogits = results[3].View,
            BestLogits = results[4].View, Predicted = predicted.View, Scratch = scratch.View.Argument,
            EmbeddingGradient = gradients ? derivatives[0].View : ArrayView<T>.Empty,
            ClassifierGradient = gradients ? derivatives[1].View : ArrayView<T>.Empty,
            BiasGradient = gradients ? derivatives[2].View : ArrayView<T>.Empty,
        }, CancellationToken.None);
        return [.. results.Concat(derivatives).Select(x => x.ToArray().Select(double.CreateChecked).ToArray()),
            [.. predicted.ToArray().Select(i => (double)i)]];

        DeviceBuffer<T> Values(int count, Func<int, double> value) => device.Allocate<T>([.. Enumerable.Range(0, count).Select(i => T.CreateChecked(value(i)))]);
    }
}
